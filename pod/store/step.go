package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod"
)

const (
	// oldKeyTime is how long messages that a superseded key signed are taken.
	oldKeyTime = 24 * time.Hour
	// maxOldKeys bounds the superseded keys of one friend that are known.
	maxOldKeys = 16
)

// applyAll applies the steps of a message, one result for each. After a quit nothing more
// applies.
func (r *receiver) applyAll() error {
	for i := range r.d.Steps {
		result := pod.Refused("not_friend", "The friendship has ended.")
		if !r.receipt.Quit {
			var err error
			if result, err = r.apply(&r.d.Steps[i]); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		r.receipt.Results = append(r.receipt.Results, result)
	}
	return nil
}

func (r *receiver) apply(step *pod.Step) (pod.Result, error) {
	switch step.Kind {
	case pod.StepPut:
		return r.videos.put(step)
	case pod.StepRemove:
		return r.videos.remove(step)
	case pod.StepUpdate:
		return r.update(step), nil
	case pod.StepRotate:
		return r.rotate(step)
	case pod.StepQuit:
		return r.quit(step), nil
	case pod.StepView:
		return r.addView(step)
	case pod.StepNone:
		return step.Result, nil
	default:
		return pod.Result{}, fmt.Errorf("step of kind %d: %w", step.Kind, pod.ErrInvalid)
	}
}

// update takes the friend's new name and address. Nobody has called the address yet.
func (r *receiver) update(step *pod.Step) pod.Result {
	f := &r.friend
	if step.Name != "" {
		f.Name = step.Name
	}
	if step.URL != "" && step.URL != f.URL {
		f.URL, f.CallURL, f.CallClass, f.Verified = step.URL, step.URL, step.Class, false
	}
	f.UpdatedAt = r.d.At
	return pod.ResultOK()
}

// rotate gives the friend another key. Only its current key may say so, and a key that it
// had once does not come back.
func (r *receiver) rotate(step *pod.Step) (pod.Result, error) {
	f := &r.friend
	if step.KeyID == f.PodID {
		return pod.ResultOK(), nil
	}
	superseded := slices.ContainsFunc(f.OldKeys, func(k pod.OldKey) bool { return k.PodID == step.KeyID })
	if superseded || r.d.SignedBy != f.PodID {
		return pod.Refused("superseded", "This key was replaced by another one."), nil
	}
	owner, err := friendOfKey(r.tx, step.KeyID)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return pod.Result{}, err
	}
	if owner != 0 {
		return pod.Refused("taken", "Another pod has this key."), nil
	}
	if !keyHasID(step.Key, step.KeyID) {
		return pod.Refused("invalid", "This is not the key that its name says."), nil
	}
	keys := slices.Clone(f.OldKeys)
	if len(keys) >= maxOldKeys {
		if keys[0].Until.After(r.d.At) {
			return pod.Refused("too_many", "This pod has changed its key too often. Wait a day."), nil
		}
		keys = keys[1:]
	}
	keys = append(keys, pod.OldKey{PodID: f.PodID, PublicKey: f.PublicKey, Until: r.d.At.Add(oldKeyTime)})
	f.OldKeys = keys
	f.PodID, f.PublicKey, f.UpdatedAt = step.KeyID, step.Key, r.d.At
	return pod.ResultOK(), nil
}

// keyHasID tells whether the ID is that of this key.
func keyHasID(key []byte, id pod.PodID) bool { return pod.NewPodID(sha256.Sum256(key)) == id }

// quit ends the friendship of the step's epoch; saveFriend does what follows.
func (r *receiver) quit(step *pod.Step) pod.Result {
	if step.Epoch != r.friend.Epoch {
		return pod.Refused("epoch", "This friendship has ended before.")
	}
	r.receipt.Changed = r.receipt.Changed || r.friend.VideoCount > 0
	r.friend.Status, r.friend.QuitEpoch, r.friend.QuitUntil = pod.StatusFormer, 0, time.Time{}
	r.friend.UpdatedAt = r.d.At
	r.receipt.Quit = true
	return pod.ResultOK()
}

// viewsRecord counts the views that a friend told on one day. Its JSON is part of the
// schema.
type viewsRecord struct {
	Day   string `json:"day"`
	Count int    `json:"count"`
}

// addView counts one view of an own video that the friend can know.
func (r *receiver) addView(step *pod.Step) (pod.Result, error) {
	unknown := pod.Refused("not_found", "This pod has no such video.")
	id, err := get[pod.VideoID](r.tx, bucketVideoUUID, uuidKey(step.UUID, 0))
	if errors.Is(err, pod.ErrNotFound) {
		return unknown, nil
	}
	if err != nil {
		return pod.Result{}, err
	}
	old, err := linked[videoRecord](r.tx, bucketVideos, idKey(id))
	if err != nil {
		return pod.Result{}, err
	}
	if !old.Meta.Privacy.InTorrent() || old.State != pod.StatePublished {
		return unknown, nil
	}
	key := idKey(r.friend.ID)
	views, err := get[viewsRecord](r.tx, bucketFriendViews, key)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return pod.Result{}, err
	}
	if today := r.d.At.UTC().Format(time.DateOnly); views.Day != today {
		views = viewsRecord{Day: today}
	}
	if views.Count >= r.store.opts.FriendViews {
		return pod.Refused("too_many", "This pod counts no more views of one friend today."), nil
	}
	views.Count++
	if err := put(r.tx, bucketFriendViews, key, views); err != nil {
		return pod.Result{}, err
	}
	return pod.ResultOK(), countView(r.tx, &old)
}
