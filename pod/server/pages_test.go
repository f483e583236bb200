package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

func fileName(title string) string     { return server.FileName(title, ".mp4") }
func dispositionOf(name string) string { return server.Disposition("attachment", name) }

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors "

func TestPages(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyUnlisted, nil)
	absent := pod.NewUUID()
	tests := []struct {
		name, path, page string
		status           int
		framed           bool
	}{
		{"home", "/", "index", 200, false},
		{"home with a search", "/?search=%3Cscript%3E", "index", 200, false},
		{"watch", "/w/" + v.UUID.Short(), "watch", 200, false},
		{"watch by UUID", "/w/" + v.UUID.String(), "watch", 200, false},
		{"embed", "/videos/embed/" + v.UUID.String(), "embed", 200, true},
		{"absent", "/w/" + absent.Short(), "notfound", 404, false},
		{"absent embed", "/videos/embed/" + absent.String(), "notfound", 404, false},
		{"malformed", "/w/%00", "notfound", 404, false},
		{"unknown path", "/nothing/here", "notfound", 404, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := h.do(t, http.MethodGet, test.path, "Accept: text/html,*/*;q=0.8")
			if got.StatusCode != test.status || !strings.HasPrefix(got.body, "<!doctype html>") || got.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("GET %s = %d %s %.60q, want %d and the page %s", test.path, got.StatusCode, got.Header.Get("Content-Type"), got.body, test.status, test.page)
			}
			ancestors := "'none'"
			if test.framed {
				ancestors = "*"
			}
			for key, want := range map[string]string{
				"Content-Security-Policy": policy + ancestors, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
			} {
				if got.Header.Get(key) != want {
					t.Errorf("%s = %q, want %q", key, got.Header.Get(key), want)
				}
			}
			if got.Header.Get("Permissions-Policy") == "" {
				t.Error("no Permissions-Policy")
			}
			if strings.Contains(got.body, "<script>") || strings.Contains(got.body, `"onerror`) || strings.Contains(got.body, "<pod>") {
				t.Errorf("GET %s: a name became markup: %s", test.path, got.body)
			}
			head := h.do(t, http.MethodHead, test.path, "Accept: text/html")
			if head.StatusCode != test.status || head.ContentLength != int64(len(got.body)) || head.body != "" {
				t.Errorf("HEAD %s = %d, length %d, want %d, %d", test.path, head.StatusCode, head.ContentLength, test.status, len(got.body))
			}
		})
	}
}

func TestWatchPageShowsTheVideo(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) {
		low := v.Files[0]
		low.Name, low.Height, low.Width = v.UUID.String()+"-360.mp4", 360, 640
		v.Files = append([]pod.VideoFile{low}, v.Files...)
	})
	got := h.do(t, http.MethodGet, "/w/"+v.UUID.Short()).body
	for _, want := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "{{.Version}}", `src="/static/web-videos/` + v.UUID.String() + `-720.mp4"`, `poster="/lazy-static/previews/` + v.UUID.String() + `-3.jpg"`,
		`data-s="20"`, `width="1280" height="720"`, "<time>2026-01-02T03:04:05.006Z</time>", `href="https://pod.example:8443/w/` + v.UUID.Short() + `"`, `avc1.64001f`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("watch page = %s, want %q in it", got, want)
		}
	}
	got = h.do(t, http.MethodGet, "/").body
	if !strings.Contains(got, "Ann&#39;s &lt;pod&gt;") {
		t.Errorf("home page = %s, want the pod's name as text", got)
	}
}

func TestRedirects(t *testing.T) {
	h := start(t, nil)
	u := pod.NewUUID() // need not exist: the redirect tells nothing
	for path, want := range map[string]string{
		"/videos/watch/" + u.String(): "/w/" + u.Short(), "/videos/watch/" + u.Short(): "/w/" + u.Short(), "/videos/watch/17": "/w/17",
		"//evil.example/x": "/evil.example/x", "/w//evil.example": "/w/evil.example",
	} {
		got := h.do(t, http.MethodGet, path)
		location := got.Header.Get("Location")
		if got.StatusCode/100 != 3 || location != want {
			t.Errorf("GET %s = %d %q, want a redirect to %q", path, got.StatusCode, location, want)
		}
	}
	wantProblem(t, h.do(t, http.MethodGet, "/videos/watch/evil.example"), 404, "not_found")
}

func TestAssets(t *testing.T) {
	h := start(t, nil)
	got := h.do(t, http.MethodGet, "/assets/app.js")
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || got.Header.Get("Cache-Control") != "public, no-cache" || got.body != "export const a = 1\n" {
		t.Errorf("GET asset = %d %v %q, want the script", got.StatusCode, got.Header, got.body)
	}
	if again := h.do(t, http.MethodGet, "/assets/app.js", "If-None-Match: "+got.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("GET asset that is known = %d, want 304", again.StatusCode)
	}
	_, link, _ := strings.Cut(h.do(t, http.MethodGet, "/").body, `src="`)
	link, _, _ = strings.Cut(link, `"`)
	if kept := h.do(t, http.MethodGet, link); kept.StatusCode != http.StatusOK || kept.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("GET %s = %d %q, want it to be kept for ever", link, kept.StatusCode, kept.Header.Get("Cache-Control"))
	}
	if nested := h.do(t, http.MethodGet, "/assets/a/b.css"); nested.body != "p{}" {
		t.Errorf("GET nested asset = %q, want p{}", nested.body)
	}
	for _, path := range []string{"/assets/secret.key", "/assets/nothing.js", "/assets/../jsconfig.json", "/assets/%2e%2e/jsconfig.json", "/assets/a"} {
		if got := h.do(t, http.MethodGet, path); got.StatusCode == http.StatusOK {
			t.Errorf("GET %s = 200, want no such asset", path)
		}
	}
}

func TestNewChecksThePages(t *testing.T) {
	full := func() server.Config {
		lib := &library{}
		return server.Config{API: http.NotFoundHandler(), Tracker: fakeTracker{}, Catalogue: lib, Files: lib, Access: lib, Web: web()}
	}
	with := func(name, text string) server.Config {
		c, files := full(), web()
		files[name] = &fstest.MapFile{Data: []byte(text)}
		c.Web = files
		return c
	}
	without := full()
	files := web()
	delete(files, "watch.html")
	without.Web = files
	noAPI := full()
	noAPI.API = nil
	noStatic := full()
	noStatic.Web = fstest.MapFS{}
	for name, c := range map[string]server.Config{
		"a page is missing": without, "a part is missing": noAPI, "no files": noStatic, "bad template": with("index.html", "{{"),
		"unknown field": with("embed.html", "{{with .Video}}{{.Owner}}{{end}}"), "unknown asset": with("index.html", `{{asset "x.js"}}`),
	} {
		if _, err := server.New(c); err == nil {
			t.Errorf("New() when %s = no error, want one", name)
		}
	}
	if _, err := server.New(full()); err != nil {
		t.Errorf("New() = %v, want no error", err)
	}
}
