package node_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

// NET-17, FRI-10: names that nobody can see, or that turn the text around them.
func TestHostileNames(t *testing.T) {
	victim := podtest.New(t, 1, podtest.Friendly, unwatched)[0]
	mallory := evil.New(t, 0)
	f := mallory.Befriend(victim.URL)
	for _, name := range []string{"   ", "\u200b\u200b\u200b", " \u202e\u2066 ", "\u00a0\u00a0\u00a0"} {
		if r := f.Send(mallory.Put(mallory.Video(name, 1)))[0]; r.Status != "refused" {
			t.Errorf("NET-17 put of a video named %q = %+v, want refused", name, r)
		}
		f.Send(evil.Fields{"type": "pod.update", "name": name, "url": mallory.URL})
		if l, _ := listed(t, victim, mallory.ID()); strings.Trim(l.Name, " \u200b\u202e\u2066\u00a0") == "" {
			t.Errorf("FRI-10 pod.update named %q: the owner sees the friend as %q, want a name", name, l.Name)
		}
	}
	f.Send(evil.Fields{"type": "pod.update", "name": "Evil", "url": victim.URL})
	if l, _ := listed(t, victim, mallory.ID()); l.URL == victim.URL {
		t.Errorf("NET-11 pod.update with our own URL: the friend is listed at %s, want its own", l.URL)
	}
}

// A friend that calls while a call to it hangs ends the back-off towards it.
func TestHostileBackOff(t *testing.T) {
	victim := podtest.New(t, 1, podtest.Friendly, unwatched)[0]
	mallory := evil.New(t, 0)
	f := mallory.Meet(victim.URL)
	hung, release := make(chan struct{}, 1), make(chan struct{})
	mallory.On(evil.Inbox, func(w http.ResponseWriter, _ *http.Request) {
		if mallory.Hits(evil.Inbox) == 7 {
			hung <- struct{}{}
			<-release
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	mallory.Introduce(f, mallory.Introduction(f))
	<-hung // 6 tries have failed: the next one is 6.4 s away
	f.Send(evil.Greeting())
	began := time.Now()
	close(release)
	podtest.Eventually(t, "the pod calls again", func() bool { return mallory.Hits(evil.Inbox) >= 8 })
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the friend that just greeted was called after %s, want at once", took)
	}
}

// FRI-07: the search does not find the videos of a friend that was parked.
func TestHostileParkedSearch(t *testing.T) {
	victim := podtest.New(t, 1, podtest.Friendly, unwatched)[0]
	mallory := evil.New(t, 0)
	f := mallory.Befriend(victim.URL)
	f.Send(mallory.Put(mallory.Video("Film of Mallory", 1)))
	find := func() (int, int) {
		total, found := victim.List("/api/v1/search/videos?search=mallory")
		return total, len(found)
	}
	podtest.Eventually(t, "the search finds the film", func() bool { n, _ := find(); return n == 1 })
	f.Send(evil.Fields{"type": "video.put", "rev": 2, "video": "x.y.z"}) // abuse: parked at 0
	wantListed(t, victim, mallory.ID(), "parked")
	wantUnhurt(t, victim)
	deadline := time.Now().Add(3 * time.Second)
	for {
		total, shown := find()
		if total == 0 && shown == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the search finds %d videos and shows %d of a parked friend, want none", total, shown)
		}
	}
}
