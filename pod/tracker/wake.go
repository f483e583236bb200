package tracker

import (
	"context"
	"log/slog"
	"sync"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of the wake-ups that announces cause.
const (
	maxWakers  = 4
	maxWaiting = 256
)

// waker wakes torrents in the background: few at a time, each at most once in the line.
type waker struct {
	seeder Seeder
	log    *slog.Logger
	group  sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	line    []pod.Infohash
	pending map[pod.Infohash]bool
	running int
}

func newWaker(s Seeder, log *slog.Logger) *waker {
	return &waker{seeder: s, log: log, pending: map[pod.Infohash]bool{}}
}

// wake puts the infohash in the line. When the line is full it is dropped: the client's
// own connection or its next announce wakes the torrent then.
func (k *waker) wake(ctx context.Context, ih pod.Infohash) {
	if k.seeder == nil || ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending[ih] || len(k.line) >= maxWaiting {
		return
	}
	k.pending[ih] = true
	k.line = append(k.line, ih)
	if k.running < maxWakers {
		k.running++
		k.group.Go(func() { k.run(ctx) }) // ends when the line is empty; wait waits for it
	}
}

func (k *waker) run(ctx context.Context) {
	for {
		ih, ok := k.next()
		if !ok {
			return
		}
		limited, cancel := context.WithTimeout(ctx, wakeTimeout)
		if err := k.seeder.Wake(limited, ih); err != nil && ctx.Err() == nil {
			k.log.Warn("Torrent did not wake", pod.LogInfohash, ih, pod.LogErr, err)
		}
		cancel()
		k.done(ih)
	}
}

func (k *waker) next() (pod.Infohash, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.line) == 0 {
		k.running--
		return pod.Infohash{}, false
	}
	ih := k.line[0]
	k.line = k.line[1:]
	return ih, true
}

func (k *waker) done(ih pod.Infohash) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.pending, ih)
}

func (k *waker) wait() { k.group.Wait() }
