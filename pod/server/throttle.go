package server

import (
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// counter bounds how many of something one household has at a time.
type counter struct {
	most int

	mu    sync.Mutex // guards count
	count map[netip.Prefix]int
}

func newCounter(most int) *counter {
	return &counter{most: max(most, 1), count: map[netip.Prefix]int{}}
}

// take counts one in. The caller gives it back with free.
func (c *counter) take(who netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count[who] >= c.most {
		return false
	}
	c.count[who]++
	return true
}

func (c *counter) free(who netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count[who]--; c.count[who] <= 0 {
		delete(c.count, who)
	}
}

// queueTime is how long a short request may wait for its turn.
const queueTime = 5 * time.Second

// throttle bounds how many short requests run at once and how many wait for it.
type throttle struct {
	running chan struct{}
	waiting chan struct{}
}

func newThrottle() *throttle {
	n := 8 * runtime.GOMAXPROCS(0)
	return &throttle{running: make(chan struct{}, n), waiting: make(chan struct{}, 8*n)}
}

// enter waits for a place to run; false: there are too many, or the client went away.
func (t *throttle) enter(r *http.Request) bool {
	select {
	case t.running <- struct{}{}:
		return true
	default:
	}
	select {
	case t.waiting <- struct{}{}:
		defer func() { <-t.waiting }()
	default:
		return false
	}
	patience := time.NewTimer(queueTime)
	defer patience.Stop()
	select {
	case t.running <- struct{}{}:
		return true
	case <-patience.C:
		return false
	case <-r.Context().Done():
		return false
	}
}

// short runs a handler that reads and ends soon, when it is its turn.
func (s *Server) short(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.busy.enter(r) {
			fail(w, tooBusy)
			return
		}
		defer func() { <-s.busy.running }()
		next(w, r)
	}
}
