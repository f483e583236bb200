package swarm_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  swarm.Config
	}{
		{"no files", swarm.Config{ListenAddr: ":0"}},
		{"no address", swarm.Config{Files: newShelf()}},
		{"port 65536", swarm.Config{Files: newShelf(), ListenAddr: "127.0.0.1:65536"}},
		{"hermetic on a network", swarm.Config{Files: newShelf(), ListenAddr: "192.168.1.2:0", Hermetic: true}},
		{"hermetic on all", swarm.Config{Files: newShelf(), ListenAddr: "0.0.0.0:0", Hermetic: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := swarm.New(tt.cfg); !errors.Is(err, pod.ErrInvalid) {
				t.Errorf("New() = %v, want pod.ErrInvalid", err)
			}
		})
	}
}

func TestLife(t *testing.T) {
	check := noLeak(t)
	files := newShelf()
	file := files.publish(t, 300_000)
	s, err := swarm.New(swarm.Config{ListenAddr: ":0", Hermetic: true, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Wake(t.Context(), file.Infohash); !errors.Is(err, swarm.ErrClosed) {
		t.Errorf("Wake() before Start = %v, want ErrClosed", err)
	}
	if s.Port() != 0 || s.RTCPort() != 0 {
		t.Errorf("Port(), RTCPort() before Start = %d, %d, want 0", s.Port(), s.RTCPort())
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("Start() = %v, want nil", err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("second Start() = nil, want an error")
	}
	if err := s.Wake(t.Context(), file.Infohash); err != nil {
		t.Errorf("Wake() = %v, want nil", err)
	}
	for range 2 {
		closeSwarm(t, s)
	}
	if err := s.Wake(t.Context(), file.Infohash); !errors.Is(err, swarm.ErrClosed) {
		t.Errorf("Wake() after Close = %v, want ErrClosed", err)
	}
	if _, err := s.Answer(t.Context(), pod.Offer{Infohash: file.Infohash, SDP: "v=0"}); !errors.Is(err, swarm.ErrClosed) {
		t.Errorf("Answer() after Close = %v, want ErrClosed", err)
	}
	s.Forget(file.Infohash)
	check()
}

func TestPortTaken(t *testing.T) {
	check := noLeak(t)
	pc, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := swarm.New(swarm.Config{ListenAddr: pc.LocalAddr().String(), Hermetic: true, Files: newShelf()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("Start() on a port whose UDP half is taken = nil, want an error")
	}
	closeSwarm(t, s)
	_ = pc.Close()
	check()
}

func TestSamePort(t *testing.T) {
	for range 5 {
		s := start(t, newShelf())
		for _, network := range []string{"tcp", "udp"} {
			var err error
			if network == "tcp" {
				_, err = (&net.ListenConfig{}).Listen(t.Context(), network, addrOf(s))
			} else {
				_, err = (&net.ListenConfig{}).ListenPacket(t.Context(), network, addrOf(s))
			}
			if err == nil {
				t.Errorf("port %d is free for %s", s.Port(), network)
			}
		}
		if s.RTCPort() == s.Port() || s.RTCPort() == 0 {
			t.Errorf("RTCPort() = %d, want one of its own", s.RTCPort())
		}
	}
}

// slowFiles answers when told to.
type slowFiles struct {
	*shelf
	asking chan struct{}
	answer chan struct{}
}

func (f slowFiles) Torrent(ctx context.Context, ih pod.Infohash) (pod.Torrent, error) {
	f.asking <- struct{}{}
	select {
	case <-f.answer:
	case <-ctx.Done():
		return pod.Torrent{}, ctx.Err()
	}
	return f.shelf.Torrent(ctx, ih)
}

func TestForgetWhileWaking(t *testing.T) {
	files := slowFiles{newShelf(), make(chan struct{}), make(chan struct{})}
	file := files.publish(t, 300_000)
	s := start(t, files)
	var both sync.WaitGroup
	both.Go(func() { _ = s.Wake(t.Context(), file.Infohash) })
	<-files.asking
	both.Go(func() { s.Forget(file.Infohash) })
	close(files.answer)
	both.Wait()
	// Forget waits for the wake that was under way and drops what it added.
	if n := s.Live(); n != 0 {
		t.Errorf("Live() = %d, want 0", n)
	}
}

func TestWakeTogether(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := s.Wake(t.Context(), file.Infohash); err != nil {
				t.Errorf("Wake() = %v, want nil", err)
			}
		})
	}
	all.Wait()
	if files.asked != 1 || s.Live() != 1 {
		t.Errorf("Files was asked %d times, Live() = %d, want 1 and 1", files.asked, s.Live())
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wake(cancelled, pod.Infohash{3}); err == nil {
		t.Error("Wake() with a context that ended = nil, want an error")
	}
}

// residentKiB reads the process's resident memory.
func residentKiB(tb testing.TB) int {
	tb.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib int
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, _ = fmt.Sscan(rest, &kib)
		}
	}
	return kib
}

