package assets_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

const soon = 15 * time.Second

// shoot keeps a picture for people where PEERPOD_SHOTS names a folder.
func shoot(page *browser.Page, name string) {
	if dir := os.Getenv("PEERPOD_SHOTS"); dir != "" {
		page.Screenshot(filepath.Join(dir, name+".png"))
	}
}

func titles() []string {
	return []string{
		"A walk by the sea", "Grandma's apple cake, step by step", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungszeremonie",
		"رحلة إلى البحر مع الأصدقاء في الصيف", "Repairing the old bicycle", "Konzert im Garten", "Snow", "How we built the tree house together with the neighbours in one long and rainy weekend in October",
		"First steps", "Lena's school play", "Sunrise over the harbour", "Choir rehearsal", "夏休みの思い出", "The cat and the vacuum cleaner",
	}
}

func fill(pod *fakePod, n int) {
	names := titles()
	for i := range n {
		name := names[i%len(names)]
		if i >= len(names) {
			name = fmt.Sprintf("%s (%d)", name, i/len(names)+1)
		}
		pod.list = append(pod.list, summary(i, name, i%3 != 1))
	}
}

func tiles(n int) string {
	return fmt.Sprintf(`document.querySelectorAll("#grid a.tile").length === %d`, n)
}

func TestList(t *testing.T) {
	pod := startPod(t, "none.mp4")
	fill(pod, 60)
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/"))
	page.WaitFor(tiles(24), soon)
	if got := page.Text("#status"); got != "60 videos" {
		t.Errorf("status = %q, want 60 videos", got)
	}
	for name, view := range map[string]struct {
		width, height int64
		dark          bool
	}{"list-360": {360, 740, false}, "list-900": {900, 800, false}, "list-1920": {1920, 1080, false}, "list-dark": {1280, 900, true}, "list-360-dark": {360, 740, true}} {
		page.View(view.width, view.height, view.dark)
		page.WaitFor(`[...document.images].every((i) => i.complete || i.getBoundingClientRect().top > innerHeight)`, soon)
		var wide bool
		page.Eval(`document.documentElement.scrollWidth > innerWidth`, &wide)
		if wide {
			t.Errorf("%s: the page is wider than the window", name)
		}
		shoot(page, name)
	}
	page.View(1280, 800, false)
	page.Eval(`document.querySelector("#more").click()`, nil)
	page.WaitFor(tiles(48), soon)
	page.Eval(`document.querySelector("#more").click()`, nil)
	page.WaitFor(tiles(60), soon)
	page.WaitFor(`document.querySelector("#more").hidden`, soon)

	page.Press("/")
	page.WaitFor(`document.activeElement.id === "search"`, soon)
	page.Eval(`document.activeElement.value = ""`, nil) // the driver sends the slash's character although its key was taken
	page.Press("cake")
	page.WaitFor(tiles(5), soon)
	page.WaitFor(`location.search === "?search=cake" && document.querySelector("#heading").textContent === "Videos for “cake”"`, soon)
	page.Press(kb.ArrowDown)
	page.Press(kb.ArrowRight)
	page.WaitFor(`document.activeElement === document.querySelectorAll("a.tile")[1]`, soon)
	shoot(page, "search")
	page.Go(pod.at("127.0.0.1", "/?search=harbour"))
	page.WaitFor(tiles(4), soon)
	page.MustBeQuiet()
}

func TestListStates(t *testing.T) {
	pod := startPod(t, "none.mp4")
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/"))
	page.WaitFor(`document.querySelector("#state h2")?.textContent === "No videos yet."`, soon)
	shoot(page, "empty")
	page.Type("#search", "whale")
	page.WaitFor(`document.querySelector("#state h2")?.textContent === "Nothing fits this search."`, soon)
	page.View(360, 740, true)
	shoot(page, "nothing-found-360-dark")
	page.View(1280, 800, false)
	page.Go(pod.at("127.0.0.1", "/gone"))
	shoot(page, "notfound")
	page.MustBeQuiet()

	pod.listCode = http.StatusServiceUnavailable
	page.Go(pod.at("127.0.0.1", "/"))
	page.WaitFor(`document.querySelector("#state p")?.textContent === "The pod is busy. Try again in a minute."`, soon)
	shoot(page, "error")
	pod.listCode, pod.slow = 0, make(chan struct{})
	page.Eval(`document.querySelector("#state button").click()`, nil)
	page.WaitFor(`document.querySelectorAll("#grid .blank").length === 8`, soon)
	shoot(page, "loading")
	fill(pod, 3)
	close(pod.slow)
	page.WaitFor(tiles(3), soon)
}

