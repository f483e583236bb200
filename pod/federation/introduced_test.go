package federation_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// incoming is a request with that body, from this machine.
func incoming(body string) pod.Incoming {
	return pod.Incoming{Body: strings.NewReader(body), ContentType: pod.TypeJOSE, Version: "1", Source: netip.MustParseAddr("127.0.0.1")}
}

func TestIntroduceByPolicy(t *testing.T) {
	for _, test := range []struct {
		policy federation.Policy
		state  string
		status int
		kept   pod.FriendStatus
		code   string
	}{
		{federation.PolicyOpen, "friend", http.StatusOK, pod.StatusFriend, ""},
		{federation.PolicyAsk, "waiting", http.StatusAccepted, pod.StatusWaiting, ""},
		{federation.PolicyInvited, "", 0, "", "invite_needed"},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			p, e := newPal(t, 1, policy(test.policy)), newEvil(t, 2)
			intro := e.intro(p.id())
			reply, err := e.introduce(p, intro)
			wantStatus(t, p, e.key.ID(), test.kept)
			if test.code != "" {
				wantRefusal(t, "Introduce()", err, pod.KindForbidden, test.code)
				return
			}
			if err != nil || reply.Status != test.status {
				t.Fatalf("Introduce() = %d, %v, want %d, nil", reply.Status, err, test.status)
			}
			a := e.answerTo(reply)
			if a["state"] != test.state || a["nonce"] != intro["nonce"] || a["jti"] != intro["jti"] || a["aud"] != string(e.key.ID()) {
				t.Errorf("answer = %v, want state %s for this introduction", a, test.state)
			}
			rec := p.record(e.key.ID())
			if !rec.Verified || rec.CallURL != e.url || rec.Name != "Eve" || rec.CallClass != pod.ClassLoopback {
				t.Errorf("record = %+v, want a verified pod Eve at %s", rec, e.url)
			}
		})
	}
}

func TestIntroduceRefusesWhatIsMalformed(t *testing.T) {
	p, e, other := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2), testKey(t, 3)
	for _, test := range []struct {
		name   string
		change func(m map[string]any)
		kind   pod.Kind
		code   string
	}{
		{"unknown field", func(m map[string]any) { m["role"] = "admin" }, pod.KindInvalid, ""},
		{"URL with quotes (FRI-10)", func(m map[string]any) { m["url"] = `http://a"b'c/` }, pod.KindInvalid, "invalid_url"},
		{"URL with separators (FRI-10)", func(m map[string]any) { m["url"] = "http://a\x00b|c" }, pod.KindInvalid, "invalid_url"},
		{"URL of 10 KiB (FRI-10)", func(m map[string]any) { m["url"] = "http://" + strings.Repeat("a", 10<<10) }, pod.KindInvalid, "invalid_url"},
		{"URL of a low port (NET-01)", func(m map[string]any) { m["url"] = "http://127.0.0.1:22" }, pod.KindInvalid, "invalid_url"},
		{"URL as a number (NET-02)", func(m map[string]any) { m["url"] = "http://2130706433:6379" }, pod.KindInvalid, "invalid_url"},
		{"URL in hexadecimal (NET-02)", func(m map[string]any) { m["url"] = "http://0x7f.1:6379" }, pod.KindInvalid, "invalid_url"},
		{"no name", func(m map[string]any) { m["name"] = "\u202e \x01" }, pod.KindInvalid, "invalid_name"},
		{"long name", func(m map[string]any) { m["name"] = strings.Repeat("x", pod.MaxNameLen+1) }, pod.KindInvalid, "invalid_name"},
		{"short nonce", func(m map[string]any) { m["nonce"] = "abc" }, pod.KindInvalid, ""},
		{"no run", func(m map[string]any) { delete(m, "run") }, pod.KindInvalid, ""},
		{"jti not in base64url", func(m map[string]any) { m["jti"] = strings.Repeat("+", 22) }, pod.KindInvalid, ""},
		{"epoch below zero", func(m map[string]any) { m["epoch"] = -1 }, pod.KindInvalid, ""},
		{"epoch out of bounds", func(m map[string]any) { m["epoch"] = uint64(1) << 62 }, pod.KindInvalid, ""},
		{"invite of wrong form", func(m map[string]any) { m["invite"] = map[string]any{"id": "x", "mac": "y"} }, pod.KindInvalid, ""},
		{"via is no pod", func(m map[string]any) { m["via"] = "friend" }, pod.KindInvalid, ""},
		{"aud is no pod", func(m map[string]any) { m["aud"] = "you" }, pod.KindInvalid, ""},
		{"aud is another pod", func(m map[string]any) { m["aud"] = other.ID() }, pod.KindForbidden, ""},
		{"key of another pod", func(m map[string]any) { m["publicKey"] = other.Public().PEM() }, pod.KindForbidden, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			intro := e.intro(p.id())
			test.change(intro)
			_, err := e.introduce(p, intro)
			wantRefusal(t, "Introduce()", err, test.kind, test.code)
			if n := e.calls.Load(); n != 0 {
				t.Errorf("calls of the newcomer's URL = %d, want 0", n)
			}
			wantStatus(t, p, e.key.ID(), "")
		})
	}
}

