package node_test

import (
	"net/http"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/browser"
)

// TestChromiumWatchesFriendsVideos plays, on the page of one pod, what another one holds:
// from its origin, and from a copy after the origin went.
func TestChromiumWatchesFriendsVideos(t *testing.T) {
	three := podtest.New(t, 3, podtest.Friendly)
	here, between, there := three[0], three[1], three[2]
	wantStatus(t, "makefriends of 2", between.MakeFriends(there.URL), http.StatusOK)
	wantStatus(t, "makefriends of 1", here.MakeFriends(between.URL), http.StatusOK)
	wantFriends(t, there, here, between)
	there.Upload(podtest.MP4(t), podtest.Fields{"name": "Far away"})
	there.Upload(podtest.WebM(t), podtest.Fields{"name": "Kept near"})
	far, kept := seen(t, here, "Far away"), seen(t, here, "Kept near")

	b := browser.Start(t, browser.Options{})
	page := b.Open(here.URL + "/w/" + far.ShortUUID + "?muted=1")
	wantPlaying(t, page)
	if got := countersOf(page); got.WebSeed+got.Pod == 0 {
		t.Errorf("counters = %+v, want bytes from the origin", got)
	}
	page.MustBeQuiet()
	page.Close()

	wantStatus(t, "mirror", here.Post("/api/v1/videos/"+kept.UUID+"/mirror", struct{}{}), http.StatusNoContent)
	podtest.Eventually(t, "the copy is whole", func() bool { return mirrorState(t, here, kept.UUID) == "whole" })
	there.Stop()
	page = b.Open(here.URL + "/w/" + kept.ShortUUID + "?muted=1")
	wantPlaying(t, page)
	page.Close()
}
