package federation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// find gives the record that the owner means.
func (f *Federation) find(ctx context.Context, id pod.PodID) (pod.Friend, error) {
	rec, err := f.store.FriendByPodID(ctx, id)
	if errors.Is(err, pod.ErrNotFound) || err == nil && !rec.Status.Shown() {
		return rec, &pod.Error{Kind: pod.KindNotFound, Op: "find pod", Msg: "This pod is not in your list. It may have been removed a moment ago.", Err: pod.ErrNotFound}
	}
	return rec, err
}

// Remove ends what there is with a pod: its videos go at once, and it is told as soon as it
// can be.
func (f *Federation) Remove(ctx context.Context, id pod.PodID) error {
	rec, err := f.find(ctx, id)
	if err != nil {
		return err
	}
	return f.end(ctx, rec.PodID)
}

// QuitAll leaves all friends and takes back all introductions.
func (f *Federation) QuitAll(ctx context.Context) error {
	all, err := f.store.Friends(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if !all[i].Status.Stands() && all[i].Status != pod.StatusRequested {
			continue
		}
		if err := f.end(ctx, all[i].PodID); err != nil {
			return err
		}
	}
	return nil
}

func (f *Federation) end(ctx context.Context, id pod.PodID) error {
	f.cfg.FailPoint("quit-before-store")
	rec, err := f.change(ctx, id, func(r *pod.Friend) error {
		if r.Status.Stands() {
			r.QuitEpoch, r.QuitUntil = r.Epoch, f.now().Add(requestLife)
		}
		r.Status = pod.StatusFormer
		return nil
	})
	if err != nil {
		return err
	}
	f.cfg.FailPoint("quit-after-store")
	f.videosChanged(rec)
	f.schedule.at(rec.ID, 0)
	return nil
}

// tellQuit sends the notice that a friendship has ended. It is not part of the stream of
// messages: that ended with the friendship.
func (f *Federation) tellQuit(ctx context.Context, rec pod.Friend) outcome {
	if f.now().After(rec.QuitUntil) || rec.CallURL == "" {
		return f.quitTold(ctx, rec)
	}
	raw, err := json.Marshal(activity{Type: activityQuit, Epoch: rec.QuitEpoch})
	if err != nil {
		return outcomeOver
	}
	m := pod.Frozen{Friend: rec.ID, Epoch: rec.QuitEpoch, Op: seal.NewNonce(), Seq: 1, Activities: []json.RawMessage{raw}}
	a, err := f.send(ctx, rec, m, nil)
	if err == nil && a.body.Code == "clock_skew" && f.learnClock(ctx, rec, a.body.Time) {
		return outcomeFailed // the next try has the right time
	}
	if err != nil || a.status != http.StatusOK && a.status != http.StatusForbidden && a.status != http.StatusConflict {
		return outcomeFailed
	}
	f.cfg.FailPoint("quit-told")
	return f.quitTold(ctx, rec)
}

func (f *Federation) quitTold(ctx context.Context, rec pod.Friend) outcome {
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.QuitEpoch == rec.QuitEpoch {
			r.QuitEpoch = 0
		}
		return nil
	})
	if err != nil {
		return outcomeFailed
	}
	return outcomeOver
}

// endedByOther applies a friend's answer that there is no friendship: it ended there.
func (f *Federation) endedByOther(ctx context.Context, rec pod.Friend, epoch uint64) {
	fresh, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.Status.Stands() && r.Epoch == epoch {
			r.Status, r.QuitEpoch = pod.StatusFormer, 0
		}
		return nil
	})
	if err != nil {
		f.log.Warn("The end of a friendship could not be stored", pod.LogFriend, rec.PodID, pod.LogErr, err)
		return
	}
	f.videosChanged(fresh)
}

// videosChanged tells followers that a friend's videos came or went.
func (f *Federation) videosChanged(rec pod.Friend) {
	f.cfg.OnEvent(pod.Event{Kind: pod.EventVideo, Action: "friend", Friend: rec.PodID, At: f.now()})
}

// Block ends what there is with a pod, without a word to it, and refuses it from now on.
func (f *Federation) Block(ctx context.Context, id pod.PodID) error {
	rec, err := f.find(ctx, id)
	if err != nil {
		return err
	}
	rec, err = f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		r.Status, r.QuitEpoch = pod.StatusBlocked, 0
		return nil
	})
	if err != nil {
		return err
	}
	f.videosChanged(rec)
	return nil
}

// Restore brings a parked friend back at once, or lifts the block of a pod, which then may
// ask again.
func (f *Federation) Restore(ctx context.Context, id pod.PodID) error {
	rec, err := f.find(ctx, id)
	if err != nil {
		return err
	}
	if rec.Status != pod.StatusParked && rec.Status != pod.StatusBlocked {
		return &pod.Error{Kind: pod.KindConflict, Code: "nothing_to_restore", Op: "restore pod", Msg: "This pod is neither asleep nor blocked: there is nothing to restore."}
	}
	rec, err = f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		switch r.Status {
		case pod.StatusParked:
			unpark(r)
		case pod.StatusBlocked:
			r.Status = pod.StatusFormer
		default:
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.videosChanged(rec)
	f.schedule.at(rec.ID, 0)
	return nil
}

// countedWaiting bounds how many waiting changes are counted for one friend.
const countedWaiting = 10_000

// Queue tells what waits for each friend.
func (f *Federation) Queue(ctx context.Context) ([]pod.QueueEntry, error) {
	all, err := f.store.Friends(ctx)
	if err != nil {
		return nil, err
	}
	out := []pod.QueueEntry{}
	for i := range all {
		if !all[i].Status.Stands() && all[i].Status != pod.StatusRequested && all[i].QuitEpoch == 0 {
			continue
		}
		entry, err := f.queueOf(ctx, all[i])
		if err != nil {
			return nil, err
		}
		out = append(out, entry)
	}
	return out, nil
}

func (f *Federation) queueOf(ctx context.Context, rec pod.Friend) (pod.QueueEntry, error) {
	entry := pod.QueueEntry{Friend: rec, NextTryAt: f.wall(rec.ID)}
	if !rec.Status.Stands() {
		entry.Waiting = 1 // the introduction, or the notice of the end
		return entry, nil
	}
	m, some, err := f.store.InFlight(ctx, rec.ID)
	if err != nil {
		return entry, err
	}
	sent := rec.SentRev
	if some {
		entry.InFlight, entry.Waiting, sent = true, len(m.Activities), m.SentRev
	}
	for after := sent; entry.Waiting < countedWaiting; {
		changes, err := f.store.OutChanges(ctx, after, scanStep)
		if err != nil || len(changes) == 0 {
			return entry, err
		}
		for _, c := range changes {
			if _, tells := tell(c, sent, ""); tells {
				entry.Waiting++
			}
			after = c.Rev
		}
	}
	return entry, nil
}
