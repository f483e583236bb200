package media_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media"
	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
)

// answers lets a script pass for ffmpeg when it is tried, and do something else after.
const answers = `case "$*" in
*-version*) echo "ffmpeg version 9 of a test"; exit 0;;
*-encoders*) echo " V....D png                  PNG"; exit 0;;
esac
`

func TestFFmpegThatDoesNotWork(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"fails":           "echo broken >&2; exit 1",
		"another program": "echo hello",
		"no encoder":      `case "$*" in *-encoders*) echo none; exit 0;; esac; echo "ffmpeg version 1"`,
		"talks for ever":  "yes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _ := script(t, body)
			if m := newMedia(t, media.Config{FFmpeg: path}); m.HasFFmpeg() {
				t.Error("HasFFmpeg() = true, want false")
			}
		})
	}
}

// A program that fails or hangs at work: a clear error, nothing left, and no second try
// without end.
func TestFFmpegThatFailsAtWork(t *testing.T) {
	t.Parallel()
	source := mediatest.Make(t, "a.mkv", mediatest.Inputs("2")+x264+"-c:a aac")
	for name, body := range map[string]string{
		"crashes":         answers + "kill -SEGV $$",
		"writes nothing":  answers + "exit 0",
		"writes rubbish":  answers + `for last; do :; done; case "$last" in file:*) echo rubbish >"${last#file:}";; *) echo rubbish;; esac`,
		"writes too much": answers + "yes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, note := script(t, body)
			temp := t.TempDir()
			m := newMedia(t, media.Config{FFmpeg: path, TempDir: temp})
			info, err := m.Inspect(t.Context(), source)
			if err != nil || info.Action != pod.MediaRemux {
				t.Fatalf("Inspect() = %+v, %v, want %v", info, err, pod.MediaRemux)
			}
			if name != "writes too much" { // its standard output goes nowhere: nothing stops it but time
				var out bytes.Buffer
				if err := m.Publish(t.Context(), source, info, &out); err == nil || out.Len() > 0 {
					t.Errorf("Publish() = %v with %d bytes, want an error and none", err, out.Len())
				}
			}
			if _, err := m.Poster(t.Context(), source, info); !errors.Is(err, pod.ErrNotFound) {
				t.Errorf("Poster() = %v, want %v", err, pod.ErrNotFound)
			}
			checkEmpty(t, temp)
			text, err := os.ReadFile(note)
			if err != nil {
				t.Fatal(err)
			}
			if starts := strings.Count(string(text), "-i file:"); starts > 3 {
				t.Errorf("the program was started %d times for one file, want at most 3", starts)
			}
		})
	}
}

func TestFFmpegThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	source := mediatest.Make(t, "a.mkv", mediatest.Inputs("2")+x264+"-c:a aac")
	path, note := script(t, answers+"echo working >>$0.work; sleep 600 & wait")
	temp := t.TempDir()
	m := newMedia(t, media.Config{FFmpeg: path, TempDir: temp})
	info, err := m.Inspect(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Publish(ctx, source, info, io.Discard) }()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for begun := false; !begun; {
		select {
		case <-tick.C:
			_, err := os.Stat(filepath.Join(filepath.Dir(note), "ffmpeg.work"))
			begun = err == nil
		case <-deadline:
			t.Fatal("the program did not start")
		}
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Publish() = %v, want %v", err, context.Canceled)
		}
	case <-deadline:
		t.Fatal("Publish did not end with its context")
	}
	checkEmpty(t, temp)
}

func TestNewRemovesLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "remux-1", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(dir, "0001.part")
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	newMedia(t, media.Config{TempDir: dir, FFmpeg: media.NoFFmpeg})
	if _, err := os.Stat(filepath.Join(dir, "remux-1")); err == nil {
		t.Error("New left an earlier run's folder")
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("New removed a file that is not its own: %v", err)
	}
}

func size(t *testing.T, data []byte) image.Point {
	t.Helper()
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("jpeg.DecodeConfig() = %v, want a JPEG", err)
	}
	return image.Pt(c.Width, c.Height)
}

