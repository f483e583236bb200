package node_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

func TestCameAndWentIsNeverTold(t *testing.T) {
	p := podtest.New(t, 1, podtest.Friendly, rounds(2*time.Second, time.Minute))[0]
	friend := evil.New(t, 0)
	friend.Befriend(p.URL)
	podtest.Eventually(t, "the catalogue is asked for", func() bool { return len(friend.HeardOf("catalogue.get")) > 0 })

	film := podtest.WebM(t)
	gone := p.Upload(film, podtest.Fields{"name": "Came and went"})
	wantStatus(t, "delete", p.Do(http.MethodDelete, "/api/v1/videos/"+gone.UUID, http.NoBody), http.StatusNoContent)
	p.Upload(film, podtest.Fields{"name": "Stays"})
	podtest.Eventually(t, "the other video is told", func() bool { return len(friend.HeardOf("video.put")) > 0 })
	if puts, removes := len(friend.HeardOf("video.put")), len(friend.HeardOf("video.remove")); puts != 1 || removes != 0 {
		t.Errorf("the friend heard of %d puts and %d removes, want 1 and none", puts, removes)
	}
}

func TestBothBefriendAndBothQuitAtOnce(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly)
	both := func(do func(p, other *podtest.Pod)) {
		var wg sync.WaitGroup
		wg.Go(func() { do(two[0], two[1]) })
		wg.Go(func() { do(two[1], two[0]) })
		wg.Wait()
	}
	film := podtest.WebM(t)
	two[0].Upload(film, podtest.Fields{"name": "First"})
	two[1].Upload(film, podtest.Fields{"name": "Second"})
	for range 3 {
		both(func(p, other *podtest.Pod) {
			if a := p.MakeFriends(other.URL); a.Status != http.StatusOK && a.Status != http.StatusConflict {
				t.Errorf("makefriends = %d %s, want 200 or 409", a.Status, a.Body)
			}
		})
		both(func(p, other *podtest.Pod) { wantFriends(t, p, other) })
		both(func(p, _ *podtest.Pod) { wantNames(t, p, "First", "Second") })
		both(func(p, _ *podtest.Pod) { p.Post("/api/v1/pods/quitfriends", struct{}{}) })
		both(func(p, _ *podtest.Pod) { wantFriends(t, p) })
		wantNames(t, two[0], "First")
		wantNames(t, two[1], "Second")
	}
}

// TestCatalogueIsReadWhileItChanges makes friends in the middle of uploads and deletes.
func TestCatalogueIsReadWhileItChanges(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly)
	film := podtest.WebM(t)
	names := [2][]string{}
	var wg sync.WaitGroup
	for i, p := range two {
		p.Owner()
		wg.Go(func() {
			for n := range 12 {
				v := p.Upload(film, podtest.Fields{"name": fmt.Sprintf("Film %d of pod %d", n, i)})
				if n%3 == 1 {
					p.Do(http.MethodDelete, "/api/v1/videos/"+v.UUID, http.NoBody)
					continue
				}
				names[i] = append(names[i], v.Name)
			}
		})
	}
	wantStatus(t, "makefriends", two[0].MakeFriends(two[1].URL), http.StatusOK)
	wg.Wait()
	want := slices.Concat(names[0], names[1])
	for _, p := range two {
		wantNames(t, p, slices.Clone(want)...)
	}
}

func TestWrongClocksAndNewKeysDoNotStopFriends(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly, inTurn(
		func(*node.Config) {},
		func(c *node.Config) { c.Clock = func() time.Time { return time.Now().Add(-time.Hour) } },
	))
	wantStatus(t, "makefriends", two[0].MakeFriends(two[1].URL), http.StatusOK)
	film := podtest.WebM(t)
	two[0].Upload(film, podtest.Fields{"name": "On time"})
	two[1].Upload(film, podtest.Fields{"name": "An hour late"})
	for _, p := range two {
		wantNames(t, p, "On time", "An hour late")
	}

	old := two[0].Me().ID
	wantStatus(t, "rotate", two[0].Post("/api/v1/pods/me/rotate", struct{}{}), http.StatusNoContent)
	fresh := two[0].Me().ID
	podtest.Eventually(t, "the friend knows the new key", func() bool {
		pods := two[1].Pods()
		return len(pods) == 1 && pods[0].ID == fresh && fresh != old
	})
	two[0].Stop()
	two[0].Start()
	if got := two[0].Me().ID; got != fresh {
		t.Errorf("after a restart the pod is %s, want its new key %s", got, fresh)
	}
	two[0].Upload(film, podtest.Fields{"name": "By the new key"})
	two[1].Upload(film, podtest.Fields{"name": "To the new key"})
	for _, p := range two {
		wantNames(t, p, "On time", "An hour late", "By the new key", "To the new key")
	}
}

// TestCommonFriendVouches lets a newcomer ask for a friendship with a friend's friend, who
// learns from the common friend that the key is right.
func TestCommonFriendVouches(t *testing.T) {
	ask := func(c *node.Config) { c.FriendPolicy = "ask" }
	three := podtest.New(t, 3, podtest.Friendly, inTurn(func(*node.Config) {}, func(*node.Config) {}, ask))
	newcomer, common, careful := three[0], three[1], three[2]
	wantStatus(t, "makefriends of the common friend", common.MakeFriends(careful.URL), http.StatusOK)
	wantStatus(t, "accept the common friend", careful.Post("/api/v1/pods/"+common.Me().ID+"/accept", struct{}{}), http.StatusNoContent)
	wantFriends(t, careful, common)
	wantStatus(t, "makefriends of the newcomer", newcomer.MakeFriends(common.URL), http.StatusOK)
	podtest.Eventually(t, "the common friend vouches", func() bool {
		return slices.ContainsFunc(careful.Pods(), func(p podtest.Listed) bool {
			return p.URL == newcomer.URL && p.Status == "waiting" && p.VouchedBy == common.Me().ID
		})
	})
	wantStatus(t, "accept the newcomer", careful.Post("/api/v1/pods/"+newcomer.Me().ID+"/accept", struct{}{}), http.StatusNoContent)
	wantFriends(t, careful, common, newcomer)
	wantFriends(t, newcomer, common, careful)
}

// TestPutWithLostAnswerIsFollowedByItsRemove loses the answer to a put; the video is
// deleted before the put is tried again.
func TestPutWithLostAnswerIsFollowedByItsRemove(t *testing.T) {
	p := podtest.New(t, 1, podtest.Friendly)[0]
	friend := evil.New(t, 0)
	friend.Befriend(p.URL)
	podtest.Eventually(t, "the catalogue is asked for", func() bool { return len(friend.HeardOf("catalogue.get")) > 0 })
	tried := make(chan struct{}, 100)
	friend.On(evil.Inbox, func(w http.ResponseWriter, _ *http.Request) {
		tried <- struct{}{}
		panic(http.ErrAbortHandler) // it was taken, perhaps; the answer is lost
	})
	v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "Put, then removed"})
	<-tried
	wantStatus(t, "delete", p.Do(http.MethodDelete, "/api/v1/videos/"+v.UUID, http.NoBody), http.StatusNoContent)
	friend.On(evil.Inbox, nil)
	podtest.Eventually(t, "the remove is told", func() bool { return len(friend.HeardOf("video.remove")) > 0 })
	if puts, removes := len(friend.HeardOf("video.put")), len(friend.HeardOf("video.remove")); puts != 1 || removes != 1 {
		t.Errorf("the friend heard %d puts and %d removes, want one of each: the put may have been taken", puts, removes)
	}
}
