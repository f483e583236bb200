package assets_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

// startFriends starts a pod that shows a video of another.
func startFriends(t *testing.T, video string) (here, origin *fakePod) {
	t.Helper()
	origin, here = startPod(t, video), startPod(t, video)
	here.origin = origin
	return here, origin
}

// way is an entry of window.peerpod.ways.
type way struct {
	URL   string
	Bytes int64
}

func waysOf(t *testing.T, page *browser.Page) (there, here way) {
	t.Helper()
	var ways []way
	page.Eval("window.peerpod.ways", &ways)
	if len(ways) != 2 {
		t.Fatalf("ways = %+v, want two", ways)
	}
	return ways[0], ways[1]
}

// mustNotTrouble fails when people saw an error, or the page complained of more than a
// friend that is not there.
func mustNotTrouble(t *testing.T, page *browser.Page, origin *fakePod) {
	t.Helper()
	var hidden bool
	page.Eval(`document.querySelector("#trouble").hidden`, &hidden)
	if !hidden {
		t.Errorf("the page shows trouble: %q", page.Text("#trouble"))
	}
	for _, complaint := range page.Complaints() {
		if !strings.Contains(complaint, origin.host()) && !strings.Contains(complaint, ".torrent") {
			t.Errorf("the page complained: %s", complaint)
		}
	}
}

const (
	playing = `document.querySelector("video").currentTime > 2`
	faster  = `document.querySelector("video").playbackRate = 3`
	ended   = `document.querySelector("video").ended`
)

func TestFriendsVideo(t *testing.T) {
	t.Parallel()
	video := makeVideo(t, uuid+"-180.mp4")
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
	for _, test := range []struct{ name, host, query string }{
		{"with a swarm", "127.0.0.1", ""},
		{"by another name of our pod", "pod.test", ""},
		{"by HTTP alone", "127.0.0.1", "?webrtc=0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			here, origin := startFriends(t, video)
			page := b.For(t).Open(here.at(test.host, "/w/"+short+test.query))
			page.WaitFor(`document.querySelector("#origin a").textContent === "Carla's pod"`, soon)
			page.Click("#play")
			page.WaitFor(playing, patience)
			page.Eval(frames, nil)
			mustBeMediaSource(t, page)
			if test.query == "" {
				page.WaitFor("window.peerpod.swarmReady", patience)
			}
			page.Eval(faster, nil)
			page.WaitFor(ended, patience)
			mustComeOnce(t, page, video)
			if there, own := waysOf(t, page); there.Bytes == 0 || !strings.HasPrefix(there.URL, origin.server.URL) || own.Bytes != 0 || here.ranges.Load() != 0 {
				t.Errorf("ways = %+v, %+v, %d requests here, want all bytes from the origin", there, own, here.ranges.Load())
			}
			page.WaitFor(`document.querySelector("#strip").textContent.includes("from Carla's pod")`, soon)
			if got := asked(here, "/tracker/"); got != 0 {
				t.Errorf("our tracker was asked %d times, want never: the video is not ours", got)
			}
			if got := asked(origin, "/tracker/socket"); got == 0 && test.query == "" {
				t.Error("the origin's tracker was not asked")
			}
			page.MustBeQuiet()
		})
	}
}

// asked counts the requests for addresses that hold a text.
func asked(pod *fakePod, part string) int {
	n := 0
	for _, request := range pod.requests() {
		if strings.Contains(request, part) {
			n++
		}
	}
	return n
}

// TestFriendCanNotBeUsed plays by way of our own pod where the origin is of no use, from
// the beginning or in the middle.
func TestFriendCanNotBeUsed(t *testing.T) {
	t.Parallel()
	video := makeVideo(t, uuid+"-180.mp4")
	b := browser.Start(t, browser.Options{})
	tests := []struct {
		name, query   string
		before, while func(here, origin *fakePod)
	}{
		{"down", "", func(_, origin *fakePod) { origin.die() }, nil},
		{"silent", "", func(_, origin *fakePod) { close(origin.silent) }, nil},
		{"forbids other pages", "", func(_, origin *fakePod) { origin.closed = true }, nil},
		{"not named by the policy", "", func(here, _ *fakePod) { here.unnamed = true }, nil},
		{"has no such file", "", func(_, origin *fakePod) { origin.refusal = http.StatusNotFound }, nil},
		{"dies in the middle", "", nil, func(_, origin *fakePod) { origin.die() }},
		{"dies in the middle, by HTTP alone", "?webrtc=0", nil, func(_, origin *fakePod) { origin.die() }},
		{"falls silent in the middle", "?webrtc=0", nil, func(_, origin *fakePod) { close(origin.silent) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			here, origin := startFriends(t, video)
			if test.before != nil {
				test.before(here, origin)
			} else {
				origin.pace = 80 * time.Millisecond // 200 kB a second, of about 120 that are played
			}
			page := b.For(t).Open(here.at("127.0.0.1", "/w/"+short+test.query))
			page.Click("#play")
			page.WaitFor(playing, patience)
			if test.while != nil {
				if here.ranges.Load() != 0 {
					t.Errorf("our pod was asked for the file while the origin sent it")
				}
				test.while(here, origin)
				page.Eval(faster, nil)
				page.WaitFor(ended, patience)
			}
			mustBeMediaSource(t, page)
			mustComeOnce(t, page, video)
			there, own := waysOf(t, page)
			if own.Bytes == 0 || (test.while != nil) != (there.Bytes > 0) {
				t.Errorf("ways = %+v, %+v, want bytes by way of our pod", there, own)
			}
			mustNotTrouble(t, page, origin)
		})
	}
}

