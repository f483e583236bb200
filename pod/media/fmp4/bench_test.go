package fmp4_test

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
)

// BenchmarkWrite publishes 300 MB that lie in the page cache to nowhere, and reads the
// same bytes plainly in the same run: compare the two, not the seconds.
func BenchmarkWrite(b *testing.B) {
	short := mediatest.Make(b, "short.mp4", "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=10,noise=alls=30 "+
		"-f lavfi -i sine=sample_rate=48000:duration=10 -c:v libx264 -preset ultrafast -b:v 12M -g 60 -pix_fmt yuv420p -c:a aac")
	path := mediatest.Make(b, "long.mp4", "-stream_loop 19 -i "+short+" -c copy")
	data, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = data.Close() })
	about, err := data.Stat()
	if err != nil {
		b.Fatal(err)
	}
	null := writerFunc(func(p []byte) (int, error) { return len(p), nil })
	buf := make([]byte, 1<<20)
	var writing, copying time.Duration
	b.SetBytes(about.Size())
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if _, err := io.CopyBuffer(null, struct{ io.Reader }{io.NewSectionReader(data, 0, about.Size())}, buf); err != nil {
			b.Fatal(err)
		}
		copied := time.Now()
		f, err := fmp4.Open(data, about.Size(), fmp4.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Write(b.Context(), null); err != nil {
			b.Fatal(err)
		}
		writing, copying = writing+time.Since(copied), copying+copied.Sub(start)
	}
	size := float64(about.Size()) * float64(b.N) / 1e6
	b.ReportMetric(size/writing.Seconds(), "write-MB/s")
	b.ReportMetric(size/copying.Seconds(), "copy-MB/s")
	b.ReportMetric(writing.Seconds()/copying.Seconds(), "write/copy")
}
