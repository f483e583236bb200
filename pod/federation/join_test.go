package federation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
)

// TestSixPods is the network of API.md: pods join one after the other and ask
// 1→2, 2→3, 3→1, 4→2, 5→1 and 4, 6→1, 2 and 3.
func TestSixPods(t *testing.T) {
	pods := make([]*pal, 7)
	for n := 1; n <= 6; n++ {
		pods[n] = newPal(t, n, policy(federation.PolicyOpen))
	}
	for _, step := range []struct {
		who  int
		asks []int
		gets []int // all of its friends afterwards
	}{
		{2, []int{3}, []int{3}},
		{1, []int{2}, []int{2, 3}},
		{4, []int{2}, []int{1, 2, 3}},
		{5, []int{1, 4}, []int{1, 2, 3, 4}},
		{6, []int{1, 2, 3}, []int{1, 2, 3, 4, 5}},
	} {
		var hosts []string
		for _, n := range step.asks {
			hosts = append(hosts, pods[n].url)
		}
		joined := pods[step.who].join(hosts...)
		if len(joined.Waiting)+len(joined.Refused) != 0 || len(joined.Friends) != len(step.gets) {
			t.Errorf("pod %d: MakeFriends() = %+v, want %d friends", step.who, joined, len(step.gets))
		}
		for _, n := range step.gets {
			wantFriends(t, pods[step.who], pods[n])
		}
		if rec := pods[step.who].record(pods[step.who].id()); rec.ID != 0 {
			t.Errorf("pod %d befriended itself", step.who)
		}
	}
	_, err := pods[6].MakeFriends(context.Background(), pod.Join{Hosts: []string{pods[1].url, pods[2].url}})
	wantRefusal(t, "MakeFriends(again)", err, pod.KindConflict, "no_new_pods")
}

func TestMakeFriendsNeedsAMajority(t *testing.T) {
	open := policy(federation.PolicyOpen)
	a, b, known, asker := newPal(t, 1, open), newPal(t, 2, open), newPal(t, 3, open), newPal(t, 4, open)
	known.join(a.url) // a alone knows it
	joined := asker.join(a.url, b.url)
	if len(joined.Friends) != 2 {
		t.Errorf("MakeFriends() = %+v, want the two that were asked", joined)
	}
	wantStatus(t, asker, known.id(), "")
}

func TestMakeFriendsFaults(t *testing.T) {
	p := newPal(t, 1)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	for _, test := range []struct {
		name  string
		hosts []string
		kind  pod.Kind
		code  string
	}{
		{"nobody to ask", nil, pod.KindInvalid, "no_hosts"},
		{"quotes (FRI-10)", []string{`http://a"b`}, pod.KindInvalid, "invalid_url"},
		{"path", []string{"http://127.0.0.1:9000/x?y"}, pod.KindInvalid, "invalid_url"},
		{"very many", slices.Repeat([]string{"http://127.0.0.1:9000"}, 101), pod.KindInvalid, "too_many_hosts"},
		{"nobody there", []string{deadURL(t)}, pod.KindUnreachable, "unreachable"},
		{"no pod there", []string{web.URL}, pod.KindUnreachable, "unreachable"},
		{"this pod", []string{p.url}, pod.KindConflict, "own_pod"},
		{"this pod by its other name", []string{strings.Replace(p.url, "127.0.0.1", "localhost", 1)}, pod.KindConflict, "own_pod"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := p.MakeFriends(context.Background(), pod.Join{Hosts: test.hosts})
			wantRefusal(t, "MakeFriends()", err, test.kind, test.code)
		})
	}
	all, err := p.List(context.Background())
	if err != nil || len(all) != 0 {
		t.Errorf("List() = %v, %v, want nobody", all, err)
	}
}

func TestMakeFriendsToldPartly(t *testing.T) {
	a, b := newPal(t, 1), newPal(t, 2, policy(federation.PolicyOpen))
	joined := a.join(strings.TrimPrefix(b.url, "http://"), deadURL(t), a.url)
	var codes []string
	for _, r := range joined.Refused {
		codes = append(codes, r.Code)
	}
	slices.Sort(codes)
	if len(joined.Friends) != 1 || !slices.Equal(codes, []string{"own_pod", "unreachable"}) {
		t.Errorf("MakeFriends() = %+v, want one friend, own_pod and unreachable", joined)
	}
}

func TestMakeFriendsUsesTheEntries(t *testing.T) {
	b := newPal(t, 2, policy(federation.PolicyOpen))
	a := newPal(t, 1, func(c *federation.Config) { c.Entries = []string{b.url} })
	if joined := a.join(); len(joined.Friends) != 1 {
		t.Errorf("MakeFriends() = %+v, want one friend", joined)
	}
}

