package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

func TestHosts(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	machine, _, _ = strings.Cut(machine, ".")
	tests := []struct {
		host string
		want bool
	}{
		{"localhost", true},
		{"localhost:9000", true},
		{"LOCALHOST.", true},
		{"127.0.0.1:9000", true},
		{"192.168.1.7", true},
		{"[::1]:9000", true},
		{"[fe80::1]", true},
		{machine + ".local:9000", true},
		{strings.ToUpper(machine) + ".local", true},
		{"pod.example:8443", true},
		{"pod.example", true},
		{"extra.example:1", true},
		{"evil.example:9000", false},
		{"other.local", false},
		{"localhost.evil.example", false},
		{"127.0.0.1.evil.example", false},
		{"pod.example.evil", false},
		{"", false},
		{"0x7f000001", false},
		{"2130706433", false},
	}
	for _, test := range tests {
		if got := server.AllowHost("https://pod.example:8443", []string{"Extra.example"}, test.host); got != test.want {
			t.Errorf("AllowHost(%q) = %v, want %v", test.host, got, test.want)
		}
	}
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	for _, path := range []string{"/", "/api/v1/ping", "/static/web-videos/" + v.Files[0].Name, "/tracker/announce", "/tracker/socket", "/w/" + v.UUID.Short(), "/openapi.json", "/assets/app.js", "/nothing"} {
		wantProblem(t, h.do(t, http.MethodGet, path, "Host: evil.example:9000", "Sec-Fetch-Site: same-origin"), 421, "misdirected")
		if got := h.do(t, http.MethodGet, path, "Host: localhost:9000"); got.StatusCode == http.StatusMisdirectedRequest {
			t.Errorf("GET %s on localhost = 421, want another status", path)
		}
	}
	wantProblem(t, h.do(t, http.MethodPost, "/api/v1/videos/upload", "Host: evil.example"), 421, "misdirected")
}

func TestCrossOrigin(t *testing.T) {
	h := start(t, nil)
	tests := []struct {
		name   string
		header []string
		want   int
	}{
		{"program", nil, 200},
		{"own page", []string{"Sec-Fetch-Site: same-origin", "Origin: " + h.url}, 200},
		{"typed", []string{"Sec-Fetch-Site: none"}, 200},
		{"own page, old browser or plain http", []string{"Origin: " + h.url}, 200},
		{"evil", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil"}, 403},
		{"evil, old browser", []string{"Origin: https://evil"}, 403},
		{"another local program", []string{"Sec-Fetch-Site: same-site", "Origin: http://localhost:3000"}, 403},
		{"null", []string{"Origin: null"}, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
				got := h.do(t, method, "/api/v1/videos/1", test.header...)
				if got.StatusCode != test.want {
					t.Errorf("%s = %d, want %d", method, got.StatusCode, test.want)
				}
				if test.want == 403 {
					wantProblem(t, got, 403, "cross_origin")
				}
				if got.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s has Access-Control-Allow-Origin, want none", method)
				}
			}
			if got := h.do(t, http.MethodGet, "/tracker/announce", test.header...); got.body != "announce" {
				t.Errorf("GET announce = %q, want it let through", got.body)
			}
		})
	}
}

