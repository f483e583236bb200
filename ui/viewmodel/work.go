package viewmodel

import (
	"context"
	"sync"
	"time"
)

// worker runs what may wait off the main goroutine and brings its result back.
type worker struct {
	ctx      context.Context //nolint:containedctx // the root of this package's goroutines, cancelled in close
	cancel   context.CancelFunc
	running  sync.WaitGroup
	dispatch func(func())
}

func newWorker(ctx context.Context, dispatch func(func())) *worker {
	w := &worker{dispatch: dispatch}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w
}

// run calls work on a goroutine of its own and then, on the main goroutine, what work
// returned. After close nothing comes back.
func (w *worker) run(ctx context.Context, work func(ctx context.Context) (apply func())) {
	if w.ctx.Err() != nil {
		return
	}
	w.running.Go(func() {
		if apply := work(ctx); apply != nil {
			w.apply(apply)
		}
	})
}

// apply calls f on the main goroutine, unless the worker is closed by then. It may be
// called from any goroutine.
func (w *worker) apply(f func()) {
	w.dispatch(func() {
		if w.ctx.Err() == nil {
			f()
		}
	})
}

// mergeInterval is the shortest time between two notices of the same thing.
const mergeInterval = 200 * time.Millisecond

// merger turns many triggers into few calls: the first comes at once, later ones no
// closer together than mergeInterval, and the last trigger is always followed by a call.
type merger struct {
	fire func()

	mu      sync.Mutex // guards what follows
	pending *time.Timer
	last    time.Time
	stopped bool
}

func (m *merger) trigger() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stopped || m.pending != nil {
		return
	}
	m.pending = time.AfterFunc(max(0, mergeInterval-time.Since(m.last)), m.expire)
}

func (m *merger) expire() {
	m.mu.Lock()
	m.pending = nil
	m.last = time.Now()
	stopped := m.stopped
	m.mu.Unlock()
	if !stopped {
		m.fire()
	}
}

func (m *merger) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	if m.pending != nil {
		m.pending.Stop()
		m.pending = nil
	}
}