// recommends lets an evil pod be a friendly one that recommends others.
func (e *evil) recommends(pods []map[string]any) {
	e.answerBy(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/pods" && r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"total": len(pods), "data": pods})
			return
		}
		if r.Method == http.MethodGet {
			e.tellSelf(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	})
}

// TestMakeFriendsWithStrangers is FRI-02 and NET-10: however many a pod recommends, at
// most 50 are tried, and none of those that they recommend.
func TestMakeFriendsWithStrangers(t *testing.T) {
	p, e := newPal(t, 1), newEvil(t, 2)
	deeper := newEvil(t, 3)
	stranger := newEvil(t, 4)
	stranger.recommends([]map[string]any{{"id": deeper.key.ID(), "name": "deep", "url": deeper.url}})
	pods := []map[string]any{{"id": stranger.key.ID(), "name": "x", "url": stranger.url}}
	for n := range 500 {
		id := pod.NewPodID([32]byte{byte(n), byte(n >> 8), 1})
		pods = append(pods, map[string]any{"id": id, "name": "x", "url": stranger.url})
	}
	e.recommends(pods)
	joined := p.join(e.url)
	if got := len(joined.Friends) + len(joined.Waiting) + len(joined.Refused); got > 50 {
		t.Errorf("pods that were tried = %d, want at most 50", got)
	}
	if deeper.calls.Load() != 0 {
		t.Error("a pod was called that a recommended one recommends")
	}
	for _, r := range joined.Refused {
		if r.URL == stranger.url && r.Code != "wrong_pod" && r.Code != "refused" {
			t.Errorf("refusal = %+v, want one for another pod at the address", r)
		}
	}
	all, err := p.List(context.Background())
	if err != nil || len(all) > 2 {
		t.Errorf("List() = %d, %v, want the pod that was asked and the one that exists at most", len(all), err)
	}
}

// TestMakeFriendsOneVoteEach is FRI-01: a list that repeats a pod has one vote for it.
func TestMakeFriendsOneVoteEach(t *testing.T) {
	p, a, b, target := newPal(t, 1), newEvil(t, 2), newEvil(t, 3), newEvil(t, 4)
	entry := map[string]any{"id": target.key.ID(), "name": "x", "url": target.url}
	a.recommends(slices.Repeat([]map[string]any{entry}, 1000))
	b.recommends(nil)
	_, err := p.MakeFriends(context.Background(), pod.Join{Hosts: []string{a.url, b.url}})
	if err != nil {
		t.Fatalf("MakeFriends() = %v, want nil", err)
	}
	if n := target.calls.Load(); n != 0 {
		t.Errorf("calls of the pod that one of two recommends = %d, want 0", n)
	}
}

// TestMakeFriendsCountsAKeyOnce is FRI-03: one key at several addresses has one vote.
func TestMakeFriendsCountsAKeyOnce(t *testing.T) {
	p, target, honest := newPal(t, 1), newEvil(t, 4), newEvil(t, 3)
	honest.recommends(nil)
	hosts := []string{honest.url}
	for range 3 {
		sybil := newEvil(t, 2)
		sybil.recommends([]map[string]any{{"id": target.key.ID(), "name": "x", "url": target.url}})
		hosts = append(hosts, sybil.url)
	}
	if _, err := p.MakeFriends(context.Background(), pod.Join{Hosts: hosts}); err != nil {
		t.Fatalf("MakeFriends() = %v, want nil", err)
	}
	if n := target.calls.Load(); n != 0 {
		t.Errorf("calls of the pod that one key of two recommends = %d, want 0", n)
	}
}

// TestMakeFriendsAnswersOfHostilePods: none of these becomes a record.
func TestMakeFriendsAnswersOfHostilePods(t *testing.T) {
	for name, body := range map[string]func(e *evil) string{
		"not JSON":         func(*evil) string { return "<html>" },
		"key of another":   func(e *evil) string { return selfJSON(e, testKey(e.tb, 3).Public().PEM()) },
		"no key":           func(e *evil) string { return selfJSON(e, "") },
		"deep JSON":        func(*evil) string { return strings.Repeat("[", 100_000) },
		"endless (NET-07)": func(*evil) string { return strings.Repeat(" ", 2<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			p, e := newPal(t, 1), newEvil(t, 2)
			e.answerBy(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body(e))) })
			_, err := p.MakeFriends(context.Background(), pod.Join{Hosts: []string{e.url}})
			wantRefusal(t, "MakeFriends()", err, pod.KindUnreachable, "")
			wantStatus(t, p, e.key.ID(), "")
		})
	}
}

func selfJSON(e *evil, key string) string {
	return fmt.Sprintf(`{"id":%q,"name":"Eve","url":%q,"publicKey":%q}`, e.key.ID(), e.url, key)
}

