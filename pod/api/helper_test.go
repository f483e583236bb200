package api_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

const (
	rootToken = "root-token-0123456789"
	userToken = "user-token-0123456789"
	base      = "http://pod.test:9000"
)

// newAPI builds an api over a world.
func newAPI(tb testing.TB, wd *world, change func(*api.Config)) *api.API {
	tb.Helper()
	cfg := api.Config{
		Logger: slog.New(slog.DiscardHandler), Clock: wd.clock, Info: api.Info{Name: "Test pod", Version: "1.2.3"}, Limits: pod.DefaultLimits(),
		Videos: wd, People: wd, Sessions: wd, Profiles: wd, Library: wd, Search: wd, Links: wd, Peers: wd,
		Friends: wd.net, Mirrors: wd.net, Events: wd.net, Origins: wd.net,
	}
	if change != nil {
		change(&cfg)
	}
	a, err := api.New(cfg)
	if err != nil {
		tb.Fatalf("New() = %v, want no error", err)
	}
	return a
}

// call is one request.
type call struct {
	method, path, token, contentType string
	body                             io.Reader
}

// do sends a request to the handler itself.
func do(tb testing.TB, a *api.API, c call) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), cmp.Or(c.method, http.MethodGet), "http://pod.test", c.body)
	at, query, _ := strings.Cut(c.path, "?")
	r.URL.Path, r.URL.RawQuery, r.RequestURI = at, query, c.path
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.contentType != "" {
		r.Header.Set("Content-Type", c.contentType)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// get asks for a path and decodes the answer, which must be 200.
func get[T any](tb testing.TB, a *api.API, token, path string) T {
	tb.Helper()
	w := do(tb, a, call{path: path, token: token})
	if w.Code != http.StatusOK {
		tb.Fatalf("GET %s = %d %s, want 200", path, w.Code, w.Body)
	}
	return decode[T](tb, w)
}

func decode[T any](tb testing.TB, w *httptest.ResponseRecorder) T {
	tb.Helper()
	var out T
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		tb.Fatalf("answer %q is not the JSON that is wanted: %v", w.Body, err)
	}
	return out
}

type problemBody struct {
	Type, Title, Detail, Code, Error string
	Status                           int
}

// wantProblem checks that an answer is a whole problem of a status and code.
func wantProblem(tb testing.TB, w *httptest.ResponseRecorder, status int, code string) {
	tb.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/problem+json" {
		tb.Errorf("answer = %d %s %s, want %d and a problem", w.Code, w.Header().Get("Content-Type"), w.Body, status)
		return
	}
	p := decode[problemBody](tb, w)
	if p.Status != status || p.Detail == "" || p.Error != p.Detail || p.Title != http.StatusText(status) || p.Type != "about:blank" {
		tb.Errorf("problem = %+v, want status %d with all members", p, status)
	}
	if code != "" && p.Code != code {
		tb.Errorf("problem's code = %q, want %q", p.Code, code)
	}
}

// part is one part of a form; a part with a file name is a file.
type part struct{ name, value, file string }

// form builds a multipart body.
func form(tb testing.TB, parts ...part) (contentType string, body *bytes.Buffer) {
	tb.Helper()
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for _, p := range parts {
		var w io.Writer
		var err error
		if p.file != "" {
			w, err = m.CreateFormFile(p.name, p.file)
		} else {
			w, err = m.CreateFormField(p.name)
		}
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, p.value); err != nil {
			tb.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		tb.Fatal(err)
	}
	return m.FormDataContentType(), body
}

// raw sends bytes to a server and gives the answer, without sending more.
func raw(t *testing.T, server *httptest.Server, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	if err == nil && answer.StatusCode == http.StatusContinue {
		answer, err = http.ReadResponse(reader, nil)
	}
	if err != nil {
		t.Fatalf("no answer to %.40q: %v", request, err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}
