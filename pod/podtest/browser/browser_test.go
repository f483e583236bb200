package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest/browser"
)

func TestBrowser(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:")
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path != "/" && r.URL.Path != "/bad" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `<title>t</title><link rel="icon" href="data:,"><p>on %s</p><input>`, r.Host[:strings.Index(r.Host, ":")])
		if r.URL.Path == "/bad" {
			_, _ = w.Write([]byte(`<script>alert(1)</script>`))
		}
	}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})

	page := b.Open("http://pod.test:" + port + "/")
	page.View(640, 480, true)
	if got := page.Text("p"); got != "on pod.test" {
		t.Errorf("Text(p) = %q, want on pod.test", got)
	}
	var got []any
	page.Eval(`Promise.resolve([innerWidth, matchMedia("(prefers-color-scheme: dark)").matches, isSecureContext])`, &got)
	if fmt.Sprint(got) != "[640 true false]" {
		t.Errorf("size, dark, secure = %v, want [640 true false]", got)
	}
	page.Click("input")
	page.Press("a")
	page.Type("input", "b")
	page.WaitFor(`document.querySelector("input").value === "ab"`, 10*time.Second)
	shot := filepath.Join(t.TempDir(), "shot.png")
	page.Screenshot(shot)
	if info, err := os.Stat(shot); err != nil || info.Size() == 0 {
		t.Errorf("Screenshot left %v, %v, want a picture", info, err)
	}
	page.MustBeQuiet()

	bad := b.Open(server.URL + "/bad")
	defer bad.Close()
	var found string
	for limit := time.Now().Add(10 * time.Second); !strings.Contains(found, "CSP: script-src") && time.Now().Before(limit); {
		bad.Eval("new Promise(requestAnimationFrame)", nil)
		found = strings.Join(bad.Complaints(), "\n")
	}
	if !strings.Contains(found, "CSP: script-src") {
		t.Errorf("Complaints = %q, want the refused script", found)
	}
}
