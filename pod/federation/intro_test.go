package federation_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestIntroductionBothSides(t *testing.T) {
	a, b := newPal(t, 1), newPal(t, 2, policy(federation.PolicyOpen))
	joined := a.join(b.url)
	if len(joined.Friends) != 1 || joined.Friends[0].PodID != b.id() {
		t.Fatalf("MakeFriends() = %+v, want one friend", joined)
	}
	wantFriends(t, a, b)
	atA, atB := a.record(b.id()), b.record(a.id())
	if atA.Name != "Pod 2" || atB.Name != "Pod 1" || atA.URL != b.url || atB.URL != a.url {
		t.Errorf("names and URLs = %q %q, %q %q", atA.Name, atA.URL, atB.Name, atB.URL)
	}
	if !atA.Verified || !atB.Verified || atA.CallsNobody || atB.CallsNobody {
		t.Errorf("verified = %v, %v, want both, and both can be called", atA.Verified, atB.Verified)
	}
	if atA.ToldKey != a.id() || atB.ToldKey != b.id() || atA.ToldURL != a.url || atB.ToldURL != b.url || atA.ToldName != "Pod 1" || atB.ToldName != "Pod 2" {
		t.Errorf("told = %+v and %+v", atA, atB)
	}
	if atA.Score != pod.ScoreStart || atB.Score != pod.ScoreStart {
		t.Errorf("scores = %d, %d, want %d", atA.Score, atB.Score, pod.ScoreStart)
	}
	if !a.heard("friend") || !b.heard("friend") || !a.heard("requested") {
		t.Error("followers were not told")
	}
}

func TestIntroductionWaitsAndIsAccepted(t *testing.T) {
	ctx := context.Background()
	a, b := newPal(t, 1), newPal(t, 2)
	joined := a.join(b.url)
	if len(joined.Waiting) != 1 || len(joined.Friends) != 0 {
		t.Fatalf("MakeFriends() = %+v, want one that waits", joined)
	}
	wantStatus(t, a, b.id(), pod.StatusRequested)
	wantStatus(t, b, a.id(), pod.StatusWaiting)
	if err := b.Accept(ctx, a.id()); err != nil {
		t.Fatalf("Accept() = %v, want nil", err)
	}
	wantFriends(t, a, b)
	wantRefusal(t, "Accept(again)", b.Accept(ctx, a.id()), pod.KindConflict, "not_waiting")
	wantRefusal(t, "Accept(unknown)", b.Accept(ctx, testKey(t, 3).ID()), pod.KindNotFound, "")
}

func TestIntroductionIsRefusedByTheOwner(t *testing.T) {
	ctx := context.Background()
	a, b := newPal(t, 1), newPal(t, 2)
	a.join(b.url)
	if err := b.Refuse(ctx, a.id()); err != nil {
		t.Fatalf("Refuse() = %v, want nil", err)
	}
	wantRefusal(t, "Refuse(again)", b.Refuse(ctx, a.id()), pod.KindNotFound, "")
	joined := a.join(b.url)
	if len(joined.Refused) != 1 || joined.Refused[0].Code != "refused" || joined.Refused[0].Reason == "" {
		t.Errorf("MakeFriends() = %+v, want one refusal with its reason", joined)
	}
	wantStatus(t, a, b.id(), pod.StatusFormer)
	wantStatus(t, b, a.id(), pod.StatusRefused)
}

// TestIntroductionAnswerLost cuts the first answer off: the asker repeats, and both end in
// the same epoch.
func TestIntroductionAnswerLost(t *testing.T) {
	a, b := newPal(t, 1), newPal(t, 2, policy(federation.PolicyOpen))
	b.loseIntros.Store(1)
	if joined := a.join(b.url); len(joined.Waiting) != 1 {
		t.Fatalf("MakeFriends(answer lost) = %+v, want one that waits", joined)
	}
	wantStatus(t, a, b.id(), pod.StatusRequested)
	wantStatus(t, b, a.id(), pod.StatusFriend)
	if joined := a.join(b.url); len(joined.Friends) != 1 {
		t.Fatalf("MakeFriends(again) = %+v, want one friend", joined)
	}
	wantFriends(t, a, b)
	if got := a.record(b.id()).Epoch; got != 1 {
		t.Errorf("epoch = %d, want 1: the answer was repeated", got)
	}
}

