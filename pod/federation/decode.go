package federation

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// The types of activities.
const (
	activityPut       = "video.put"
	activityRemove    = "video.remove"
	activityCatalogue = "catalogue.get"
	activityUpdate    = "pod.update"
	activityRotate    = "key.rotate"
	activityQuit      = "friend.quit"
	activityGreeting  = "greeting"
	activityView      = "view"
	activityVoucher   = "voucher.get"
)

// codeBadSignature refuses what its owner did not sign: proven abuse, for the message
// around it was signed.
const codeBadSignature = "bad_signature"

// activity is one activity on the wire; each type uses some of the fields.
type activity struct {
	Type  string    `json:"type"`
	Video string    `json:"video,omitempty"` // video.put: compact JWS of the origin
	Rev   pod.Rev   `json:"rev,omitempty"`   // video.put, video.remove
	UUID  *pod.UUID `json:"uuid,omitempty"`  // video.remove, view
	After *pod.Rev  `json:"after,omitempty"` // catalogue.get
	Name  string    `json:"name,omitempty"`  // pod.update
	URL   string    `json:"url,omitempty"`   // pod.update
	Proof string    `json:"proof,omitempty"` // key.rotate: JWS of the new key over both
	Epoch uint64    `json:"ep,omitempty"`    // friend.quit
	Count *float64  `json:"count,omitempty"` // view: nothing, or 1
	Pod   pod.PodID `json:"pod,omitempty"`   // voucher.get: the newcomer
}

// asked is a decoded message: the steps for the store, and the questions that are
// answered besides.
type asked struct {
	steps     []pod.Step
	catalogue map[int]pod.Rev   // index of a catalogue.get -> after
	vouchers  map[int]pod.PodID // index of a voucher.get -> newcomer
	abuse     bool              // something was signed by whom it does not belong to
}

// decode reads the activities of a verified message, one by one: a bad one gets its final
// result, the others apply.
func (f *Federation) decode(_ context.Context, m received, raw []json.RawMessage) asked {
	out := asked{catalogue: map[int]pod.Rev{}, vouchers: map[int]pod.PodID{}}
	for i, data := range raw {
		var a activity
		if err := seal.DecodeLoose(data, &a); err != nil {
			out.steps = append(out.steps, refused("invalid", "The activity is not well-formed."))
			continue
		}
		switch a.Type {
		case activityCatalogue:
			if a.After == nil {
				out.steps = append(out.steps, refused("invalid", "The question has no start."))
				continue
			}
			out.catalogue[i] = *a.After
			out.steps = append(out.steps, pod.Step{Result: pod.ResultOK()})
		case activityVoucher:
			out.vouchers[i] = a.Pod
			out.steps = append(out.steps, pod.Step{Result: pod.ResultOK()})
		default:
			step := f.step(m, a)
			out.abuse = out.abuse || a.Type == activityPut && step.Result.Code == codeBadSignature
			out.steps = append(out.steps, step)
		}
	}
	return out
}

func refused(code, detail string) pod.Step {
	return pod.Step{Result: pod.Refused(code, detail)}
}

// step gives what one activity asks of the store.
func (f *Federation) step(m received, a activity) pod.Step {
	switch a.Type {
	case activityPut:
		return putStep(a.Video, a.Rev, m.friend)
	case activityRemove:
		return removeStep(a.UUID, a.Rev)
	case activityUpdate:
		return f.updateStep(m, a)
	case activityRotate:
		return f.rotateStep(m, a)
	case activityQuit:
		return pod.Step{Kind: pod.StepQuit, Epoch: a.Epoch, Result: pod.ResultOK()}
	case activityGreeting:
		return pod.Step{Result: pod.ResultOK()}
	case activityView:
		if a.UUID == nil || a.Count != nil && *a.Count != 1 {
			return refused("invalid", "A view is one view of one video.")
		}
		return pod.Step{Kind: pod.StepView, UUID: *a.UUID, Result: pod.ResultOK()}
	default:
		return refused("unsupported", "This pod does not know this kind of activity.")
	}
}

func putStep(jws string, rev pod.Rev, rec pod.Friend) pod.Step {
	v, err := readVideo(jws, rec)
	switch {
	case errors.Is(err, pod.ErrBadSignature):
		return refused(codeBadSignature, "The video is not signed by its origin.")
	case err != nil, v.OriginRev != rev && rev != 0:
		return refused("invalid", "The video breaks a rule of what pods exchange.")
	}
	return pod.Step{Kind: pod.StepPut, Video: v, UUID: v.UUID, OriginRev: v.OriginRev, Result: pod.ResultOK()}
}

func removeStep(uuid *pod.UUID, rev pod.Rev) pod.Step {
	if uuid == nil || uuid.IsZero() || rev == 0 {
		return refused("invalid", "A removal names a video and a change.")
	}
	return pod.Step{Kind: pod.StepRemove, UUID: *uuid, OriginRev: rev, Result: pod.ResultOK()}
}

// updateStep reads a friend's new name and address. The new address may lead no further
// inwards than the old one.
func (f *Federation) updateStep(m received, a activity) pod.Step {
	name := cleanName(clip(a.Name))
	if name == "" {
		name = m.friend.Name
	}
	url, err := fetch.CheckURL(a.URL)
	if err != nil {
		return refused("invalid", "The address is none that a pod can have.")
	}
	if url == f.cfg.URL() {
		return refused("invalid", "This is the address of another pod.")
	}
	class := m.friend.CallClass
	if class == pod.ClassAny {
		class = m.class
	}
	return pod.Step{Kind: pod.StepUpdate, Name: name, URL: url, Class: class, Result: pod.ResultOK()}
}

// fillIn adds to the stored results what is read fresh each time: pages and vouchers.
func (f *Federation) fillIn(ctx context.Context, rec pod.Friend, a asked, results []pod.Result) []pod.Result {
	out := make([]pod.Result, len(results))
	copy(out, results)
	for i, after := range a.catalogue {
		if i >= len(out) || out[i].Status != "ok" {
			continue
		}
		page, err := f.page(ctx, rec, after)
		if err != nil {
			f.log.Error("A page of the catalogue could not be read", pod.LogErr, err)
			continue // a result without a page is asked for again
		}
		out[i].Page = page
	}
	for i, newcomer := range a.vouchers {
		if i < len(out) && out[i].Status == "ok" {
			out[i].Data = f.voucherFor(ctx, rec, newcomer)
		}
	}
	return out
}