// hostile texts must stay texts.
const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(2)>{{.PodName}}${7*7}</title></noscript>`

func TestHostileTexts(t *testing.T) {
	pod := startPod(t, makeVideo(t, uuid+"-180.mp4"))
	pod.title = hostile
	pod.text = hostile + "\njavascript:alert(3) https://example.org/a?b=\"onmouseover=alert(4) data:text/html,<script>alert(5)</script>"
	pod.list = []map[string]any{summary(1, hostile, true), summary(2, hostile, false)}
	pod.list[1]["account"] = map[string]any{"displayName": hostile, "host": hostile}
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/"))
	page.WaitFor(tiles(2), soon)
	if got := page.Text(".tile-title"); got != hostile {
		t.Errorf("title in the list = %q, want the text as it is", got)
	}
	page.Go(pod.at("127.0.0.1", "/w/"+short))
	page.WaitFor(`!document.querySelector("#others").hidden`, soon)
	if got := page.Text("h1"); got != hostile {
		t.Errorf("title of the page = %q, want the text as it is", got)
	}
	var links []string
	page.Eval(`[...document.querySelectorAll("#description a")].map((a) => a.href)`, &links)
	if len(links) != 1 || links[0] != "https://example.org/a?b=" {
		t.Errorf("links in the description = %q, want only the https one", links)
	}
	var strange int
	page.Eval(`document.querySelectorAll("script:not([src^='/assets/']), img[src='x'], [onerror]").length`, &strange)
	if strange != 0 {
		t.Errorf("%d elements came out of texts, want none", strange)
	}
	page.Go(pod.at("127.0.0.1", "/videos/embed/"+uuid))
	page.WaitFor(`document.querySelector(".embed-title a").textContent.startsWith("\"'><script>")`, soon)
	page.MustBeQuiet()
}

func TestWatchPage(t *testing.T) {
	pod := startPod(t, makeVideo(t, uuid+"-180.mp4"))
	fill(pod, 14)
	pod.text = "We met at seven, when the harbour was still asleep.\n\nMusic: our own. More at https://example.org/walk.\n" + strings.Repeat("Grüße an alle Freundinnen und Freunde. ", 6)
	b := browser.Start(t, browser.Options{})
	page := b.Open(pod.at("127.0.0.1", "/w/"+short))
	page.WaitFor(`document.querySelectorAll("#others-list a").length === 12 && document.querySelectorAll("#share-panel input").length === 2`, soon)
	for name, view := range map[string]struct {
		width, height int64
		dark          bool
	}{"watch-360": {360, 740, false}, "watch-900": {900, 800, false}, "watch-1920": {1920, 1080, false}, "watch-dark": {1280, 900, true}} {
		page.View(view.width, view.height, view.dark)
		shoot(page, name)
	}
	page.View(1280, 900, false)
	if got := page.Text("#when"); got != "2 days ago" {
		t.Errorf("time = %q, want 2 days ago", got)
	}
	page.Eval(`document.querySelector("#share").click()`, nil)
	var values []string
	page.Eval(`[...document.querySelectorAll("#share-panel input")].map((i) => i.value)`, &values)
	if len(values) != 2 || values[0] != pod.at("127.0.0.1", "/w/"+short) || !strings.HasPrefix(values[1], "magnet:?") {
		t.Errorf("links to share = %q, want the page and a magnet", values)
	}
	var download string
	page.Eval(`document.querySelector("#download").href`, &download)
	if want := pod.at("127.0.0.1", "/download/videos/"+uuid+"-180.mp4"); download != want {
		t.Errorf("download = %q, want %q", download, want)
	}
	page.Eval(`document.querySelector("#share").click(); document.activeElement.blur()`, nil)
	page.Press(" ")
	page.WaitFor(`document.querySelector("video").currentTime > 1 && document.querySelector("#strip").textContent.includes("from Ana's pod")`, patience)
	page.Eval(`document.querySelector("#traffic").open = true`, nil)
	page.WaitFor(`document.querySelectorAll("#traffic-table dd").length === 7`, soon)
	page.Eval(`scrollTo(0, 0)`, nil)
	shoot(page, "watch-playing")
	page.Eval(`scrollTo(0, 700)`, nil)
	shoot(page, "watch-playing-below")
	page.WaitFor(`document.querySelector("video").currentTime > 11`, patience)
	for limit := time.Now().Add(soon); pod.views.Load() != 1 && time.Now().Before(limit); {
		page.Eval("new Promise(requestAnimationFrame)", nil)
	}
	if got := pod.views.Load(); got != 1 {
		t.Errorf("views = %d, want 1", got)
	}
	page.Go(pod.at("127.0.0.1", "/videos/embed/"+uuid))
	page.View(640, 360, false)
	shoot(page, "embed")
	page.MustBeQuiet()
}

// TestWithoutScript looks at what a page is before its script runs.
func TestWithoutScript(t *testing.T) {
	pod := startPod(t, makeVideo(t, uuid+"-180.mp4"))
	b := browser.Start(t, browser.Options{})
	page := b.Blank()
	page.Block("*://*:*/assets/*.js")
	page.Go(pod.at("127.0.0.1", "/w/"+short))
	var got struct{ Title, H1, Image, Video string }
	page.Eval(`({title: document.title, h1: document.querySelector("h1").textContent,
		image: document.querySelector("meta[property='og:image']").content, video: document.querySelector("video").src})`, &got)
	if got.Title != "A walk by the sea · Ana's pod" || got.H1 != "A walk by the sea" || got.Image != pod.server.URL+"/lazy-static/previews/"+uuid+"-1.jpg" {
		t.Errorf("page without script = %+v", got)
	}
	page.Eval(`document.querySelector("video").play()`, nil)
	page.WaitFor(`document.querySelector("video").currentTime > 1`, patience)
}
