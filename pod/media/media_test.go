package media_test

import (
	"bytes"
	"context"
	"errors"
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

const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -profile:v high -level 3.1 "

func newMedia(tb testing.TB, c media.Config) *media.Media {
	tb.Helper()
	if c.TempDir == "" {
		c.TempDir = tb.TempDir()
	}
	if c.Limits == (pod.Limits{}) {
		c.Limits = pod.DefaultLimits()
	}
	m, err := media.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// kinds are files with what Inspect must say of them.
func kinds() []struct {
	name, file, args string
	want             pod.MediaInfo
} {
	const (
		classic = `video/mp4; codecs="avc1.64001f,mp4a.40.2"`
		mp4     = "video/mp4"
	)
	webm := "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus "
	return []struct {
		name, file, args string
		want             pod.MediaInfo
	}{
		{"mp4", "a.mp4", x264 + "-c:a aac", pod.MediaInfo{Action: pod.MediaFragment, Container: "mp4", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"mov", "a.mov", x264 + "-c:a aac", pod.MediaInfo{Action: pod.MediaFragment, Container: "mov", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"no sound", "a.mp4", x264 + "-an", pod.MediaInfo{Action: pod.MediaFragment, Container: "mp4", Extension: "mp4", MIME: `video/mp4; codecs="avc1.64001f"`, VideoCodec: "h264"}},
		{"fragmented by others", "a.mp4", x264 + "-c:a aac -movflags frag_keyframe+empty_moov", pod.MediaInfo{Action: pod.MediaRemux, Container: "mp4", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"webm vp9", "a.webm", webm, pod.MediaInfo{Action: pod.MediaKeep, Container: "webm", Extension: "webm", MIME: `video/webm; codecs="vp09.00.10.08,opus"`, VideoCodec: "vp9", AudioCodec: "opus"}},
		{"webm vp8", "a.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis", pod.MediaInfo{Action: pod.MediaKeep, Container: "webm", Extension: "webm", MIME: `video/webm; codecs="vp8,vorbis"`, VideoCodec: "vp8", AudioCodec: "vorbis"}},
		{"webm av1", "a.webm", "-c:v libaom-av1 -usage realtime -cpu-used 8 -pix_fmt yuv420p -an", pod.MediaInfo{Action: pod.MediaKeep, Container: "webm", Extension: "webm", MIME: `video/webm; codecs="av01.0.00M.08"`, VideoCodec: "av1"}},
		{"webm live", "a.webm", webm + "-f webm -live 1", pod.MediaInfo{Action: pod.MediaRemux, Container: "webm", Extension: "webm", MIME: `video/webm; codecs="vp09.00.10.08,opus"`, VideoCodec: "vp9", AudioCodec: "opus"}},
		{"mkv vp9", "a.mkv", webm, pod.MediaInfo{Action: pod.MediaRemux, Container: "matroska", Extension: "webm", MIME: `video/webm; codecs="vp09.00.10.08,opus"`, VideoCodec: "vp9", AudioCodec: "opus"}},
		{"mkv h264", "a.mkv", x264 + "-c:a aac", pod.MediaInfo{Action: pod.MediaRemux, Container: "matroska", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"mkv ac3", "a.mkv", x264 + "-c:a ac3", pod.MediaInfo{Action: pod.MediaTranscode, Container: "matroska", Extension: "mp4", MIME: mp4, VideoCodec: "h264", AudioCodec: "ac3"}},
		{"transport stream", "a.ts", x264 + "-c:a aac", pod.MediaInfo{Action: pod.MediaRemux, Container: "mpegts", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"camcorder stream", "a.m2ts", x264 + "-c:a aac -mpegts_m2ts_mode 1", pod.MediaInfo{Action: pod.MediaRemux, Container: "mpegts", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"flv", "a.flv", x264 + "-c:a aac", pod.MediaInfo{Action: pod.MediaRemux, Container: "flv", Extension: "mp4", MIME: classic, VideoCodec: "h264", AudioCodec: "aac"}},
		{"avi", "a.avi", "-c:v mpeg4 -c:a libmp3lame", pod.MediaInfo{Action: pod.MediaTranscode, Container: "avi", Extension: "mp4", MIME: mp4, VideoCodec: "mpeg4", AudioCodec: "mp3"}},
		{"ogg", "a.ogv", "-c:v libtheora -c:a libvorbis", pod.MediaInfo{Action: pod.MediaTranscode, Container: "ogg", Extension: "mp4", MIME: mp4, VideoCodec: "theora", AudioCodec: "vorbis"}},
		{"hevc", "a.mp4", "-c:v libx265 -x265-params log-level=error -c:a aac", pod.MediaInfo{Action: pod.MediaTranscode, Container: "mp4", Extension: "mp4", MIME: mp4, VideoCodec: "hevc", AudioCodec: "aac"}},
	}
}

func TestInspectAndPublish(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes and reads a dozen videos")
	}
	m := newMedia(t, media.Config{})
	for _, tt := range kinds() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			made := mediatest.Make(t, tt.file, mediatest.Inputs("3")+tt.args)
			path := filepath.Join(t.TempDir(), "holiday.txt") // the name says nothing
			if err := os.Rename(made, path); err != nil {
				t.Fatal(err)
			}
			info, err := m.Inspect(t.Context(), path)
			if err != nil {
				t.Fatalf("Inspect() = %v, want no error", err)
			}
			checkInfo(t, info, tt.want, path)
			var out bytes.Buffer
			err = m.Publish(t.Context(), path, info, &out)
			if info.Action == pod.MediaTranscode {
				if pod.KindOf(err) != pod.KindUnplayable || out.Len() > 0 {
					t.Errorf("Publish() = %v with %d bytes, want %v with none", err, out.Len(), pod.KindUnplayable)
				}
				return
			}
			if err != nil {
				t.Fatalf("Publish() = %v, want no error", err)
			}
			checkPublished(t, m, path, info, out.Bytes())
		})
	}
}

func checkInfo(t *testing.T, got, want pod.MediaInfo, path string) {
	t.Helper()
	about, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if (got.Duration - 3*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("Duration = %v, want about 3s", got.Duration)
	}
	if got.FPS < 29 || got.FPS > 31 {
		t.Errorf("FPS = %v, want about 30", got.FPS)
	}
	got.Duration, got.FPS = 0, 0
	want.Width, want.Height, want.SizeBytes = 160, 90, about.Size()
	if got != want {
		t.Errorf("Inspect() =\n%+v, want\n%+v", got, want)
	}
}

// checkPublished looks at the published file as if it were dropped on a pod: it needs
// nothing any more and has the same type.
func checkPublished(t *testing.T, m *media.Media, source string, info pod.MediaInfo, data []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "published")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := m.Inspect(t.Context(), path)
	if err != nil || again.Action != pod.MediaKeep || again.MIME != info.MIME || again.Height != info.Height {
		t.Errorf("Inspect(published) = %+v, %v, want it kept, as %s", again, err, info.MIME)
	}
	if diff := again.Duration - info.Duration; diff.Abs() > 100*time.Millisecond {
		t.Errorf("published Duration = %v, want %v", again.Duration, info.Duration)
	}
	want, got := mediatest.Look(t, source), mediatest.Look(t, path)
	wantFrames, gotFrames := mediatest.Hashes(t, source, want), mediatest.Hashes(t, path, got)
	if gotFrames != wantFrames {
		t.Errorf("decoded pictures differ: %d, want %d", strings.Count(gotFrames, "\n"), strings.Count(wantFrames, "\n"))
	}
	for kind := range want {
		if got[kind] == nil || len(got[kind].Packets) != len(want[kind].Packets) {
			t.Errorf("%s = %+v, want %d packets", kind, got[kind], len(want[kind].Packets))
		}
	}
	if tags := mediatest.Run(t, "ffprobe", "-v", "error", "-show_entries", "format_tags=title", "-of", "csv", path); strings.Contains(tags, "secret") {
		t.Errorf("published tags = %q, want none of the source", tags)
	}
}

func TestWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	in := mediatest.Inputs("2")
	tests := []struct {
		name, file, args string
		want             pod.MediaAction
		refused          bool
	}{
		{"mp4", "a.mp4", in + x264 + "-c:a aac", pod.MediaFragment, false},
		{"webm", "a.webm", in + "-c:v libvpx -deadline realtime -c:a libopus", pod.MediaKeep, false},
		{"webm live", "a.webm", in + "-c:v libvpx -deadline realtime -c:a libopus -f webm -live 1", pod.MediaKeep, false},
		{"hevc", "a.mp4", in + "-c:v libx265 -x265-params log-level=error", pod.MediaTranscode, false},
		{"mkv", "a.mkv", in + x264 + "-c:a aac", 0, true},
		{"ts", "a.ts", in + x264 + "-c:a aac", 0, true},
		{"avi", "a.avi", in + "-c:v mpeg4", 0, true},
		{"fragmented by others", "a.mp4", in + x264 + "-movflags frag_keyframe+empty_moov", 0, true},
	}
	absent := newMedia(t, media.Config{FFmpeg: filepath.Join(t.TempDir(), "no", "ffmpeg")})
	m := newMedia(t, media.Config{FFmpeg: media.NoFFmpeg})
	if absent.HasFFmpeg() || m.HasFFmpeg() {
		t.Fatal("HasFFmpeg() = true, want false")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := mediatest.Make(t, tt.file, tt.args)
			info, err := m.Inspect(t.Context(), path)
			if tt.refused {
				checkRefused(t, err, "ffmpeg")
				return
			}
			if err != nil || info.Action != tt.want || info.Duration < 1900*time.Millisecond {
				t.Fatalf("Inspect() = %+v, %v, want action %v", info, err, tt.want)
			}
			if _, err := m.Poster(t.Context(), path, info); !errors.Is(err, pod.ErrNotFound) {
				t.Errorf("Poster() = %v, want %v", err, pod.ErrNotFound)
			}
			if tt.want != pod.MediaTranscode {
				if err := m.Publish(t.Context(), path, info, io.Discard); err != nil {
					t.Errorf("Publish() = %v, want no error", err)
				}
			}
		})
	}
}

