package federation_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
	"github.com/peerpod/peerpod/pod/store"
)

// keyring makes the test keys once for all tests: key n is always the same in one run.
var keyring = struct {
	sync.Mutex
	keys map[int]*seal.Key
}{keys: map[int]*seal.Key{}}

// testKey gives the key of the pod with that number. It is smaller than a pod's own, so
// that the tests are fast.
func testKey(tb testing.TB, n int) *seal.Key {
	tb.Helper()
	keyring.Lock()
	defer keyring.Unlock()
	if key := keyring.keys[n]; key != nil {
		return key
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := seal.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		tb.Fatal(err)
	}
	keyring.keys[n] = key
	return key
}

// pal is one pod of a test: a Federation over a real store, behind a real HTTP server.
type pal struct {
	*federation.Federation
	tb     testing.TB
	key    *seal.Key
	url    string
	store  *store.Store
	server *httptest.Server

	loseIntros atomic.Int32 // answers to introductions that are cut off after the work
	source     atomic.Value // netip.Addr that callers seem to have; nil: the true one
	posts      atomic.Int32 // POST /api/v1/pods that came

	mu     sync.Mutex // guards events
	events []pod.Event
}

type palOption func(*federation.Config)

func policy(p federation.Policy) palOption { return func(c *federation.Config) { c.Policy = p } }

func limits(change func(*pod.Limits)) palOption {
	return func(c *federation.Config) { change(&c.Limits) }
}

// atURL lets the pod name another address than its own.
func atURL(url string) palOption {
	return func(c *federation.Config) { c.URL = func() string { return url } }
}

func failPoint(fn func(string)) palOption { return func(c *federation.Config) { c.FailPoint = fn } }

// newPal makes a pod that answers but calls nobody by itself: it is not started.
func newPal(tb testing.TB, n int, options ...palOption) *pal {
	tb.Helper()
	p := &pal{tb: tb, key: testKey(tb, n)}
	s, err := store.Open(filepath.Join(tb.TempDir(), "peerpod.db"), store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	p.store = s
	p.server = httptest.NewUnstartedServer(p.routes())
	p.url = "http://" + p.server.Listener.Addr().String()
	client := fetch.New(fetch.Config{DialTimeout: 2 * time.Second})
	cfg := federation.Config{
		Store: s, Fetch: client, Keys: federation.NewKeyring(p.key), Name: "Pod " + strconv.Itoa(n), URL: func() string { return p.url },
		Interval: time.Second, ScoreInterval: time.Hour, Limits: pod.DefaultLimits(), OnEvent: p.follow,
	}
	for _, change := range options {
		change(&cfg)
	}
	if p.Federation, err = federation.New(cfg); err != nil {
		tb.Fatal(err)
	}
	p.server.Start()
	tb.Cleanup(func() {
		p.server.Close()
		if err := p.Close(context.Background()); err != nil {
			tb.Errorf("Close() = %v, want nil", err)
		}
		client.CloseIdle()
		if err := s.Close(); err != nil {
			tb.Errorf("store.Close() = %v, want nil", err)
		}
	})
	return p
}

func (p *pal) id() pod.PodID { return p.key.ID() }

func (p *pal) follow(e pod.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

// heard tells whether followers were told of that.
func (p *pal) heard(action string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == pod.EventFriend && e.Action == action {
			return true
		}
	}
	return false
}

// routes are the routes that pods call of each other.
func (p *pal) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/pods", func(w http.ResponseWriter, r *http.Request) {
		p.posts.Add(1)
		reply, err := p.Introduce(r.Context(), p.incoming(r))
		if p.loseIntros.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
		p.answer(w, reply, err)
	})
	mux.HandleFunc("POST /api/v1/pods/challenge", func(w http.ResponseWriter, r *http.Request) {
		reply, err := p.Challenge(r.Context(), p.incoming(r))
		p.answer(w, reply, err)
	})
	mux.HandleFunc("POST /api/v1/pods/inbox", func(w http.ResponseWriter, r *http.Request) {
		reply, err := p.Inbox(r.Context(), p.incoming(r))
		p.answer(w, reply, err)
	})
	mux.HandleFunc("GET /api/v1/pods/me", func(w http.ResponseWriter, r *http.Request) {
		self, err := p.Self(r.Context())
		p.answer(w, jsonReply(map[string]any{"id": self.PodID, "name": self.Name, "url": self.URL, "publicKey": self.PublicKey, "isLocal": true}), err)
	})
	mux.HandleFunc("GET /api/v1/pods", func(w http.ResponseWriter, r *http.Request) {
		all, err := p.List(r.Context())
		data := []map[string]any{}
		for _, rec := range all {
			if rec.Status == pod.StatusFriend && rec.Verified {
				data = append(data, map[string]any{"id": rec.PodID, "name": rec.Name, "url": rec.URL})
			}
		}
		p.answer(w, jsonReply(map[string]any{"total": len(data), "data": data}), err)
	})
	return mux
}

