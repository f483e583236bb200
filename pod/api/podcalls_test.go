package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

// podCalls are the routes for other pods, with their types and limits.
var podCalls = []struct {
	path, media string
	limit       int
}{
	{"/api/v1/pods", pod.TypeJOSE, 64 << 10},
	{"/api/v1/pods/challenge", "application/json", 64 << 10},
	{"/api/v1/pods/inbox", pod.TypeJOSE, 1 << 20},
}

// Programs without a login call these routes: a token, good or bad, changes nothing, and
// the answer goes out as it stands.
func TestPodCallsPassThrough(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, route := range podCalls {
		for _, reply := range []pod.Reply{
			{Status: 200, ContentType: pod.TypeJOSE, Body: []byte("a.b.c")},
			{Status: 202, ContentType: pod.TypeJOSE, Body: []byte("d.e.f")},
			{Status: 409, ContentType: pod.TypeJOSE, Body: []byte("g.h.i")},
			{Status: 204},
		} {
			for _, token := range []string{"", "forged", rootToken} {
				wd.net.reply = reply
				w := do(t, a, call{method: http.MethodPost, path: route.path, token: token, contentType: route.media, body: strings.NewReader("the body")})
				if w.Code != reply.Status || w.Header().Get("Content-Type") != reply.ContentType || w.Body.String() != string(reply.Body) || w.Header().Get("Peerpod-Api-Versions") != "1" {
					t.Errorf("POST %s = %d %s %q, want %+v", route.path, w.Code, w.Header().Get("Content-Type"), w.Body, reply)
				}
				if got := wd.net.bodies[len(wd.net.bodies)-1]; got != "the body" {
					t.Errorf("POST %s passed on %q, want the body", route.path, got)
				}
			}
		}
	}
}

func TestPodCallsTellWhereFrom(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, tt := range []struct {
		remote, header, value, source string
		forwarded                     bool
	}{
		{"192.0.2.7:1234", "Peerpod-Api-Version", "1", "192.0.2.7", false},
		{"[::ffff:10.0.0.1]:80", "X-Forwarded-For", "8.8.8.8", "10.0.0.1", true},
		{"[fe80::1%eth0]:80", "Forwarded", "for=8.8.8.8", "fe80::1", true},
		{"127.0.0.1:1", "X-Real-IP", "", "127.0.0.1", true},
		{"127.0.0.1:1", "Via", "1.1 proxy", "127.0.0.1", true},
		{"127.0.0.1:1", "X-Forwarded-Host", "h", "127.0.0.1", false},
		{"nonsense", "", "", "invalid IP", false},
	} {
		for _, route := range podCalls {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, route.path, strings.NewReader("x"))
			r.RemoteAddr = tt.remote
			r.Header.Set("Content-Type", route.media)
			if tt.header != "" {
				r.Header.Set(tt.header, tt.value)
			}
			a.Handler().ServeHTTP(httptest.NewRecorder(), r)
			in := wd.net.taken[len(wd.net.taken)-1]
			if in.Source.String() != tt.source || in.Forwarded != tt.forwarded || in.Version != r.Header.Get("Peerpod-Api-Version") || in.ContentType != route.media {
				t.Errorf("POST %s from %s with %s = %+v, want %s, %v", route.path, tt.remote, tt.header, in, tt.source, tt.forwarded)
			}
		}
	}
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestPodCallsRefuseTypesUnread(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, route := range podCalls {
		for _, media := range []string{"", "text/plain", "application/octet-stream", "application/jose+json", ";;;", "multipart/form-data; boundary=b", map[bool]string{true: "application/json", false: pod.TypeJOSE}[route.media == pod.TypeJOSE]} {
			w := do(t, a, call{method: http.MethodPost, path: route.path, contentType: media, body: unread{t}})
			wantProblem(t, w, http.StatusUnsupportedMediaType, "unsupported_type")
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, route.path, unread{t})
		r.ContentLength = int64(route.limit) + 1
		r.Header.Set("Content-Type", route.media)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		wantProblem(t, w, http.StatusRequestEntityTooLarge, "too_large")
	}
}

// A body is bounded also when its length was not told, and it is too large whatever the
// part behind makes of it (FED-21).
func TestPodCallsAreBounded(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, route := range podCalls {
		for length, status := range map[int]int{route.limit: http.StatusOK, route.limit + 1: http.StatusRequestEntityTooLarge, 2 * route.limit: http.StatusRequestEntityTooLarge} {
			body := io.MultiReader(strings.NewReader(strings.Repeat("x", length))) // hides its length
			w := do(t, a, call{method: http.MethodPost, path: route.path, contentType: route.media, body: body})
			if w.Code != status || len(wd.net.bodies[len(wd.net.bodies)-1]) != min(length, route.limit) {
				t.Errorf("POST %s of %d bytes = %d with %d passed on, want %d", route.path, length, w.Code, len(wd.net.bodies[len(wd.net.bodies)-1]), status)
			}
			if closed := w.Header().Get("Connection") == "close"; closed != (status != http.StatusOK) {
				t.Errorf("POST %s of %d bytes closes the connection: %v, want it after a refusal only", route.path, length, closed)
			}
		}
	}
}

func TestPodCallsFaults(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for kind, status := range map[pod.Kind]int{pod.KindForbidden: 403, pod.KindConflict: 409, pod.KindUpgrade: 426, pod.KindTooMany: 429, pod.KindInvalid: 400, pod.KindInternal: 500} {
		for _, route := range podCalls {
			wd.net.fault = &pod.Error{Kind: kind, Msg: "No."}
			wantProblem(t, do(t, a, call{method: http.MethodPost, path: route.path, contentType: route.media, body: strings.NewReader("x")}), status, "")
		}
	}
}

// A body that comes too slowly, or ends too early, is the sender's fault.
func TestPodCallsSlowBodies(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, func(c *api.Config) { c.Limits.BodyTimeout = 50 * time.Millisecond })
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	head := "POST /api/v1/pods/inbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\n"
	if got := raw(t, server, head+"Content-Length: 100\r\n\r\nabc").StatusCode; got != http.StatusRequestTimeout {
		t.Errorf("slow body = %d, want 408", got)
	}
	if got := raw(t, server, head+"Transfer-Encoding: chunked\r\n\r\nZZ\r\n").StatusCode; got != http.StatusBadRequest {
		t.Errorf("broken body = %d, want 400", got)
	}
}

// The time limit of a body does not end the work on it.
func TestPodCallsMayTakeTime(t *testing.T) {
	wd := newWorld()
	slow := slowCalls{network: wd.net, ended: make(chan error, 1)}
	a := newAPI(t, wd, func(c *api.Config) { c.Limits.BodyTimeout, c.Friends = 50*time.Millisecond, slow })
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	answer := raw(t, server, "POST /api/v1/pods HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose\r\nContent-Length: 3\r\n\r\nabc")
	if err := <-slow.ended; answer.StatusCode != http.StatusOK || err != nil {
		t.Errorf("slow introduction = %d, its context %v, want 200 and no error", answer.StatusCode, err)
	}
}
