package node_test

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

// The tests of hostile_*_test.go are the rows of the hostile cases that need a whole pod:
// the names of subtests are the rows.

// shortFilm is a film that is published in a moment.
func shortFilm(t *testing.T) string {
	t.Helper()
	return podtest.Film(t, "short.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
}

// Limits of the world, small enough to be reached.
const (
	friendViews  = 10
	friendVideos = 20
)

// world is a pod that takes everybody, and whose clock the test moves.
type world struct {
	t      *testing.T // of the subtest
	victim *podtest.Pod
	film   podtest.Video // of the victim, public
	now    *clock
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{t: t, now: &clock{}}
	w.victim = podtest.New(t, 1, podtest.Friendly, unwatched, w.now.option, func(c *node.Config) {
		c.Limits.FriendViews, c.Limits.FriendVideos = friendViews, friendVideos
		c.Limits.IntroductionBurst = 1_000
	})[0]
	w.film = w.victim.Upload(shortFilm(t), podtest.Fields{"name": "Ours"})
	return w
}

// run makes a subtest, after which the pod has no friends any more.
func (w world) run(name string, test func(world)) {
	w.t.Helper()
	w.t.Run(name, func(t *testing.T) {
		t.Cleanup(func() {
			for _, l := range w.victim.Pods() {
				a := w.victim.Do(http.MethodDelete, "/api/v1/pods/"+l.ID, http.NoBody)
				wantStatus(t, "remove "+l.ID, a, http.StatusNoContent)
			}
			wantUnhurt(t, w.victim, "Ours")
		})
		w.t = t
		test(w)
	})
}

// The rows that a pod with open arms meets.
func TestHostileFriends(t *testing.T) {
	w := newWorld(t)
	w.run("messages", world.messages)
	w.run("endless bodies", world.endlessBody)
	w.run("elsewhere", world.elsewhere)
	w.run("strangers", world.strangers)
	w.run("bad signatures", world.badSignatures)
	w.run("chatter", world.chatter)
	w.run("activities", world.activities)
	w.run("texts", world.texts)
	w.run("endings", world.endings)
	w.run("blocked", world.blocked)
	w.run("gone for good", world.goneForGood)
	w.run("silent friend", world.silentFriend)
	w.run("many videos", world.manyVideos)
	w.run("copies", world.copies)
	w.run("pictures", world.pictures)
	w.run("secrets", world.secrets)
	w.run("answers", world.answers)
	w.run("queue", world.queue)
	w.run("rotation", world.rotation)
	w.run("replay", world.replay)
}

// wantUnhurt looks whether a pod answers at once and lists exactly these videos.
func wantUnhurt(t *testing.T, p *podtest.Pod, names ...string) {
	t.Helper()
	began := time.Now()
	a := p.Get("/api/v1/ping")
	if took := time.Since(began); a.Status != http.StatusOK || took > 5*time.Second {
		t.Errorf("GET ping = %d %s in %s, want 200 at once", a.Status, a.Body, took)
	}
	got := p.Names()
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("the pod lists %q, want %q", got, names)
	}
}

// views tells how often a pod says that a video was watched.
func views(t *testing.T, p *podtest.Pod, uuid string) int {
	t.Helper()
	var v struct{ Views int }
	p.Get("/api/v1/videos/"+uuid).JSON(t, &v)
	return v.Views
}

// listed finds a pod in the list that the owner sees.
func listed(t *testing.T, p *podtest.Pod, id pod.PodID) (podtest.Listed, bool) {
	t.Helper()
	all := p.Pods()
	i := slices.IndexFunc(all, func(l podtest.Listed) bool { return l.ID == string(id) })
	if i < 0 {
		return podtest.Listed{}, false
	}
	return all[i], true
}

// wantListed checks the status with which the owner sees a pod; "" is not at all.
func wantListed(t *testing.T, p *podtest.Pod, id pod.PodID, status string) podtest.Listed {
	t.Helper()
	l, _ := listed(t, p, id)
	if l.Status != status {
		t.Fatalf("the owner sees %s as %q, want %q", id, l.Status, status)
	}
	return l
}

// recommended lists the ids of the pods that everybody sees.
func recommended(t *testing.T, p *podtest.Pod) []string {
	t.Helper()
	var page struct{ Data []podtest.Listed }
	anyone := podtest.NewClient(t, p.URL)
	defer anyone.CloseIdle()
	anyone.Get("/api/v1/pods?count=100").JSON(t, &page)
	ids := []string{}
	for _, l := range page.Data {
		ids = append(ids, l.ID)
	}
	return ids
}

// clock is one that a test can move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time             { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) move(by time.Duration)      { c.offset.Add(int64(by)) }
func (c *clock) option(config *node.Config) { config.Clock = c.now }

// unwatched is a network of friends whose scores do not change and who are never greeted
// while a test runs.
func unwatched(c *node.Config) { c.ScoreInterval = 24 * time.Hour }

// wantAnswer checks status and code of an answer to a message.
func wantAnswer(t *testing.T, what string, a evil.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.Code != code {
		t.Fatalf("%s = %d %q %s, want %d %q", what, a.Status, a.Code, a.Raw, status, code)
	}
}