func TestPoster(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	const red = "-f lavfi -i color=red:size=1920x1080:rate=10:duration=3 "
	tests := []struct {
		name, file, args   string
		preview, thumbnail image.Point
	}{
		{"large", "a.mp4", red + x264, image.Pt(1280, 720), image.Pt(480, 270)},
		{"to be transcoded", "a.avi", red + "-c:v mpeg4", image.Pt(1280, 720), image.Pt(480, 270)},
		{"pixels not square", "a.mp4", red + "-vf scale=320:480,setsar=2 " + x264, image.Pt(640, 480), image.Pt(480, 360)},
		{"one picture", "a.mp4", red + "-frames:v 1 -vf scale=64:64,setsar=1 " + x264, image.Pt(64, 64), image.Pt(64, 64)},
		{"webm", "a.webm", red + "-vf scale=320:180 -c:v libvpx -deadline realtime", image.Pt(320, 180), image.Pt(320, 180)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := mediatest.Make(t, tt.file, tt.args)
			info, err := m.Inspect(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Poster(t.Context(), path, info)
			if err != nil {
				t.Fatalf("Poster() = %v, want no error", err)
			}
			if got := size(t, p.Preview); got != tt.preview {
				t.Errorf("preview = %v, want %v", got, tt.preview)
			}
			if got := size(t, p.Thumbnail); got != tt.thumbnail {
				t.Errorf("thumbnail = %v, want %v", got, tt.thumbnail)
			}
			img, err := jpeg.Decode(bytes.NewReader(p.Thumbnail))
			if err != nil {
				t.Fatal(err)
			}
			if r, g, b, _ := img.At(20, 20).RGBA(); r < 0xd000 || g > 0x3000 || b > 0x3000 {
				t.Errorf("colour = %x %x %x, want red", r, g, b)
			}
		})
	}
}

func TestPosterStandsUpright(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	flat := mediatest.Make(t, "flat.mp4", mediatest.Inputs("2")+x264)
	path := mediatest.Make(t, "a.mp4", "-i "+flat+" -c copy -metadata:s:v:0 rotate=90")
	info, err := m.Inspect(t.Context(), path)
	if err != nil || info.Width != 90 || info.Height != 160 {
		t.Fatalf("Inspect() = %+v, %v, want 90 x 160", info, err)
	}
	p, err := m.Poster(t.Context(), path, info)
	if err != nil {
		t.Fatal(err)
	}
	if got := size(t, p.Preview); got != image.Pt(90, 160) {
		t.Errorf("preview = %v, want 90 x 160", got)
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{FFmpeg: media.NoFFmpeg})
	img := image.NewPaletted(image.Rect(0, 0, 600, 300), color.Palette{color.Black, color.White})
	encode := func(f func(w io.Writer) error) []byte {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := encode(func(w io.Writer) error { return png.Encode(w, img) })
	p, err := m.Picture(t.Context(), good)
	if err != nil || size(t, p.Preview) != image.Pt(600, 300) || size(t, p.Thumbnail) != image.Pt(480, 240) {
		t.Errorf("Picture(png) = %v, %v, %v", size(t, p.Preview), size(t, p.Thumbnail), err)
	}
	tests := map[string][]byte{
		"empty": nil,
		"svg":   []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"cut":   good[:len(good)/2],
		"large": make([]byte, pod.DefaultLimits().PictureBytes+1),
		"bomb":  []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x3a\x98\x00\x00\x3a\x98\x08\x02\x00\x00\x00\x8d\x4c\x96\x57"),
		"video": encode(func(w io.Writer) error { return gif.Encode(w, img, nil) })[:20],
	}
	for name, data := range tests {
		_, err := m.Picture(t.Context(), data)
		e, ok := errors.AsType[*pod.Error](err)
		if !ok || e.Kind != pod.KindInvalid || !errors.Is(err, pod.ErrInvalid) || !strings.HasSuffix(e.Msg, ".") {
			t.Errorf("Picture(%s) = %v, want a *pod.Error of %v", name, err, pod.KindInvalid)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	t.Parallel()
	p := newMedia(t, media.Config{FFmpeg: media.NoFFmpeg}).Placeholder()
	if size(t, p.Preview) != image.Pt(1280, 720) || size(t, p.Thumbnail) != image.Pt(480, 270) {
		t.Errorf("Placeholder() = %v, %v, want 16:9", size(t, p.Preview), size(t, p.Thumbnail))
	}
}