// TestIntroduceRefusesKeys is FED-18.
func TestIntroduceRefusesKeys(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	odd := small.PublicKey
	odd.E = 3
	spki := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	for name, text := range map[string]string{
		"words": "mysuperpublickey", "nothing": "", "elliptic": spki(&curve.PublicKey), "small": spki(&small.PublicKey), "exponent": spki(&odd),
		"trailing data": e.key.Public().PEM() + "x", "private": string(e.key.PEM()),
	} {
		intro := e.intro(p.id())
		intro["publicKey"] = text
		_, err := e.introduce(p, intro)
		wantRefusal(t, "Introduce(key: "+name+")", err, pod.KindInvalid, "invalid_key")
	}
	wantStatus(t, p, e.key.ID(), "")
}

func TestIntroduceRefusesBodies(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	good, err := seal.Sign(e.key, seal.TypeIntro, e.intro(p.id()))
	if err != nil {
		t.Fatal(err)
	}
	otherType, err := seal.Sign(e.key, seal.TypeVideo, e.intro(p.id()))
	if err != nil {
		t.Fatal(err)
	}
	own, err := seal.Sign(p.key, seal.TypeIntro, func() map[string]any {
		m := e.intro(p.id())
		m["publicKey"] = p.key.Public().PEM()
		return m
	}())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		body   string
		change func(in *pod.Incoming)
		kind   pod.Kind
	}{
		{"JSON", "{}", func(in *pod.Incoming) { in.ContentType = "application/json" }, pod.KindUnsupported},
		{"too large", good + strings.Repeat("a", 64<<10), nil, pod.KindTooLarge},
		{"other version", good, func(in *pod.Incoming) { in.Version = "2" }, pod.KindUpgrade},
		{"unsigned (FED-20)", `{"aud":"x"}`, nil, pod.KindForbidden},
		{"signature cut", good[:len(good)-8], nil, pod.KindForbidden},
		{"signature changed", good[:len(good)-8] + "AAAAAAAA", nil, pod.KindForbidden},
		{"statement of another type", otherType, nil, pod.KindForbidden},
		{"by ourselves", own, nil, pod.KindForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := incoming(test.body)
			if test.change != nil {
				test.change(&in)
			}
			_, err := p.Introduce(context.Background(), in)
			wantRefusal(t, "Introduce()", err, test.kind, "")
		})
	}
	wantStatus(t, p, e.key.ID(), "")
}

// TestIntroduceWantsProof is FED-17: a pod names a URL that it does not hold.
func TestIntroduceWantsProof(t *testing.T) {
	for name, handler := range map[string]func(e *evil) http.HandlerFunc{
		"other software": func(*evil) http.HandlerFunc { return http.NotFound },
		"redirect": func(e *evil) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, e.url+"/x", http.StatusTemporaryRedirect)
			}
		},
		"endless answer (NET-07)": func(*evil) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", pod.TypeJOSE)
				_, _ = w.Write(bytes.Repeat([]byte("a"), 1<<20))
			}
		},
		"other nonce": func(e *evil) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				e.sign(w, seal.TypeChallenge, map[string]any{"nonce": seal.NewNonce(), "aud": testKey(e.tb, 1).ID(), "url": e.url})
			}
		},
		"raw nonce by another key": func(e *evil) http.HandlerFunc {
			liar := &evil{tb: e.tb, key: testKey(e.tb, 3), url: e.url}
			return liar.prove
		},
		"proof of another URL": func(e *evil) http.HandlerFunc {
			liar := &evil{tb: e.tb, key: e.key, url: "http://victim.example"}
			return liar.prove
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
			e.answerBy(handler(e))
			_, err := e.introduce(p, e.intro(p.id()))
			wantRefusal(t, "Introduce()", err, pod.KindForbidden, "wrong_proof")
			wantStatus(t, p, e.key.ID(), "")
		})
	}
}

