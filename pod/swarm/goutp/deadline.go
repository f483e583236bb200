package utp

import (
	"sync"
	"time"
)

// deadline is a moment that a select can wait for and that can be moved.
type deadline struct {
	mu     sync.Mutex // guards all below
	timer  *time.Timer
	passed chan struct{} // closed when the moment has come
}

// wait gives the channel that is closed when the deadline has passed.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// set moves the deadline; the zero time takes it away.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	if d.passed == nil || isClosed(d.passed) {
		d.passed = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	passed := d.passed
	left := time.Until(t)
	if left <= 0 {
		close(passed)
		return
	}
	d.timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		// A deadline that was moved meanwhile has a new timer: this one is late.
		if d.passed == passed && !isClosed(passed) && !time.Now().Before(t) {
			close(passed)
		}
	})
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
