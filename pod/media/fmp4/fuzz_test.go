package fmp4_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media/fmp4"
)

// FuzzOpen reads anything. What it takes it must be able to write, in bounds, and what
// it wrote it must know again.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x08moov"))
	f.Fuzz(func(t *testing.T, data []byte) {
		movie, err := fmp4.Open(bytes.NewReader(data), int64(len(data)), fmp4.Limits{MaxDuration: time.Hour, MaxPixels: 1 << 25})
		if err != nil || !movie.Playable() || movie.Fragmented {
			return
		}
		var out bytes.Buffer
		if err := movie.Write(t.Context(), &out); err != nil {
			t.Fatalf("Write() = %v after a good Open", err)
		}
		again, err := fmp4.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), fmp4.Limits{})
		if err != nil || !again.Published {
			t.Fatalf("Open(result) = %+v, %v, want Published", again, err)
		}
	})
}

func FuzzParseAVCConfig(f *testing.F) {
	f.Add([]byte("\x01d\x00\x1f\xff\xe1\x00\x1ag\x64\x00\x1f\xac\xd9@P\x05\xbb\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x83\x19`"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := fmp4.ParseAVCConfig(data)
		if err == nil && a.Playable && (a.Width <= 0 || a.Height <= 0 || len(a.Codecs) != len("avc1.64001f")) {
			t.Fatalf("ParseAVCConfig(%x) = %+v", data, a)
		}
	})
}

func FuzzParseAACConfig(f *testing.F) {
	f.Add([]byte{0x11, 0x90})
	f.Add([]byte{0x2b, 0x11, 0x88, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		if codecs, playable := fmp4.ParseAACConfig(data); playable && len(codecs) < len("mp4a.40.2") {
			t.Fatalf("ParseAACConfig(%x) = %q", data, codecs)
		}
	})
}
