package utp_test

import (
	"io"
	"testing"
)

// BenchmarkTransfer measures one connection on loopback; without the clamp on the window
// it collapses.
func BenchmarkTransfer(b *testing.B) {
	const size = 64 << 20
	from, to := open(b), open(b)
	b.SetBytes(size)
	for b.Loop() {
		go func() { // ends when all is written
			c, err := from.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 16<<10)
			for range size / len(buf) {
				if _, err := c.Write(buf); err != nil {
					break
				}
			}
			_ = c.Close()
		}()
		c, err := to.DialContext(b.Context(), "udp4", from.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, c); n != size {
			b.Fatalf("received %d bytes, %v, want %d", n, err, size)
		}
		_ = c.Close()
	}
}