// TestFriendInTrouble tells short stories of a friend that fails.
func TestFriendInTrouble(t *testing.T) {
	t.Parallel()
	video := makeVideo(t, uuid+"-180.mp4")
	b := browser.Start(t, browser.Options{})
	for name, story := range map[string]func(*testing.T, *browser.Browser, string){
		"nobody has the video": nobodyHas, "without script": withoutScript, "nonsense": sendsNonsense, "last resort": lastResort,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, b.For(t), video)
		})
	}
}

func nobodyHas(t *testing.T, b *browser.Browser, video string) {
	t.Helper()
	here, origin := startFriends(t, video)
	here.refusal = http.StatusBadGateway
	origin.die()
	page := b.Open(here.at("127.0.0.1", "/w/"+short))
	page.Click("#play")
	page.WaitFor(`document.querySelector("#trouble").textContent.startsWith("The pod that shared this video does not answer.")`, patience)
}

// withoutScript holds that a browser alone finds the second way, too.
func withoutScript(t *testing.T, b *browser.Browser, video string) {
	t.Helper()
	here, origin := startFriends(t, video)
	origin.die()
	page := b.Blank()
	page.Block("*://*:*/assets/*.js")
	page.Go(here.at("127.0.0.1", "/w/"+short))
	page.Eval(`void document.querySelector("video").play()`, nil)
	page.WaitFor(playing, patience)
	if got, want := page.Text("#origin"), origin.host(); got != want {
		t.Errorf("origin = %q, want %q", got, want)
	}
}

// sendsNonsense plays what our own pod has of it.
func sendsNonsense(t *testing.T, b *browser.Browser, video string) {
	t.Helper()
	here, origin := startFriends(t, video)
	origin.video = "friend_test.go"
	page := b.Open(here.at("127.0.0.1", "/w/"+short))
	page.Click("#play")
	page.WaitFor(playing, patience)
	page.WaitFor(`document.querySelector("#strip").textContent === "Playing straight from Ana's pod"`, soon)
	mustNotTrouble(t, page, origin)
}

// lastResort plays without a MediaSource while the origin dies.
func lastResort(t *testing.T, b *browser.Browser, video string) {
	t.Helper()
	here, origin := startFriends(t, video)
	here.mime = `video/mp4; codecs="nonsense"`
	origin.pace = 80 * time.Millisecond
	page := b.Open(here.at("127.0.0.1", "/w/"+short))
	page.Click("#play")
	page.WaitFor(playing, patience)
	page.WaitFor(`document.querySelector("#strip").textContent === "Playing straight from Carla's pod"`, soon)
	origin.die()
	page.WaitFor(`document.querySelector("video").currentTime > 15`, patience)
	page.WaitFor(`document.querySelector("#strip").textContent === "Playing straight from Ana's pod"`, soon)
	mustNotTrouble(t, page, origin)
}

// TestSecurePage holds that a page over TLS does not ask a friend without it.
func TestSecurePage(t *testing.T) {
	video := makeVideo(t, uuid+"-180.mp4")
	origin, here := startPod(t, video), newPod(t, video)
	here.origin = origin
	here.server = httptest.NewTLSServer(here)
	page := browser.Start(t, browser.Options{Flags: []string{"ignore-certificate-errors"}}).Open(here.server.URL + "/w/" + short)
	page.Click("#play")
	page.WaitFor(playing, patience)
	page.WaitFor(`window.peerpod.notes.some((note) => note.startsWith("swarm: "))`, patience)
	mustBeMediaSource(t, page)
	if got := origin.requests(); len(got) != 0 {
		t.Errorf("the origin was asked for %q, want nothing", got)
	}
	mustNotTrouble(t, page, origin)
}

// TestFriendsSwarm exchanges pieces between a page of the origin and one of another pod
// that shows the same video.
func TestFriendsSwarm(t *testing.T) {
	here, origin := startFriends(t, makeVideo(t, uuid+"-180.mp4"))
	b := browser.Start(t, browser.Options{})
	first := b.Open(origin.at("127.0.0.1", "/w/"+short+"?muted=1"))
	first.Click("#play")
	first.WaitFor("window.peerpod.swarmReady", patience)
	first.WaitFor(playing, patience)
	second := b.Open(here.at("127.0.0.1", "/w/"+short+"?muted=1&http=0"))
	second.Click("#play")
	second.WaitFor(playing, patience)
	var got counters
	second.Eval("window.peerpod.counters", &got)
	if got.Peers == 0 || got.WebSeed != 0 {
		t.Errorf("counters = %+v, want bytes from peers only", got)
	}

	// With a copy on our pod both trackers are asked, and ours has the file.
	here.mirror = true
	third := b.Open(here.at("127.0.0.1", "/w/"+short+"?muted=1"))
	third.Click("#play")
	third.WaitFor("window.peerpod.swarmReady && window.peerpod.counters.peers > 0", patience)
	if got := asked(here, "/tracker/socket"); got == 0 {
		t.Error("our tracker was not asked although a copy is here")
	}
	if here.ranges.Load() == 0 {
		t.Error("our copy was not used")
	}
	for _, page := range []*browser.Page{first, second, third} {
		page.MustBeQuiet()
	}
}
