package node_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/anacrolix/torrent/bencode"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/browser"
)

// patience bounds each step in a browser.
const patience = 60 * time.Second

// frame is a promise that is kept when the video shows a new picture.
const frame = `new Promise((done) => document.querySelector("video").requestVideoFrameCallback(() => done(true)))`

// client is a script that makes a WebTorrent client which speaks to nobody but the tracker.
const client = `const { default: WebTorrent } = await import("/assets/vendor/webtorrent.min.js");
	const client = new WebTorrent({ dht: false, lsd: false, natUpnp: false, natPmp: false, utPex: false, tracker: { rtcConfig: { iceServers: [] } } });
	client.on("error", (err) => { throw err; });`

// podOnTheLAN is a pod that also answers to a plain-http name.
func podOnTheLAN(t *testing.T) *podtest.Pod {
	t.Helper()
	return podtest.New(t, 1, func(c *node.Config) { c.Hosts = []string{"pod.test"} })[0]
}

// at is a pod's page under another host name.
func at(p *podtest.Pod, host, path string) string {
	return strings.Replace(p.URL, "127.0.0.1", host, 1) + path
}

// counters are window.peerpod.counters: bytes by their way.
type counters struct{ Peers, Pod, WebSeed, Sent int64 }

func countersOf(page *browser.Page) (c counters) {
	page.Eval("window.peerpod.counters", &c)
	return c
}

// wantPlaying plays the page's video for five seconds, seeks, and wants pictures.
func wantPlaying(t *testing.T, page *browser.Page) {
	t.Helper()
	page.Click("#play")
	page.Eval(frame, nil)
	page.WaitFor(`document.querySelector("video").currentTime >= 5`, patience)
	page.Eval(`(document.querySelector("video").currentTime = document.querySelector("video").duration * 0.7, 0)`, nil)
	page.WaitFor(`document.querySelector("video").currentTime > document.querySelector("video").duration * 0.7 + 0.5`, patience)
	page.Eval(frame, nil)
	var kind string
	if page.Eval("window.peerpod.source", &kind); kind != "mediasource" {
		t.Errorf("source = %q, want mediasource", kind)
	}
}

func TestChromiumPlays(t *testing.T) {
	p := podOnTheLAN(t)
	mp4 := p.Upload(podtest.MP4(t), podtest.Fields{"name": "A film"})
	webm := p.Upload(podtest.WebM(t), podtest.Fields{"name": "A WebM"})
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
	for _, c := range []struct {
		name, host, query string
		video             podtest.Video
		secure            bool
	}{
		{"secure context", "127.0.0.1", "?muted=1", mp4, true},
		{"name on the LAN", "pod.test", "?muted=1", mp4, false},
		{"WebM", "127.0.0.1", "?muted=1", webm, true},
		{"without WebRTC", "127.0.0.1", "?muted=1&webrtc=0", mp4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := b.Open(at(p, c.host, "/w/"+c.video.ShortUUID+c.query))
			defer page.Close()
			var secure bool
			if page.Eval("isSecureContext", &secure); secure != c.secure {
				t.Fatalf("isSecureContext = %v, want %v", secure, c.secure)
			}
			wantPlaying(t, page)
			page.MustBeQuiet()
		})
	}
}

func TestChromiumPlaysWhereUDPIsBlocked(t *testing.T) {
	p := podOnTheLAN(t)
	v := p.Upload(podtest.MP4(t), nil)
	b := browser.Start(t, browser.Options{Flags: []string{"force-webrtc-ip-handling-policy", "webrtc-ip-handling-policy=disable_non_proxied_udp"}})
	page := b.Open(p.URL + "/w/" + v.ShortUUID + "?muted=1")
	wantPlaying(t, page)
	if got := countersOf(page); got.WebSeed == 0 || got.Pod != 0 {
		t.Errorf("counters = %+v, want bytes by HTTP only", got)
	}
}

func TestChromiumPlaysByWebRTCAlone(t *testing.T) {
	p := podOnTheLAN(t)
	v := p.Upload(podtest.MP4(t), nil)
	b := browser.Start(t, browser.Options{})
	page := b.Open(p.URL + "/w/" + v.ShortUUID + "?muted=1&http=0")
	wantPlaying(t, page)
	if got := countersOf(page); got.Pod == 0 || got.WebSeed != 0 {
		t.Errorf("counters = %+v, want bytes from the pod by WebRTC only", got)
	}
	if sent := p.Node.Swarm().Stats().WebRTC.BytesUp; sent == 0 {
		t.Error("the pod sent nothing by WebRTC")
	}
}

