package account

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests look inside: a table of ten thousand addresses would cost as many hashes.

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	table := newAttempts(10, 30)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	busy := netip.MustParseAddr("192.0.2.1")
	for range 10 {
		table.fail("root", busy, now)
	}
	for i := range 3 * attemptEntries {
		table.fail("name"+strconv.Itoa(i), netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
		if table.wait("root", busy, now) == 0 { // asked all the time, so it stays
			t.Fatalf("after %d others the busy address is forgotten", i)
		}
	}
	for name, f := range map[string]*failures{"pairs": table.pairs, "places": table.places} {
		if len(f.byKey) != attemptEntries || f.order.Len() != attemptEntries {
			t.Errorf("%s holds %d keys in a list of %d, want %d", name, len(f.byKey), f.order.Len(), attemptEntries)
		}
	}
}

func TestAttemptsSlide(t *testing.T) {
	t.Parallel()
	f := newFailures(3)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 5 {
		f.add("a", start.Add(time.Duration(i)*time.Minute))
	}
	tests := []struct {
		name  string
		after time.Duration
		want  time.Duration
	}{
		{"at the last", 4 * time.Minute, 13 * time.Minute},
		{"just before the third is old", 17*time.Minute - time.Second, time.Second},
		{"when the third is old", 17 * time.Minute, 0},
		{"much later", time.Hour, 0},
		{"clock set back", -24 * time.Hour, 15 * time.Minute},
	}
	for _, tt := range tests {
		if got := f.wait("a", start.Add(tt.after)); got != tt.want {
			t.Errorf("wait(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := f.wait("b", start); got != 0 {
		t.Errorf("wait(another key) = %v, want 0", got)
	}
}

func TestLongNamesShareOneKey(t *testing.T) {
	t.Parallel()
	if key := pairKey(strings.Repeat("x", 1<<20), "192.0.2.1"); len(key) > 100 {
		t.Errorf("pairKey(1 MiB) has %d bytes, want few", len(key))
	}
}

func FuzzParseHash(f *testing.F) {
	for _, seed := range []string{
		"", "$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ",
		"$argon2id$v=19$m=0,t=0,p=0$$", "$argon2id$v=19$m=-1,t=2,p=999$AAAA$AAAA", "$argon2id$v=19$m=+64,t=01,p=1$AAAA$AAAA",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		p, err := parseHash(stored)
		if err != nil {
			return
		}
		if p.String() != stored {
			t.Errorf("parseHash(%q).String() = %q, want the same", stored, p.String())
		}
		if p.memoryKiB > maxMemoryKiB || p.passes > maxPasses || p.passes == 0 || p.lanes == 0 {
			t.Errorf("parseHash(%q) = %+v, want bounded costs", stored, p)
		}
	})
}
