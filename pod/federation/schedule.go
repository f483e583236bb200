package federation

import (
	"context"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of waiting (API.md section 4, Rounds).
const (
	longestBackOff  = 6 * time.Hour
	parkedIntervals = 10 // score intervals between greetings of a parked friend
)

// turn is what is known in memory of one pod that may have to be called. Times are
// monotonic: a jump of the wall clock moves nothing.
type turn struct {
	status      pod.FriendStatus
	verified    bool
	callsNobody bool
	owesQuit    bool
	mustUpdate  bool

	due     time.Time // zero: never
	backOff time.Duration
	busy    bool
	again   bool      // something came up while it was busy
	called  bool      // the friend called us while it was busy
	greetAt time.Time // from then on a call is made even when nothing waits
	repair  bool      // the friendship lost its footing: introduce again before the next call

	good bool // a verified message or answer came in this score interval
}

// schedule decides who is called when. It does no I/O.
type schedule struct {
	interval, scoreInterval time.Duration
	started                 time.Time
	wake                    chan struct{}

	mu       sync.Mutex // guards all below
	turns    map[pod.FriendID]*turn
	lineDown bool // no friend answers: it must be our own line
}

func newSchedule(interval, scoreInterval time.Duration) *schedule {
	return &schedule{
		interval: interval, scoreInterval: scoreInterval, started: time.Now(),
		wake: make(chan struct{}, 1), turns: map[pod.FriendID]*turn{},
	}
}

// nudge makes run look again.
func (s *schedule) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// set follows a record. A pod that needs no calls is forgotten.
func (s *schedule) set(rec pod.Friend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := rec.Status.Stands() || rec.Status == pod.StatusRequested || rec.QuitEpoch != 0 && rec.Status == pod.StatusFormer
	t := s.turns[rec.ID]
	if !calls {
		if t != nil {
			t.due, t.status = time.Time{}, rec.Status
		}
		return
	}
	if t == nil {
		t = &turn{}
		s.turns[rec.ID] = t
	}
	t.status, t.verified, t.callsNobody, t.mustUpdate = rec.Status, rec.Verified, rec.CallsNobody, rec.MustUpdate
	t.owesQuit = rec.QuitEpoch != 0
}

func (s *schedule) forget(id pod.FriendID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.turns, id)
}

// at makes a pod's turn come in some time, or earlier if it is due earlier. Back-off ends.
func (s *schedule) at(id pod.FriendID, in time.Duration) {
	s.mu.Lock()
	if t := s.turns[id]; t != nil {
		t.backOff = 0
		at := time.Now().Add(in)
		t.sooner(at)
		if t.greetAt.IsZero() || at.Before(t.greetAt) {
			t.greetAt = at
		}
	}
	s.mu.Unlock()
	s.nudge()
}

func (t *turn) sooner(at time.Time) {
	if t.busy {
		t.again = true
	}
	if t.due.IsZero() || at.Before(t.due) {
		t.due = at
	}
}

// atNextRound makes the turn of all friends come at the next round: what is changed until
// then travels in one message. Those in back-off wait on.
func (s *schedule) atNextRound() {
	s.mu.Lock()
	now := time.Now()
	round := now.Add(s.interval - now.Sub(s.started)%s.interval)
	for _, t := range s.turns {
		if t.status.Stands() && t.backOff == 0 && t.reachable() {
			t.sooner(round)
		}
	}
	s.mu.Unlock()
	s.nudge()
}

// reachable tells whether it makes sense to call at once when something waits.
func (t *turn) reachable() bool { return t.verified && !t.mustUpdate && t.status != pod.StatusParked }

// heard notes a valid message or answer of a friend: its back-off ends and what waits is
// sent.
func (s *schedule) heard(id pod.FriendID) {
	s.mu.Lock()
	t := s.turns[id]
	wake := false
	if t != nil {
		t.good = true
		if t.backOff != 0 && !t.busy {
			t.backOff = 0
			t.sooner(time.Now())
			wake = true
		}
	}
	if s.lineDown {
		s.lineDown, wake = false, true
		s.wakeAllLocked()
	}
	s.mu.Unlock()
	if wake {
		s.nudge()
	}
}

// calledUs notes that a friend is awake although a call to it may fail just now.
func (s *schedule) calledUs(id pod.FriendID) {
	s.mu.Lock()
	if t := s.turns[id]; t != nil && t.busy {
		t.called = true
	}
	s.mu.Unlock()
}

// wakeAllLocked ends the back-off of all friends: the line is back.
func (s *schedule) wakeAllLocked() {
	now := time.Now()
	for _, t := range s.turns {
		if t.status.Stands() && t.backOff != 0 && !t.busy {
			t.backOff, t.greetAt = 0, now
			t.sooner(now)
		}
	}
}

// allFailLocked tells whether every friend of several is in back-off.
func (s *schedule) allFailLocked() bool {
	count := 0
	for _, t := range s.turns {
		if t.status != pod.StatusFriend || t.mustUpdate {
			continue
		}
		if t.backOff == 0 {
			return false
		}
		count++
	}
	return count >= ownLineFriends
}

// lost notes that the next call must begin with an introduction.
func (s *schedule) lost(id pod.FriendID) {
	s.mu.Lock()
	if t := s.turns[id]; t != nil {
		t.repair = true
	}
	s.mu.Unlock()
}