func TestWebTorrentFetchesTheSameBytes(t *testing.T) {
	p := podOnTheLAN(t)
	b := browser.Start(t, browser.Options{})
	for kind, path := range films(t) {
		v := p.Upload(path, podtest.Fields{"name": "By WebRTC " + kind})
		page := b.Open(p.URL + "/")
		var got string
		page.Eval(fmt.Sprintf(`(async () => { %s
			const torrent = await new Promise((done) => client.add(%q, (t) => t.on("done", () => done(t))));
			const sum = await crypto.subtle.digest("SHA-256", await torrent.files[0].arrayBuffer());
			client.destroy();
			return [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
		})()`, client, onlyPeers(t, v.Files[0].MagnetURI)), &got)
		if want := podtest.SHA256(p.Get(v.Files[0].FileURL).Body); got != want {
			t.Errorf("%s by WebRTC has SHA-256 %s, want %s", kind, got, want)
		}
		page.Close()
	}
}

func TestTabsExchangeBytes(t *testing.T) {
	p := podOnTheLAN(t)
	v := p.Upload(podtest.MP4(t), nil)
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
	// Two viewers come together, one of them by the name on the LAN.
	first := b.Open(at(p, "127.0.0.1", "/w/"+v.ShortUUID+"?muted=1&http=0"))
	second := b.Open(at(p, "pod.test", "/w/"+v.ShortUUID+"?muted=1&http=0"))
	first.Click("#play")
	second.Click("#play")
	podtest.Eventually(t, "one tab gives bytes to the other", func() bool {
		a, b := countersOf(first), countersOf(second)
		return a.Sent > 0 && b.Peers > 0 || b.Sent > 0 && a.Peers > 0
	})
	for _, page := range []*browser.Page{first, second} {
		page.WaitFor(`document.querySelector("video").currentTime > 2`, patience)
		page.WaitFor(`window.peerpod.wires.some((wire) => !wire.isPod)`, patience)
	}
}

func TestBrowserSeedsToABitTorrentClientThroughThePod(t *testing.T) {
	p := podOnTheLAN(t)
	b := browser.Start(t, browser.Options{})
	page := b.Open(p.URL + "/")
	// A browser has a file that nobody else has …
	var made struct{ Torrent, SHA256 string }
	page.Eval(fmt.Sprintf(`(async () => { %s
		const data = new Uint8Array(3_000_000);
		for (let i = 0; i < data.length; i++) data[i] = (i * 2654435761) >>> 13;
		const file = new File([data], "only-in-a-browser.bin");
		window.seed = (announce) => new Promise((done) => client.seed(file, { name: file.name, pieceLength: 262144, announceList: announce }, done));
		window.unseed = (torrent) => new Promise((done) => torrent.destroy({ destroyStore: false }, done));
		const torrent = await window.seed([]);
		const torrentFile = torrent.torrentFile;
		await window.unseed(torrent);
		const sum = await crypto.subtle.digest("SHA-256", data);
		return { Torrent: btoa(String.fromCharCode(...torrentFile)), SHA256: [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("") };
	})()`, client), &made)
	// … the pod mirrors it, the browser announces to the pod's tracker …
	ih, err := p.Node.Mirror(t.Context(), infoOf(t, made.Torrent))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.Replace(p.URL, "http", "ws", 1) + "/tracker/socket"
	page.Eval(fmt.Sprintf(`(async () => { await window.seed([[%q]]); return true; })()`, socket), nil)
	// … and aria2c, which knows no WebRTC, gets it.
	magnet := "magnet:?xt=urn:btih:" + ih.String() + "&dn=only-in-a-browser.bin&tr=" + url.QueryEscape(p.URL+"/tracker/announce")
	if got := podtest.SHA256(fetchByAria2(t, magnet)); got != made.SHA256 {
		t.Errorf("aria2c got SHA-256 %s, want the browser's %s", got, made.SHA256)
	}
	stats := p.Node.Swarm().Stats()
	if stats.WebRTC.BytesDown < 3_000_000 || stats.TCP.BytesUp < 3_000_000 {
		t.Errorf("stats = %+v, want the file in by WebRTC and out by TCP", stats)
	}
}

// infoOf cuts the info dictionary out of a torrent in base 64.
func infoOf(t *testing.T, torrent string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(torrent)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Info bencode.Bytes `bencode:"info"`
	}
	if err := bencode.NewDecoder(bytes.NewReader(raw)).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.Info
}
