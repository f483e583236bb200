package fmp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
)

// small makes a file with all tables and gives its bytes.
func small(tb testing.TB) []byte {
	tb.Helper()
	path := mediatest.Make(tb, "a.mp4", mediatest.Inputs("1")+x264+"-bf 2 -g 10 -c:a aac")
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// at finds the body of the n-th box of a kind.
func at(tb testing.TB, data []byte, kind string, n int) []byte {
	tb.Helper()
	from := 0
	for range n {
		from += bytes.Index(data[from:], []byte(kind)) + 4
	}
	i := bytes.Index(data[from:], []byte(kind))
	if i < 0 {
		tb.Fatalf("no box %q", kind)
	}
	return data[from+i+4:]
}

func put(b []byte, off int, v uint32) { binary.BigEndian.PutUint32(b[off:], v) }

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := small(t)
	tests := []struct {
		name   string
		change func(d []byte) []byte
		limits fmp4.Limits
		want   error
	}{
		{"nothing", func([]byte) []byte { return nil }, fmp4.Limits{}, fmp4.ErrTruncated},
		{"no index", func(d []byte) []byte { return d[:len(d)/2] }, fmp4.Limits{}, fmp4.ErrTruncated},
		{"index cut", func(d []byte) []byte { return d[:len(d)-200] }, fmp4.Limits{}, fmp4.ErrTruncated},
		{"encrypted", func(d []byte) []byte {
			i := bytes.LastIndex(d, []byte("avc1"))
			copy(d[i:], "encv")
			return d
		}, fmp4.Limits{}, fmp4.ErrProtected},
		{"pictures elsewhere", func(d []byte) []byte { at(t, d, "url ", 0)[3] = 0; return d }, fmp4.Limits{}, fmp4.ErrExternal},
		{"sample beyond the end", func(d []byte) []byte { put(at(t, d, "stco", 0), 8, 1<<30); return d }, fmp4.Limits{}, fmp4.ErrTruncated},
		{"sample of 4 GiB", func(d []byte) []byte { put(at(t, d, "stsz", 0), 12, 1<<32-1); return d }, fmp4.Limits{}, fmp4.ErrTooBig},
		{"all samples one size", func(d []byte) []byte { put(at(t, d, "stsz", 0), 4, 100000); return d }, fmp4.Limits{}, fmp4.ErrTruncated},
		{"4 billion samples", func(d []byte) []byte {
			put(at(t, d, "stsz", 0), 4, 1)
			put(at(t, d, "stsz", 0), 8, 1<<32-1)
			return d
		}, fmp4.Limits{}, fmp4.ErrTooBig},
		{"the same bytes again and again", func(d []byte) []byte {
			put(at(t, d, "stsz", 0), 4, 1)
			put(at(t, d, "stsz", 0), 8, 1<<24)
			put(at(t, d, "stsc", 0), 12, 1<<24)
			return d
		}, fmp4.Limits{}, fmp4.ErrTruncated},
		{"a table longer than its box", func(d []byte) []byte { put(at(t, d, "stts", 0), 4, 1<<31); return d }, fmp4.Limits{}, fmp4.ErrDamaged},
		{"fewer chunks than samples", func(d []byte) []byte { put(at(t, d, "stco", 0), 4, 1); return d }, fmp4.Limits{}, fmp4.ErrDamaged},
		{"no clock", func(d []byte) []byte { put(at(t, d, "mdhd", 0), 12, 0); return d }, fmp4.Limits{}, fmp4.ErrDamaged},
		{
			"pictures of 136 years", func(d []byte) []byte { put(at(t, d, "stts", 0), 12, 1<<32-1); return d },
			fmp4.Limits{MaxDuration: 24 * time.Hour},
			fmp4.ErrTooBig,
		},
		{"too long", func(d []byte) []byte { return d }, fmp4.Limits{MaxDuration: time.Second / 2}, fmp4.ErrTooBig},
		{"too many pixels", func(d []byte) []byte { return d }, fmp4.Limits{MaxPixels: 1000}, fmp4.ErrTooBig},
		{"composition offsets far apart", func(d []byte) []byte {
			put(at(t, d, "ctts", 0), 12, 1<<31)
			put(at(t, d, "ctts", 0), 20, 1<<31-1)
			return d
		}, fmp4.Limits{}, fmp4.ErrDamaged},
		{
			"sound alone", func(d []byte) []byte { return rename(d, "vide\x00\x00", "text\x00\x00") },
			fmp4.Limits{},
			fmp4.ErrNoPicture,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := tt.change(bytes.Clone(good))
			if _, err := fmp4.Open(bytes.NewReader(data), int64(len(data)), tt.limits); !errors.Is(err, tt.want) {
				t.Errorf("Open() = %v, want %v", err, tt.want)
			}
		})
	}
}