func TestIntroductionsCross(t *testing.T) {
	for range 5 {
		a, b := newPal(t, 1), newPal(t, 2)
		var both sync.WaitGroup
		both.Go(func() { _, _ = a.MakeFriends(context.Background(), pod.Join{Hosts: []string{b.url}}) })
		both.Go(func() { _, _ = b.MakeFriends(context.Background(), pod.Join{Hosts: []string{a.url}}) })
		both.Wait()
		wantFriends(t, a, b)
	}
}

// TestIntroductionsCrossAtAStep lets the other side introduce itself while the first one
// is at a named step.
func TestIntroductionsCrossAtAStep(t *testing.T) {
	for _, step := range []string{"intro-asked", "intro-answered"} {
		t.Run(step, func(t *testing.T) {
			var a, b *pal
			var once sync.Once
			a = newPal(t, 1, failPoint(func(at string) {
				if at == step {
					once.Do(func() { _, _ = b.MakeFriends(context.Background(), pod.Join{Hosts: []string{a.url}}) })
				}
			}))
			b = newPal(t, 2)
			a.join(b.url)
			wantFriends(t, a, b)
		})
	}
}

// TestIntroductionEndsAtAStep ends the work of either side at each named step, as a crash
// does. The next try of the asker brings both together, in one epoch.
func TestIntroductionEndsAtAStep(t *testing.T) {
	for _, test := range []struct {
		step string
		end  func()
	}{
		{"intro-asked", runtime.Goexit},
		{"intro-answered", runtime.Goexit},
		{"intro-done", runtime.Goexit},
		{"intro-before-store", func() { panic(http.ErrAbortHandler) }},
		{"intro-after-store", func() { panic(http.ErrAbortHandler) }},
	} {
		t.Run(test.step, func(t *testing.T) {
			var reached atomic.Bool
			crash := failPoint(func(at string) {
				if at == test.step && reached.CompareAndSwap(false, true) {
					test.end()
				}
			})
			a, b := newPal(t, 1, crash), newPal(t, 2, policy(federation.PolicyOpen), crash)
			ask := func() { _, _ = a.MakeFriends(context.Background(), pod.Join{Hosts: []string{b.url}}) }
			ask()
			if !reached.Load() {
				t.Fatal("the step was not reached")
			}
			if a.record(b.id()).ID == 0 {
				t.Error("the asker does not remember that it asked")
			}
			ask()
			wantFriends(t, a, b)
			if got := a.record(b.id()).Epoch; got != 1 {
				t.Errorf("epoch = %d, want 1", got)
			}
		})
	}
}

// TestIntroductionIsRepeated: what MakeFriends could not finish goes on by itself.
func TestIntroductionIsRepeated(t *testing.T) {
	soon := func(c *federation.Config) { c.Interval = 20 * time.Millisecond }
	a, b := newPal(t, 1, soon), newPal(t, 2, policy(federation.PolicyOpen))
	b.loseIntros.Store(2)
	if err := a.Start(context.Background()); err != nil {
		t.Fatalf("Start() = %v, want nil", err)
	}
	a.join(b.url)
	eventually(t, "the introduction to be repeated", func() bool { return a.record(b.id()).Status == pod.StatusFriend })
	wantFriends(t, a, b)
}

func TestIntroductionAfterQuit(t *testing.T) {
	ctx := context.Background()
	a, b := newPal(t, 1, policy(federation.PolicyOpen)), newPal(t, 2, policy(federation.PolicyOpen))
	a.join(b.url)
	if _, err := a.MakeFriends(ctx, pod.Join{Hosts: []string{b.url}}); pod.KindOf(err) != pod.KindConflict {
		t.Errorf("MakeFriends(a friend) = %v, want a conflict", err)
	}
	if err := a.QuitAll(ctx); err != nil {
		t.Fatalf("QuitAll() = %v, want nil", err)
	}
	wantStatus(t, a, b.id(), pod.StatusFormer)
	a.join(b.url) // b was not told of the end
	wantFriends(t, a, b)
	if got := b.record(a.id()).Epoch; got != 2 {
		t.Errorf("epoch after quitting = %d, want 2", got)
	}
	if rec := a.record(b.id()); rec.QuitEpoch != 0 {
		t.Errorf("owed notice = %d, want none", rec.QuitEpoch)
	}
}

