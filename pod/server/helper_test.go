package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

// hostileName is a title that would run, if anything on a page could.
const hostileName = `<script>alert(1)</script>"onerror="x {{.Version}} ' & é`

// film is what the fake pod publishes: 100,000 bytes that differ.
var film = func() []byte {
	data := make([]byte, 100_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	return data
}()

// library is the fake pod: catalogue, files and access.
type library struct {
	videos map[pod.UUID]pod.Video
	root   *os.Root
	fault  error
}

func (l *library) VideoByRef(_ context.Context, ref pod.VideoRef) (pod.Video, error) {
	v, ok := l.videos[ref.UUID]
	if l.fault != nil {
		return v, l.fault
	}
	if !ok {
		return v, pod.ErrNotFound
	}
	return v, nil
}

func (l *library) Open(f pod.VideoFile) (*os.File, error) { return l.root.Open(f.Name) }

func (l *library) OpenPicture(v pod.Video, size server.PictureSize) (*os.File, error) {
	return l.root.Open(v.UUID.String() + map[server.PictureSize]string{server.Thumbnail: "-thumb", server.Preview: "-preview"}[size])
}

func (l *library) Torrent(_ context.Context, f pod.VideoFile) ([]byte, error) {
	if f.Infohash.IsZero() {
		return nil, pod.ErrNotFound
	}
	return []byte("d4:infod4:name" + f.Name + "ee"), nil
}

// CanRead lets the owner's token and a file token of this video in.
func (l *library) CanRead(r *http.Request, v pod.Video) bool {
	return r.Header.Get("Authorization") == "Bearer owner" || r.URL.Query().Get("videoFileToken") == "token-of-"+v.UUID.Short()
}

// add publishes a video with one file of the film.
func (l *library) add(t *testing.T, privacy pod.Privacy, change func(*pod.Video)) pod.Video {
	t.Helper()
	v := pod.Video{UUID: pod.NewUUID(), VideoMeta: pod.DefaultMeta(), Duration: 20 * time.Second, PublishedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)}
	v.Name, v.Privacy, v.Description, v.PosterRev = hostileName, privacy, hostileName, 3
	v.Files = []pod.VideoFile{{
		Name: v.UUID.String() + "-720.mp4", Infohash: pod.Infohash{1}, SizeBytes: int64(len(film)), Height: 720, Width: 1280,
		MIME: `video/mp4; codecs="avc1.64001f,mp4a.40.2"`, CreatedAt: v.PublishedAt,
	}}
	if change != nil {
		change(&v)
	}
	for _, f := range v.Files {
		l.write(t, f.Name, film)
	}
	l.videos[v.UUID] = v
	return v
}

func (l *library) write(t *testing.T, name string, data []byte) {
	t.Helper()
	f, err := l.root.Create(name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// fakeTracker answers with the name of its handler; the socket echoes.
type fakeTracker struct{}

func (fakeTracker) ServeAnnounce(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "announce")
}

func (fakeTracker) ServeScrape(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "scrape")
}

func (fakeTracker) ServeSocket(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if kind, data, err := conn.ReadMessage(); err == nil {
		_ = conn.WriteMessage(kind, data)
	}
}

func web() fstest.MapFS {
	page := `<!doctype html><html><title>{{with .Video}}{{.Name}}{{else}}{{.PodName}}{{end}}</title>` +
		`<script src="{{asset "app.js"}}" type="module"></script>{{with .Video}}<p>{{.Description}}</p><video poster="{{.PosterURL}}" src="{{.FileURL}}" data-mime="{{.MIME}}" data-s="{{.DurationSeconds}}" ` +
		`width="{{.Width}}" height="{{.Height}}"></video><time>{{.UploadedAt}}</time><a href="{{$.URL}}/w/{{.ShortUUID}}">{{.UUID}}</a>{{end}}`
	fs := fstest.MapFS{"static/app.js": {Data: []byte("export const a = 1\n")}, "static/a/b.css": {Data: []byte("p{}")}, "static/secret.key": {Data: []byte("x")}, "jsconfig.json": {Data: []byte("{}")}}
	for _, name := range []string{"index", "watch", "embed", "notfound"} {
		fs[name+".html"] = &fstest.MapFile{Data: []byte("<!-- " + name + " -->" + page)}
	}
	return fs
}

// safeBuffer is a log that can be read while it grows.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// harness is a running server with its fake pod.
type harness struct {
	*server.Server
	lib    *library
	log    *safeBuffer
	url    string
	client *http.Client
}

// start runs a server on loopback; at the end no goroutine may be left.
func start(t *testing.T, change func(*server.Config)) *harness {
	t.Helper()
	before := runtime.NumGoroutine()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lib, log := &library{videos: map[pod.UUID]pod.Video{}, root: root}, &safeBuffer{}
	c := server.Config{
		Addr: "127.0.0.1:0", Tracker: fakeTracker{}, Catalogue: lib, Files: lib, Access: lib, Web: web(), Placeholders: [2][]byte{[]byte("small"), []byte("large")},
		PodName: "Ann's <pod>", Version: "1.2.3", BaseURL: "https://pod.example:8443", Hosts: []string{"Extra.example"}, Limits: pod.DefaultLimits(),
		Logger: slog.New(slog.NewTextHandler(log, nil)),
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(r.Method + " " + r.URL.Path)
		}),
	}
	if change != nil {
		change(&c)
	}
	s, err := server.New(c)
	if err != nil {
		t.Fatalf("New() = %v, want no error", err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("Start() = %v, want no error", err)
	}
	transport := &http.Transport{DisableCompression: true}
	h := &harness{s, lib, log, "http://" + s.Addr(), &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Close(ctx), s.Close(ctx), root.Close()); err != nil {
			t.Errorf("Close() = %v, want no error", err)
		}
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return h
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited 10 s in vain for %s", what)
		case <-tick.C:
		}
	}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

// do sends a request; header is "Name: value" lines, Host among them.
func (h *harness) do(t *testing.T, method, path string, header ...string) answer {
	t.Helper()
	return h.send(t, method, path, nil, header...)
}

func (h *harness) send(t *testing.T, method, path string, body io.Reader, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	got, err := h.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s = %v, want an answer", method, path, err)
	}
	defer func() { _ = got.Body.Close() }()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatalf("%s %s: body %v", method, path, err)
	}
	return answer{got, string(data)}
}

// wantProblem checks that an answer is an error in the shape of API.md section 2.
func wantProblem(t *testing.T, got answer, status int, code string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code, Error string
		Status                           int
	}
	err := json.Unmarshal([]byte(got.body), &p)
	if got.StatusCode != status || got.Header.Get("Content-Type") != "application/problem+json" || err != nil ||
		p.Status != status || p.Code != code || p.Detail == "" || p.Detail != p.Error || p.Type == "" || p.Title == "" {
		t.Errorf("answer = %d %s %q (%v), want a problem with %d %s", got.StatusCode, got.Header.Get("Content-Type"), got.body, err, status, code)
	}
	if got.Header.Get("X-Request-Id") == "" {
		t.Error("problem without X-Request-Id")
	}
}
