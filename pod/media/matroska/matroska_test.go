package matroska_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
	"github.com/peerpod/peerpod/pod/media/matroska"
)

const (
	vp9  = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus "
	vp8  = "-c:v libvpx -deadline realtime -c:a libvorbis "
	h264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac "
)

func load(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func open(data []byte) (*matroska.File, error) {
	return matroska.Open(bytes.NewReader(data), int64(len(data)))
}

func TestOpen(t *testing.T) {
	t.Parallel()
	in := mediatest.Inputs("4")
	tests := []struct {
		name, file, args string
		doc              string
		video, audio     string
		timed, cues      bool
	}{
		{"webm", "a.webm", in + vp9, "webm", "V_VP9", "A_OPUS", true, true},
		{"webm vp8", "a.webm", in + vp8, "webm", "V_VP8", "A_VORBIS", true, true},
		{"matroska", "a.mkv", in + h264, "matroska", "V_MPEG4/ISO/AVC", "A_AAC", true, true},
		{"live", "a.webm", in + vp9 + "-f webm -live 1", "webm", "V_VP9", "A_OPUS", false, false},
		{"short clusters", "a.mkv", in + h264 + "-cluster_time_limit 200", "matroska", "V_MPEG4/ISO/AVC", "A_AAC", true, true},
		{"index first", "a.mkv", in + h264 + "-cues_to_front 1", "matroska", "V_MPEG4/ISO/AVC", "A_AAC", true, true},
		{"no sound", "a.webm", in + "-an -c:v libvpx -deadline realtime", "webm", "V_VP8", "", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := load(t, mediatest.Make(t, tt.file, tt.args))
			if got := matroska.DocType(data[:100]); got != tt.doc {
				t.Errorf("DocType() = %q, want %q", got, tt.doc)
			}
			f, err := open(data)
			if err != nil {
				t.Fatalf("Open() = %v, want no error", err)
			}
			if got := codecs(f); f.DocType != tt.doc || got != [2]string{tt.video, tt.audio} {
				t.Errorf("Open() = %s, %s, want %s, %s, %s", f.DocType, got, tt.doc, tt.video, tt.audio)
			}
			if f.Timed != tt.timed || f.HasCues != tt.cues {
				t.Errorf("Timed %v, HasCues %v, want %v, %v", f.Timed, f.HasCues, tt.timed, tt.cues)
			}
			checkPictures(t, f)
		})
	}
}

func codecs(f *matroska.File) [2]string {
	if f.Audio == nil {
		return [2]string{f.Video.CodecID}
	}
	return [2]string{f.Video.CodecID, f.Audio.CodecID}
}

func checkPictures(t *testing.T, f *matroska.File) {
	t.Helper()
	if (f.Duration-4*time.Second).Abs() > 60*time.Millisecond || f.Video.FPS < 29 || f.Video.FPS > 31 {
		t.Errorf("Duration %v, FPS %v, want 4s, 30", f.Duration, f.Video.FPS)
	}
	if f.Video.Width != 160 || f.Video.Height != 90 || len(f.Video.FirstFrame) == 0 {
		t.Errorf("size %d x %d, first frame %x, want 160 x 90 and some bytes", f.Video.Width, f.Video.Height, f.Video.FirstFrame)
	}
}

func TestOpenShowsPixelsAsTheyLook(t *testing.T) {
	t.Parallel()
	f, err := open(load(t, mediatest.Make(t, "a.mkv", mediatest.Inputs("1")+"-vf setsar=4/3 "+h264)))
	if err != nil || f.Video.Width != 213 || f.Video.Height != 90 || f.Video.PixelWidth != 160 {
		t.Errorf("Open() = %+v, %v, want 160 shown as 213 x 90", f, err)
	}
}

// A file may be cut anywhere: it is never taken as whole.
func TestOpenOfCutFiles(t *testing.T) {
	t.Parallel()
	whole := load(t, mediatest.Make(t, "a.mkv", mediatest.Inputs("2")+h264))
	for n := 0; n < len(whole); n += 1 + len(whole)/500 {
		if _, err := open(whole[:n]); err == nil {
			t.Errorf("Open(%d of %d bytes) = nil, want an error", n, len(whole))
		}
	}
}