// TestIntroductionOfAPodThatNobodyReaches: its address gives no connection, so it signs a
// nonce instead, and greets its friend itself from then on.
func TestIntroductionOfAPodThatNobodyReaches(t *testing.T) {
	ctx := context.Background()
	dead := deadURL(t)
	a, b := newPal(t, 1, atURL(dead)), newPal(t, 2)
	if joined := a.join(b.url); len(joined.Waiting) != 1 {
		t.Fatalf("MakeFriends() = %+v, want one that waits", joined)
	}
	if rec := a.record(b.id()); !rec.CallsNobody {
		t.Error("the asker does not know that it can not be called")
	}
	if rec := b.record(a.id()); rec.Verified || rec.Status != pod.StatusWaiting {
		t.Errorf("status, verified = %q, %v, want an unverified pod that waits", rec.Status, rec.Verified)
	}
	if err := b.Accept(ctx, a.id()); err != nil {
		t.Fatalf("Accept() = %v, want nil", err)
	}
	wantStatus(t, b, a.id(), pod.StatusRequested)
	a.join(b.url)
	wantFriends(t, a, b)
	if !a.record(b.id()).CallsNobody || b.record(a.id()).Verified {
		t.Error("a pod that nobody reaches is known as one that can be called")
	}
}

func TestIntroductionAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		header string
		kept   pod.FriendStatus
		code   string
	}{
		{"refused", http.StatusForbidden, "1", pod.StatusFormer, "refused"},
		{"another key there", http.StatusConflict, "1", pod.StatusRequested, "key_differs"},
		{"upgrade", http.StatusUpgradeRequired, "2, 3", pod.StatusRequested, ""},
		{"too many", http.StatusTooManyRequests, "1", pod.StatusRequested, ""},
		{"fault", http.StatusInternalServerError, "1", pod.StatusRequested, ""},
		{"unsigned yes", http.StatusOK, "1", pod.StatusRequested, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, e := newPal(t, 1), newEvil(t, 2)
			e.answerBy(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					e.tellSelf(w, r)
					return
				}
				w.Header().Set(pod.HeaderAPIVersions, test.header)
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(`{"state":"friend","code":"<b>"}`))
			})
			joined := p.join(e.url)
			wantStatus(t, p, e.key.ID(), test.kept)
			if test.code == "" && len(joined.Waiting) != 1 || test.code != "" && (len(joined.Refused) != 1 || joined.Refused[0].Code != test.code) {
				t.Errorf("MakeFriends() = %+v, want code %q", joined, test.code)
			}
			rec := p.record(e.key.ID())
			if want := test.status == http.StatusUpgradeRequired; rec.MustUpdate != want {
				t.Errorf("MustUpdate = %v, want %v", rec.MustUpdate, want)
			}
		})
	}
}

// tellSelf answers GET /pods/me and GET /pods.
func (e *evil) tellSelf(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/api/v1/pods/me" {
		_ = json.NewEncoder(w).Encode(map[string]any{"id": e.key.ID(), "name": "Eve", "url": e.url, "publicKey": e.key.Public().PEM()})
		return
	}
	_, _ = w.Write([]byte(`{"total":0,"data":[]}`))
}