func TestCORS(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	file := "/static/web-videos/" + v.Files[0].Name
	tests := []struct {
		name, method, path string
		header             []string
		status             int
		origin             string
	}{
		{"file", "GET", file, []string{"Origin: https://friend"}, 200, "*"},
		{"file with Range", "GET", file, []string{"Origin: null", "Range: bytes=0-1"}, 206, "*"},
		{"list", "GET", "/api/v1/videos", []string{"Origin: https://friend", "Sec-Fetch-Site: cross-site"}, 200, "*"},
		{"document", "HEAD", "/openapi.json", nil, 200, "*"},
		{"list with a token", "GET", "/api/v1/videos", []string{"Origin: https://evil", "Authorization: Bearer x"}, 200, ""},
		{"list with a cookie", "GET", "/api/v1/videos", []string{"Origin: https://evil", "Cookie: session=1"}, 200, ""},
		{"page", "GET", "/", []string{"Origin: https://evil"}, 200, ""},
		{"preflight of a file", "OPTIONS", file, []string{"Origin: https://friend", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: range"}, 204, "*"},
		{"preflight of the API", "OPTIONS", "/api/v1/videos", []string{"Origin: https://friend", "Access-Control-Request-Method: GET", "Sec-Fetch-Site: cross-site"}, 204, "*"},
		{"preflight of a change", "OPTIONS", "/api/v1/videos/1", []string{"Origin: https://evil", "Access-Control-Request-Method: DELETE"}, 403, ""},
		{"preflight of a POST to a file", "OPTIONS", file, []string{"Origin: https://evil", "Access-Control-Request-Method: POST"}, 403, ""},
		{"options without preflight", "OPTIONS", file, nil, 405, ""},
		{"preflight of a page", "OPTIONS", "/", []string{"Origin: https://evil", "Access-Control-Request-Method: GET"}, 405, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := h.do(t, test.method, test.path, test.header...)
			if got.StatusCode != test.status || got.Header.Get("Access-Control-Allow-Origin") != test.origin || got.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s = %d %q, want %d %q", test.method, test.path, got.StatusCode, got.Header.Get("Access-Control-Allow-Origin"), test.status, test.origin)
			}
			if test.status == 204 && (got.Header.Get("Access-Control-Allow-Headers") != "Range" || got.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD") {
				t.Errorf("preflight allows %v, want Range by GET and HEAD", got.Header)
			}
			if test.origin == "*" && test.status < 300 && test.status != 204 && !strings.Contains(got.Header.Get("Access-Control-Expose-Headers"), "Content-Range") {
				t.Errorf("Access-Control-Expose-Headers = %q, want Content-Range in it", got.Header.Get("Access-Control-Expose-Headers"))
			}
		})
	}
}

func TestMethods(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	for _, path := range []string{"/", "/w/x", "/videos/embed/x", "/videos/watch/x", "/assets/app.js", "/static/web-videos/" + v.Files[0].Name, "/static/torrents/x", "/lazy-static/thumbnails/x", "/download/videos/x"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE"} {
			got := h.do(t, method, path, "X-HTTP-Method-Override: GET")
			wantProblem(t, got, 405, "method_not_allowed")
			if got.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: Allow = %q, want GET, HEAD", method, path, got.Header.Get("Allow"))
			}
		}
	}
	wantProblem(t, h.do(t, "POST", "/nothing", "Accept: text/html"), 404, "not_found")
}

func TestAPIAndTrackerAreReached(t *testing.T) {
	h := start(t, nil)
	for path, want := range map[string]string{
		"/api/v1/videos?start=0": "\"GET /api/v1/videos\"\n", "/openapi.json": "\"GET /openapi.json\"\n", "/docs": "\"GET /docs\"\n", "/docs/x.js": "\"GET /docs/x.js\"\n",
		"/tracker/announce": "announce", "/tracker/scrape": "scrape", "/api/v1/events": "\"GET /api/v1/events\"\n",
	} {
		if got := h.do(t, http.MethodGet, path); got.body != want || got.StatusCode != http.StatusOK {
			t.Errorf("GET %s = %d %q, want %q", path, got.StatusCode, got.body, want)
		}
	}
	dialer := websocket.Dialer{}
	conn, _, err := dialer.Dial("ws://"+h.Addr()+"/tracker/socket", http.Header{"Origin": {"https://evil.example"}})
	if err != nil {
		t.Fatalf("Dial() = %v, want a socket", err)
	}
	defer func() { _ = conn.Close() }()
	_, data, err := conn.ReadMessage, []byte("hello"), conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, got, readErr := conn.ReadMessage(); err != nil || readErr != nil || string(got) != string(data) {
		t.Errorf("echo = %q, %v, %v, want hello", got, err, readErr)
	}
}