func rename(d []byte, from, to string) []byte { return bytes.Replace(d, []byte(from), []byte(to), 1) }

func TestOpenTellsWhatPlays(t *testing.T) {
	t.Parallel()
	in := mediatest.Inputs("1")
	tests := []struct {
		name, file, args     string
		video, audio, codecs string
		playable, fragmented bool
	}{
		{"h264 and aac", "a.mp4", x264 + "-profile:v high -level 3.1 -c:a aac", "h264", "aac", "avc1.64001f mp4a.40.2", true, false},
		{"baseline", "a.mp4", x264 + "-profile:v baseline -level 3.0 -an", "h264", "", "avc1.42c01e", true, false},
		{"10 bits", "a.mp4", "-c:v libx264 -pix_fmt yuv420p10le -c:a aac", "h264", "aac", "avc1.6e000b mp4a.40.2", false, false},
		{"4:4:4", "a.mp4", "-c:v libx264 -pix_fmt yuv444p -an", "h264", "", "avc1.f4000b", false, false},
		{"hevc", "a.mp4", "-c:v libx265 -x265-params log-level=error -pix_fmt yuv420p -c:a aac", "hevc", "aac", " mp4a.40.2", false, false},
		{"mp3", "a.mp4", x264 + "-c:a libmp3lame", "h264", "mp3", "avc1.64000b ", false, false},
		{"pcm", "a.mov", x264 + "-c:a pcm_s16le", "h264", "pcm", "avc1.64000b ", false, false},
		{"mpeg4", "a.mp4", "-c:v mpeg4 -c:a aac", "mpeg4", "aac", " mp4a.40.2", false, false},
		{"prores", "a.mov", "-c:v prores -c:a aac", "prores", "aac", " mp4a.40.2", false, false},
		{"fragmented by others", "a.mp4", x264 + "-c:a aac -movflags frag_keyframe+empty_moov", "h264", "aac", "avc1.64000b mp4a.40.2", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := open(t, mediatest.Make(t, tt.file, in+tt.args), fmp4.Limits{})
			if err != nil {
				t.Fatalf("Open() = %v, want no error", err)
			}
			audio, codecs := "", f.Video.Codecs
			if f.Audio != nil {
				audio, codecs = f.Audio.Codec, codecs+" "+f.Audio.Codecs
			}
			if f.Video.Codec != tt.video || audio != tt.audio || codecs != tt.codecs {
				t.Errorf("codecs = %s, %s, %q, want %s, %s, %q", f.Video.Codec, audio, codecs, tt.video, tt.audio, tt.codecs)
			}
			if f.Playable() != tt.playable || f.Fragmented != tt.fragmented || f.Published {
				t.Errorf("playable %v, fragmented %v, published %v, want %v, %v, false",
					f.Playable(), f.Fragmented, f.Published, tt.playable, tt.fragmented)
			}
			if f.Video.Width != 160 || f.Video.Height != 90 {
				t.Errorf("size = %d x %d, want 160 x 90", f.Video.Width, f.Video.Height)
			}
			if !tt.fragmented && (f.Duration-time.Second).Abs() > 100*time.Millisecond {
				t.Errorf("Duration = %v, want about 1s", f.Duration)
			}
		})
	}
}

