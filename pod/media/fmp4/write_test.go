package fmp4_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
)

const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p "

func open(tb testing.TB, path string, l fmp4.Limits) (*fmp4.File, error) {
	tb.Helper()
	data, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = data.Close() })
	about, err := data.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return fmp4.Open(data, about.Size(), l)
}

// publish writes a file and gives the path of the result.
func publish(tb testing.TB, path string) string {
	tb.Helper()
	f, err := open(tb, path, fmp4.Limits{})
	if err != nil {
		tb.Fatalf("Open(%s) = %v, want no error", path, err)
	}
	if !f.Playable() || f.Fragmented {
		tb.Fatalf("Open(%s): playable %v, fragmented %v, want true, false", path, f.Playable(), f.Fragmented)
	}
	var out bytes.Buffer
	if err := f.Write(tb.Context(), &out); err != nil {
		tb.Fatalf("Write() = %v, want no error", err)
	}
	written := filepath.Join(tb.TempDir(), "published.mp4")
	if err := os.WriteFile(written, out.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return written
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	plain := mediatest.Inputs("8") + x264
	delayed := "-f lavfi -i testsrc2=size=160x90:rate=30:duration=6 -itsoffset 0.7 -f lavfi -i sine=duration=6 "
	late := "-itsoffset 3.1 -f lavfi -i testsrc2=size=160x90:rate=30:duration=6 -f lavfi -i sine=duration=9 "
	still := "-f lavfi -i testsrc2=size=160x90:rate=1/20:duration=60 -f lavfi -i sine=duration=61 "
	return map[string]string{
		"reordered pictures": mediatest.Make(t, "a.mp4", plain+"-bf 3 -g 60 -c:a aac"),
		"index first":        mediatest.Make(t, "a.mp4", plain+"-c:a aac -movflags +faststart"),
		"open groups":        mediatest.Make(t, "a.mp4", plain+"-x264opts open-gop=1:keyint=45:bframes=3 -c:a aac"),
		"one group":          mediatest.Make(t, "a.mp4", mediatest.Inputs("25")+x264+"-g 9999 -sc_threshold 0 -c:a aac"),
		"key frames only":    mediatest.Make(t, "a.mp4", plain+"-profile:v baseline -g 1 -c:a aac -ac 2 -ar 22050"),
		"no sound":           mediatest.Make(t, "a.mp4", plain+"-an"),
		"QuickTime":          mediatest.Make(t, "a.mov", plain+"-c:a aac -ar 44100"),
		"sound late":         mediatest.Make(t, "a.mp4", delayed+x264+"-c:a aac"),
		"pictures late":      mediatest.Make(t, "a.mp4", late+x264+"-c:a aac"),
		"pictures of 20 s":   mediatest.Make(t, "a.mp4", still+x264+"-c:a aac"),
		"sound longer":       mediatest.Make(t, "a.mp4", "-f lavfi -i testsrc2=size=160x90:rate=30:duration=2 -f lavfi -i sine=duration=40 "+x264+"-c:a aac"),
		"negative offsets":   mediatest.Make(t, "a.mp4", plain+"-bf 2 -c:a aac -movflags +negative_cts_offsets"),
		"29.97 pictures":     mediatest.Make(t, "a.mp4", "-f lavfi -i testsrc2=size=160x90:rate=30000/1001:duration=7 "+x264),
	}
}

func TestWriteKeepsEveryPacket(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes and reads a dozen videos")
	}
	for name, path := range sources(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := publish(t, path)
			want, got := mediatest.Look(t, path), mediatest.Look(t, out)
			if want, got := mediatest.Hashes(t, path, want), mediatest.Hashes(t, out, got); got != want {
				t.Errorf("decoded pictures differ: %d, want %d", strings.Count(got, "\n"), strings.Count(want, "\n"))
			}
			if len(got) != len(want) {
				t.Fatalf("%d streams, want %d", len(got), len(want))
			}
			for kind, w := range want {
				compare(t, got[kind], w)
			}
			checkShape(t, path, out)
		})
	}
}

func compare(t *testing.T, got, want *mediatest.Stream) {
	t.Helper()
	if got.TimeBase != want.TimeBase || got.Hash != want.Hash || want.Hash == "" {
		t.Errorf("%s: time base %s, hash %s, want %s, %s", want.Kind, got.TimeBase, got.Hash, want.TimeBase, want.Hash)
	}
	if g, w := got.Packets, want.Packets; !slices.Equal(g, w) {
		t.Errorf("packets of %s differ: %d, want %d; first %v, want %v; last %v, want %v",
			want.Kind, len(g), len(w), g[:1], w[:1], g[len(g)-1:], w[len(w)-1:])
	}
}