func jsonReply(v any) pod.Reply {
	body, _ := json.Marshal(v)
	return pod.Reply{Status: http.StatusOK, ContentType: "application/json", Body: body}
}

func (p *pal) incoming(r *http.Request) pod.Incoming {
	from, _ := p.source.Load().(netip.Addr)
	if !from.IsValid() {
		at, _ := netip.ParseAddrPort(r.RemoteAddr)
		from = at.Addr()
	}
	return pod.Incoming{
		Body: r.Body, ContentType: r.Header.Get("Content-Type"), Version: r.Header.Get(pod.HeaderAPIVersion),
		Source: from, Forwarded: r.Header.Get("X-Forwarded-For") != "",
	}
}

// statusOf is how the tests' servers show kinds of errors.
var statusOf = map[pod.Kind]int{
	pod.KindInvalid: 400, pod.KindForbidden: 403, pod.KindNotFound: 404, pod.KindConflict: 409, pod.KindTooLarge: 413,
	pod.KindUnsupported: 415, pod.KindUpgrade: 426, pod.KindTooMany: 429, pod.KindUnavailable: 503,
}

func (p *pal) answer(w http.ResponseWriter, reply pod.Reply, err error) {
	w.Header().Set(pod.HeaderAPIVersions, "1")
	if err != nil {
		status, known := statusOf[pod.KindOf(err)]
		if !known {
			status = http.StatusInternalServerError
			if !errors.Is(err, context.Canceled) {
				p.tb.Errorf("a request ended in a fault of the pod's own: %v", err)
			}
		}
		body, _ := json.Marshal(map[string]any{"status": status, "code": codeOf(err), "detail": err.Error()})
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return
	}
	w.Header().Set("Content-Type", reply.ContentType)
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body)
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*pod.Error](err); ok {
		return e.Code
	}
	return ""
}

// record gives what this pod knows of another; the zero record when it knows nothing.
func (p *pal) record(id pod.PodID) pod.Friend {
	p.tb.Helper()
	rec, err := p.store.FriendByPodID(context.Background(), id)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		p.tb.Fatal(err)
	}
	return rec
}

// join makes friends and expects it to work.
func (p *pal) join(hosts ...string) pod.Joined {
	p.tb.Helper()
	joined, err := p.MakeFriends(context.Background(), pod.Join{Hosts: hosts})
	if err != nil {
		p.tb.Fatalf("MakeFriends(%v) = %v, want nil", hosts, err)
	}
	return joined
}

// wantFriends checks that both stand to each other as friends, in the same epoch and with
// each other's runs.
func wantFriends(tb testing.TB, a, b *pal) {
	tb.Helper()
	atA, atB := a.record(b.id()), b.record(a.id())
	if atA.Status != pod.StatusFriend || atB.Status != pod.StatusFriend {
		tb.Fatalf("statuses = %q and %q, want friend and friend", atA.Status, atB.Status)
	}
	if atA.Epoch == 0 || atA.Epoch != atB.Epoch {
		tb.Errorf("epochs = %d and %d, want the same above 0", atA.Epoch, atB.Epoch)
	}
	if atA.TheirRun != atB.OurRun || atB.TheirRun != atA.OurRun {
		tb.Errorf("runs do not fit: %q/%q and %q/%q", atA.OurRun, atB.TheirRun, atB.OurRun, atA.TheirRun)
	}
}