func TestOpenShowsPixelsAsTheyLook(t *testing.T) {
	t.Parallel()
	path := mediatest.Make(t, "a.mp4", mediatest.Inputs("1")+"-vf setsar=4/3 "+x264)
	f, err := open(t, path, fmp4.Limits{})
	if err != nil || f.Video.Width != 213 || f.Video.Height != 90 {
		t.Errorf("Open() = %+v, %v, want 213 x 90", f.Video, err)
	}
}

// A recording that was cut into pieces and joined by its edit list does not play as it
// is meant to in a MediaSource.
func TestOpenOfJoinedPieces(t *testing.T) {
	t.Parallel()
	data := small(t)
	list := at(t, data, "elst", 0)
	put(list, 4+4+4, 0)     // begin at 0
	put(list, 4+4+8, 2<<16) // at double speed
	f, err := fmp4.Open(bytes.NewReader(data), int64(len(data)), fmp4.Limits{})
	if err != nil || f.Playable() {
		t.Errorf("Open() = %+v, %v, want not playable", f, err)
	}
}

// A published file that someone changed is no longer taken as it is.
func TestOpenOfChangedShape(t *testing.T) {
	out, err := os.ReadFile(publish(t, mediatest.Make(t, "a.mp4", mediatest.Inputs("5")+x264+"-g 30 -c:a aac")))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(d []byte) []byte
		want   bool
	}{
		{"unchanged", func(d []byte) []byte { return d }, true},
		{"page behind it", func(d []byte) []byte { return append(d, "<html><script>alert(1)</script>"...) }, false},
		{"box behind it", func(d []byte) []byte { return append(d, 0, 0, 0, 8, 'f', 'r', 'e', 'e') }, false},
		{"index with another size", func(d []byte) []byte { at(t, d, "sidx", 0)[35]++; return d }, false},
		{"other box between", func(d []byte) []byte { return rename(d, "mdat", "free") }, false},
		{"place in the index", func(d []byte) []byte { return rename(d, "mvex", "udta") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.change(bytes.Clone(out))
			f, err := fmp4.Open(bytes.NewReader(d), int64(len(d)), fmp4.Limits{})
			if got := err == nil && f.Published; got != tt.want {
				t.Errorf("Published = %v (%v), want %v", got, err, tt.want)
			}
		})
	}
	cut := out[:len(out)-10]
	if _, err := fmp4.Open(bytes.NewReader(cut), int64(len(cut)), fmp4.Limits{}); !errors.Is(err, fmp4.ErrTruncated) {
		t.Errorf("Open(cut) = %v, want %v", err, fmp4.ErrTruncated)
	}
}

func TestParseAVC(t *testing.T) {
	tests := []struct {
		name   string
		config []byte
		bad    bool
	}{
		{"empty", nil, true},
		{"no sets", []byte{1, 0x64, 0, 0x1f, 0xff, 0xe0}, false},
		{"length size 3", []byte{1, 0x64, 0, 0x1f, 0xfe, 0xe0}, true},
		{"set longer than the record", []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0xff, 0xff, 0x67}, true},
		{"no sequence set", []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 5, 0x68, 0, 0, 0, 0}, true},
		{"only zeros", []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 8, 0x67, 0, 0, 0, 0, 0, 0, 0}, true},
		{"huge cycle", []byte{1, 0x42, 0, 0x1f, 0xff, 0xe1, 0, 12, 0x67, 0x42, 0, 0x1f, 0xea, 0, 0, 0x10, 0, 0, 0x10, 0}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := fmp4.ParseAVCConfig(tt.config)
			if (err != nil) != tt.bad || a.Playable {
				t.Errorf("ParseAVCConfig() = %+v, %v, want error %v and not playable", a, err, tt.bad)
			}
		})
	}
}
