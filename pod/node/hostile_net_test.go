package node_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

// strangers makes that many entries of a list, all at one address.
func strangers(n int, url string) []evil.Entry {
	entries := make([]evil.Entry, n)
	for i := range entries {
		entries[i] = evil.Entry{ID: pod.NewPodID([32]byte{byte(i), byte(i >> 8), 1}), Name: fmt.Sprint("Stranger ", i), URL: url}
	}
	return entries
}

// joined is the answer of makefriends.
type joined struct {
	Friends, Waiting []podtest.Listed
	Refused          []struct{ URL, Code string }
}

// NET-10, NET-11, FRI-01, FRI-02, FRI-03: what lists of friends can make a pod do.
func (w world) join() {
	t, victim := w.t, w.victim
	sink, second, third := evil.New(t, 2), evil.New(t, 3), evil.New(t, 4)
	met := func(row string, pods []*evil.Pod, want func(hits int) bool) {
		t.Helper()
		var urls []string
		for _, p := range pods {
			urls = append(urls, p.URL)
		}
		before := sink.Hits(evil.Self)
		a := victim.MakeFriends(urls...)
		var got joined
		a.JSON(t, &got)
		if hits := sink.Hits(evil.Self) - before; a.Status != http.StatusOK || !want(hits) {
			t.Errorf("%s: makefriends = %d %s, with %d calls of the strangers", row, a.Status, a.Body, hits)
		}
		wantListed(t, victim, sink.ID(), "")
		for _, p := range pods {
			if _, ok := listed(t, victim, p.ID()); ok {
				w.remove(p.ID())
			}
		}
	}
	none := func(hits int) bool { return hits == 0 }

	first := evil.New(t, 1)
	first.Lists(slices.Repeat(strangers(1, sink.URL), 1000)...)
	met("FRI-01 one pod, 1,000 times", []*evil.Pod{first}, func(hits int) bool { return hits == 1 })
	met("FRI-01 one list of two", []*evil.Pod{first, second}, none)
	first.Lists(strangers(500, sink.URL)...)
	met("FRI-02 500 strangers", []*evil.Pod{first}, func(hits int) bool { return hits > 0 && hits <= 50 })
	first.Lists(strangers(10_000, sink.URL)...)
	met("NET-10 10,000 strangers", []*evil.Pod{first}, func(hits int) bool { return hits <= 50 })

	first.Lists(strangers(1, sink.URL)...)
	sybils := []*evil.Pod{first, second, third}
	for range 5 {
		again := evil.New(t, 1) // the same key at another address
		again.Lists(strangers(1, sink.URL)...)
		sybils = append(sybils, again)
	}
	met("FRI-03 one key at 6 addresses", sybils, none)

	first.Lists(evil.Entry{ID: pod.PodID(victim.Me().ID), URL: victim.URL}, evil.Entry{ID: first.ID(), URL: victim.URL},
		evil.Entry{ID: strangers(1, "")[0].ID, URL: victim.URL}, evil.Entry{ID: "x", URL: sink.URL}, evil.Entry{ID: sink.ID(), URL: "javascript:alert(1)"},
		evil.Entry{ID: sink.ID(), URL: "http://127.0.0.1:6379"}, evil.Entry{ID: sink.ID(), URL: "http://0x7f.1:9000"}, evil.Entry{ID: sink.ID(), URL: "http://0.0.0.0:9000"})
	met("NET-11 a list of ourselves and of nonsense", []*evil.Pod{first}, none)
	if a := victim.MakeFriends(victim.URL); a.Status != http.StatusConflict {
		t.Errorf("NET-11 makefriends with ourselves = %d %s, want 409", a.Status, a.Body)
	}
	w.wantNobody()
	for _, host := range []string{"", "ftp://x.example", "http://a b", `http://"`, "http://x.example/path", "http://" + strings.Repeat("x", 1500), "http://0x7f.1:9000"} {
		if a := victim.MakeFriends(host); a.Status != http.StatusBadRequest {
			t.Errorf("FRI-10 makefriends with %.40q = %d %s, want 400", host, a.Status, a.Body)
		}
	}
}

// NET-07: pods that answer makefriends with what no pod says.
func (w world) joinBadAnswers() {
	t, victim := w.t, w.victim
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	var encodings atomic.Int32
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				encodings.Add(1)
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(body))
		}
	}
	self := func(change evil.Fields) http.HandlerFunc {
		f := evil.Fields{"id": mallory.ID(), "name": "Evil", "url": mallory.URL, "publicKey": mallory.Key.Public().PEM()}
		return text("application/json", string(f.With(change).JSON()))
	}
	for row, answer := range map[string]http.HandlerFunc{
		"endless body": mallory.Flood,
		"endless header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
			w.WriteHeader(http.StatusOK)
		},
		"endless headers before": func(w http.ResponseWriter, _ *http.Request) {
			for range 10_000 {
				w.Header().Set("Link", "</x>")
				w.WriteHeader(http.StatusEarlyHints)
			}
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
		},
		"page":              text("text/html", "<html>"),
		"deep JSON":         text("application/json", strings.Repeat("[", 100_000)),
		"key of another":    self(evil.Fields{"publicKey": other.Key.Public().PEM()}),
		"no key":            self(evil.Fields{"publicKey": ""}),
		"id of another":     self(evil.Fields{"id": other.ID()}),
		"doubled field":     text("application/json", `{"id":"a","id":"b"}`),
		"connection is cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		mallory.On(evil.Self, answer)
		began := time.Now()
		a := victim.MakeFriends(mallory.URL)
		if a.Status != http.StatusOK && a.Status != http.StatusBadGateway || time.Since(began) > 10*time.Second {
			t.Errorf("NET-07 %s: makefriends = %d %s after %s, want a refusal", row, a.Status, a.Body, time.Since(began))
		}
	}
	mallory.On(evil.Self, nil)
	mallory.On(evil.List, mallory.Flood)
	mallory.On(evil.Intro, mallory.Flood)
	victim.MakeFriends(mallory.URL)
	for _, l := range victim.Pods() {
		if l.Status != "requested" {
			t.Errorf("NET-07 the pod lists %+v, want nobody but the one that was asked", l)
		}
	}
	if encodings.Load() != 0 {
		t.Error("NET-07 the pod asks for compressed answers")
	}
	if n := other.Hits(evil.Self); n != 0 {
		t.Errorf("NET-07 a redirect was followed %d times", n)
	}
}

