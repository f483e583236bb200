package federation

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

const (
	// requestLife is how long an introduction or a notice of the end is repeated.
	requestLife = 30 * 24 * time.Hour
	// maxRounds bounds the messages of one turn, so that one friend does not keep others
	// waiting for ever.
	maxRounds = 1_000
	// maxRepairs bounds how often one turn introduces itself anew, or tries once more.
	maxRepairs = 2
)

// call takes one pod's turn: an introduction, a notice of the end, or messages.
func (f *Federation) call(ctx context.Context, id pod.FriendID) (outcome, time.Duration) {
	rec, err := f.store.Friend(ctx, id)
	if errors.Is(err, pod.ErrNotFound) {
		f.schedule.forget(id)
		return outcomeOver, 0
	}
	if err != nil {
		f.log.Error("A friend's record could not be read", pod.LogErr, err)
		return outcomeFailed, 0
	}
	greet, repair := f.schedule.takeFlags(id)
	switch {
	case rec.Status == pod.StatusRequested:
		return f.repeatIntroduction(ctx, rec), 0
	case rec.Status == pod.StatusFormer && rec.QuitEpoch != 0:
		return f.tellQuit(ctx, rec), 0
	case !rec.Status.Stands():
		return outcomeOver, 0
	}
	t := &talk{f: f, rec: rec}
	if repair && !t.repair(ctx, false) {
		return outcomeFailed, 0
	}
	return t.run(ctx, greet)
}

// repeatIntroduction asks a pod again that has not answered yes or no.
func (f *Federation) repeatIntroduction(ctx context.Context, rec pod.Friend) outcome {
	if f.now().Sub(rec.RequestedAt) > requestLife {
		if _, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error { r.Status = pod.StatusFormer; return nil }); err != nil {
			f.log.Warn("An old introduction could not be ended", pod.LogErr, err)
		}
		return outcomeOver
	}
	state, err := f.introduce(ctx, rec)
	if err != nil {
		f.log.Debug("Introduction did not succeed", pod.LogFriend, rec.PodID, pod.LogErr, err)
	}
	switch state {
	case introFriend, introRefused:
		return outcomeOver
	case introUpgrade:
		return outcomeUpgrade
	default:
		return outcomeFailed
	}
}

// talk is one turn with a friend.
type talk struct {
	f       *Federation
	rec     pod.Friend
	acks    []ack
	said    bool // an answer came in this turn
	repairs int
}

// run sends what waits until nothing does.
func (t *talk) run(ctx context.Context, greet bool) (outcome, time.Duration) {
	for range maxRounds {
		m, some, err := t.f.waiting(ctx, t.rec, greet && !t.said)
		if err != nil {
			t.f.log.Warn("What waits for a friend could not be read", pod.LogFriend, t.rec.PodID, pod.LogErr, err)
			return outcomeFailed, 0
		}
		if !some && t.acks == nil {
			if t.said {
				return outcomeSaid, 0
			}
			return outcomeIdle, 0
		}
		if !some { // nothing but acknowledgements: lost ones are asked for again
			m = pod.Frozen{Friend: t.rec.ID, Epoch: t.rec.Epoch, Op: seal.NewNonce(), Prev: t.rec.OutSeq, Seq: t.rec.OutSeq}
		}
		o, wait, done := t.round(ctx, m)
		if done {
			return o, wait
		}
		if t.rec, err = t.f.store.Friend(ctx, t.rec.ID); err != nil {
			return outcomeFailed, 0
		}
		if !t.rec.Status.Stands() {
			return outcomeOver, 0
		}
	}
	return outcomeFailed, 0
}

// round sends one message and follows the answer. done tells that the turn ends with it.
func (t *talk) round(ctx context.Context, m pod.Frozen) (o outcome, wait time.Duration, done bool) {
	a, err := t.f.send(ctx, t.rec, m, t.acks)
	if err != nil {
		o, wait = t.f.unanswered(ctx, t.rec, err)
		return o, wait, true
	}
	t.f.answeredBy(ctx, t.rec, a.versions)
	switch {
	case a.status == http.StatusOK:
		t.acks = nil
		if len(m.Activities) > 0 {
			if err := t.f.delivered(ctx, t.rec, m.Op, a.body.Results); err != nil {
				t.f.log.Warn("A friend's answer could not be used", pod.LogFriend, t.rec.PodID, pod.LogErr, err)
				return outcomeFailed, 0, true
			}
		}
		t.said = true
		return 0, 0, a.body.Message != nil && !t.take(ctx, a)
	case a.body.Code == "not_friend":
		t.f.endedByOther(ctx, t.rec, m.Epoch)
		return outcomeOver, 0, true
	case a.body.Code == "clock_skew":
		return outcomeFailed, 0, !t.again() || !t.f.learnClock(ctx, t.rec, a.body.Time)
	case a.body.Code == "replay":
		return outcomeFailed, 0, !t.again()
	case a.body.Code == "gap":
		return outcomeFailed, 0, !t.repair(ctx, true)
	case a.body.Code == "epoch", a.body.Code == "not_yet":
		return outcomeFailed, 0, !t.repair(ctx, false)
	default:
		return outcomeFailed, 0, true
	}
}

