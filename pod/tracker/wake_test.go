package tracker_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/tracker"
)

func TestWakesAreBounded(t *testing.T) {
	self := &slowSeeder{hold: make(chan struct{})}
	tr := start(t, tracker.Config{Seeder: self, Catalogue: everything{}})
	for i := range 500 {
		ih := pod.Infohash{byte(i), byte(i >> 8)}
		asker{fmt.Sprintf("127.0.%d.1:1", i%200), id('a'), 1}.announce(t, tr, ih, "")
		asker{fmt.Sprintf("127.0.%d.2:1", i%200), id('b'), 1}.announce(t, tr, ih, "")
	}
	eventually(t, "four wake-ups", func() bool { return self.count() == 4 })
	close(self.hold)
	eventually(t, "the line to be empty", func() bool { return self.count() == 260 })
}

// slowSeeder holds each wake-up until its channel closes.
type slowSeeder struct {
	fakePod
	hold chan struct{}
}

func (s *slowSeeder) Wake(ctx context.Context, ih pod.Infohash) error {
	_ = s.fakePod.Wake(ctx, ih)
	select {
	case <-s.hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slowSeeder) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wakes)
}

func TestOwnAddressMustBeOne(t *testing.T) {
	tr := start(t, tracker.Config{Seeder: &fakePod{port: 6881}})
	for _, local := range []net.Addr{&net.TCPAddr{IP: net.IPv4zero, Port: 1}, &net.UnixAddr{Name: "x"}, nil} {
		r := httptest.NewRequest(http.MethodGet, "/?info_hash="+url.QueryEscape(string(known[:]))+"&peer_id="+strings.Repeat("a", 20)+"&port=5&event=started", nil)
		r.RemoteAddr = "127.0.0.1:1"
		if local != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		}
		w := httptest.NewRecorder()
		tr.ServeAnnounce(w, r)
		if got := peers(decode(t, w.Body.String())); len(got) != 0 {
			t.Errorf("announce at %v = %v, want no peers", local, got)
		}
	}
}