// TestIntroductionForgedAnswers: whatever is not the pod's own answer to this very
// introduction changes nothing.
func TestIntroductionForgedAnswers(t *testing.T) {
	for name, change := range map[string]func(e *evil, a map[string]any){
		"other nonce":      func(_ *evil, a map[string]any) { a["nonce"] = seal.NewNonce() },
		"other jti":        func(_ *evil, a map[string]any) { a["jti"] = seal.NewNonce() },
		"for another pod":  func(e *evil, a map[string]any) { a["aud"] = e.key.ID() },
		"by another key":   func(e *evil, _ map[string]any) { e.key = testKey(e.tb, 3) },
		"no epoch":         func(_ *evil, a map[string]any) { a["epoch"] = 0 },
		"no run":           func(_ *evil, a map[string]any) { a["run"] = "" },
		"unknown state":    func(_ *evil, a map[string]any) { a["state"] = "owner" },
		"proof for ever":   func(_ *evil, a map[string]any) { a["state"], a["proveNonce"] = "prove", seal.NewNonce() },
		"epoch far beyond": func(_ *evil, a map[string]any) { a["epoch"] = uint64(1) << 60 },
	} {
		t.Run(name, func(t *testing.T) {
			p, e := newPal(t, 1), newEvil(t, 2)
			e.answerBy(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					e.tellSelf(w, r)
					return
				}
				a := answerFor(t, r, p.id())
				liar := &evil{tb: t, key: e.key}
				change(liar, a)
				liar.sign(w, seal.TypeIntroAnswer, a)
			})
			p.join(e.url)
			wantStatus(t, p, e.key.ID(), pod.StatusRequested)
		})
	}
}

// answerFor is the honest answer "friend" to the introduction in a request.
func answerFor(tb testing.TB, r *http.Request, to pod.PodID) map[string]any {
	tb.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Error(err)
	}
	s, err := seal.PeekStatement(raw, seal.TypeIntro)
	if err != nil {
		tb.Errorf("PeekStatement(introduction) = %v, want nil", err)
		return map[string]any{}
	}
	var m map[string]any
	if err := json.Unmarshal(s.Unverified(), &m); err != nil {
		tb.Error(err)
	}
	return map[string]any{"aud": to, "jti": m["jti"], "nonce": m["nonce"], "run": seal.NewNonce(), "state": "friend", "epoch": 1}
}

// TestIntroductionOvertaken: the other side renews its run while our introduction is under
// way, so that the answer to ours is older than what stands. It changes nothing.
func TestIntroductionOvertaken(t *testing.T) {
	p, e := newPal(t, 1), newEvil(t, 2)
	newer := e.intro(p.id())
	newer["epoch"] = 5
	e.answerBy(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			e.tellSelf(w, r)
		case r.URL.Path == "/api/v1/pods/challenge":
			e.prove(w, r)
		default:
			a := answerFor(t, r, p.id())
			if _, err := e.introduce(p, newer); err != nil {
				t.Errorf("Introduce(crossing) = %v, want nil", err)
			}
			e.sign(w, seal.TypeIntroAnswer, a) // of epoch 1
		}
	})
	p.join(e.url)
	rec := p.record(e.key.ID())
	if rec.Status != pod.StatusFriend || rec.Epoch != 5 || rec.TheirRun != newer["run"] {
		t.Errorf("status, epoch, run = %q, %d, %q, want friend, 5, %v", rec.Status, rec.Epoch, rec.TheirRun, newer["run"])
	}
}

// TestIntroductionOfAFormerFriend: the owner ended the friendship, and the notice of it
// waits. A new friendship takes it back.
func TestIntroductionOfAFormerFriend(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	intro := e.intro(p.id())
	for want := uint64(1); want <= 3; want++ {
		if _, err := e.introduce(p, intro); err != nil {
			t.Fatalf("Introduce() = %v, want nil", err)
		}
		rec := p.record(e.key.ID())
		if rec.Status != pod.StatusFriend || rec.Epoch != want || rec.QuitEpoch != 0 || rec.Score != pod.ScoreStart {
			t.Errorf("status, epoch, owed notice, score = %q, %d, %d, %d, want friend, %d, 0, %d", rec.Status, rec.Epoch, rec.QuitEpoch, rec.Score, want, pod.ScoreStart)
		}
		if err := p.Remove(context.Background(), e.key.ID()); err != nil {
			t.Fatalf("Remove() = %v, want nil", err)
		}
		if rec := p.record(e.key.ID()); rec.QuitEpoch != want {
			t.Errorf("owed notice = %d, want %d", rec.QuitEpoch, want)
		}
	}
}