func wantStatus(tb testing.TB, p *pal, other pod.PodID, want pod.FriendStatus) {
	tb.Helper()
	if got := p.record(other).Status; got != want {
		tb.Errorf("status of the other pod = %q, want %q", got, want)
	}
}

// wantRefusal checks the kind and the code of an error.
func wantRefusal(tb testing.TB, what string, err error, kind pod.Kind, code string) {
	tb.Helper()
	if pod.KindOf(err) != kind || err == nil || code != "" && codeOf(err) != code {
		tb.Errorf("%s = %v (code %q), want kind %d, code %q", what, err, codeOf(err), kind, code)
	}
}

// deadURL is an address at which nobody listens.
func deadURL(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}

// eventually waits for a condition.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			tb.Fatalf("waited 15 s in vain for %s", what)
		case <-tick.C:
		}
	}
}

// evil is a pod that signs and answers whatever a test wants.
type evil struct {
	tb     testing.TB
	key    *seal.Key
	url    string
	server *httptest.Server
	calls  atomic.Int32 // that came, of any kind

	mu      sync.Mutex                                   // guards handler
	handler func(w http.ResponseWriter, r *http.Request) // nil: proves its URL honestly
}

func newEvil(tb testing.TB, n int) *evil {
	tb.Helper()
	e := &evil{tb: tb, key: testKey(tb, n)}
	e.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.calls.Add(1)
		e.mu.Lock()
		handler := e.handler
		e.mu.Unlock()
		if handler == nil {
			handler = e.prove
		}
		handler(w, r)
	}))
	e.url = e.server.URL
	tb.Cleanup(e.server.Close)
	return e
}

func (e *evil) answerBy(handler func(w http.ResponseWriter, r *http.Request)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handler = handler
}

// prove answers a challenge as an honest pod does.
func (e *evil) prove(w http.ResponseWriter, r *http.Request) {
	var q map[string]any
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.sign(w, seal.TypeChallenge, map[string]any{"nonce": q["nonce"], "aud": q["from"], "url": e.url})
}

func (e *evil) sign(w http.ResponseWriter, typ string, payload any) {
	jws, err := seal.Sign(e.key, typ, payload)
	if err != nil {
		e.tb.Error(err)
	}
	w.Header().Set("Content-Type", pod.TypeJOSE)
	_, _ = io.WriteString(w, jws)
}

// intro is the honest introduction of this pod to another one.
func (e *evil) intro(to pod.PodID) map[string]any {
	return map[string]any{
		"aud": to, "url": e.url, "name": "Eve", "publicKey": e.key.Public().PEM(),
		"nonce": seal.NewNonce(), "run": seal.NewNonce(), "jti": seal.NewNonce(), "epoch": 1,
	}
}

// introduce sends a payload, signed by this pod, straight to another one.
func (e *evil) introduce(to *pal, payload any) (pod.Reply, error) {
	jws, err := seal.Sign(e.key, seal.TypeIntro, payload)
	if err != nil {
		e.tb.Fatal(err)
	}
	return to.Introduce(context.Background(), incoming(jws))
}

// state reads the signed answer to an introduction.
func (e *evil) answerTo(reply pod.Reply) map[string]any {
	e.tb.Helper()
	s, err := seal.PeekStatement(reply.Body, seal.TypeIntroAnswer)
	if err != nil {
		e.tb.Fatalf("PeekStatement(answer) = %v, want nil", err)
	}
	var a map[string]any
	if err := json.Unmarshal(s.Unverified(), &a); err != nil {
		e.tb.Fatal(err)
	}
	return a
}
