package node_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
)

// wantFriends waits until a pod lists exactly these pods as friends.
func wantFriends(t *testing.T, p *podtest.Pod, of ...*podtest.Pod) {
	t.Helper()
	want := []string{}
	for _, other := range of {
		want = append(want, other.URL)
	}
	slices.Sort(want)
	var got []string
	podtest.Eventually(t, p.URL+" lists its friends", func() bool {
		got = p.FriendURLs("friend")
		return slices.Equal(got, want)
	})
}

// wantNames waits until a pod lists exactly the videos with these names.
func wantNames(t *testing.T, p *podtest.Pod, want ...string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	defer func() {
		if t.Failed() {
			t.Logf("%s lists %d videos %v, want %d %v", p.URL, len(got), got, len(want), want)
		}
	}()
	podtest.Eventually(t, p.URL+" lists the videos", func() bool {
		got = p.Names()
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func wantStatus(t *testing.T, what string, a podtest.Answer, want int) {
	t.Helper()
	if a.Status != want {
		t.Fatalf("%s = %d %s, want %d", what, a.Status, a.Body, want)
	}
}

func TestThreePodsBecomeANetwork(t *testing.T) {
	three := podtest.New(t, 3, podtest.Friendly)
	one, two, last := three[0], three[1], three[2]
	film := podtest.WebM(t)
	for i, p := range three {
		p.Upload(film, podtest.Fields{"name": "Film of pod " + strconv.Itoa(i+1)})
	}

	wantStatus(t, "makefriends of 2", two.MakeFriends(last.URL), http.StatusOK)
	wantStatus(t, "makefriends of 1", one.MakeFriends(two.URL), http.StatusOK)
	wantFriends(t, one, two, last)
	wantFriends(t, two, one, last)
	wantFriends(t, last, one, two)
	wantStatus(t, "makefriends again", one.MakeFriends(two.URL), http.StatusConflict)

	films := []string{"Film of pod 1", "Film of pod 2", "Film of pod 3"}
	for _, p := range three {
		wantNames(t, p, films...)
	}
	_, own := two.List("/api/v1/videos?isLocal=true")
	_, seen := one.List("/api/v1/videos?search=pod+2")
	if len(seen) != 1 {
		t.Fatalf("search on pod 1 = %+v, want the film of pod 2", seen)
	}
	there, here := two.Video(own[0].UUID), one.Video(seen[0].UUID)
	if there.UUID != here.UUID || there.Files[0].MagnetURI != here.Files[0].MagnetURI || here.IsLocal {
		t.Errorf("pod 1 has %+v of pod 2's %+v, want the same uuid and magnet, not local", here, there)
	}
	if got := one.Get(here.Files[0].FileURL); podtest.SHA256(got.Body) != podtest.SHA256(two.Get(there.Files[0].FileURL).Body) {
		t.Error("the file's URL on pod 1 gives other bytes than on pod 2")
	}

	wantStatus(t, "delete on 2", two.Do(http.MethodDelete, "/api/v1/videos/"+there.UUID, http.NoBody), http.StatusNoContent)
	for _, p := range three {
		wantNames(t, p, "Film of pod 1", "Film of pod 3")
	}
	wantStatus(t, "quit of 1", one.Post("/api/v1/pods/quitfriends", struct{}{}), http.StatusNoContent)
	wantNames(t, one, "Film of pod 1")
	wantNames(t, last, "Film of pod 3")
	wantFriends(t, two, last)
	wantStatus(t, "makefriends after quit", one.MakeFriends(two.URL), http.StatusOK)
	wantNames(t, one, "Film of pod 1", "Film of pod 3")
	wantNames(t, last, "Film of pod 1", "Film of pod 3")
}
