package assets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

func TestInvite(t *testing.T) {
	pod := startPod(t, "none.mp4")
	fill(pod, 3)
	code := "eyJ2IjoxLCJpZCI6IkFB" + strings.Repeat("Qk9_-z", 60)
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/#invite="+code))
	page.WaitFor(tiles(3), soon)
	if got, want := page.Text("#invite"), "This is an invite to become friends with Ana's pod.\n\nOpen Peerpod, go to Friends, and paste this link."; !strings.HasPrefix(got, want) {
		t.Errorf("card = %q, want %q", got, want)
	}
	for name, view := range map[string]struct {
		width int64
		dark  bool
	}{"invite-360": {360, false}, "invite-1200": {1200, false}, "invite-360-dark": {360, true}, "invite-1200-dark": {1200, true}} {
		page.View(view.width, 800, view.dark)
		mustFit(t, page, name)
		shoot(page, name)
	}
	var got struct{ Value, Copied string }
	page.Eval(`document.addEventListener("copy", () => (window.copied = document.activeElement.value)); navigator.clipboard.writeText = async (text) => { window.copied = text; };`, nil)
	page.Click("#invite button")
	page.WaitFor(`document.querySelector("#invite button").textContent === "Copied"`, soon)
	page.Eval(`({value: document.querySelector("#invite input").value, copied: window.copied})`, &got)
	if want := pod.at("127.0.0.1", "/#invite="+code); got.Value != want || got.Copied != want {
		t.Errorf("link = %q, copied = %q, want %q", got.Value, got.Copied, want)
	}

	// A search keeps it, another fragment takes it away, a broken one says so.
	page.Type("#search", "cake")
	page.WaitFor(fmt.Sprintf(`location.search === "?search=cake" && location.hash === %q`, "#invite="+code), soon)
	page.Eval(`location.hash = "grid"`, nil)
	page.WaitFor(`document.querySelector("#invite").hidden`, soon)
	page.Eval(`location.hash = "invite=<img src=x onerror=alert(1)>"`, nil)
	page.WaitFor(`!document.querySelector("#invite").hidden && !document.querySelector("#invite-broken").hidden && !document.querySelector("#invite input")`, soon)
	if n := asked(pod, code[:20]) + asked(pod, "invite="); n != 0 {
		t.Errorf("%d requests hold the code, want none: %q", n, pod.requests())
	}
	page.MustBeQuiet()
}

func mustFit(t *testing.T, page *browser.Page, name string) {
	t.Helper()
	var wide bool
	page.Eval(`document.documentElement.scrollWidth > innerWidth`, &wide)
	if wide {
		t.Errorf("%s: the page is wider than the window", name)
	}
}

// TestOrigins looks at how friends' names are shown, hostile and long ones too.
func TestOrigins(t *testing.T) {
	here, origin := startFriends(t, makeVideo(t, uuid+"-180.mp4"))
	here.originName = hostile
	long := "Familie Bärbel Müller-Lüdenscheidt und Freundinnen aus dem Donaudampfschifffahrtsmuseum"
	here.list = []map[string]any{summary(1, "Own", true), summary(2, "Long", false), summary(3, "Hostile", false), summary(4, "Of a script", false)}
	for i, from := range []map[string]any{nil, {"name": long, "url": origin.server.URL}, {"name": hostile, "url": origin.server.URL + "/\"><script>"}, {"name": "Eve", "url": "javascript:alert(9)"}} {
		if from != nil {
			here.list[i]["origin"] = from
		}
	}
	b := browser.Start(t, browser.Options{})
	page := b.Open(here.at("127.0.0.1", "/"))
	page.WaitFor(tiles(4), soon)
	var got []string
	page.Eval(`[...document.querySelectorAll("#grid .origin")].map((o) => o.textContent + " " + (o.href ?? "-"))`, &got)
	want := []string{podName + " -", long + " " + origin.server.URL + "/", hostile + " " + origin.server.URL + "/", "Eve -"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("origins = %q, want %q", got, want)
	}
	page.View(360, 740, false)
	mustFit(t, page, "list")
	var cut []bool
	page.Eval(`[...document.querySelectorAll("#grid .origin")].map((o) => o.scrollWidth > o.clientWidth)`, &cut)
	if fmt.Sprint(cut) != "[false true true false]" {
		t.Errorf("names that are cut = %v, want the long ones", cut)
	}
	shoot(page, "origins-360")
	page.Eval(`document.querySelectorAll("#grid a.tile")[1].getBoundingClientRect().top + scrollY`, nil)
	var target string
	page.Eval(`(() => { const r = document.querySelectorAll("#grid .tile-frame")[1].getBoundingClientRect(); scrollTo(0, r.top);
		const n = document.querySelectorAll("#grid .tile-frame")[1].getBoundingClientRect(); return document.elementFromPoint(n.left + 20, n.top + 20).className; })()`, &target)
	if target != "tile" {
		t.Errorf("the poster leads to %q, want the video's link", target)
	}

	page.Go(here.at("127.0.0.1", "/w/"+short))
	page.WaitFor(`document.querySelector("#origin a").textContent.includes("<script>")`, soon)
	page.WaitFor(`!document.querySelector("#others").hidden`, soon)
	var strange int
	page.Eval(`document.querySelectorAll("script:not([src^='/assets/']), img[src='x'], [onerror]").length`, &strange)
	if strange != 0 {
		t.Errorf("%d elements came out of names, want none", strange)
	}
	mustFit(t, page, "watch with a hostile name")
	shoot(page, "friend-hostile-360")
	here.originName = long
	page.Go(here.at("127.0.0.1", "/w/"+short))
	page.WaitFor(`document.querySelector("#origin a").textContent.startsWith("Familie")`, soon)
	for name, view := range map[string]struct {
		width int64
		dark  bool
	}{"friend-360": {360, false}, "friend-1200": {1200, false}, "friend-360-dark": {360, true}, "friend-1200-dark": {1200, true}} {
		page.View(view.width, 800, view.dark)
		mustFit(t, page, name)
		shoot(page, name)
	}
	var download string
	page.Eval(`document.querySelector("#download").href`, &download)
	if want := here.at("127.0.0.1", "/download/videos/"+uuid+"-180.mp4"); download != want {
		t.Errorf("download = %q, want %q", download, want)
	}
	page.MustBeQuiet()
}
