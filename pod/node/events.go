package node

import (
	"context"
	"sync"

	"github.com/peerpod/peerpod/pod"
)

// followerBuffer is how many events a follower may be behind before it is let go: whoever
// reads too slowly begins anew and reads again what it shows.
const followerBuffer = 256

// hub hands events to their followers.
type hub struct {
	mu        sync.Mutex // guards followers
	followers map[chan pod.Event]bool
}

// Follow gives the events from now on, until ctx ends. The channel is closed then, and when
// the follower is too slow.
func (h *hub) Follow(ctx context.Context) <-chan pod.Event {
	events := make(chan pod.Event, followerBuffer)
	h.mu.Lock()
	if h.followers == nil {
		h.followers = map[chan pod.Event]bool{}
	}
	h.followers[events] = true
	h.mu.Unlock()
	context.AfterFunc(ctx, func() { h.drop(events) })
	return events
}

func (h *hub) drop(events chan pod.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.followers[events] {
		delete(h.followers, events)
		close(events)
	}
}

func (h *hub) emit(e pod.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for events := range h.followers {
		select {
		case events <- e:
		default:
			delete(h.followers, events)
			close(events)
		}
	}
}

// dropAll lets all followers go: their requests end.
func (h *hub) dropAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for events := range h.followers {
		delete(h.followers, events)
		close(events)
	}
}
