package node_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
)

// rounds sets how often messages are sent and scores are judged.
func rounds(interval, score time.Duration) podtest.Option {
	return func(c *node.Config) { c.Interval, c.ScoreInterval = interval, score }
}

// closedURL is an address of this machine where nobody listens.
func closedURL(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}

func TestSixPodsVoteParkAndComeBack(t *testing.T) {
	six := podtest.New(t, 6, podtest.Friendly, rounds(50*time.Millisecond, 400*time.Millisecond))
	join := func(i int, entries ...int) {
		t.Helper()
		hosts := []string{}
		for _, e := range entries {
			hosts = append(hosts, six[e-1].URL)
		}
		wantStatus(t, fmt.Sprintf("makefriends of %d", i), six[i-1].MakeFriends(hosts...), http.StatusOK)
	}
	join(1, 2)
	join(2, 3)
	if a := six[2].MakeFriends(six[0].URL); a.Status != http.StatusOK && a.Status != http.StatusConflict {
		t.Fatalf("makefriends of 3 = %d %s, want 200 or 409", a.Status, a.Body)
	}
	join(4, 2)
	join(5, 1, 4)
	for i, p := range six[:5] {
		wantFriends(t, p, slices.Concat(six[:i], six[i+1:5])...)
	}

	gone := six[1]
	gone.Upload(podtest.WebM(t), podtest.Fields{"name": "Film of pod 2"})
	wantNames(t, six[0], "Film of pod 2")
	gone.Stop()
	podtest.Eventually(t, "pod 1 parks pod 2", func() bool { return slices.Equal(six[0].FriendURLs("parked"), []string{gone.URL}) })
	podtest.Eventually(t, "pod 3 parks pod 2", func() bool { return slices.Equal(six[2].FriendURLs("parked"), []string{gone.URL}) })
	wantNames(t, six[0])

	join(6, 1, 3)
	if urls := six[5].FriendURLs("friend"); slices.Contains(urls, gone.URL) {
		t.Errorf("pod 6 has the parked pod 2 among %v, want it not to learn of it", urls)
	}

	gone.Start()
	podtest.Eventually(t, "pod 2 is back at pod 1", func() bool {
		return slices.Contains(six[0].FriendURLs("friend"), gone.URL) && len(six[0].FriendURLs("parked")) == 0
	})
	wantNames(t, six[0], "Film of pod 2")
}

func TestUploadsWaitForAFriendThatSleeps(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly, rounds(50*time.Millisecond, time.Minute))
	awake, sleeper := two[0], two[1]
	wantStatus(t, "makefriends", awake.MakeFriends(sleeper.URL), http.StatusOK)
	wantFriends(t, sleeper, awake)
	sleeper.Stop()

	film := podtest.WebM(t)
	var want []string
	for i := range 25 {
		name := fmt.Sprintf("Film number %02d", i)
		awake.Upload(film, podtest.Fields{"name": name})
		want = append(want, name)
	}
	short := awake.Upload(film, podtest.Fields{"name": "Came and went"})
	wantStatus(t, "delete", awake.Do(http.MethodDelete, "/api/v1/videos/"+short.UUID, http.NoBody), http.StatusNoContent)
	awake.Stop()
	sleeper.Start()
	awake.Start()
	wantNames(t, sleeper, slices.Clone(want)...)
	if got := sleeper.Names(); !slices.Equal(got, want) {
		t.Errorf("the sleeper lists %v, want the order of their uploads", got)
	}
}

func TestUnreachablePodJoinsByInvite(t *testing.T) {
	nobody := closedURL(t)
	two := podtest.New(t, 2, podtest.Friendly, inTurn(
		func(c *node.Config) { c.FriendPolicy = "invited" },
		func(c *node.Config) { c.PublicURL, c.FriendPolicy = nobody, "ask" },
	))
	home, hidden := two[0], two[1]
	film := podtest.WebM(t)
	home.Upload(film, podtest.Fields{"name": "Film at home"})
	hidden.Upload(film, podtest.Fields{"name": "Film behind the router"})

	wantStatus(t, "makefriends without invite", hidden.MakeFriends(home.URL), http.StatusOK) // refused is in the body
	if got := hidden.FriendURLs("friend"); len(got) != 0 {
		t.Fatalf("friends without invite = %v, want none", got)
	}
	var invite struct{ Code, URL string }
	home.Post("/api/v1/pods/invites", struct{}{}).JSON(t, &invite)
	wantStatus(t, "makefriends by invite", hidden.Post("/api/v1/pods/makefriends", map[string]string{"invite": invite.URL}), http.StatusOK)
	wantFriends(t, hidden, home)
	wantNames(t, home, "Film at home", "Film behind the router")
	wantNames(t, hidden, "Film at home", "Film behind the router")

	home.Upload(film, podtest.Fields{"name": "Second film at home"})
	v := hidden.Upload(film, podtest.Fields{"name": "Second film behind"})
	wantNames(t, home, "Film at home", "Film behind the router", "Second film at home", "Second film behind")
	wantNames(t, hidden, "Film at home", "Film behind the router", "Second film at home", "Second film behind")
	wantStatus(t, "delete", hidden.Do(http.MethodDelete, "/api/v1/videos/"+v.UUID, http.NoBody), http.StatusNoContent)
	wantNames(t, home, "Film at home", "Film behind the router", "Second film at home")
	if a := home.Get("/api/v1/pods", "Authorization", ""); len(a.Body) > 0 && slices.Contains(home.FriendURLs("friend"), "") {
		t.Errorf("list of friends = %s, want no empty address", a.Body)
	}
	wantStatus(t, "quit at home", home.Post("/api/v1/pods/quitfriends", struct{}{}), http.StatusNoContent)
	wantNames(t, home, "Film at home", "Second film at home")
	wantNames(t, hidden, "Film behind the router")
}

// inTurn gives each pod its own option.
func inTurn(options ...podtest.Option) podtest.Option {
	next := 0
	return func(c *node.Config) {
		options[next](c)
		next++
	}
}
