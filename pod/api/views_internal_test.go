package api

import (
	"net/netip"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// The memory of views stays bounded, whoever calls (DOS-07).
func TestViewMemoryIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	m := newViewMemory(func() time.Time { return now })
	see := func(from, to int) {
		for i := range to - from {
			n := from + i
			addr := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
			if !m.first(viewKey{video: pod.VideoID(1), addr: addr}) {
				t.Fatalf("first(%s) = false, want true for a new address", addr)
			}
		}
	}
	see(0, viewEntries)
	now = now.Add(2 * viewWindow)
	see(viewEntries, 2*viewEntries+10)
	if len(m.seen) > viewEntries {
		t.Errorf("memory holds %d entries, want %d at most", len(m.seen), viewEntries)
	}
	last := viewKey{video: 1, addr: netip.AddrFrom4([4]byte{10, 1, 0x86, 0xa9})} // number 100,009
	if m.first(last) {
		t.Error("first() of the newest entry = true, want it remembered")
	}
}
