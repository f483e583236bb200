package assets_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

const (
	patience = 40 * time.Second
	frames   = `new Promise((done) => { const v = document.querySelector("video"); v.requestVideoFrameCallback(() => done(true)); })`
)

// counters is window.peerpod.counters.
type counters struct{ Peers, Pod, WebSeed, Sent int64 }

func TestPlays(t *testing.T) {
	t.Parallel()
	mp4, webm := makeVideo(t, uuid+"-180.mp4"), makeVideo(t, uuid+"-180.webm")
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
	tests := []struct {
		name, video, host, query string
		secure                   bool
	}{
		{"secure context", mp4, "127.0.0.1", "", true},
		{"insecure context", mp4, "pod.test", "", false},
		{"by HTTP alone", mp4, "127.0.0.1", "?webrtc=0", true},
		{"WebM", webm, "127.0.0.1", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pod := startPod(t, test.video)
			page := b.For(t).Open(pod.at(test.host, "/w/"+short+test.query))
			var secure bool
			page.Eval("isSecureContext", &secure)
			if secure != test.secure {
				t.Fatalf("isSecureContext = %v, want %v", secure, test.secure)
			}
			page.Click("#play")
			page.Eval(frames, nil)
			page.WaitFor(`document.querySelector("video").currentTime > 2`, patience)
			page.Eval(`document.querySelector("video").currentTime = 16`, nil)
			page.WaitFor(`document.querySelector("video").currentTime > 17`, patience)
			page.Eval(frames, nil)
			mustBeMediaSource(t, page)
			if test.query == "" {
				page.WaitFor("window.peerpod.swarmReady", patience)
			}
			page.WaitFor(`document.querySelector("video").ended`, patience)
			mustComeOnce(t, page, test.video)
			page.MustBeQuiet()
		})
	}
}

func mustBeMediaSource(t *testing.T, page *browser.Page) {
	t.Helper()
	var kind, source string
	page.Eval("window.peerpod.source", &kind)
	page.Eval(`document.querySelector("video").src`, &source)
	if kind != "mediasource" || !strings.HasPrefix(source, "blob:") {
		t.Errorf("source = %q, video.src = %q, want mediasource, blob:…", kind, source)
	}
	var duration float64
	page.Eval(`document.querySelector("video").duration`, &duration)
	if duration < 19.5 || duration > 20.5 {
		t.Errorf("duration = %v, want about 20", duration)
	}
}

// mustComeOnce holds the bytes that came by HTTP against the size of the file.
func mustComeOnce(t *testing.T, page *browser.Page, video string) {
	t.Helper()
	info, err := os.Stat(video)
	if err != nil {
		t.Fatal(err)
	}
	var got counters
	page.Eval("window.peerpod.counters", &got)
	if got.WebSeed == 0 || got.WebSeed > info.Size()*5/4 {
		t.Errorf("bytes by HTTP = %d, want at most those of the file, %d, and a few", got.WebSeed, info.Size())
	}
}

func TestTabsExchangeBytes(t *testing.T) {
	pod := startPod(t, makeVideo(t, uuid+"-180.mp4"))
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
	first := b.Open(pod.at("127.0.0.1", "/w/"+short+"?muted=1"))
	first.Click("#play")
	first.WaitFor("window.peerpod.swarmReady", patience)
	first.WaitFor(`document.querySelector("video").currentTime > 1`, patience)

	// The second has no HTTP: all it shows was handed on by the first.
	second := b.Open(pod.at("pod.test", "/w/"+short+"?muted=1&http=0"))
	second.Click("#play")
	second.WaitFor(`document.querySelector("video").currentTime > 3`, patience)
	second.Eval(frames, nil)
	mustBeMediaSource(t, second)
	var got counters
	second.Eval("window.peerpod.counters", &got)
	if got.Peers == 0 || got.Pod != 0 || got.WebSeed != 0 {
		t.Errorf("second tab's counters = %+v, want bytes from peers only", got)
	}
	first.Eval("window.peerpod.counters", &got)
	if got.Sent == 0 {
		t.Errorf("first tab's counters = %+v, want bytes sent", got)
	}
	second.WaitFor(`document.querySelector("#strip").textContent.includes("from 1 browser")`, patience)

	// A third has both: HTTP at once, then the others take over.
	third := b.Open(pod.at("127.0.0.1", "/w/"+short+"?muted=1"))
	third.Click("#play")
	third.WaitFor("window.peerpod.counters.peers > 0", patience)
	mustBeMediaSource(t, third)
	for _, page := range []*browser.Page{first, second, third} {
		page.MustBeQuiet()
	}
}

func TestLastResort(t *testing.T) {
	pod := startPod(t, makeVideo(t, uuid+"-180.mp4"))
	pod.mime = `video/mp4; codecs="nonsense"`
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/w/"+short))
	page.Click("#play")
	page.WaitFor(`document.querySelector("video").currentTime > 1`, patience)
	page.WaitFor(`window.peerpod.source === "file"`, patience)
	page.WaitFor(`document.querySelector("#strip").textContent.includes("straight from Ana's pod")`, patience)
	page.MustBeQuiet()
}
