package assets_test

import (
	"crypto/sha1" // BitTorrent knows pieces by it
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/assets"
)

const (
	policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:%[1]s; media-src 'self' blob:%[1]s; " +
		"connect-src 'self' ws: wss:%[1]s; form-action 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
	podName    = "Ana's pod"
	uuid       = "0d5c1f2e-8a4b-4c7d-9e6f-112233445566"
	short      = "2vQnk4wqTHmTUa9bYPdHs3"
	pieceBytes = 32 << 10
	mimeMP4    = `video/mp4; codecs="avc1.42C01E,mp4a.40.2"`
	mimeWebM   = `video/webm; codecs="vp8,opus"`
)

// page and pageVideo are what pod/server fills the templates with.
type page struct {
	PodName, Version, URL string
	Video                 *pageVideo
}

type pageVideo struct {
	UUID, ShortUUID, Name, Description, PosterURL, FileURL, MIME string
	DurationSeconds, Width, Height                               int
	UploadedAt, RelayURL, OriginURL, OriginName                  string
}

// fakePod serves the page as a pod does: templates, policy, one video, its torrent and
// a tracker that passes offers from tab to tab.
type fakePod struct {
	t        *testing.T
	server   *httptest.Server
	video    string // path of the file
	mime     string
	title    string
	text     string
	list     []map[string]any
	listCode int
	slow     chan struct{} // when not nil, lists wait for it
	relay    *relay
	ranges   atomic.Int64
	views    atomic.Int64
	friend
}

func startPod(t *testing.T, video string) *fakePod {
	t.Helper()
	p := newPod(t, video)
	p.server = httptest.NewServer(p)
	return p
}

func newPod(t *testing.T, video string) *fakePod {
	t.Helper()
	p := &fakePod{t: t, video: video, mime: mimeMP4, title: "A walk by the sea", relay: newRelay(), friend: newFriend()}
	if strings.HasSuffix(video, ".webm") {
		p.mime = mimeWebM
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { p.render(w, "index.html", nil) })
	mux.HandleFunc("GET /w/{id}", func(w http.ResponseWriter, _ *http.Request) { p.render(w, "watch.html", p.pageVideo()) })
	mux.HandleFunc("GET /videos/embed/{id}", func(w http.ResponseWriter, _ *http.Request) { p.render(w, "embed.html", p.pageVideo()) })
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, _ *http.Request) { p.render(w, "notfound.html", nil) })
	static, err := fs.Sub(assets.Web(), "static")
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(static)))
	mux.HandleFunc("GET /static/web-videos/{name}", p.serveVideo)
	mux.HandleFunc("GET /static/torrents/{name}", p.serveTorrent)
	mux.HandleFunc("GET /lazy-static/{kind}/{name}", p.servePoster)
	mux.HandleFunc("GET /api/v1/config", func(w http.ResponseWriter, _ *http.Request) { p.json(w, map[string]any{}) })
	mux.HandleFunc("GET /api/v1/videos", p.serveList)
	mux.HandleFunc("GET /api/v1/search/videos", p.serveList)
	mux.HandleFunc("GET /api/v1/videos/{id}", p.serveDetails)
	mux.HandleFunc("POST /api/v1/videos/{id}/views", func(w http.ResponseWriter, _ *http.Request) {
		p.views.Add(1)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /tracker/socket", p.relay.serve)
	p.mux = mux
	t.Cleanup(func() {
		p.relay.close()
		p.die()
		p.server.Close()
	})
	return p
}

// at gives the address of a path on a host that leads here.
func (p *fakePod) at(host, path string) string {
	_, port, _ := strings.Cut(strings.TrimPrefix(p.server.URL, "http://"), ":")
	return "http://" + host + ":" + port + path
}

func (p *fakePod) pageVideo() *pageVideo {
	v := &pageVideo{
		UUID: uuid, ShortUUID: short, Name: p.title, Description: p.text,
		PosterURL: "/lazy-static/previews/" + uuid + "-1.jpg", FileURL: "/static/web-videos/" + filepath.Base(p.video), MIME: p.mime,
		DurationSeconds: 20, Width: 320, Height: 180, UploadedAt: time.Now().Add(-50 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if p.origin != nil {
		p.addOrigin(v)
	}
	return v
}

func (p *fakePod) render(w http.ResponseWriter, name string, video *pageVideo) {
	tree, err := template.ParseFS(assets.Web(), "*.html")
	if err != nil {
		p.t.Errorf("parse the templates: %v", err)
		return
	}
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(policy, p.allowed()))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := tree.ExecuteTemplate(w, name, page{PodName: podName, Version: "1.2.3", URL: p.server.URL, Video: video}); err != nil {
		p.t.Errorf("render %s: %v", name, err)
	}
}

func (p *fakePod) serveVideo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Range") != "" {
		p.ranges.Add(1)
	}
	if p.serveFriendly(w) {
		http.ServeFile(p.paced(w, r), r, p.video)
	}
}

