package federation

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// wirePage is one page of a catalogue.
type wirePage struct {
	Videos []wireRecord `json:"videos"`
	Next   pod.Rev      `json:"next"` // ask on after this change
	Last   bool         `json:"last"`
}

// wireRecord is a put, or a removal when UUID is set.
type wireRecord struct {
	Rev   pod.Rev   `json:"rev"`
	Video string    `json:"video,omitempty"`
	UUID  *pod.UUID `json:"uuid,omitempty"`
}

// scanStep is how many changes are read at once.
const scanStep = 200

// public tells whether friends may know the video as it is now.
func public(c pod.OutChange) bool {
	return !c.Removed && c.Video.Privacy == pod.PrivacyPublic && c.Video.State == pod.StatePublished
}

// page gives the part of the own catalogue after a change that the friend may read: what
// was there when the epoch began. Later changes reach it as activities.
func (f *Federation) page(ctx context.Context, rec pod.Friend, after pod.Rev) (json.RawMessage, error) {
	page := wirePage{Videos: []wireRecord{}, Next: after}
	size := 0
	for {
		changes, err := f.store.OutChanges(ctx, page.Next, scanStep)
		if err != nil {
			return nil, err
		}
		if len(changes) == 0 {
			page.Last = true
			break
		}
		full, err := f.fillPage(ctx, rec, &page, changes, &size)
		if err != nil {
			return nil, err
		}
		if full || page.Last {
			break
		}
	}
	return json.Marshal(page)
}

// fillPage adds changes to a page until it is full or the catalogue ends.
func (f *Federation) fillPage(ctx context.Context, rec pod.Friend, page *wirePage, changes []pod.OutChange, size *int) (full bool, err error) {
	var wanted []pod.OutChange
	upto := page.Next
	for _, c := range changes {
		if c.Rev > rec.CatalogueUpto {
			page.Last = true
			break
		}
		if len(page.Videos)+len(wanted) == pod.MaxActivities {
			full = true
			break
		}
		if public(c) {
			wanted = append(wanted, c)
		}
		upto = c.Rev
	}
	signed, err := f.signAll(ctx, wanted, f.keys.signer(rec))
	if err != nil {
		return false, err
	}
	for i, s := range signed {
		*size += len(s.JWS) + 64
		if *size > pod.MaxPlainBytes && len(page.Videos) > 0 {
			page.Last = false
			return true, nil // Next stays at the last one that is in
		}
		page.Videos = append(page.Videos, wireRecord{Rev: wanted[i].Rev, Video: s.JWS})
		page.Next = wanted[i].Rev
	}
	page.Next = upto
	return full, nil
}

// signAll signs what is not signed yet, on all cores, and keeps it.
func (f *Federation) signAll(ctx context.Context, changes []pod.OutChange, key *seal.Key) ([]pod.SignedVideo, error) {
	signed, fresh := make([]pod.SignedVideo, len(changes)), make([]bool, len(changes))
	group, work := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range changes {
		group.Go(func() (err error) {
			signed[i], fresh[i], err = f.signVideo(work, changes[i].Video, key)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var keep []pod.SignedVideo
	for i := range signed {
		if fresh[i] {
			keep = append(keep, signed[i])
		}
	}
	if len(keep) == 0 {
		return signed, nil
	}
	if err := f.store.KeepSigned(ctx, keep); err != nil {
		return nil, fmt.Errorf("keep signatures: %w", err)
	}
	return signed, nil
}

// readPage decodes a friend's page. Records that break a rule are left out.
func (f *Federation) readPage(rec pod.Friend, raw json.RawMessage) (*pod.CataloguePage, error) {
	var w wirePage
	if err := seal.DecodeLoose(raw, &w); err != nil {
		return nil, err
	}
	if len(w.Videos) > pod.MaxActivities || w.Next < rec.CatalogueAfter || !w.Last && (w.Next == rec.CatalogueAfter || len(w.Videos) == 0) {
		return nil, fmt.Errorf("page out of bounds: %w", pod.ErrInvalid)
	}
	page := &pod.CataloguePage{Next: w.Next, Last: w.Last}
	for _, r := range w.Videos {
		step := pod.Step{}
		if r.UUID != nil {
			step = removeStep(r.UUID, r.Rev)
		} else {
			step = putStep(r.Video, r.Rev, rec)
		}
		if step.Kind == pod.StepNone {
			f.log.Debug("A friend's catalogue holds a video that breaks a rule", pod.LogFriend, rec.PodID, pod.LogText, step.Result.Code)
			continue
		}
		page.Steps = append(page.Steps, step)
	}
	return page, nil
}
