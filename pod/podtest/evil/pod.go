package evil

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// The routes that pods call of each other.
const (
	Self      = "GET /api/v1/pods/me"
	List      = "GET /api/v1/pods"
	Intro     = "POST /api/v1/pods"
	Challenge = "POST /api/v1/pods/challenge"
	Inbox     = "POST /api/v1/pods/inbox"
	Other     = "" // everything else: pictures, files, trackers
)

// Entry is a pod on the list of friends of another one.
type Entry struct {
	ID   pod.PodID `json:"id"`
	Name string    `json:"name"`
	URL  string    `json:"url"`
}

// Pod is a pod that the test plays. Name and URL are what it says of itself; they are
// changed before it speaks only.
type Pod struct {
	Name, URL string
	Key       *seal.Key
	Private   *rsa.PrivateKey // the same key, for signatures by hand

	tb     testing.TB
	server *httptest.Server
	client *http.Client
	over   chan struct{} // closed when the test ends

	mu      sync.Mutex // guards the fields below
	answers map[string]http.HandlerFunc
	message func(*Heard, *Reply)
	front   *Pod // who answers at this address; nil is the pod itself
	friends map[pod.PodID]*Friend
	list    []Entry
	videos  []Fields
	hits    map[string]int
	wire    bytes.Buffer
	heard   []Heard
}

// New starts the n-th pod on loopback. The same n is the same key within a process.
func New(tb testing.TB, n int) *Pod {
	tb.Helper()
	return NewAt(tb, n, "127.0.0.1:0")
}

// NewAt starts a pod on an address of this machine.
func NewAt(tb testing.TB, n int, addr string) *Pod {
	tb.Helper()
	key := privateKey(tb, n)
	p := &Pod{
		Name: fmt.Sprintf("Evil pod %d", n), Key: sealKey(tb, key), Private: key, tb: tb, over: make(chan struct{}),
		answers: map[string]http.HandlerFunc{}, friends: map[pod.PodID]*Friend{}, hits: map[string]int{},
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(tb.Context(), "tcp", addr)
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	p.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}}
	p.server.Start()
	p.URL, p.client = p.server.URL, clientFrom(nil)
	tb.Cleanup(func() {
		close(p.over)
		p.server.CloseClientConnections()
		p.server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// clientFrom makes a client that calls from an address of this machine; nil is any.
func clientFrom(local net.Addr) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: (&net.Dialer{LocalAddr: local}).DialContext, MaxIdleConnsPerHost: 16,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CallFrom makes the pod call others from another address of this machine.
func (p *Pod) CallFrom(addr string) {
	p.client.CloseIdleConnections()
	p.client = clientFrom(&net.TCPAddr{IP: net.ParseIP(addr)})
}

// ID is the pod's ID.
func (p *Pod) ID() pod.PodID { return p.Key.ID() }

// Entry is the pod as others list it.
func (p *Pod) Entry() Entry { return Entry{ID: p.ID(), Name: p.Name, URL: p.URL} }

// On replaces the answer of a route; nil brings the good one back.
func (p *Pod) On(route string, answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[route] = answer
}

// OnMessage is asked before each sealed answer to a message and may change it.
func (p *Pod) OnMessage(change func(*Heard, *Reply)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.message = change
}

// Hits counts the requests of a route.
func (p *Pod) Hits(route string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits[route]
}

// Wire gives every byte that the pod received, as it came and decrypted.
func (p *Pod) Wire() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.wire.Bytes())
}

// Lists sets the friends that the pod says it has.
func (p *Pod) Lists(friends ...Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = friends
}

// Publishes sets the videos of the pod's catalogue.
func (p *Pod) Publishes(videos ...Fields) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.videos = videos
}

// HandOver makes another pod answer at this one's address.
func (p *Pod) HandOver(to *Pod) {
	to.URL = p.URL
	p.mu.Lock()
	defer p.mu.Unlock()
	p.front = to
}

// Down closes the pod's address.
func (p *Pod) Down() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// Hang answers nothing until the asker has gone or the test ends.
func (p *Pod) Hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.over:
	}
}

// Flood answers with so many bytes that a good pod would be hurt by reading all: 1 GiB.
func (p *Pod) Flood(w http.ResponseWriter, r *http.Request) {
	chunk := bytes.Repeat([]byte{'a'}, 64<<10)
	for range 1 << 14 {
		select {
		case <-r.Context().Done():
			return
		case <-p.over:
			return
		default:
		}
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// Fail answers with a status and nothing else.
func Fail(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// ServeHTTP answers other pods.
func (p *Pod) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 4<<20)) // what was sent is what counts
	r.Body = io.NopCloser(bytes.NewReader(body))
	route := r.Method + " " + r.URL.Path
	good := p.good(route)
	if good == nil {
		route, good = Other, http.NotFound
	}
	p.mu.Lock()
	front, answer := p.front, p.answers[route]
	if front == nil {
		p.hits[route]++
		_, _ = fmt.Fprintf(&p.wire, "%s %s %v\n%s\n", r.Method, r.URL, r.Header, body) // a buffer takes all
	}
	p.mu.Unlock()
	switch {
	case front != nil:
		front.ServeHTTP(w, r)
	case answer != nil:
		answer(w, r)
	default:
		good(w, r)
	}
}

// good gives the good answer of a route.
func (p *Pod) good(route string) http.HandlerFunc {
	switch route {
	case Self:
		return p.answerSelf
	case List:
		return p.answerList
	case Intro:
		return p.answerIntro
	case Challenge:
		return p.answerChallenge
	case Inbox:
		return p.answerInbox
	}
	return nil
}

func (p *Pod) answerSelf(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, Fields{"id": p.ID(), "name": p.Name, "url": p.URL, "publicKey": p.Key.Public().PEM(), "apiVersions": []int{1}})
}

func (p *Pod) answerList(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	data := append([]Entry{}, p.list...)
	p.mu.Unlock()
	writeJSON(w, Fields{"total": len(data), "data": data})
}

// answerChallenge proves that the pod's address is held by its key, to whoever asks.
func (p *Pod) answerChallenge(w http.ResponseWriter, r *http.Request) {
	var q struct{ Nonce, JTI, From string }
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	writeJOSE(w, http.StatusOK, p.Statement(seal.TypeChallenge, Fields{"nonce": q.Nonce, "aud": q.From, "url": p.URL}))
}

// Statement signs a statement of the pod.
func (p *Pod) Statement(typ string, payload Fields) string {
	return Compact(Fields{"alg": "PS256", "typ": typ, "kid": p.ID()}.JSON(), payload.JSON(), PS256(p.Private))
}

func writeJSON(w http.ResponseWriter, f Fields) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(f.JSON()) // whoever asked has gone
}

func writeJOSE(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", pod.TypeJOSE)
	w.Header().Set(pod.HeaderAPIVersions, "1")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
