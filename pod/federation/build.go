package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// waiting gives the message on its way to a friend, or freezes a new one of what the
// friend does not know yet. some is false when there is nothing to say.
func (f *Federation) waiting(ctx context.Context, rec pod.Friend, greet bool) (m pod.Frozen, some bool, err error) {
	m, some, err = f.store.InFlight(ctx, rec.ID)
	if err != nil || some {
		return m, some, err
	}
	m, err = f.build(ctx, rec, greet)
	if err != nil {
		return m, false, err
	}
	if len(m.Activities) == 0 {
		return m, false, f.skip(ctx, rec, m.SentRev)
	}
	f.cfg.FailPoint("send-before-freeze")
	err = f.store.Freeze(ctx, m)
	if errors.Is(err, pod.ErrExists) || errors.Is(err, pod.ErrEpoch) {
		return f.store.InFlight(ctx, rec.ID) // somebody else was faster
	}
	f.cfg.FailPoint("send-after-freeze")
	return m, err == nil, err
}

// skip notes that changes up to rev say nothing to this friend.
func (f *Federation) skip(ctx context.Context, rec pod.Friend, rev pod.Rev) error {
	if rev <= rec.SentRev {
		return nil
	}
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.Epoch == rec.Epoch && r.SentRev < rev {
			r.SentRev = rev
		}
		return nil
	})
	return err
}

// builder collects the activities of one message.
type builder struct {
	message pod.Frozen
	size    int
}

// add appends an activity, unless the message is full.
func (b *builder) add(a activity) (bool, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("encode activity: %w", err)
	}
	n := len(b.message.Activities)
	if n == pod.MaxActivities || n > 0 && b.size+len(raw) > pod.MaxPlainBytes {
		return false, nil
	}
	b.message.Activities = append(b.message.Activities, raw)
	b.size += len(raw) + 1
	b.message.Seq++
	return true, nil
}

// build makes the next message from what the friend knows: nothing is queued by hand, so
// nothing can be forgotten.
func (f *Federation) build(ctx context.Context, rec pod.Friend, greet bool) (pod.Frozen, error) {
	b := &builder{message: pod.Frozen{
		Friend: rec.ID, Epoch: rec.Epoch, Op: seal.NewNonce(), Prev: rec.OutSeq, Seq: rec.OutSeq, SentRev: rec.SentRev,
	}}
	if err := f.addNews(b, rec); err != nil {
		return b.message, err
	}
	if err := f.addChanges(ctx, b, rec); err != nil {
		return b.message, err
	}
	if len(b.message.Activities) == 0 && greet {
		if _, err := b.add(activity{Type: activityGreeting}); err != nil {
			return b.message, err
		}
	}
	return b.message, nil
}

// addNews adds what the friend must know of this pod, and what it is asked.
func (f *Federation) addNews(b *builder, rec pod.Friend) error {
	var news []activity
	if current := f.keys.Current(); rec.ToldKey != current.ID() && f.keys.Find(rec.ToldKey) != nil {
		proof, err := rotationProof(current, rec.ToldKey)
		if err != nil {
			return err
		}
		news = append(news, activity{Type: activityRotate, Proof: proof})
		b.message.ToldKey = current.ID()
	}
	if url := f.cfg.URL(); rec.ToldName != f.cfg.Name || rec.ToldURL != url {
		news = append(news, activity{Type: activityUpdate, Name: f.cfg.Name, URL: url})
		b.message.ToldName, b.message.ToldURL = f.cfg.Name, url
	}
	if !rec.CatalogueDone {
		news = append(news, activity{Type: activityCatalogue, After: &rec.CatalogueAfter})
	}
	for _, newcomer := range f.known.newcomersVia(rec.PodID) {
		news = append(news, activity{Type: activityVoucher, Pod: newcomer})
	}
	for _, a := range news {
		if _, err := b.add(a); err != nil {
			return err
		}
	}
	return nil
}

// addChanges adds the changes of the own catalogue, in their order, as far as they fit.
func (f *Federation) addChanges(ctx context.Context, b *builder, rec pod.Friend) error {
	for {
		changes, err := f.store.OutChanges(ctx, b.message.SentRev, scanStep)
		if err != nil || len(changes) == 0 {
			return err
		}
		full, err := f.addSome(ctx, b, rec, changes)
		if err != nil || full {
			return err
		}
	}
}

func (f *Federation) addSome(ctx context.Context, b *builder, rec pod.Friend, changes []pod.OutChange) (full bool, err error) {
	var puts []pod.OutChange
	room := pod.MaxActivities - len(b.message.Activities)
	for _, c := range changes {
		if public(c) && len(puts) < room {
			puts = append(puts, c)
		}
	}
	signed, err := f.signAll(ctx, puts, f.keys.signer(rec))
	if err != nil {
		return false, err
	}
	texts := map[pod.Rev]string{}
	for i, s := range signed {
		texts[puts[i].Rev] = s.JWS
	}
	for _, c := range changes {
		a, some := tell(c, rec.SentRev, texts[c.Rev])
		if some {
			added, err := b.add(a)
			if err != nil || !added {
				return true, err
			}
		}
		b.message.SentRev = c.Rev
	}
	return false, nil
}

// tell gives the activity that brings a friend up to date who knows all changes up to
// sent. Of a video that came and went since, or never was public, nothing is told.
func tell(c pod.OutChange, sent pod.Rev, jws string) (activity, bool) {
	if public(c) {
		return activity{Type: activityPut, Rev: c.Rev, Video: jws}, true
	}
	mayKnow := c.PublicFrom != 0 && c.PublicFrom <= sent
	knowsTheEnd := c.PublicUntil != 0 && c.PublicUntil <= sent
	if !mayKnow || knowsTheEnd {
		return activity{}, false
	}
	return activity{Type: activityRemove, Rev: c.Rev, UUID: &c.Video.UUID}, true
}