func TestPanicsEndOneRequest(t *testing.T) {
	h := start(t, func(c *server.Config) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/half" {
				_, _ = io.WriteString(w, "half")
				w.(http.Flusher).Flush()
			}
			panic(fmt.Sprintf("boom %s", r.URL.Path))
		})
	})
	got := h.do(t, http.MethodPost, "/api/x")
	wantProblem(t, got, 500, "internal")
	if strings.Contains(got.body, "boom") {
		t.Errorf("body = %q, want no cause in it", got.body)
	}
	if log := h.log.String(); strings.Count(log, "Handler panicked") != 1 || !strings.Contains(log, got.Header.Get("X-Request-Id")) {
		t.Errorf("log = %s, want the panic once, with the request's id", log)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/api/half", nil)
	if err != nil {
		t.Fatal(err)
	}
	half, err := h.client.Do(r)
	if err == nil {
		_, err = io.ReadAll(half.Body)
		_ = half.Body.Close()
	}
	if err == nil {
		t.Error("half an answer ended like a whole one, want an error")
	}
	if got := h.do(t, http.MethodGet, "/assets/app.js"); got.StatusCode != http.StatusOK {
		t.Errorf("GET after panics = %d, want 200", got.StatusCode)
	}
}

func TestBusyPodSaysSo(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	free := h.Busy(true)
	for _, path := range []string{"/", "/api/v1/videos", "/lazy-static/thumbnails/" + v.UUID.String() + ".jpg"} {
		got := h.do(t, http.MethodGet, path)
		wantProblem(t, got, 503, "busy")
		if got.Header.Get("Retry-After") == "" {
			t.Errorf("GET %s has no Retry-After", path)
		}
	}
	for _, path := range []string{"/static/web-videos/" + v.Files[0].Name, "/api/v1/events", "/tracker/announce"} {
		if got := h.do(t, http.MethodGet, path); got.StatusCode != http.StatusOK {
			t.Errorf("GET %s while busy = %d, want 200", path, got.StatusCode)
		}
	}
	free()
	free = h.Busy(false)
	came := make(chan answer, 1)
	go func() { came <- h.do(t, http.MethodGet, "/") }() // ends with its answer
	eventually(t, "a request to wait", func() bool { return h.Waiting() == 1 })
	gone, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(gone, http.MethodGet, h.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends when its client goes away
		defer close(ended)
		if got, err := h.client.Do(r); err == nil {
			_ = got.Body.Close()
		}
	}()
	eventually(t, "two requests to wait", func() bool { return h.Waiting() == 2 })
	cancel()
	<-ended
	eventually(t, "the client that went away to leave the line", func() bool { return h.Waiting() == 1 })
	free()
	if got := <-came; got.StatusCode != http.StatusOK {
		t.Errorf("a request that waited = %d, want 200", got.StatusCode)
	}
	var group sync.WaitGroup
	for range 150 {
		group.Go(func() {
			if got := h.do(t, http.MethodGet, "/api/v1/videos"); got.StatusCode != http.StatusOK && got.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("GET = %d, want 200 or 503", got.StatusCode)
			}
		})
	}
	group.Wait()
}

func TestIsUpload(t *testing.T) {
	form := "multipart/form-data; boundary=x"
	tests := []struct {
		method, path, kind string
		want               bool
	}{
		{"POST", "/api/v1/videos/upload", form, true},
		{"PUT", "/api/v1/videos/upload-resumable", "application/octet-stream", true},
		{"PUT", "/api/v1/videos/17", form, true},
		{"PUT", "/api/v1/videos/17", "application/json", false},
		{"POST", "/api/v1/videos/upload-resumable", "application/json", false},
		{"POST", "/api/v1/users/token", form, false},
		{"GET", "/api/v1/videos/upload", form, false},
	}
	for _, test := range tests {
		r := httptest.NewRequest(test.method, test.path, nil)
		r.Header.Set("Content-Type", test.kind)
		if got := server.IsUpload(r); got != test.want {
			t.Errorf("IsUpload(%s %s %s) = %v, want %v", test.method, test.path, test.kind, got, test.want)
		}
	}
}
