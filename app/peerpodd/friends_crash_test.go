package main

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
)

// atStep names the step at which the process kills itself.
const atStep = "PEERPODD_TEST_KILL_AT"

// failPoint ends the process without any warning at the step that the test wants.
func failPoint() func(string) {
	wanted := os.Getenv(atStep)
	if wanted == "" {
		return nil
	}
	return func(step string) {
		if step == wanted {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}

// neighbour is a peerpodd that keeps its folder and address over restarts.
type neighbour struct {
	*process
	dir, addr string
}

func newNeighbour(t *testing.T, key int) *neighbour {
	t.Helper()
	n := &neighbour{dir: t.TempDir()}
	podtest.GiveKey(t, n.dir, key)
	n.start(t, "")
	return n
}

// start launches the program, which will end itself at a step; "" lets it live.
func (n *neighbour) start(t *testing.T, step string) {
	t.Helper()
	args := []string{"--friend-policy", "open", "--interval", "100ms", "--score-interval", "1m"}
	if n.addr != "" {
		args = append(args, "--listen", n.addr)
	}
	n.process = launchWith(t, atStep+"="+step, n.dir, args...)
	n.addr = strings.TrimPrefix(n.URL, "http://")
}

// restart starts the program again, whether it has ended itself or not.
func (n *neighbour) restart(t *testing.T, step string) {
	t.Helper()
	n.kill()
	n.start(t, step)
}

// befriend asks for a friendship; the answer may be lost with one of the two.
func (n *neighbour) befriend(t *testing.T, other *neighbour) {
	t.Helper()
	n.Owner()
	req := n.Request(http.MethodPost, "/api/v1/pods/makefriends", strings.NewReader(`{"hosts":["`+other.URL+`"]}`), "Content-Type", "application/json")
	if a, err := n.Send(req); err == nil && a.Status >= http.StatusInternalServerError && a.Status != http.StatusBadGateway {
		t.Errorf("makefriends = %d %s, want no fault", a.Status, a.Body)
	}
}

// agree waits until both pods say the same of their friendship, and tells what.
func agree(t *testing.T, a, b *neighbour) (friends bool) {
	t.Helper()
	podtest.Eventually(t, "both ends agree", func() bool {
		atA, atB := a.FriendURLs("friend"), b.FriendURLs("friend")
		pending := len(a.FriendURLs("requested")) + len(b.FriendURLs("requested"))
		friends = slices.Contains(atA, b.URL)
		return pending == 0 && friends == slices.Contains(atB, a.URL)
	})
	return friends
}

func (n *neighbour) wantNames(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	defer func() {
		if t.Failed() {
			t.Logf("%s lists %v, want %v", n.URL, got, want)
		}
	}()
	podtest.Eventually(t, "the videos are listed", func() bool {
		got = n.Names()
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

// TestKillAtEachStepOfAFriendship kills one side at each step of befriending, sending,
// applying and quitting. Both ends must agree afterwards, and nothing may be lost or twice.
func TestKillAtEachStepOfAFriendship(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills many processes")
	}
	film := podtest.WebM(t)
	for _, step := range []string{"intro-asked", "intro-answered", "intro-done", "intro-before-store", "intro-after-store"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			killWhileBefriending(t, film, step)
		})
	}
	for _, step := range []string{
		"send-before-freeze", "send-after-freeze", "send-after-answer", "send-before-delivered", "send-after-delivered",
		"inbox-before-apply", "inbox-after-apply",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			killWhileSending(t, film, step)
		})
	}
	for _, step := range []string{"quit-before-store", "quit-after-store", "quit-told", "inbox-before-apply", "inbox-after-apply"} {
		t.Run("quitting/"+step, func(t *testing.T) {
			t.Parallel()
			killWhileQuitting(t, step)
		})
	}
}

// victim tells which side reaches a step: the one that asks and sends, or the other.
func victim(step string, asker, other *neighbour) *neighbour {
	switch step {
	case "intro-before-store", "intro-after-store", "inbox-before-apply", "inbox-after-apply":
		return other
	default:
		return asker
	}
}

func killWhileBefriending(t *testing.T, film, step string) {
	t.Helper()
	a, b := newNeighbour(t, 0), newNeighbour(t, 1)
	a.Upload(film, podtest.Fields{"name": "Film of a"})
	b.Upload(film, podtest.Fields{"name": "Film of b"})
	dies := victim(step, a, b)
	dies.restart(t, step)
	a.befriend(t, b)
	<-dies.exited
	dies.restart(t, "")
	if !agree(t, a, b) { // the asker died before it had noted its wish
		a.befriend(t, b)
	}
	a.wantNames(t, "Film of a", "Film of b")
	b.wantNames(t, "Film of a", "Film of b")
}

func killWhileSending(t *testing.T, film, step string) {
	t.Helper()
	a, b := newNeighbour(t, 0), newNeighbour(t, 1)
	a.befriend(t, b)
	podtest.Eventually(t, "they are friends", func() bool { return len(b.FriendURLs("friend")) == 1 && len(a.FriendURLs("friend")) == 1 })
	a.Upload(film, podtest.Fields{"name": "Before"})
	b.wantNames(t, "Before")
	dies := victim(step, a, b)
	dies.restart(t, step)
	if dies == b {
		a.Upload(film, podtest.Fields{"name": "Meanwhile"})
	} // the sender dies of its greeting: it would not live to take an upload
	<-dies.exited
	dies.restart(t, "")
	a.Upload(film, podtest.Fields{"name": "After"})
	want := []string{"Before", "After"}
	if dies == b {
		want = append(want, "Meanwhile")
	}
	b.wantNames(t, want...)
	if !agree(t, a, b) {
		t.Error("the friendship ended, want it to stand")
	}
}

func killWhileQuitting(t *testing.T, step string) {
	t.Helper()
	a, b := newNeighbour(t, 0), newNeighbour(t, 1)
	a.befriend(t, b)
	podtest.Eventually(t, "they are friends", func() bool { return len(b.FriendURLs("friend")) == 1 && len(a.FriendURLs("friend")) == 1 })
	dies := victim(step, a, b)
	dies.restart(t, step)
	a.Owner()
	_, _ = a.Send(a.Request(http.MethodPost, "/api/v1/pods/quitfriends", http.NoBody)) // it may die before it answers
	<-dies.exited
	dies.restart(t, "")
	if agree(t, a, b) != (step == "quit-before-store") {
		t.Errorf("friends after the restart = %v, want %v", step != "quit-before-store", step == "quit-before-store")
	}
}