// checkRefused wants a refusal that a person can read and that speaks of a word.
func checkRefused(t *testing.T, err error, word string) {
	t.Helper()
	e, ok := errors.AsType[*pod.Error](err)
	if !ok || e.Kind != pod.KindUnplayable || e.Code != "unplayable" || !errors.Is(err, pod.ErrUnplayable) {
		t.Fatalf("error = %v, want a *pod.Error of KindUnplayable", err)
	}
	if !strings.Contains(e.Msg, word) || !strings.HasSuffix(e.Msg, ".") || strings.ContainsAny(e.Msg, "/!") {
		t.Errorf("Msg = %q, want a sentence that speaks of %q", e.Msg, word)
	}
}

func TestInspectRefusesIncompleteFiles(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	in := mediatest.Inputs("6")
	for name, args := range map[string]string{
		"a.mp4":  x264 + "-c:a aac -movflags +faststart",
		"b.mp4":  x264 + "-c:a aac",
		"c.mp4":  x264 + "-c:a aac -movflags frag_keyframe+empty_moov",
		"a.webm": "-c:v libvpx -deadline realtime -c:a libopus",
		"a.mkv":  x264 + "-c:a aac",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := mediatest.Make(t, name, in+args)
			about, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, about.Size()*6/10); err != nil {
				t.Fatal(err)
			}
			_, err = m.Inspect(t.Context(), path)
			checkRefused(t, err, "incomplete")
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes pictures of 36 million pixels")
	}
	limits := pod.DefaultLimits()
	limits.MaxDuration = time.Second
	m := newMedia(t, media.Config{Limits: limits})
	for _, name := range []string{"a.mp4", "a.mkv", "a.ts", "a.flv"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := m.Inspect(t.Context(), mediatest.Make(t, name, mediatest.Inputs("3")+x264+"-c:a aac"))
			checkRefused(t, err, "longer")
		})
	}
	t.Run("pixels", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"a.mov", "a.mkv", "a.avi"} {
			path := mediatest.Make(t, name, "-f lavfi -i color=size=8192x4352:duration=0.1:rate=1 -frames:v 1 -c:v png")
			start := time.Now()
			if info, err := m.Inspect(t.Context(), path); pod.KindOf(err) != pod.KindUnplayable {
				t.Errorf("Inspect(%s) = %+v, %v, want %v", name, info, err, pod.KindUnplayable)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("Inspect(%s) took %v", name, took)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	path := mediatest.Make(t, "a.mkv", mediatest.Inputs("2")+x264+"-c:a aac")
	info, err := m.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Inspect(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("Inspect() = %v, want %v", err, context.Canceled)
	}
	for _, action := range []pod.MediaAction{pod.MediaKeep, pod.MediaRemux} {
		info.Action = action
		if err := m.Publish(ctx, path, info, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("Publish(%v) = %v, want %v", action, err, context.Canceled)
		}
	}
	if _, err := m.Poster(ctx, path, info); !errors.Is(err, context.Canceled) {
		t.Errorf("Poster() = %v, want %v", err, context.Canceled)
	}
}

func TestWriterErrorComesBack(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	path := mediatest.Make(t, "a.mp4", mediatest.Inputs("2")+x264+"-c:a aac")
	info, err := m.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []pod.MediaAction{pod.MediaKeep, pod.MediaFragment, pod.MediaRemux} {
		info.Action = action
		if err := m.Publish(t.Context(), path, info, full{}); !errors.Is(err, pod.ErrNoSpace) {
			t.Errorf("Publish(%v) = %v, want %v", action, err, pod.ErrNoSpace)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, pod.ErrNoSpace }
