package evil

import (
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// inboxPath is the route that sealed messages are for.
const inboxPath = "/api/v1/pods/inbox"

// Friend is a real pod as the played one knows it.
type Friend struct {
	ID pod.PodID

	pod    *Pod // the one that knows it
	key    *seal.PublicKey
	public *rsa.PublicKey
	run    string // of the played pod

	// The played pod's lock guards the fields below.
	url   string
	epoch uint64
	seq   uint64
}

// URL is where the friend is called.
func (f *Friend) URL() string {
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	return f.url
}

// Moved notes that the friend has another address: it was started again.
func (f *Friend) Moved(url string) {
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	f.url = url
}

// Epoch is the standing epoch of the friendship; 0 is none.
func (f *Friend) Epoch() uint64 {
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	return f.epoch
}

// Public is the friend's key.
func (f *Friend) Public() *rsa.PublicKey { return f.public }

// As gives the same friendship to another played pod: the one whose key follows.
func (f *Friend) As(p *Pod) *Friend {
	f.pod.mu.Lock()
	g := &Friend{ID: f.ID, pod: p, key: f.key, public: f.public, run: f.run, url: f.url, epoch: f.epoch, seq: f.seq}
	f.pod.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.friends[f.ID] = g
	return g
}

// NewRun makes the next introduction one of a pod that has forgotten everything.
func (f *Friend) NewRun() {
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	f.run = seal.NewNonce()
}

func (f *Friend) begin(epoch uint64) {
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	if epoch != f.epoch {
		f.epoch, f.seq = epoch, 0
	}
}

// Message is a sealed message before it is sealed.
type Message struct {
	Method, Path string      // of the request
	HTTP         http.Header // of the request
	Header       Fields      // of the JWS
	Inner        Fields      // header of the JWE
	Body         Fields      // the JSON inside
	To           *rsa.PublicKey
	Sign         Signer

	Plain   []byte // instead of Body, when it is not nil
	Payload []byte // instead of the JWE, when it is not nil
	Raw     []byte // instead of all that is sent, when it is not nil
}

// Bytes seals the message.
func (m *Message) Bytes() []byte {
	if m.Raw != nil {
		return m.Raw
	}
	plain, payload := m.Plain, m.Payload
	if plain == nil {
		plain = m.Body.JSON()
	}
	if payload == nil {
		payload = []byte(Encrypt(m.To, m.Inner.JSON(), plain))
	}
	return []byte(Compact(m.Header.JSON(), payload, m.Sign))
}

// Again makes the same message once more, freshly signed: a retry after a lost answer.
func (m *Message) Again() *Message {
	again := *m
	again.Header = m.Header.With(Fields{"jti": seal.NewNonce(), "iat": time.Now().Unix()})
	again.Raw = nil
	return &again
}

// Message gives a good message with these activities, the next one of the stream.
func (f *Friend) Message(activities ...any) *Message {
	if activities == nil {
		activities = []any{}
	}
	f.pod.mu.Lock()
	defer f.pod.mu.Unlock()
	return &Message{
		Method: http.MethodPost, Path: inboxPath,
		HTTP: http.Header{"Content-Type": {pod.TypeJOSE}, pod.HeaderAPIVersion: {"1"}},
		Header: Fields{
			"alg": "PS256", "typ": seal.TypeMessage, "kid": f.pod.ID(), "aud": f.ID, "htm": http.MethodPost, "htu": inboxPath,
			"iat": time.Now().Unix(), "jti": seal.NewNonce(), "ep": f.epoch,
		},
		Inner: Fields{"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": f.ID},
		Body: Fields{
			"iss": f.pod.ID(), "aud": f.ID, "op": seal.NewNonce(), "prev": f.seq, "seq": f.seq + uint64(len(activities)),
			"activities": activities,
		},
		To: f.public, Sign: PS256(f.pod.Private),
	}
}

// Answer is what a pod says to a message.
type Answer struct {
	Status  int
	Header  http.Header
	Raw     []byte // as it came
	Sealed  bool   // what follows was read from a sealed answer that was in order
	Plain   []byte
	Code    string         `json:"code"` // of a problem, if the answer was not sealed
	Time    string         `json:"time"`
	Results []pod.Result   `json:"results"`
	Message *CarriedFields `json:"message"`
}

// CarriedFields is a message inside an answer.
type CarriedFields struct {
	Op         string           `json:"op"`
	Prev       uint64           `json:"prev"`
	Seq        uint64           `json:"seq"`
	Activities []map[string]any `json:"activities"`
}

// Post sends a message. A message that was taken moves the stream on.
func (f *Friend) Post(m *Message) Answer {
	f.pod.tb.Helper()
	res := f.pod.send(m.Method, f.URL()+m.Path, m.HTTP, m.Bytes())
	a := Answer{Status: res.Status, Header: res.Header, Raw: res.Body}
	if res.Header.Get("Content-Type") != pod.TypeJOSE {
		a.Code = res.Code()
		return a
	}
	f.open(&a, m)
	if seq, ok := m.Body["seq"].(uint64); ok && a.Status == http.StatusOK {
		f.pod.mu.Lock()
		f.seq = max(f.seq, seq)
		f.pod.mu.Unlock()
	}
	return a
}

// open reads a sealed answer as strictly as a good pod.
func (f *Friend) open(a *Answer, m *Message) {
	f.pod.tb.Helper()
	fail := func(err error) { f.pod.tb.Errorf("sealed answer %d: %v", a.Status, err) }
	env, err := seal.PeekAnswer(a.Raw)
	if err != nil {
		fail(err)
		return
	}
	h := env.Header()
	if h.Status != a.Status || h.KID != f.ID || m.Raw == nil && h.RE != m.Header["jti"] {
		f.pod.tb.Errorf("sealed answer %d has the header %+v, want the same status and an answer to %v", a.Status, h, m.Header["jti"])
	}
	jwe, err := env.Verify(f.key)
	if err == nil {
		a.Plain, err = seal.Open(f.pod.Key, jwe)
	}
	if err == nil {
		err = json.Unmarshal(a.Plain, a)
	}
	if err != nil {
		fail(err)
		return
	}
	f.pod.note(a.Plain)
	a.Sealed = true
}

// Send posts a good message with these activities and gives their results.
func (f *Friend) Send(activities ...any) []pod.Result {
	f.pod.tb.Helper()
	a := f.Post(f.Message(activities...))
	if a.Status != http.StatusOK || len(a.Results) != len(activities) {
		f.pod.tb.Fatalf("message of %d activities = %d %s %s, want 200 with as many results", len(activities), a.Status, a.Raw, a.Plain)
	}
	return a.Results
}
