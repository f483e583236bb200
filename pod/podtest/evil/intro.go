package evil

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/seal"
)

// Introduction is an introduction before it is signed.
type Introduction struct {
	HTTP   http.Header // of the request
	Header Fields      // of the JWS
	Body   Fields
	Sign   Signer
	Raw    []byte // instead of all above but HTTP, when it is not nil
}

// Bytes signs the introduction.
func (i *Introduction) Bytes() []byte {
	if i.Raw != nil {
		return i.Raw
	}
	return []byte(Compact(i.Header.JSON(), i.Body.JSON(), i.Sign))
}

// IntroAnswer is the answer to an introduction. State is "" for a refusal.
type IntroAnswer struct {
	Status     int
	Header     http.Header
	Raw        []byte
	Code       string // of a refusal
	State      string `json:"state"`
	Run        string `json:"run"`
	Epoch      uint64 `json:"epoch"`
	ProveNonce string `json:"proveNonce"`
}

// Meet asks the pod at an address who it is. No friendship comes of it.
func (p *Pod) Meet(url string) *Friend {
	p.tb.Helper()
	res := p.send(http.MethodGet, url+"/api/v1/pods/me", nil, nil)
	var me struct{ PublicKey string }
	if err := json.Unmarshal(res.Body, &me); err != nil || res.Status != http.StatusOK {
		p.tb.Fatalf("GET pods/me of %s = %d %s", url, res.Status, res.Body)
	}
	key, err := seal.ParsePublicKey(me.PublicKey)
	if err != nil {
		p.tb.Fatal(err)
	}
	return p.friend(key, url)
}

// friend gives the pod's record of another one.
func (p *Pod) friend(key *seal.PublicKey, url string) *Friend {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.friends[key.ID()]
	if f == nil {
		f = &Friend{ID: key.ID(), pod: p, key: key, public: publicKey(p.tb, key), run: seal.NewNonce()}
		p.friends[key.ID()] = f
	}
	if url != "" {
		f.url = url
	}
	return f
}

// Introduction gives a good introduction to another pod.
func (p *Pod) Introduction(to *Friend) *Introduction {
	to.pod.mu.Lock()
	defer to.pod.mu.Unlock()
	return &Introduction{
		HTTP:   http.Header{"Content-Type": {pod.TypeJOSE}, pod.HeaderAPIVersion: {"1"}},
		Header: Fields{"alg": "PS256", "typ": seal.TypeIntro, "kid": p.ID()},
		Body: Fields{
			"aud": to.ID, "url": p.URL, "name": p.Name, "publicKey": p.Key.Public().PEM(), "nonce": seal.NewNonce(),
			"run": to.run, "jti": seal.NewNonce(), "epoch": to.epoch + 1,
		},
		Sign: PS256(p.Private),
	}
}

// Introduce posts an introduction.
func (p *Pod) Introduce(to *Friend, i *Introduction) IntroAnswer {
	p.tb.Helper()
	res := p.send(http.MethodPost, to.URL()+"/api/v1/pods", i.HTTP, i.Bytes())
	a := IntroAnswer{Status: res.Status, Header: res.Header, Raw: res.Body}
	if res.Header.Get("Content-Type") != pod.TypeJOSE {
		a.Code = res.Code()
		return a
	}
	s, err := seal.PeekStatement(res.Body, seal.TypeIntroAnswer)
	if err != nil {
		p.tb.Errorf("answer to an introduction: %v", err)
		return a
	}
	payload, err := s.Verify(to.key)
	if err == nil {
		err = json.Unmarshal(payload, &a)
	}
	if err != nil {
		p.tb.Errorf("answer to an introduction: %v", err)
		return a
	}
	p.note(payload)
	if a.State == "friend" {
		to.begin(a.Epoch)
	}
	return a
}

// Befriend makes the pod the friend of a real one that takes everybody.
func (p *Pod) Befriend(url string) *Friend {
	p.tb.Helper()
	to := p.Meet(url)
	if a := p.Introduce(to, p.Introduction(to)); a.State != "friend" {
		p.tb.Fatalf("introduction to %s = %d %s, want a friend", url, a.Status, a.Raw)
	}
	return to
}

// answerIntro makes a friend of everybody who signs.
func (p *Pod) answerIntro(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Nonce, JTI, URL, PublicKey string
		Epoch                      uint64
	}
	raw, _ := io.ReadAll(r.Body) // it is in memory already
	s, err := seal.PeekStatement(raw, seal.TypeIntro)
	if err == nil {
		err = json.Unmarshal(s.Unverified(), &in)
	}
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	key, err := seal.ParsePublicKey(in.PublicKey)
	if err == nil {
		_, err = s.Verify(key)
	}
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	p.note(s.Unverified())
	f := p.friend(key, in.URL)
	epoch := max(in.Epoch, f.Epoch()+1)
	f.begin(epoch)
	writeJOSE(w, http.StatusOK, p.Statement(seal.TypeIntroAnswer, Fields{
		"aud": key.ID(), "jti": in.JTI, "nonce": in.Nonce, "run": f.run, "state": "friend", "epoch": epoch, "name": p.Name, "url": p.URL,
	}))
}

// note keeps what was read.
func (p *Pod) note(plain []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wire.Write(plain)
	p.wire.WriteByte('\n')
}

// send makes a request and reads the answer, which is kept.
func (p *Pod) send(method, url string, header http.Header, body []byte) podtest.Answer {
	p.tb.Helper()
	req, err := http.NewRequestWithContext(p.tb.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		p.tb.Fatal(err)
	}
	maps.Copy(req.Header, header)
	res, err := p.client.Do(req)
	if err != nil {
		p.tb.Fatalf("%s %s: %v", method, url, err)
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it was read
	if err != nil {
		p.tb.Fatalf("%s %s: %v", method, url, err)
	}
	p.note(answer)
	return podtest.Answer{Status: res.StatusCode, Header: res.Header, Body: answer}
}
