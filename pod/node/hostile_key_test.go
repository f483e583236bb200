package node_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
	"github.com/peerpod/peerpod/pod/seal"
)

// FED-14: nobody takes over the address of a friend with another key.
func (w world) anotherKey() {
	t, victim := w.t, w.victim
	honest, thief := evil.New(t, 0), w.from(1, "127.0.1.8")
	wantStatus(t, "makefriends", victim.MakeFriends(honest.URL), http.StatusOK)
	wantListed(t, victim, honest.ID(), "friend")
	events := follow(t, victim)
	honest.HandOver(thief)
	to := thief.Meet(victim.URL)
	if a := thief.Introduce(to, thief.Introduction(to)); a.Status != http.StatusConflict || a.Code != "key_differs" {
		t.Errorf("FED-14 introduction = %d %s, want 409", a.Status, a.Raw)
	}
	podtest.Eventually(t, "the owner is told", func() bool { return strings.Contains(events(), "key-differs") })
	wantListed(t, victim, thief.ID(), "")
	wantListed(t, victim, honest.ID(), "friend")
	// The owner's own call meets the thief: the friend's key stays as well.
	if a := victim.MakeFriends(thief.URL); a.Status == http.StatusOK && !bytes.Contains(a.Body, []byte("key_differs")) {
		t.Errorf("FED-14 makefriends = %d %s, want a refusal", a.Status, a.Body)
	}
	wantListed(t, victim, thief.ID(), "")
	wantListed(t, victim, honest.ID(), "friend")
}

// follow reads the events of a pod until the test ends.
func follow(t *testing.T, p *podtest.Pod) (events func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	client := &http.Client{Transport: &http.Transport{Proxy: nil}}
	res, err := client.Do(p.Owner().Request(http.MethodGet, "/api/v1/events", http.NoBody).WithContext(ctx))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET events: %v", err)
	}
	var (
		mu   sync.Mutex
		text strings.Builder
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			mu.Lock()
			text.WriteString(lines.Text())
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = res.Body.Close()
		client.CloseIdleConnections()
	})
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}

// Challenges are answered to the pod that is being asked, and only while it is.
func (w world) challenges() {
	t, victim := w.t, w.victim
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	ask := func(nonce, jti, from any) podtest.Answer {
		q := evil.Fields{"nonce": nonce, "jti": jti, "from": from}
		return podtest.NewClient(t, victim.URL).Do(http.MethodPost, "/api/v1/pods/challenge", bytes.NewReader(q.JSON()), "Content-Type", "application/json")
	}
	if a := ask(seal.NewNonce(), seal.NewNonce(), mallory.ID()); a.Status != http.StatusForbidden {
		t.Errorf("challenge without an introduction = %d %s, want 403", a.Status, a.Body)
	}
	jtis, results := make(chan string, 1), map[string]int{}
	var first sync.Once
	mallory.On(evil.Intro, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		s, err := seal.PeekStatement(raw, seal.TypeIntro)
		var in struct{ JTI string }
		if err == nil && json.Unmarshal(s.Unverified(), &in) == nil {
			first.Do(func() {
				results["good"] = ask(seal.NewNonce(), in.JTI, mallory.ID()).Status
				results["from another"] = ask(seal.NewNonce(), in.JTI, other.ID()).Status
				results["another introduction"] = ask(seal.NewNonce(), seal.NewNonce(), mallory.ID()).Status
				results["text as nonce"] = ask("Please sign this text.", in.JTI, mallory.ID()).Status
				results["a JWS as nonce"] = ask(mallory.Statement(seal.TypeVideo, evil.Fields{}), in.JTI, mallory.ID()).Status
				results["number as nonce"] = ask(1, in.JTI, mallory.ID()).Status
				jtis <- in.JTI
			})
		}
		w.WriteHeader(http.StatusForbidden)
	})
	wantStatus(t, "makefriends", victim.MakeFriends(mallory.URL), http.StatusOK)
	last := <-jtis
	want := map[string]int{
		"good": 200, "from another": 403, "another introduction": 403, "text as nonce": 400, "a JWS as nonce": 400, "number as nonce": 400,
	}
	for row, status := range want {
		if results[row] != status {
			t.Errorf("challenge, %s = %d, want %d", row, results[row], status)
		}
	}
	podtest.Eventually(t, "challenges are refused after the introduction", func() bool {
		return ask(seal.NewNonce(), last, mallory.ID()).Status == http.StatusForbidden
	})
	w.wantNobody()
}

// FRI-11: one that asks a hundred times waits once.
func (w world) pestering() {
	t := w.t
	mallory := w.from(0, "127.0.1.10")
	to := mallory.Meet(w.victim.URL)
	count := map[string]int{}
	for range 100 {
		i := mallory.Introduction(to)
		i.Body["name"] = rand.Text() // so that it is not a mere repetition
		a := mallory.Introduce(to, i)
		count[fmt.Sprint(a.Status, a.State, a.Code)]++
	}
	if count["202waiting"] == 0 || count["429too_many_requests"] < 20 || len(count) != 2 {
		t.Errorf("FRI-11 100 introductions = %v, want waiting, then 429", count)
	}
	if got := w.victim.Pods(); len(got) != 1 || got[0].Status != "waiting" {
		t.Errorf("FRI-11 the owner sees %+v, want one that waits", got)
	}
	w.verb("refuse", mallory.ID())
	mallory.CallFrom("127.0.1.11")
	if a := mallory.Introduce(to, mallory.Introduction(to)); a.Status != http.StatusForbidden {
		t.Errorf("FRI-11 introduction after the owner's no = %d %s, want 403", a.Status, a.Raw)
	}
	w.wantNobody()
}

// FRI-12: a removed pod that comes with a new key is a stranger.
func (w world) newKeyAfterEnd() {
	t, victim := w.t, w.victim
	mallory, next := evil.New(t, 0), w.from(1, "127.0.1.12")
	mallory.Publishes(mallory.Video("First", 1))
	wantStatus(t, "makefriends", victim.MakeFriends(mallory.URL), http.StatusOK)
	podtest.Eventually(t, "the friend's video is listed", func() bool { return slices.Contains(victim.Names(), "First") })
	w.remove(mallory.ID())
	wantUnhurt(t, victim, "Ours")
	mallory.HandOver(next)
	to := next.Meet(victim.URL)
	if a := next.Introduce(to, next.Introduction(to)); a.State != "waiting" {
		t.Errorf("FRI-12 introduction with a new key = %d %s, want waiting", a.Status, a.Raw)
	}
	if l := wantListed(t, victim, next.ID(), "waiting"); l.Score > pod.ScoreStart {
		t.Errorf("FRI-12 the newcomer's score is %d, want none that it inherits", l.Score)
	}
}
