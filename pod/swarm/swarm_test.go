package swarm_test

import (
	"testing"
	"time"

	"github.com/anacrolix/torrent"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

func TestFetch(t *testing.T) {
	tests := []struct {
		name   string
		change []func(*torrent.ClientConfig)
		moved  func(swarm.Stats) int64
	}{
		{"TCP plain", []func(*torrent.ClientConfig){tcpOnly, plain}, func(s swarm.Stats) int64 { return s.TCP.BytesUp }},
		{"TCP obfuscated", []func(*torrent.ClientConfig){tcpOnly, obfuscated}, func(s swarm.Stats) int64 { return s.TCP.BytesUp }},
		{"uTP plain", []func(*torrent.ClientConfig){utpOnly, plain}, func(s swarm.Stats) int64 { return s.UTP.BytesUp }},
		{"uTP obfuscated", []func(*torrent.ClientConfig){utpOnly, obfuscated}, func(s swarm.Stats) int64 { return s.UTP.BytesUp }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const size = 3<<20 + 12345
			files := newShelf()
			file := files.publish(t, size)
			s := start(t, files)
			tor := add(t, newLeecher(t, tt.change...), file.Infohash, addrOf(s))
			if got, want := fetch(t, tor), files.sums[file.Infohash]; got != want {
				t.Errorf("SHA-256 = %s, want %s", got, want)
			}
			if got := tt.moved(s.Stats()); got < size {
				t.Errorf("bytes up = %d, want at least %d", got, size)
			}
			if got := s.Live(); got != 1 {
				t.Errorf("Live() = %d, want 1", got)
			}
		})
	}
}

func TestSleepAndWake(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 600_000)
	s := start(t, files, func(c *swarm.Config) { c.IdleAfter = 200 * time.Millisecond })
	for _, tt := range []struct {
		name   string
		change []func(*torrent.ClientConfig) // of the leecher; nil is a call of Wake
	}{
		{"call", nil},
		{"plain TCP", []func(*torrent.ClientConfig){tcpOnly, plain}},
		{"obfuscated TCP", []func(*torrent.ClientConfig){tcpOnly, obfuscated}},
		{"uTP", []func(*torrent.ClientConfig){utpOnly}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if n := s.Live(); n != 0 {
				t.Fatalf("Live() = %d before, want 0", n)
			}
			if tt.change != nil {
				fetch(t, add(t, newLeecher(t, tt.change...), file.Infohash, addrOf(s)))
				return
			}
			if err := s.Wake(t.Context(), file.Infohash); err != nil || s.Live() != 1 {
				t.Errorf("Wake() = %v, Live() = %d, want nil, 1", err, s.Live())
			}
		})
		eventually(t, 10*time.Second, "torrent sleeps", func() bool { return s.Live() == 0 })
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	files := newShelf()
	file := files.publish(t, 600_000)
	s := start(t, files)
	leecher := newLeecher(t, tcpOnly)
	tor := add(t, leecher, file.Infohash, addrOf(s))
	<-tor.GotInfo()
	eventually(t, 5*time.Second, "a peer is connected", func() bool { return s.Counts(file.Infohash).Leechers == 1 })
	files.remove(file.Infohash)
	s.Forget(file.Infohash)
	if s.Live() != 0 {
		t.Errorf("Live() = %d, want 0", s.Live())
	}
	eventually(t, 5*time.Second, "connections are closed", func() bool { return s.Stats().TCP.Conns == 0 })
	if err := s.Wake(t.Context(), file.Infohash); pod.KindOf(err) != pod.KindNotFound {
		t.Errorf("Wake() = %v, want pod.ErrNotFound", err)
	}
}

func TestTwoSwarms(t *testing.T) {
	check := noLeak(t)
	t.Run("both", func(t *testing.T) {
		filesA, filesB := newShelf(), newShelf()
		a, b := start(t, filesA), start(t, filesB)
		if a.PeerID() == b.PeerID() || a.Port() == b.Port() {
			t.Errorf("PeerID, Port = %q, %d of both, want different ones", a.PeerID(), a.Port())
		}
		file := filesA.publish(t, 300_000)
		if err := b.Wake(t.Context(), file.Infohash); pod.KindOf(err) != pod.KindNotFound {
			t.Errorf("Wake() of the other's = %v, want pod.ErrNotFound", err)
		}
		if err := b.Mirror(t.Context(), swarm.Mirror{Infohash: file.Infohash, Peers: []string{addrOf(a)}}); err != nil {
			t.Fatalf("Mirror() = %v, want nil", err)
		}
		eventually(t, 30*time.Second, "mirror is whole", func() bool { return b.MirrorDone(file.Infohash) })
	})
	check()
}
