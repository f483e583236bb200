package viewmodel

import (
	"context"
	"time"
)

// statusInterval is how often the pod is asked how busy it is.
const statusInterval = time.Second

// StatusState is the line at the foot of the window.
type StatusState struct {
	Pod     PodStatus
	Imports int    // waiting or under way
	Friends int    // that stand
	Online  int    // of them
	Address string // of the pod's page
}

// Status is the line at the foot of the window. It reports changes only, so that an idle
// window is not painted.
type Status struct {
	work     *worker
	statuses Statuses
	links    Links
	onChange func(StatusState)
	onLook   func() // called after each look at the pod, for what changes with time alone
	state    StatusState
}

func newStatus(work *worker, b Backend) *Status {
	return &Status{work: work, statuses: b.Statuses, links: b.Links, onChange: func(StatusState) {}, onLook: func() {}}
}

// OnChange names the function that hears of each new state.
func (s *Status) OnChange(f func(StatusState)) { s.onChange = f }

// State is what the line shows now.
func (s *Status) State() StatusState { return s.state }

// start asks the pod again and again until the worker is closed.
func (s *Status) start() {
	s.update(func(st *StatusState) { st.Address = s.links.Home() })
	s.work.run(s.work.ctx, func(ctx context.Context) func() {
		tick := time.NewTicker(statusInterval)
		defer tick.Stop()
		for {
			// An answer that does not come leaves the last one in sight.
			seen, err := s.statuses.Status(ctx)
			s.work.apply(func() {
				if err == nil {
					s.update(func(st *StatusState) { st.Pod = seen })
				}
				s.onLook()
			})
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

func (s *Status) update(change func(*StatusState)) {
	next := s.state
	change(&next)
	if next != s.state {
		s.state = next
		s.onChange(next)
	}
}
