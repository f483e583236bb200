package node

import (
	"context"
	"fmt"
	"sync"

	"github.com/peerpod/peerpod/pod"
)

// indexStep is how many changes are read and indexed at once.
const indexStep = 500

// changed is told of each change of the catalogue, after its transaction.
func (p *Pod) changed(c pod.Change) {
	for _, ih := range p.catalogue.apply(c) {
		p.tracker.Forget(ih)
		p.swarm.Forget(ih)
	}
	if err := p.followStore(p.work); err != nil {
		p.log.Error("The search index did not take a change", pod.LogErr, err)
	}
	action := "put"
	if c.Removed {
		action = "removed"
	}
	p.emit(pod.Event{Kind: pod.EventVideo, Action: action, Video: c.Video.UUID, At: p.cfg.Clock().UTC()})
	p.federation.Changed()
	p.tell()
}

// followStore brings the search index up to the store's last change. Whatever order the
// calls come in, each change is indexed once, for the index remembers where it is.
func (p *Pod) followStore(ctx context.Context) error {
	p.indexing.Lock()
	defer p.indexing.Unlock()
	last, err := p.store.LastRev(ctx)
	if err != nil {
		return fmt.Errorf("read last change: %w", err)
	}
	if p.search.LastRev() > last { // the database was put back from a backup
		if err := p.search.Clear(ctx); err != nil {
			return fmt.Errorf("clear search index: %w", err)
		}
	}
	for {
		changes, err := p.store.Changes(ctx, p.search.LastRev(), indexStep)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := p.search.Apply(ctx, changes); err != nil {
			return fmt.Errorf("index changes: %w", err)
		}
	}
}

// subscribers are told that something changed.
type subscribers struct {
	mu   sync.Mutex // guards next and all
	next int
	all  map[int]func()
}

// Subscribe calls changed after each change until cancel. changed must not block.
func (s *subscribers) Subscribe(changed func()) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[int]func(){}
	}
	id := s.next
	s.next++
	s.all[id] = changed
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, id)
	}
}

func (s *subscribers) tell() {
	s.mu.Lock()
	told := make([]func(), 0, len(s.all))
	for _, changed := range s.all {
		told = append(told, changed)
	}
	s.mu.Unlock()
	for _, changed := range told {
		changed()
	}
}