// TestMakeFriendsDoesNotCallWhatIsNotAllowed is NET-01 and NET-02: what a friend lists is
// called only if it is an address that a pod can have.
func TestMakeFriendsDoesNotCallWhatIsNotAllowed(t *testing.T) {
	p, e, victim := newPal(t, 1), newEvil(t, 2), newEvil(t, 3)
	port := victim.url[strings.LastIndexByte(victim.url, ':'):]
	var pods []map[string]any
	for i, host := range []string{"2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "[::ffff:0.0.0.0]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "169.254.169.254"} {
		pods = append(pods, map[string]any{"id": pod.NewPodID([32]byte{byte(i), 9}), "name": "x", "url": "http://" + host + port})
	}
	e.recommends(pods[:8]) // the ninth would be dialled: link-local is not narrower than loopback
	joined, err := p.MakeFriends(context.Background(), pod.Join{Hosts: []string{e.url}})
	if err != nil {
		t.Fatalf("MakeFriends() = %v, want nil", err)
	}
	if n := victim.calls.Load(); n != 0 {
		t.Errorf("calls = %d, want 0; joined = %+v", n, joined)
	}
}

// TestMakeFriendsSeesAnotherKey: the owner asks a friend's address, where another key
// answers now.
func TestMakeFriendsSeesAnotherKey(t *testing.T) {
	p, e := newPal(t, 1, policy(federation.PolicyOpen)), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	old := e.key.ID()
	e.key = testKey(t, 3)
	e.recommends(nil)
	if joined := p.join(e.url); len(joined.Refused) != 1 || joined.Refused[0].Code != "key_differs" {
		t.Errorf("MakeFriends() = %+v, want key_differs", joined)
	}
	wantStatus(t, p, old, pod.StatusFriend)
	wantStatus(t, p, e.key.ID(), "")
	if !p.heard("key-differs") {
		t.Error("the owner was not told")
	}
}

func TestMakeFriendsOfBlocked(t *testing.T) {
	p, e := newPal(t, 1), newEvil(t, 2)
	if _, err := e.introduce(p, e.intro(p.id())); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	if err := p.Block(context.Background(), e.key.ID()); err != nil {
		t.Fatalf("Block() = %v, want nil", err)
	}
	e.recommends(nil)
	other := newPal(t, 3, policy(federation.PolicyOpen))
	joined := p.join(e.url, other.url)
	if len(joined.Friends) != 1 || len(joined.Refused) != 1 || joined.Refused[0].Code != "blocked" {
		t.Errorf("MakeFriends() = %+v, want one friend and one blocked", joined)
	}
	wantStatus(t, p, e.key.ID(), pod.StatusBlocked)
}

// TestMakeFriendsNamesTheCommonFriend: a recommended pod learns who recommends it, and
// may ask that friend. What a stranger claims to have in common does not count.
func TestMakeFriendsNamesTheCommonFriend(t *testing.T) {
	common, asks, newcomer := newPal(t, 1, policy(federation.PolicyOpen)), newPal(t, 2), newPal(t, 3)
	asks.join(common.url)
	joined := newcomer.join(common.url)
	if len(joined.Friends) != 1 || len(joined.Waiting) != 1 {
		t.Fatalf("MakeFriends() = %+v, want one friend and one that waits", joined)
	}
	if rec := asks.record(newcomer.id()); rec.Status != pod.StatusWaiting || rec.Via != common.id() {
		t.Errorf("status, via = %q, %q, want waiting, the common friend", rec.Status, rec.Via)
	}
	if rec := newcomer.record(asks.id()); rec.CallClass != pod.ClassLoopback {
		t.Errorf("class of a learned address = %d, want that of the connection", rec.CallClass)
	}
	if rec := newcomer.record(common.id()); rec.CallClass != pod.ClassAny {
		t.Errorf("class of a typed address = %d, want any", rec.CallClass)
	}
	e := newEvil(t, 4)
	intro := e.intro(asks.id())
	intro["via"] = testKey(t, 5).ID()
	if _, err := e.introduce(asks, intro); err != nil {
		t.Fatalf("Introduce() = %v, want nil", err)
	}
	if rec := asks.record(e.key.ID()); rec.Via != "" {
		t.Errorf("via = %q, want none: it is no friend of ours", rec.Via)
	}
}

func TestSelf(t *testing.T) {
	p := newPal(t, 1)
	self, err := p.Self(context.Background())
	if err != nil || self.PodID != p.id() || self.URL != p.url || self.Name != "Pod 1" || self.PublicKey != p.key.Public().PEM() {
		t.Errorf("Self() = %+v, %v, want this pod", self, err)
	}
	if words := strings.Fields(self.Fingerprint); len(words) != 12 || self.Fingerprint != p.Fingerprint(p.id()) {
		t.Errorf("fingerprint = %q, want 12 words", self.Fingerprint)
	}
}
