package evil

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod/seal"
)

// Heard is a message that came, opened.
type Heard struct {
	Header     seal.Header
	Op         string           `json:"op"`
	Prev       uint64           `json:"prev"`
	Seq        uint64           `json:"seq"`
	Activities []map[string]any `json:"activities"`
	Acks       []map[string]any `json:"acks"`
	Plain      []byte           `json:"-"`
}

// Reply is the sealed answer to a message before it is sealed.
type Reply struct {
	Status int // of HTTP; Header says the same unless it is changed too
	Header Fields
	Inner  Fields
	Body   Fields
	Raw    []byte // instead of all above but Status, when it is not nil
}

// Heard gives the messages that came so far.
func (p *Pod) Heard() []Heard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.heard)
}

// HeardOf gives the activities of one type that came so far.
func (p *Pod) HeardOf(typ string) (activities []map[string]any) {
	for _, h := range p.Heard() {
		for _, a := range h.Activities {
			if a["type"] == typ {
				activities = append(activities, a)
			}
		}
	}
	return activities
}

// answerInbox takes everything that a friend says.
func (p *Pod) answerInbox(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body) // it is in memory already
	h, f := p.hear(raw)
	if f == nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	reply := &Reply{
		Status: http.StatusOK,
		Header: Fields{
			"alg": "PS256", "typ": seal.TypeAnswer, "kid": p.ID(), "aud": f.ID, "re": h.Header.JTI, "ep": h.Header.Epoch,
			"status": http.StatusOK, "iat": time.Now().Unix(), "jti": seal.NewNonce(),
		},
		Inner: Fields{"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": f.ID},
		Body:  Fields{"iss": p.ID(), "aud": f.ID, "results": p.results(h)},
	}
	p.mu.Lock()
	change := p.message
	p.mu.Unlock()
	if change != nil {
		change(h, reply)
	}
	text := string(reply.Raw)
	if reply.Raw == nil {
		text = Compact(reply.Header.JSON(), []byte(Encrypt(f.public, reply.Inner.JSON(), reply.Body.JSON())), PS256(p.Private))
	}
	writeJOSE(w, reply.Status, text)
}

// hear opens a message and keeps it. f is nil for one that is none of a friend.
func (p *Pod) hear(raw []byte) (*Heard, *Friend) {
	env, err := seal.Peek(raw)
	if err != nil {
		return nil, nil
	}
	h := &Heard{Header: env.Header()}
	p.mu.Lock()
	f := p.friends[h.Header.KID]
	p.mu.Unlock()
	if f == nil {
		return nil, nil
	}
	jwe, err := env.Verify(f.key)
	if err == nil {
		h.Plain, err = seal.Open(p.Key, jwe)
	}
	if err == nil {
		err = json.Unmarshal(h.Plain, h)
	}
	if err != nil {
		return nil, nil
	}
	p.note(h.Plain)
	p.mu.Lock()
	p.heard = append(p.heard, *h)
	p.mu.Unlock()
	return h, f
}

// results says yes to everything, and gives the catalogue to who asks for it.
func (p *Pod) results(h *Heard) []Fields {
	p.mu.Lock()
	videos := p.videos
	p.mu.Unlock()
	results := make([]Fields, 0, len(h.Activities))
	for _, a := range h.Activities {
		result := Fields{"status": "ok"}
		if a["type"] == "catalogue.get" {
			result["page"] = p.Page(videos...)
		}
		results = append(results, result)
	}
	return results
}

// Page is the last page of a catalogue, with these videos.
func (p *Pod) Page(videos ...Fields) Fields {
	records, next := make([]Fields, 0, len(videos)), uint64(1)
	for _, v := range videos {
		rev, _ := v["rev"].(uint64) // a hostile one is of no use as a number of a page
		records = append(records, Fields{"rev": v["rev"], "video": p.SignVideo(v)})
		next = max(next, rev)
	}
	return Fields{"videos": records, "next": next, "last": true}
}
