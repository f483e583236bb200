package federation

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// inboxPath is the route that sealed messages are posted to; the signature covers it.
const inboxPath = "/api/v1/pods/inbox"

// envelope is the JSON inside a sealed message.
type envelope struct {
	Issuer     pod.PodID         `json:"iss"`
	Audience   pod.PodID         `json:"aud"`
	Op         string            `json:"op"`
	Prev       uint64            `json:"prev"`
	Seq        uint64            `json:"seq"`
	Activities []json.RawMessage `json:"activities"`
	Acks       []ack             `json:"acks,omitempty"`
}

// ack tells what became of a message that came inside an answer.
type ack struct {
	Op      string       `json:"op"`
	Results []pod.Result `json:"results"`
}

// answerBody is the JSON inside a sealed answer.
type answerBody struct {
	Issuer   pod.PodID    `json:"iss"`
	Audience pod.PodID    `json:"aud"`
	Results  []pod.Result `json:"results,omitempty"`
	Code     string       `json:"code,omitempty"`
	Time     string       `json:"time,omitempty"` // our clock, for clock_skew
	Message  *carried     `json:"message,omitempty"`
}

// carried is a message that travels inside an answer, to a pod that can not be called.
type carried struct {
	Op         string            `json:"op"`
	Prev       uint64            `json:"prev"`
	Seq        uint64            `json:"seq"`
	Activities []json.RawMessage `json:"activities"`
}

// maxAcks bounds the acknowledgements of one message: one message is carried at a time.
const maxAcks = 4

// maxOpLen bounds an op: a name that its sender chose.
const maxOpLen = 64

// decodeEnvelope reads what was inside a verified message; it must name the same pods as
// the signed header does.
func decodeEnvelope(plain []byte, from, to pod.PodID) (envelope, error) {
	var e envelope
	if err := seal.DecodeLoose(plain, &e); err != nil {
		return e, err
	}
	switch {
	case e.Issuer != from || e.Audience != to:
		return e, fmt.Errorf("envelope names other pods: %w", pod.ErrBadSignature)
	case e.Op == "" || len(e.Op) > maxOpLen || len(e.Activities) > pod.MaxActivities || len(e.Acks) > maxAcks:
		return e, fmt.Errorf("envelope is out of bounds: %w", pod.ErrInvalid)
	case e.Seq < e.Prev || e.Seq-e.Prev != uint64(len(e.Activities)):
		return e, fmt.Errorf("envelope counts wrongly: %w", pod.ErrInvalid)
	}
	for _, a := range e.Acks {
		if len(a.Results) > pod.MaxActivities {
			return e, fmt.Errorf("acknowledgement is out of bounds: %w", pod.ErrInvalid)
		}
	}
	return e, nil
}

// decodeAnswer reads what was inside a verified answer.
func decodeAnswer(plain []byte, from, to pod.PodID) (answerBody, error) {
	var a answerBody
	if err := seal.DecodeLoose(plain, &a); err != nil {
		return a, err
	}
	if a.Issuer != from || a.Audience != to {
		return a, fmt.Errorf("answer names other pods: %w", pod.ErrBadSignature)
	}
	if m := a.Message; m != nil && (m.Op == "" || len(m.Op) > maxOpLen || len(m.Activities) > pod.MaxActivities ||
		m.Seq < m.Prev || m.Seq-m.Prev != uint64(len(m.Activities))) {
		return a, fmt.Errorf("carried message is out of bounds: %w", pod.ErrInvalid)
	}
	return a, nil
}

// stampLayout is RFC 3339 with milliseconds, as everywhere in the API.
const stampLayout = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

// firstRefusal gives the result with which a friend refused one of our activities.
func firstRefusal(results []pod.Result) (pod.Result, bool) {
	for _, r := range results {
		if r.Status != "ok" {
			return r, true
		}
	}
	return pod.Result{}, false
}