// NET-01, NET-06: the list of a pod further outwards names an address further inwards.
func (w world) joinInwards() {
	t := w.t
	outside := outsideAddr(t)
	if outside == "" {
		t.Skip("this machine has loopback only")
	}
	mallory, target := evil.NewAt(t, 0, net.JoinHostPort(outside, "0")), evil.New(t, 1)
	mallory.Lists(target.Entry())
	wantStatus(t, "makefriends", w.victim.MakeFriends(mallory.URL), http.StatusOK)
	if n := target.Hits(evil.Self) + target.Hits(evil.Intro); n != 0 {
		t.Errorf("NET-01 the listener on loopback was called %d times, want never", n)
	}
	wantListed(t, w.victim, target.ID(), "")
}

// outsideAddr is an IPv4 address of this machine that is not loopback; "" is none.
func outsideAddr(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	return ""
}

// FRI-07, FRI-08, FRI-09: scores come from what this pod sees, and from nothing else.
func TestHostileScores(t *testing.T) {
	victim := podtest.New(t, 1, podtest.Friendly, func(c *node.Config) {
		c.Interval, c.ScoreInterval = 50*time.Millisecond, 300*time.Millisecond
	})[0]
	pods := []*evil.Pod{evil.New(t, 0), evil.New(t, 1), evil.New(t, 2)}
	friends := make([]*evil.Friend, len(pods))
	for i, p := range pods {
		friends[i] = p.Befriend(victim.URL)
		wantPut(t, friends[i], p.Put(p.Video(fmt.Sprint("Film ", i), 1)))
	}
	score := func(p *evil.Pod) int { l, _ := listed(t, victim, p.ID()); return l.Score }
	times := func(line string) int { return strings.Count(victim.Log(), line) }

	const offline = "Nearly all friends are silent"
	for _, p := range pods {
		p.On(evil.Inbox, evil.Fail(http.StatusInternalServerError))
	}
	podtest.Eventually(t, "all are silent", func() bool { return times(offline) > 0 })
	before := victim.Pods()
	podtest.Eventually(t, "11 intervals pass", func() bool { return times(offline) > 11 })
	for i, l := range victim.Pods() {
		if l.Status != "friend" || l.Score != before[i].Score {
			t.Errorf("FRI-08 %s is %s with %d points, want a friend with %d", l.Name, l.Status, l.Score, before[i].Score)
		}
	}
	wantUnhurt(t, victim, "Film 0", "Film 1", "Film 2")

	for i, p := range pods {
		p.On(evil.Inbox, nil)
		friends[i].Send(evil.Greeting())
	}
	podtest.Eventually(t, "the friend earns points", func() bool { return score(pods[0]) >= 130 })
	had := score(pods[0])
	pods[0].On(evil.Inbox, evil.Fail(http.StatusInternalServerError))
	slander := evil.Fields{"type": "friend.score", "pod": pods[2].ID(), "score": 0}
	for _, r := range friends[1].Send(slander, evil.Fields{"type": "friend.quit", "ep": 1 << 40, "pod": pods[2].ID()}) {
		if r.Status != "refused" {
			t.Errorf("FRI-09 slander = %+v, want refused", r)
		}
	}
	podtest.Eventually(t, "the failing friend is parked", func() bool { l, _ := listed(t, victim, pods[0].ID()); return l.Status == "parked" })
	if got := score(pods[0]); got < had-110 {
		t.Errorf("FRI-07 the score fell from %d to %d in 10 intervals, want 10 points in each", had, got)
	}
	wantUnhurt(t, victim, "Film 1", "Film 2")
	if got := recommended(t, victim); len(got) != 2 || slices.Contains(got, string(pods[0].ID())) {
		t.Errorf("FRI-07 everybody is told of %v, want the two others", got)
	}
	for _, p := range pods[1:] {
		wantListed(t, victim, p.ID(), "friend")
	}
	pods[0].On(evil.Inbox, nil)
	friends[0].Send(evil.Greeting())
	if l := wantListed(t, victim, pods[0].ID(), "friend"); l.Score < pod.ScoreStart {
		t.Errorf("FRI-07 the friend that is back has %d points, want %d at least", l.Score, pod.ScoreStart)
	}
	wantUnhurt(t, victim, "Film 0", "Film 1", "Film 2")
	if n := times("Friend is parked"); n != 1 {
		t.Errorf("FRI-07 parking was told %d times, want once", n)
	}
}