// TestIntroduceOfAnotherKeyAtAKnownURL is FED-14: a friend's address answers with another
// key. The friend stays what it is and the owner is told.
func TestIntroduceOfAnotherKeyAtAKnownURL(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce(first) = %v, want nil", err)
	}
	before := p.record(e.key.ID())
	first := e.key.ID()
	e.key = testKey(t, 3)
	_, err := e.introduce(p, e.intro(p.id()))
	wantRefusal(t, "Introduce(other key)", err, pod.KindConflict, "key_differs")
	if got := p.record(first); !bytes.Equal(got.PublicKey, before.PublicKey) || got.Status != pod.StatusFriend || got.Epoch != before.Epoch {
		t.Errorf("record = %+v, want it unchanged", got)
	}
	wantStatus(t, p, e.key.ID(), "")
	if !p.heard("key-differs") {
		t.Error("the owner was not told")
	}
}

// TestIntroduceOfBlocked is FRI-11 and FRI-12.
func TestIntroduceOfBlocked(t *testing.T) {
	ctx := context.Background()
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	if err := p.Block(ctx, e.key.ID()); err != nil {
		t.Fatalf("Block() = %v, want nil", err)
	}
	calls, limited := e.calls.Load(), 0
	for range 100 {
		_, err := e.introduce(p, e.intro(p.id()))
		switch pod.KindOf(err) {
		case pod.KindTooMany:
			limited++
		case pod.KindForbidden:
		default:
			t.Fatalf("Introduce(blocked) = %v, want 403 or 429", err)
		}
	}
	if limited == 0 || e.calls.Load() != calls {
		t.Errorf("refused by the bucket %d times, calls %d, want some and %d", limited, e.calls.Load(), calls)
	}
	wantStatus(t, p, e.key.ID(), pod.StatusBlocked)
}

func TestIntroduceOfBlockedWithANewKey(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	if err := p.Block(context.Background(), e.key.ID()); err != nil {
		t.Fatalf("Block() = %v, want nil", err)
	}
	e.key = testKey(t, 3)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce(new key) = %v, want nil", err)
	}
	rec := p.record(e.key.ID())
	if rec.Status != pod.StatusWaiting || rec.Score != 0 {
		t.Errorf("status, score = %q, %d, want waiting, 0: the owner is asked", rec.Status, rec.Score)
	}
}

func TestIntroduceAsksOnceForAWaitingPod(t *testing.T) {
	p, e := newPal(t, 1), newEvil(t, 2)
	for range 5 {
		if _, err := e.introduce(p, e.intro(p.id())); err != nil {
			t.Fatalf("Introduce() = %v, want nil", err)
		}
	}
	all, err := p.List(context.Background())
	if err != nil || len(all) != 1 {
		t.Errorf("List() = %d pods, %v, want 1, nil", len(all), err)
	}
	if n := e.calls.Load(); n != 1 {
		t.Errorf("calls of the newcomer's URL = %d, want 1", n)
	}
}

func TestIntroduceBoundsWaitingPods(t *testing.T) {
	p := newPal(t, 1, limits(func(l *pod.Limits) { l.WaitingRequests = 1 }))
	first, second := newEvil(t, 2), newEvil(t, 3)
	if _, err := first.introduce(p, first.intro(p.id())); err != nil {
		t.Fatalf("Introduce(first) = %v, want nil", err)
	}
	_, err := second.introduce(p, second.intro(p.id()))
	wantRefusal(t, "Introduce(second)", err, pod.KindTooMany, "too_many_waiting")
	wantStatus(t, p, second.key.ID(), "")
}

// TestIntroduceFromOutside is NET-01 and NET-06: where the newcomer calls from bounds the
// addresses that it may name.
func TestIntroduceFromOutside(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	for name, change := range map[string]func(in *pod.Incoming){
		"from the Internet": func(in *pod.Incoming) { in.Source = netip.MustParseAddr("8.8.8.8") },
		"from the LAN":      func(in *pod.Incoming) { in.Source = netip.MustParseAddr("192.168.1.7") },
		"through a proxy":   func(in *pod.Incoming) { in.Forwarded = true },
	} {
		jws, err := seal.Sign(e.key, seal.TypeIntro, e.intro(p.id()))
		if err != nil {
			t.Fatal(err)
		}
		in := incoming(jws)
		change(&in)
		reply, err := p.Introduce(context.Background(), in)
		if err != nil {
			t.Fatalf("Introduce(%s) = %v, want nil", name, err)
		}
		if a := e.answerTo(reply); a["state"] != "prove" {
			t.Errorf("Introduce(%s): state = %v, want prove", name, a["state"])
		}
	}
	if n := e.calls.Load(); n != 0 {
		t.Errorf("calls of a loopback address = %d, want 0", n)
	}
	wantStatus(t, p, e.key.ID(), "")
}