// checkShape reads the result with another program's parser: the index must describe the
// file to its last byte, and every fragment must begin where the index says.
func checkShape(t *testing.T, source, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("mp4.DecodeFile() = %v, want no error", err)
	}
	if len(parsed.Sidxs) != 1 {
		t.Fatalf("%d sidx boxes, want 1", len(parsed.Sidxs))
	}
	f, err := open(t, source, fmp4.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if whole := checkIndex(t, parsed, data); (whole - f.Duration).Abs() > 40*time.Millisecond {
		t.Errorf("sidx ends at %v, want %v", whole, f.Duration)
	}
	again, err := open(t, path, fmp4.Limits{})
	if err != nil || !again.Published || !again.Playable() {
		t.Fatalf("Open(result) = %+v, %v, want Published", again, err)
	}
	got, want := again.Video.FPS, f.Video.FPS
	if got < 0.99*want || got > 1.01*want {
		t.Errorf("Open(result).Video.FPS = %v, want %v", got, want)
	}
	if diff := again.Duration - f.Duration; diff.Abs() > 40*time.Millisecond {
		t.Errorf("Open(result).Duration = %v, want %v", again.Duration, f.Duration)
	}
}

// checkIndex compares sidx with the boxes and gives the time at which it ends.
func checkIndex(t *testing.T, parsed *mp4.File, data []byte) time.Duration {
	t.Helper()
	var kinds []string
	at := uint64(0)
	for _, b := range parsed.Children[:3] {
		kinds = append(kinds, b.Type())
		at += b.Size()
	}
	if got := strings.Join(kinds, " "); got != "ftyp moov sidx" {
		t.Errorf("head = %s, want ftyp moov sidx", got)
	}
	total := parsed.Sidx.EarliestPresentationTime
	for i, ref := range parsed.Sidx.SidxRefs {
		if string(data[at+4:at+8]) != "moof" {
			t.Fatalf("reference %d begins with %q, want moof", i, data[at+4:at+8])
		}
		at += uint64(ref.ReferencedSize)
		total += uint64(ref.SubSegmentDuration)
		if (ref.StartsWithSAP == 1) != (ref.SAPType == 1) || ref.SAPType == 2 {
			t.Errorf("reference %d: starts with SAP %d of type %d", i, ref.StartsWithSAP, ref.SAPType)
		}
		checkStart(t, parsed, i, ref)
	}
	if at != uint64(len(data)) {
		t.Errorf("references end at %d, want %d, the end of the file", at, len(data))
	}
	return time.Duration(float64(total) / float64(parsed.Sidx.Timescale) * float64(time.Second))
}

// checkStart compares what the index says of a fragment's start with its first picture.
func checkStart(t *testing.T, f *mp4.File, i int, ref mp4.SidxRef) {
	t.Helper()
	n := 0
	for _, segment := range f.Segments {
		for _, fragment := range segment.Fragments {
			if n++; n-1 != i {
				continue
			}
			traf := fragment.Moof.Traf
			key := traf.Tfhd.TrackID == 1 && traf.Trun.Samples[0].IsSync()
			if key != (ref.SAPType != 0) {
				t.Errorf("fragment %d: begins with key frame %v, index says SAP %d", i, key, ref.SAPType)
			}
		}
	}
	if n != len(f.Sidx.SidxRefs) {
		t.Errorf("%d fragments, want %d", n, len(f.Sidx.SidxRefs))
	}
}

func TestWriteDropsOtherTracksAndMetadata(t *testing.T) {
	t.Parallel()
	subtitles := filepath.Join(t.TempDir(), "s.srt")
	if err := os.WriteFile(subtitles, []byte("1\n00:00:00,000 --> 00:00:01,000\nsecret words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := mediatest.Make(t, "a.mp4", mediatest.Inputs("4")+"-f lavfi -i sine=frequency=880:duration=4 -i "+subtitles+
		" -map 0 -map 1 -map 2 -map 3 "+x264+"-c:a aac -c:s mov_text -metadata title=secret "+
		"-metadata location=+48.2082+016.3738/ -metadata comment=<script> -movflags use_metadata_tags")
	out := publish(t, path)
	want, got := mediatest.Look(t, path), mediatest.Look(t, out)
	mediatest.Hashes(t, path, want)
	mediatest.Hashes(t, out, got)
	if len(got) != 2 || got["audio"].Hash != want["audio"].Hash {
		t.Errorf("streams = %v, want pictures and the first sound, %v", got, want["audio"])
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"secret", "48.2082", "<script>", "udta", "meta"} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("the result holds %q, want it dropped", word)
		}
	}
}