// TestThousand shows that known torrents cost nothing until they wake, and that the
// number of those that are awake is bounded.
func TestThousand(t *testing.T) {
	files := newShelf()
	path := filepath.Join(t.TempDir(), "v.mp4")
	data := []byte(strings.Repeat("x", 20_000))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(data)
	for i := range 1000 {
		name := fmt.Sprintf("%06d-720.mp4", i)
		raw := fmt.Appendf(nil, "d6:lengthi20000e4:name%d:%s12:piece lengthi262144e6:pieces20:%se", len(name), name, sum[:])
		files.files[sha1.Sum(raw)] = pod.Torrent{Infohash: sha1.Sum(raw), InfoBytes: raw, Path: path}
	}
	runtime.GC()
	goroutines, rss := runtime.NumGoroutine(), residentKiB(t)
	s := start(t, files)
	startGoroutines, startRSS := runtime.NumGoroutine()-goroutines, residentKiB(t)-rss
	begun := time.Now()
	files.EachInfohash(func(ih pod.Infohash) bool {
		if err := s.Wake(t.Context(), ih); err != nil {
			t.Errorf("Wake() = %v, want nil", err)
			return false
		}
		return true
	})
	t.Logf("start: %d goroutines, %d KiB; all woken in %v: %d awake, %d goroutines, %d KiB",
		startGoroutines, startRSS, time.Since(begun), s.Live(), runtime.NumGoroutine()-goroutines, residentKiB(t)-rss)
	if startGoroutines > 20 || files.asked != 1000 {
		t.Errorf("start made %d goroutines, Files was asked %d times, want at most 20 and 1000", startGoroutines, files.asked)
	}
	if n := s.Live(); n == 0 || n > 500 {
		t.Errorf("Live() = %d, want 1 to 500", n)
	}
}

func TestMayDial(t *testing.T) {
	t.Parallel()
	for _, hermetic := range []bool{true, false} {
		s := start(t, newShelf(), func(c *swarm.Config) { c.Hermetic = hermetic })
		named := "192.168.1.1:8080"
		ih := pod.Infohash{5}
		if err := s.Mirror(t.Context(), swarm.Mirror{Infohash: ih, Peers: []string{"127.0.0.1:2"}}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			addr string
			want bool
		}{
			{"127.0.0.1:2", true},
			{"127.0.0.1:6881", false},
			{named, false},
			{"10.1.2.3:6881", false},
			{"169.254.1.1:6881", false},
			{"224.0.0.1:6881", false},
			{"0.0.0.0:6881", false},
			{"[::1]:6881", false},
			{"[fe80::1]:6881", false},
			{"[fd00::1]:6881", false},
			{"[::ffff:192.168.1.1]:6881", false},
			{"pod.example:6881", false},
			{"198.51.100.7:80", false},
			{"198.51.100.7:6881", !hermetic},
			{"[2001:db8::7]:6881", !hermetic},
		} {
			if got := s.MayDial(tt.addr); got != tt.want {
				t.Errorf("mayDial(%q), hermetic %v = %v, want %v", tt.addr, hermetic, got, tt.want)
			}
		}
		s.Forget(ih)
		if s.MayDial("127.0.0.1:2") {
			t.Error("mayDial of a forgotten mirror's peer = true, want false")
		}
	}
}