func TestIntroduceProvesWithoutURL(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	e.url = deadURL(t)
	intro := func(nonce any) map[string]any {
		m := e.intro(p.id())
		if nonce != nil {
			m["proveNonce"] = nonce
		}
		return m
	}
	ask := func(m map[string]any) map[string]any {
		t.Helper()
		reply, err := e.introduce(p, m)
		if err != nil {
			t.Fatalf("Introduce() = %v, want nil", err)
		}
		return e.answerTo(reply)
	}
	if a := ask(intro(seal.NewNonce())); a["state"] != "prove" {
		t.Errorf("state with a nonce that nobody gave = %v, want prove", a["state"])
	}
	first := ask(intro(nil))
	wantStatus(t, p, e.key.ID(), "")
	last := intro(first["proveNonce"])
	if a := ask(last); a["state"] != "friend" {
		t.Fatalf("state with our nonce = %v, want friend", a["state"])
	}
	rec := p.record(e.key.ID())
	if rec.Verified || rec.Status != pod.StatusFriend || rec.URL != e.url {
		t.Errorf("record = %+v, want an unverified friend", rec)
	}
	last["run"] = seal.NewNonce()
	if a := ask(last); a["state"] != "prove" {
		t.Errorf("state with a used nonce = %v, want prove", a["state"])
	}
	if got := p.record(e.key.ID()); got.Epoch != rec.Epoch {
		t.Errorf("epoch = %d, want %d: nothing was proven", got.Epoch, rec.Epoch)
	}
}

func TestIntroduceAgain(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	intro := e.intro(p.id())
	introduce := func(m map[string]any) map[string]any {
		t.Helper()
		reply, err := e.introduce(p, m)
		if err != nil {
			t.Fatalf("Introduce() = %v, want nil", err)
		}
		return e.answerTo(reply)
	}
	first := introduce(intro)
	second := introduce(intro)
	if first["epoch"] != second["epoch"] || first["run"] != second["run"] || e.calls.Load() != 1 {
		t.Errorf("the same run got %v then %v with %d calls, want the standing epoch without a call", first, second, e.calls.Load())
	}
	intro["run"], intro["epoch"] = seal.NewNonce(), 7
	third := introduce(intro)
	if third["epoch"] != 7.0 {
		t.Errorf("epoch of a new run = %v, want 7", third["epoch"])
	}
	intro["run"], intro["epoch"] = seal.NewNonce(), 2
	if fourth := introduce(intro); fourth["epoch"] != 8.0 {
		t.Errorf("epoch of the next run = %v, want 8", fourth["epoch"])
	}
	intro["name"] = "Eve at home"
	if fifth := introduce(intro); fifth["epoch"] != 8.0 || p.record(e.key.ID()).Name != "Eve at home" {
		t.Errorf("epoch, name = %v, %q, want 8 and the new name", fifth["epoch"], p.record(e.key.ID()).Name)
	}
}

// TestIntroduceByASupersededKey: a key that a friend has replaced speaks for it a while
// longer, and then never again, though its record is found by it.
func TestIntroduceByASupersededKey(t *testing.T) {
	ctx := context.Background()
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	old, next := e.key, testKey(t, 3)
	rotate := func(until time.Time) {
		t.Helper()
		_, err := p.store.ChangeFriend(ctx, old.ID(), "", func(r *pod.Friend) error {
			r.PodID, r.PublicKey = next.ID(), next.Public().DER()
			r.OldKeys = []pod.OldKey{{PodID: old.ID(), PublicKey: old.Public().DER(), Until: until}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rotate(time.Now().Add(time.Hour))
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Errorf("Introduce(superseded a moment ago) = %v, want nil", err)
	}
	before := p.record(next.ID())
	if before.PodID != next.ID() || before.Epoch != 2 {
		t.Errorf("record = %+v, want the new key in epoch 2", before)
	}
	rotate(time.Now().Add(-time.Hour))
	other := newEvil(t, 2) // at an address of its own: the friend's is guarded by its key
	other.key = old
	_, err := other.introduce(p, other.intro(p.id()))
	wantRefusal(t, "Introduce(superseded long ago)", err, pod.KindForbidden, "refused")
	if got := p.record(next.ID()); got.Epoch != before.Epoch || got.URL != before.URL {
		t.Errorf("record = %+v, want it unchanged", got)
	}
}

// TestIntroduceWithASilentURL is NET-08: an address that takes the connection and says
// nothing is as good as none, and does not hold the newcomer up for long.
func TestIntroduceWithASilentURL(t *testing.T) {
	quick := fetch.New(fetch.Config{HeaderTimeout: 200 * time.Millisecond, Timeout: 400 * time.Millisecond})
	defer quick.CloseIdle()
	p, e := newPal(t, 1, policy(federation.PolicyOpen), func(c *federation.Config) { c.Fetch = quick }), newEvil(t, 2)
	e.answerBy(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	reply, err := e.introduce(p, e.intro(p.id()))
	if err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	if a := e.answerTo(reply); a["state"] != "prove" {
		t.Errorf("state = %v, want prove", a["state"])
	}
}