// elem writes an element: the test's own writer, with sizes of 8 bytes.
func elem(id string, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	n := len(b)
	size := []byte{1, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	return bytes.Join([][]byte{[]byte(id), size, b}, nil)
}

const endless = "\xff" // a size that is not known

func TestOpenOfHandmadeFiles(t *testing.T) {
	head := elem("\x1a\x45\xdf\xa3", elem("\x42\x82", []byte("webm")))
	entry := func(kind byte, more ...[]byte) []byte {
		return elem("\xae", append([][]byte{elem("\xd7", []byte{1}), elem("\x83", []byte{kind}), elem("\x86", []byte("V_VP8"))}, more...)...)
	}
	shape := elem("\xe0", elem("\xb0", []byte{1, 64}), elem("\xba", []byte{180}))
	tracks := elem("\x16\x54\xae\x6b", entry(1, shape))
	block := elem("\xa3", []byte{0x81, 0, 9, 0x80, 1, 2, 3})
	grouped := elem("\xa0", elem("\xa1", []byte{0x81, 0, 20, 0, 1, 2, 3}))
	cluster := elem("\x1f\x43\xb6\x75", elem("\xe7", []byte{3, 0xe8}), block, grouped)
	info := func(seconds byte) []byte {
		return elem("\x15\x49\xa9\x66", elem("\x2a\xd7\xb1", []byte{0x0f, 0x42, 0x40}), elem("\x44\x89", []byte{0x46, seconds, 0, 0}))
	}
	segment := func(body ...[]byte) []byte { return append(bytes.Clone(head), elem("\x18\x53\x80\x67", body...)...) }
	live := bytes.Join([][]byte{
		head, []byte("\x18\x53\x80\x67" + endless), tracks, []byte("\x1f\x43\xb6\x75" + endless),
		elem("\xe7", []byte{0}), block, []byte("\x1f\x43\xb6\x75" + endless), elem("\xe7", []byte{7, 0xd0}), block,
	}, nil)
	tests := []struct {
		name string
		data []byte
		want error
		last time.Duration
	}{
		// a picture more, as long as the one before it took
		{"whole", segment(tracks, cluster), nil, 1031 * time.Millisecond},
		{"live", live, nil, 4009 * time.Millisecond},
		{"nothing", nil, matroska.ErrTruncated, 0},
		{"head alone", head, matroska.ErrTruncated, 0},
		{"no segment", append(bytes.Clone(head), cluster...), matroska.ErrDamaged, 0},
		{"no tracks", segment(cluster), matroska.ErrNoPicture, 0},
		{"sound alone", segment(elem("\x16\x54\xae\x6b", entry(2)), cluster), matroska.ErrNoPicture, 0},
		{"no pictures", segment(tracks), matroska.ErrNoPicture, 0},
		{"encrypted", segment(elem("\x16\x54\xae\x6b", entry(1, elem("\x6d\x80", elem("\x62\x40", elem("\x50\x35", nil))))), cluster), matroska.ErrProtected, 0},
		{"longer than its blocks", segment(info(0xff), tracks, cluster), matroska.ErrTruncated, 0},
		{"tracks without size", bytes.Join([][]byte{head, []byte("\x18\x53\x80\x67" + endless + "\x16\x54\xae\x6b" + endless), entry(1)}, nil), matroska.ErrDamaged, 0},
		{"something behind", append(segment(tracks, cluster), 0xec, 0x50, 0), nil, 1031 * time.Millisecond},
		{"tracks of 128 MiB", bytes.Join([][]byte{head, []byte("\x18\x53\x80\x67" + endless), []byte("\x16\x54\xae\x6b\x18\x00\x00\x00"), make([]byte, 16)}, nil), matroska.ErrTruncated, 0},
		{"zeros", make([]byte, 5000), matroska.ErrDamaged, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := open(tt.data)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Open() = %v, want %v", err, tt.want)
			}
			if err == nil && ((f.Duration-tt.last).Abs() > time.Microsecond || f.Video.Width != 320 || f.Video.Height != 180) {
				t.Errorf("Open() = %v, %d x %d, want %v, 320 x 180", f.Duration, f.Video.Width, f.Video.Height, tt.last)
			}
			if err == nil && f.Trailing != (tt.name == "something behind") {
				t.Errorf("Trailing = %v", f.Trailing)
			}
		})
	}
}

// FuzzOpen reads anything.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := matroska.DocType(data)
		m, err := open(data)
		if err != nil {
			return
		}
		if m.Duration < 0 || m.Video == nil || len(doc) > 64 || m.Video.Width < 0 || m.Video.Width > 1<<16 {
			t.Fatalf("Open() = %+v", m)
		}
	})
}