// takeFlags gives what the turn was asked to do besides, and resets it.
func (s *schedule) takeFlags(id pod.FriendID) (greet, repair bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.turns[id]
	if t == nil {
		return false, false
	}
	greet, repair = !time.Now().Before(t.greetAt), t.repair
	t.repair = false
	return greet, repair
}

// unheard tells whether answers to this friend should carry what waits for it: it can not
// be called, or did not answer lately.
func (s *schedule) unheard(id pod.FriendID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.turns[id]
	return t == nil || !t.verified || t.backOff != 0
}

// next takes the pods whose turn it is, at most n, and tells when the following one is.
func (s *schedule) next(n int) (ready []pod.FriendID, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	wait = time.Hour
	for id, t := range s.turns {
		if t.due.IsZero() || t.busy {
			continue
		}
		if left := t.due.Sub(now); left > 0 {
			wait = min(wait, left)
			continue
		}
		if len(ready) == n {
			wait = 0 // there are more; whoever ends makes room
			continue
		}
		t.busy, t.again, t.due = true, false, time.Time{}
		ready = append(ready, id)
	}
	return ready, wait
}

// outcome is how a turn ended.
type outcome int

const (
	outcomeIdle    outcome = iota // nothing had to be said
	outcomeSaid                   // all was said and answered
	outcomeFailed                 // no answer that counts, or not the one that is waited for
	outcomeUpgrade                // no common version
	outcomeOver                   // this pod needs no more calls
)

// ended plans the next turn.
func (s *schedule) ended(id pod.FriendID, o outcome, retryAfter time.Duration) {
	s.mu.Lock()
	t := s.turns[id]
	if t != nil {
		t.busy = false
		if o == outcomeFailed && t.called { // it woke up meanwhile: once more, without back-off
			t.backOff = 0
			t.sooner(time.Now())
		} else {
			s.planLocked(t, o, retryAfter)
		}
		t.called = false
		if t.again && t.backOff == 0 {
			t.sooner(time.Now())
		}
		t.again = false
	}
	s.mu.Unlock()
	s.nudge()
}

func (s *schedule) planLocked(t *turn, o outcome, retryAfter time.Duration) {
	now := time.Now()
	switch o {
	case outcomeOver:
		t.due = time.Time{}
		if t.status.Stands() || t.status == pod.StatusRequested { // it became a friend meanwhile
			t.due = now
		}
	case outcomeSaid:
		t.backOff = 0
		t.greetAt = now.Add(s.quietLocked(t))
		t.sooner(t.greetAt)
	case outcomeIdle:
		t.sooner(t.greetAt)
	case outcomeFailed:
		t.backOff = min(max(2*t.backOff, s.interval), s.longest(t))
		if t.status == pod.StatusParked || t.status == pod.StatusFriend && !t.verified {
			t.backOff = s.longest(t)
		}
		t.due = now.Add(max(t.backOff, retryAfter))
		t.greetAt = t.due
		s.lineDown = s.lineDown || s.allFailLocked()
	case outcomeUpgrade:
		t.backOff = s.longest(t)
		t.due = now.Add(t.backOff)
		t.greetAt = t.due
	}
}

// quietLocked is how long a friend is left alone when nothing waits for it.
func (s *schedule) quietLocked(t *turn) time.Duration {
	switch {
	case t.status == pod.StatusParked:
		return s.longest(t)
	case t.callsNobody:
		return s.interval
	default:
		return s.scoreInterval / 2 // so that each score interval sees one greeting at least
	}
}

// longest bounds the back-off.
func (s *schedule) longest(t *turn) time.Duration {
	if t.status == pod.StatusParked {
		return min(longestBackOff, parkedIntervals*s.scoreInterval)
	}
	if !t.verified && t.status == pod.StatusFriend {
		return s.scoreInterval
	}
	return max(min(longestBackOff, s.scoreInterval), s.interval)
}

// plan gives when a pod's turn is, for people.
func (s *schedule) plan(id pod.FriendID) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.turns[id]; t != nil && !t.due.IsZero() {
		return t.due
	}
	return time.Time{}
}

// wall gives the time of a pod's turn by the clock that people see.
func (f *Federation) wall(id pod.FriendID) time.Time {
	due := f.schedule.plan(id)
	if due.IsZero() {
		return due
	}
	return f.now().Add(time.Until(due))
}

// run calls pods when their turn comes, a bounded number at once.
func (f *Federation) run() {
	slots := make(chan struct{}, max(f.cfg.Limits.FriendRequests, 1))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		ready, wait := f.schedule.next(cap(slots) - len(slots))
		for _, id := range ready {
			slots <- struct{}{}
			f.spawn(func() {
				f.takeTurn(f.ctx, id)
				<-slots
				f.schedule.nudge()
			})
		}
		if wait == 0 && len(slots) < cap(slots) {
			wait = time.Millisecond
		} else if wait == 0 {
			wait = time.Hour
		}
		timer.Reset(wait)
		select {
		case <-f.schedule.wake:
		case <-timer.C:
		case <-f.ctx.Done():
			return
		}
	}
}

// takeTurn calls one pod.
func (f *Federation) takeTurn(ctx context.Context, id pod.FriendID) {
	o, retryAfter := f.call(ctx, id)
	f.schedule.ended(id, o, retryAfter)
}
