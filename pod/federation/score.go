package federation

import (
	"context"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Our own line is held for down, and nobody is blamed, when ownLineShare percent of at
// least ownLineFriends unparked friends fail in one interval.
const (
	ownLineFriends = 3
	ownLineShare   = 80
)

// judgement is what one score interval does to one friend. It is made of local
// observations only.
type judgement struct {
	good bool // a verified message or answer came
	bad  bool // none came, although it should have
}

// judge changes a friend's score by one interval.
func judge(rec *pod.Friend, j judgement) (parked bool) {
	if rec.Status != pod.StatusFriend {
		return false
	}
	switch {
	case j.good:
		rec.Score = min(rec.Score+pod.ScoreStep, pod.ScoreMax)
		rec.BadIntervals = 0
	case j.bad:
		rec.Score = max(rec.Score-pod.ScoreStep, 0)
		rec.BadIntervals++
	}
	if rec.Score == 0 || rec.BadIntervals >= pod.ParkAfter {
		rec.Status = pod.StatusParked
		return true
	}
	return false
}

// unpark restores a friend that was away.
func unpark(rec *pod.Friend) {
	rec.Status, rec.Score, rec.BadIntervals, rec.Abused = pod.StatusFriend, pod.ScoreStart, 0, false
}

// ownLineDown tells whether so many friends failed at once that it must be our own fault.
func ownLineDown(judgements map[pod.FriendID]judgement) bool {
	bad := 0
	for _, j := range judgements {
		if j.bad {
			bad++
		}
	}
	return len(judgements) >= ownLineFriends && 100*bad >= ownLineShare*len(judgements)
}

// endInterval gives what was observed of each unparked friend and begins a new interval.
// A friend that can not be judged (it must update) is not in it.
func (s *schedule) endInterval() map[pod.FriendID]judgement {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[pod.FriendID]judgement{}
	for id, t := range s.turns {
		if t.status == pod.StatusFriend && !t.mustUpdate {
			out[id] = judgement{good: t.good, bad: !t.good}
		}
		t.good = false
	}
	return out
}

// keepScores judges all friends at the end of each score interval that this process ran
// through; the ticker is monotonic.
func (f *Federation) keepScores() {
	ticker := time.NewTicker(f.cfg.ScoreInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f.judgeAll()
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *Federation) judgeAll() {
	observed := f.schedule.endInterval()
	if ownLineDown(observed) {
		f.log.Warn("Nearly all friends are silent: this pod seems to be offline, so nobody is blamed", pod.LogCount, len(observed))
		return
	}
	var parked, changed []pod.Friend
	err := f.store.ChangeFriends(f.ctx, func(rec *pod.Friend) bool {
		j, ok := observed[rec.ID]
		if !ok || rec.Status != pod.StatusFriend {
			return false
		}
		if judge(rec, j) {
			parked = append(parked, *rec)
		}
		changed = append(changed, *rec)
		return true
	})
	if err != nil {
		f.log.Error("Scores could not be stored", pod.LogErr, err)
		return
	}
	for i := range changed {
		f.noted(changed[i])
	}
	for i := range parked {
		f.log.Info("Friend is parked: it was away for long", pod.LogFriend, parked[i].PodID)
		f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: string(pod.StatusParked), Friend: parked[i].PodID, At: f.now()})
		f.videosChanged(parked[i])
	}
}

// abuse takes points for proven abuse, at once.
func (f *Federation) abuse(ctx context.Context, rec pod.Friend) {
	after, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		r.Score = max(r.Score-pod.ScoreAbuse, 0)
		if r.Score == 0 && r.Status == pod.StatusFriend {
			r.Status, r.Abused = pod.StatusParked, true
		}
		return nil
	})
	if err != nil {
		f.log.Warn("Score could not be stored", pod.LogErr, err)
		return
	}
	if after.Status == pod.StatusParked {
		f.log.Warn("Friend is parked: it sent what others did not sign", pod.LogFriend, rec.PodID)
		f.videosChanged(after)
	}
}