// again allows one more try, a few times in a turn.
func (t *talk) again() bool {
	t.repairs++
	return t.repairs <= maxRepairs
}

// repair introduces this pod again: after a gap with a new run, which begins a new epoch.
func (t *talk) repair(ctx context.Context, newRun bool) bool {
	if !t.again() {
		return false
	}
	if newRun {
		rec, err := t.f.change(ctx, t.rec.PodID, func(r *pod.Friend) error { r.OurRun = seal.NewNonce(); return nil })
		if err != nil {
			return false
		}
		t.rec = rec
	}
	state, err := t.f.introduce(ctx, t.rec)
	if state != introFriend {
		t.f.log.Info("A friendship could not be put right yet", pod.LogFriend, t.rec.PodID, pod.LogErr, err)
		t.f.schedule.lost(t.rec.ID)
		return false
	}
	t.acks = nil
	t.rec, err = t.f.store.Friend(ctx, t.rec.ID)
	return err == nil && t.rec.Status.Stands()
}

// take applies a message that came inside an answer; the next call acknowledges it.
func (t *talk) take(ctx context.Context, a answered) bool {
	f, msg := t.f, a.body.Message
	m := received{header: seal.Header{KID: a.kid}, friend: t.rec, class: a.class}
	asked := f.decode(ctx, m, msg.Activities)
	receipt, err := f.store.Receive(ctx, pod.Delivery{
		Friend: t.rec.ID, SignedBy: a.kid, Epoch: t.rec.Epoch, Op: msg.Op, Prev: msg.Prev, Seq: msg.Seq, Steps: asked.steps, At: f.now(),
	})
	switch {
	case errors.Is(err, pod.ErrGap):
		return t.repair(ctx, true)
	case err != nil:
		f.log.Warn("A friend's carried message could not be stored", pod.LogFriend, t.rec.PodID, pod.LogErr, err)
		return true // what we have to say goes on; it is carried again
	}
	t.rec = f.took(ctx, t.rec, receipt)
	if receipt.Quit {
		return true
	}
	if len(receipt.Results) == len(msg.Activities) {
		t.acks = []ack{{Op: msg.Op, Results: f.fillIn(ctx, t.rec, asked, receipt.Results)}}
	}
	return true
}

// carry gives the message that waits for a friend that can not be called, to travel inside
// an answer to it.
func (f *Federation) carry(ctx context.Context, rec pod.Friend) *carried {
	m, some, err := f.waiting(ctx, rec, false)
	if err != nil || !some || m.Epoch != rec.Epoch {
		return nil
	}
	return &carried{Op: m.Op, Prev: m.Prev, Seq: m.Seq, Activities: m.Activities}
}

// unanswered sorts the ways in which no answer that counts came.
func (f *Federation) unanswered(ctx context.Context, rec pod.Friend, err error) (outcome, time.Duration) {
	f.log.Debug("Friend did not answer", pod.LogFriend, rec.PodID, pod.LogErr, err)
	plain, ok := errors.AsType[*unsignedError](err)
	if !ok {
		if errors.Is(err, fetch.ErrAddress) {
			f.log.Warn("A friend's address may not be called from here", pod.LogFriend, rec.PodID)
		}
		return outcomeFailed, 0
	}
	if plain.status != http.StatusUpgradeRequired {
		return outcomeFailed, plain.retryAfter
	}
	f.mustUpdate(ctx, rec, plain.versions)
	return outcomeUpgrade, 0
}

// mustUpdate notes that a friend speaks no version of ours: messages wait, nobody is
// blamed.
func (f *Federation) mustUpdate(ctx context.Context, rec pod.Friend, versions []int) {
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		r.MustUpdate, r.APIVersions = true, versions
		return nil
	})
	if err != nil {
		f.log.Warn("A friend's versions could not be stored", pod.LogErr, err)
	}
	f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: "must-update", Friend: rec.PodID, At: f.now()})
}

// answeredBy notes a verified answer: the address is the friend's, and it is awake.
func (f *Federation) answeredBy(ctx context.Context, rec pod.Friend, versions []int) {
	if !rec.Verified || rec.MustUpdate || !slices.Equal(rec.APIVersions, versions) {
		_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
			r.Verified, r.MustUpdate, r.APIVersions = r.Verified || r.CallURL == rec.CallURL, false, versions
			return nil
		})
		if err != nil {
			f.log.Warn("A friend's address could not be stored", pod.LogErr, err)
		}
	}
	f.heardFrom(ctx, rec)
}

// learnClock notes how far a friend's clock is from ours.
func (f *Federation) learnClock(ctx context.Context, rec pod.Friend, theirs string) bool {
	at, err := time.Parse(time.RFC3339, theirs)
	if err != nil || !plausible(at) {
		return false
	}
	offset := at.Sub(f.now())
	if offset.Abs() < clockTolerance {
		offset = 0
	}
	_, err = f.change(ctx, rec.PodID, func(r *pod.Friend) error { r.ClockOffset = offset; return nil })
	f.log.Info("A friend's clock differs from ours", pod.LogFriend, rec.PodID, pod.LogTook, offset)
	return err == nil
}