func (p *fakePod) servePoster(w http.ResponseWriter, r *http.Request) {
	n := len(r.PathValue("name"))
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="#6a8caf"/>`+
		`<circle cx="%d" cy="28" r="11" fill="#f6d365"/><path d="M0 62 Q40 %d 80 60 T160 56 V90 H0 Z" fill="#3e5c76"/></svg>`, 20+n*7%120, 40+n%20)
}

func (p *fakePod) json(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		p.t.Errorf("write JSON: %v", err)
	}
}

// summary is a video of a list.
func summary(i int, name string, local bool) map[string]any {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	return map[string]any{
		"id": i, "uuid": id, "shortUUID": fmt.Sprintf("short%017d", i), "name": name, "description": nil,
		"duration": 37*i + 8, "isLocal": local, "thumbnailPath": "/lazy-static/thumbnails/" + strings.Repeat("x", i%30) + ".jpg", "previewPath": "",
		"publishedAt": time.Now().Add(-time.Duration(i*i) * time.Hour).UTC().Format(time.RFC3339),
		"account":     map[string]any{"displayName": "Bärbel Müller-Lüdenscheidt", "host": "bea.example:9000"},
	}
}

func (p *fakePod) serveList(w http.ResponseWriter, r *http.Request) {
	if p.slow != nil {
		select {
		case <-p.slow:
		case <-r.Context().Done():
		}
	}
	if p.listCode != 0 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.listCode)
		_, _ = w.Write([]byte(`{"status":503,"detail":"The pod is busy. Try again in a minute.","code":"busy"}`))
		return
	}
	matches := []map[string]any{}
	for _, v := range p.list {
		if strings.Contains(strings.ToLower(fmt.Sprint(v["name"])), strings.ToLower(r.FormValue("search"))) {
			matches = append(matches, v)
		}
	}
	var start, count int
	_, _ = fmt.Sscan(r.FormValue("start"), &start)
	_, _ = fmt.Sscan(r.FormValue("count"), &count)
	p.json(w, map[string]any{"total": len(matches), "data": matches[min(start, len(matches)):min(start+count, len(matches))]})
}

func (p *fakePod) serveDetails(w http.ResponseWriter, _ *http.Request) {
	name := filepath.Base(p.video)
	v := summary(1, p.title, true)
	v["uuid"], v["downloadEnabled"] = uuid, true
	base := p.server.URL
	if p.origin != nil {
		base = p.describeOrigin(v)
	}
	v["files"] = []map[string]any{{
		"size": 1, "resolution": map[string]any{"id": 180, "label": "180p"}, "fileUrl": base + "/static/web-videos/" + name,
		"fileDownloadUrl": base + "/download/videos/" + name, "torrentUrl": base + "/static/torrents/" + name + ".torrent",
		"torrentDownloadUrl": "", "magnetUri": "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=" + name + p.trackers(), "mimeType": p.mime,
	}}
	p.json(w, v)
}

// serveTorrent names a tracker and a web seed that nobody can reach: the page must not
// ask them.
func (p *fakePod) serveTorrent(w http.ResponseWriter, r *http.Request) {
	if p.origin != nil && !p.mirror {
		http.NotFound(w, r)
		return
	}
	p.openToAll(w.Header())
	data, err := os.ReadFile(p.video)
	if err != nil {
		p.t.Errorf("read the video: %v", err)
		return
	}
	var pieces strings.Builder
	for rest := data; len(rest) > 0; rest = rest[min(pieceBytes, len(rest)):] {
		sum := sha1.Sum(rest[:min(pieceBytes, len(rest))])
		pieces.Write(sum[:])
	}
	name, tracker, seed := filepath.Base(p.video), "http://unreachable.example/announce", "http://unreachable.example/file"
	w.Header().Set("Content-Type", "application/x-bittorrent")
	_, _ = fmt.Fprintf(w, "d8:announce%d:%s4:infod6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se8:url-list%d:%se",
		len(tracker), tracker, len(data), len(name), name, pieceBytes, pieces.Len(), pieces.String(), len(seed), seed)
}

// makeVideo makes 20 s of moving picture and sound, of the kind that a pod publishes.
func makeVideo(t *testing.T, name string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	args := []string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=20", "-f", "lavfi", "-i", "sine=frequency=330:duration=20"}
	if strings.HasSuffix(name, ".webm") {
		args = append(args, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "900k", "-g", "48", "-c:a", "libopus", "-b:a", "64k")
	} else {
		args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-level", "3.0", "-pix_fmt", "yuv420p", "-b:v", "900k", "-g", "48",
			"-c:a", "aac", "-b:a", "64k", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+global_sidx")
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(args, out)...)
	if message, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, message)
	}
	return out
}
