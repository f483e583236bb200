package api

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// One address counts once per video and viewWindow, as in PeerTube; the memory of who
// has watched is bounded.
const (
	viewWindow  = time.Hour
	viewEntries = 50_000
)

type viewKey struct {
	video pod.VideoID
	addr  netip.Addr
}

// viewMemory knows which addresses have watched what lately.
type viewMemory struct {
	clock func() time.Time

	mu   sync.Mutex // guards seen
	seen map[viewKey]time.Time
}

func newViewMemory(clock func() time.Time) *viewMemory {
	return &viewMemory{clock: clock, seen: map[viewKey]time.Time{}}
}

// first tells whether this is the address's first view within the window, and notes it.
func (m *viewMemory) first(key viewKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	if last, ok := m.seen[key]; ok && now.Sub(last) < viewWindow {
		return false
	}
	if len(m.seen) >= viewEntries {
		m.forgetLocked(now)
	}
	m.seen[key] = now
	return true
}

// forgetLocked drops what is old, and everything when all is young.
func (m *viewMemory) forgetLocked(now time.Time) {
	for key, last := range m.seen {
		if now.Sub(last) >= viewWindow {
			delete(m.seen, key)
		}
	}
	if len(m.seen) >= viewEntries {
		clear(m.seen)
	}
}

// viewParams may carry where the viewer is; the pod counts only that there was one.
type viewParams struct {
	VideoParam
	Body *viewBody
}

type viewBody struct {
	CurrentTime *float64 `json:"currentTime,omitempty" minimum:"0" doc:"Seconds from the start."`
	ViewEvent   *string  `json:"viewEvent,omitempty" enum:"seek"`
}

func (a *API) addView(ctx context.Context, in *viewParams) (*struct{}, error) {
	v, err := a.findVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !a.views.first(viewKey{video: v.ID, addr: sourceOf(scopeOf(ctx).remote)}) {
		return nil, nil
	}
	return nil, a.cfg.Videos.AddView(ctx, v.ID)
}
