package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// acceptLimit bounds the first try to reach a pod that the owner accepted.
const acceptLimit = 8 * time.Second

// Accept makes a friend of a pod that waits. Both are friends at once when the other can
// be reached; else as soon as it is, or calls. KindNotFound for an unknown pod,
// KindConflict for one that does not wait.
func (f *Federation) Accept(ctx context.Context, id pod.PodID) error {
	rec, err := f.answerWaiting(ctx, id, func(r *pod.Friend) {
		r.Status, r.OurRun, r.RequestedAt = pod.StatusRequested, seal.NewNonce(), f.now()
	})
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, acceptLimit)
	defer cancel()
	state, err := f.introduce(limited, rec)
	if state != introFriend {
		f.schedule.at(rec.ID, f.cfg.Interval)
		f.log.Info("An accepted pod could not be told yet", pod.LogFriend, rec.PodID, pod.LogErr, err)
	}
	return nil
}

// Refuse turns a pod away that waits. It may ask again after a day. Errors are Accept's.
func (f *Federation) Refuse(ctx context.Context, id pod.PodID) error {
	_, err := f.answerWaiting(ctx, id, func(r *pod.Friend) { r.Status, r.RequestedAt = pod.StatusRefused, time.Time{} })
	return err
}

// answerWaiting changes the record of a pod that waits for the owner.
func (f *Federation) answerWaiting(ctx context.Context, id pod.PodID, answer func(*pod.Friend)) (pod.Friend, error) {
	if _, err := f.find(ctx, id); err != nil {
		return pod.Friend{}, err
	}
	rec, err := f.change(ctx, id, func(r *pod.Friend) error {
		if r.Status != pod.StatusWaiting {
			return errStale
		}
		answer(r)
		return nil
	})
	if errors.Is(err, errStale) {
		return rec, &pod.Error{Kind: pod.KindConflict, Code: "not_waiting", Op: "answer request", Msg: "This pod does not wait for an answer of yours. The list shows how things stand."}
	}
	if err != nil {
		return rec, fmt.Errorf("store answer: %w", err)
	}
	return rec, nil
}