func TestWriteKeepsRotation(t *testing.T) {
	t.Parallel()
	flat := mediatest.Make(t, "flat.mp4", mediatest.Inputs("3")+x264+"-c:a aac")
	path := mediatest.Make(t, "a.mp4", "-i "+flat+" -c copy -metadata:s:v:0 rotate=90")
	f, err := open(t, path, fmp4.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Video.Width != 90 || f.Video.Height != 160 {
		t.Errorf("shown size = %d x %d, want 90 x 160", f.Video.Width, f.Video.Height)
	}
	s := mediatest.Look(t, publish(t, path))["video"]
	if len(s.SideData) == 0 || int(s.SideData[0].Rotation)%180 == 0 {
		t.Errorf("rotation = %v, want a quarter turn", s.SideData)
	}
}

// A trim without re-encoding begins at an earlier key frame and hides what is before the
// cut by edit lists. Picture and sound must move by the same time.
func TestWriteOfTrimmedFile(t *testing.T) {
	t.Parallel()
	whole := mediatest.Make(t, "whole.mp4", mediatest.Inputs("20")+x264+"-g 90 -c:a aac")
	path := mediatest.Make(t, "a.mp4", "-ss 7.4 -i "+whole+" -t 8 -c copy")
	out := publish(t, path)
	want, got := mediatest.Look(t, path), mediatest.Look(t, out)
	first := got["video"].Packets[0]
	if !first.Key || first.PTS != 0 {
		t.Errorf("first picture = %+v, want a key frame at 0", first)
	}
	video := moved(t, want["video"].Packets, got["video"].Packets) / 15360
	audio := moved(t, want["audio"].Packets, got["audio"].Packets) / 48000
	if diff := video - audio; diff > 0.001 || diff < -0.001 {
		t.Errorf("pictures moved by %v s, sound by %v s, want the same", video, audio)
	}
	if video < 1 || video > 2 { // 7.4 s lies 1.4 s after the key frame at 6 s
		t.Errorf("pictures moved by %v s, want about 1.4", video)
	}
}

// moved tells by how much later the same packets are shown.
func moved(t *testing.T, before, after []mediatest.Packet) float64 {
	t.Helper()
	same := func(a, b mediatest.Packet) bool { return a.Size == b.Size }
	for i := range before {
		for k := range min(100, len(after)) { // ffprobe does not list all that is hidden in the source
			n := 30
			if i+n <= len(before) && k+n <= len(after) && slices.EqualFunc(before[i:i+n], after[k:k+n], same) {
				return float64(after[k].PTS - before[i].PTS)
			}
		}
	}
	t.Fatalf("the packets of the result are not in the source: %d of %d, %v, %v", len(after), len(before), after[:2], before[:2])
	return 0
}

func TestWriteEndsWithItsContextAndItsWriter(t *testing.T) {
	t.Parallel()
	path := mediatest.Make(t, "a.mp4", mediatest.Inputs("12")+x264+"-g 30 -c:a aac")
	f, err := open(t, path, fmp4.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if err := f.Write(ctx, w); !errors.Is(err, context.Canceled) {
		t.Errorf("Write() after cancel = %v, want %v", err, context.Canceled)
	}
	if err := f.Write(t.Context(), writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe })); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write() = %v, want %v", err, io.ErrClosedPipe)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Pictures of 8 MiB a second must not make fragments that do not fit in memory.
func TestWriteOfHighBitrateIsBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes a video of 25 MB")
	}
	path := mediatest.Make(t, "a.mp4", "-f lavfi -i testsrc2=size=640x360:rate=60:duration=1.4,noise=alls=100:allf=t "+
		"-c:v libx264 -preset ultrafast -qp 1 -g 9999 -pix_fmt yuv420p")
	f, err := open(t, path, fmp4.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	if err := f.Write(t.Context(), writerFunc(func(p []byte) (int, error) { largest = max(largest, len(p)); return len(p), nil })); err != nil {
		t.Fatal(err)
	}
	if largest > 17<<20 || largest < 8<<20 {
		t.Errorf("largest write = %d, want between 8 and 17 MiB", largest)
	}
	checkShape(t, path, publish(t, path))
}
