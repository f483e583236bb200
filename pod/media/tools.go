package media

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/child"
)

const (
	checkTime   = 5 * time.Second
	checkBytes  = 1 << 20
	childMemory = 2 << 30
	strayBytes  = 64 << 10 // of a file by a program that has none to write
	allocBytes  = "268435456"
)

// tools are the programs of ffmpeg, checked.
type tools struct {
	ffmpeg, ffprobe string
	version         string
}

// findTools looks for ffmpeg and tries it. It runs once, at the first need, and has
// limits of its own: what it finds outlives the caller that needed it first.
func (m *Media) findTools() *tools {
	if m.cfg.FFmpeg == NoFFmpeg {
		return nil
	}
	for _, path := range candidates(m.cfg.FFmpeg) {
		t, err := checkTools(context.Background(), path)
		if err == nil {
			m.log.Info("Found ffmpeg", pod.LogPath, t.ffmpeg, pod.LogVersion, t.version)
			return t
		}
		if m.cfg.FFmpeg != "" || !errors.Is(err, os.ErrNotExist) {
			m.log.Warn("This ffmpeg does not work", pod.LogPath, path, pod.LogErr, err)
		}
	}
	m.log.Info("No ffmpeg: other containers are refused and pictures are drawn")
	return nil
}

// candidates lists where ffmpeg may be. A path that the owner set is the only one.
func candidates(set string) []string {
	if set != "" {
		return []string{set}
	}
	var list []string
	if path, err := exec.LookPath("ffmpeg"); err == nil {
		list = append(list, path)
	}
	if runtime.GOOS == "windows" {
		return append(list, `C:\ffmpeg\bin\ffmpeg.exe`, `C:\Program Files\ffmpeg\bin\ffmpeg.exe`)
	}
	return append(list, "/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg", "/opt/homebrew/bin/ffmpeg", "/opt/local/bin/ffmpeg", "/snap/bin/ffmpeg")
}

// checkTools tries the programs: both must answer, and ffmpeg must be able to write the
// pictures that Poster reads.
func checkTools(ctx context.Context, path string) (*tools, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find ffmpeg: %w", err)
	}
	dir, name := filepath.Split(path)
	t := &tools{ffmpeg: path, ffprobe: filepath.Join(dir, "ffprobe"+filepath.Ext(name))}
	if _, err := os.Stat(t.ffprobe); err != nil {
		if t.ffprobe, err = exec.LookPath("ffprobe"); err != nil {
			return nil, fmt.Errorf("find ffprobe: %w", err)
		}
	}
	said, err := ask(ctx, t.ffmpeg, "-version")
	if err != nil {
		return nil, err
	}
	word, version, _ := strings.Cut(said, " version ")
	if word != "ffmpeg" {
		return nil, errors.New("answers like another program")
	}
	t.version, _, _ = strings.Cut(version, " ")
	encoders, err := ask(ctx, t.ffmpeg, "-hide_banner", "-encoders")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(encoders, " png ") {
		return nil, errors.New("has no encoder for PNG")
	}
	if _, err := ask(ctx, t.ffprobe, "-version"); err != nil {
		return nil, err
	}
	return t, nil
}

// ask runs a program that answers at once.
func ask(ctx context.Context, path string, args ...string) (string, error) {
	out := &capped{limit: checkBytes}
	err := child.Run(ctx, child.Command{
		Path: path, Args: args, Stdout: out,
		Limits: child.Limits{Wall: checkTime, CPU: checkTime, MemoryBytes: childMemory, FileBytes: strayBytes},
	})
	return string(out.b), err
}

// demuxers gives ffmpeg's reader for each container.
var demuxers = map[string]string{
	containerMP4: "mov", containerMOV: "mov", containerWebM: "matroska", containerMatroska: "matroska",
	containerAVI: "avi", containerTS: "mpegts", containerOgg: "ogg", containerFLV: "flv",
}

// inputOptions are those that make reading a stranger's file safe. The protocol list
// alone is not enough: a playlist may name local files. So the reader is named too, and
// no other one may be used.
func inputOptions(container string) []string {
	return []string{
		"-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,avi,mpegts,ogg,flv",
		"-max_alloc", allocBytes, "-max_pixels", fmt.Sprint(maxPixels), "-f", demuxers[container],
	}
}
