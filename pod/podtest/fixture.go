package podtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// MP4 is a film of 20 s, 1280×720, H.264 and AAC: a moving test picture and a tone.
func MP4(tb testing.TB) string {
	tb.Helper()
	return Film(tb, "film.mp4", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=20", "-f", "lavfi", "-i", "sine=frequency=440:duration=20",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest")
}

// WebM is a film of 10 s, 640×360, VP8 and Vorbis.
func WebM(tb testing.TB) string {
	tb.Helper()
	return Film(tb, "film.webm", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=10", "-f", "lavfi", "-i", "sine=frequency=330:duration=10",
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-c:a", "libvorbis", "-shortest")
}

// Film makes a film with ffmpeg; its name's ending chooses the container. It is made once
// a machine and kept in the temporary folder under the hash of its arguments.
func Film(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	sum := sha256.Sum256([]byte(name + "\x00" + strings.Join(args, "\x00")))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("peerpod-films-%d", os.Getuid()))
	path := filepath.Join(dir, hex.EncodeToString(sum[:6])+"-"+name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	tmp := filepath.Join(tb.TempDir(), name)
	cmd := exec.CommandContext(tb.Context(), "ffmpeg", append(append([]string{"-nostdin", "-v", "error", "-y"}, args...), tmp)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("ffmpeg: %v: %s", err, out)
	}
	if err := os.Rename(tmp, path); err != nil {
		tb.Fatal(err)
	}
	return path
}
