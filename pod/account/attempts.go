package account

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

const (
	attemptWindow  = 15 * time.Minute
	attemptEntries = 10_000 // of each of the two tables; the least recently used one goes
	attemptNameLen = 50     // longer names are no account's
)

// attempts counts wrong passwords of the last fifteen minutes.
type attempts struct {
	mu     sync.Mutex // guards both tables
	pairs  *failures  // by account and address
	places *failures  // by address
}

func newAttempts(perPair, perPlace int) *attempts {
	return &attempts{pairs: newFailures(perPair), places: newFailures(perPlace)}
}

// wait tells how long this address must wait before it may try this account again;
// 0 is not at all.
func (t *attempts) wait(name string, from netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	place := pod.Household(from).String()
	return max(t.pairs.wait(pairKey(name, place), now), t.places.wait(place, now))
}

// fail counts one wrong password.
func (t *attempts) fail(name string, from netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	place := pod.Household(from).String()
	t.pairs.add(pairKey(name, place), now)
	t.places.add(place, now)
}

// forgive forgets the wrong passwords of one account from one address, after a right
// one. The address keeps its own count: one known password must not buy new guesses
// at others.
func (t *attempts) forgive(name string, from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pairs.remove(pairKey(name, pod.Household(from).String()))
}

func pairKey(name, place string) string {
	if len(name) > attemptNameLen {
		name = ""
	}
	return place + " " + name
}

// failures is a table of times by key, bounded by dropping the key that was used
// longest ago. It is not safe for concurrent use.
type failures struct {
	limit int
	order *list.List // of *failure, the latest used first
	byKey map[string]*list.Element
}

type failure struct {
	key   string
	times []time.Time // the last limit ones, oldest first
}

func newFailures(limit int) *failures {
	return &failures{limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

// wait tells when the oldest of limit failures leaves the window.
func (f *failures) wait(key string, now time.Time) time.Duration {
	e, ok := f.byKey[key]
	if !ok {
		return 0
	}
	f.order.MoveToFront(e)
	entry := e.Value.(*failure)
	if len(entry.times) < f.limit {
		return 0
	}
	// A clock that was set back must not lengthen the wait.
	return min(max(attemptWindow-now.Sub(entry.times[0]), 0), attemptWindow)
}

func (f *failures) add(key string, now time.Time) {
	e, ok := f.byKey[key]
	if !ok {
		if f.order.Len() >= attemptEntries {
			last := f.order.Back()
			delete(f.byKey, last.Value.(*failure).key)
			f.order.Remove(last)
		}
		e = f.order.PushFront(&failure{key: key})
		f.byKey[key] = e
	}
	f.order.MoveToFront(e)
	entry := e.Value.(*failure)
	if len(entry.times) == f.limit {
		entry.times = append(entry.times[:0], entry.times[1:]...)
	}
	entry.times = append(entry.times, now)
}

func (f *failures) remove(key string) {
	if e, ok := f.byKey[key]; ok {
		f.order.Remove(e)
		delete(f.byKey, key)
	}
}
