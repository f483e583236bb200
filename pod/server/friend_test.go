package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

// friend is the fake friend of the fake pod: it serves the film, unless told otherwise.
type friend struct {
	lib    *library
	origin string
	url    string // of files; "" is origin and name
	answer func(ctx context.Context, header string) (server.RemoteFile, error)

	mu     sync.Mutex // guards the fields below
	mirror bool
	asked  []string // ranges
}

func (f *friend) FileURL(_ pod.Video, file pod.VideoFile) string {
	if f.url != "" {
		return f.url
	}
	return f.origin + "/static/web-videos/" + file.Name
}

func (f *friend) OriginOf(pod.Video) string { return f.origin }

func (f *friend) Open(file pod.VideoFile, _ pod.Video) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.mirror {
		return nil, pod.ErrNotFound
	}
	return f.lib.root.Open(file.Name)
}

func (f *friend) Relay(ctx context.Context, _ pod.Video, _ pod.VideoFile, header string) (server.RemoteFile, error) {
	f.mu.Lock()
	f.asked = append(f.asked, header)
	f.mu.Unlock()
	if f.answer != nil {
		return f.answer(ctx, header)
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if header != "" {
		r.Header.Set("Range", header)
	}
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"`+pod.Infohash{1}.String()+`"`)
	http.ServeContent(w, r, "x.bin", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), bytes.NewReader(film))
	return server.RemoteFile{Status: w.Code, Header: w.Header(), Body: io.NopCloser(w.Body)}, nil
}

// ranges gives what was asked for since the last call.
func (f *friend) ranges() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.asked
	f.asked = nil
	return out
}

func (f *friend) setMirror(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mirror = on
}

// startWithFriend runs a server that has a friend, whose video it gives too.
func startWithFriend(t *testing.T, change func(*server.Config)) (*harness, *friend, pod.Video) {
	t.Helper()
	f := &friend{origin: "http://friend.example:9000"}
	h := start(t, func(c *server.Config) {
		c.Remote = f
		if change != nil {
			change(c)
		}
	})
	f.lib = h.lib
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin = 7 })
	return h, f, v
}

// canned is a friend that always answers the same.
func canned(status int, body string, header ...string) func(context.Context, string) (server.RemoteFile, error) {
	return func(context.Context, string) (server.RemoteFile, error) {
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return server.RemoteFile{Status: status, Header: h, Body: io.NopCloser(bytes.NewBufferString(body))}, nil
	}
}

func TestRelayedRanges(t *testing.T) {
	h, f, v := startWithFriend(t, nil)
	path, tag, text := "/static/web-videos/"+v.Files[0].Name, `"`+v.Files[0].Infohash.String()+`"`, string(film)
	tests := []struct {
		name   string
		header []string
		status int
		body   string
		sent   string // Content-Range
		asked  string // "-": the friend was not asked
	}{
		{"whole", nil, 200, text, "", ""},
		{"first byte", []string{"Range: bytes=0-0"}, 206, text[:1], "bytes 0-0/100000", "bytes=0-0"},
		{"middle", []string{"Range: bytes=500-999"}, 206, text[500:1000], "bytes 500-999/100000", "bytes=500-999"},
		{"open end", []string{"Range: bytes=99990-"}, 206, text[99990:], "bytes 99990-99999/100000", "bytes=99990-99999"},
		{"suffix", []string{"Range: bytes=-10"}, 206, text[99990:], "bytes 99990-99999/100000", "bytes=99990-99999"},
		{"long suffix", []string{"Range: bytes=-200000"}, 206, text, "bytes 0-99999/100000", "bytes=0-99999"},
		{"over the end", []string{"Range: bytes=99999-200000"}, 206, text[99999:], "bytes 99999-99999/100000", "bytes=99999-99999"},
		{"beyond the end", []string{"Range: bytes=100000-"}, 416, "", "bytes */100000", "-"},
		{"far beyond", []string{"Range: bytes=9223372036854775808-"}, 416, "", "bytes */100000", "-"},
		{"no last bytes", []string{"Range: bytes=-0"}, 416, "", "bytes */100000", "-"},
		{"malformed", []string{"Range: bytes=a-b"}, 416, "", "bytes */100000", "-"},
		{"signs", []string{"Range: bytes=+1-+2"}, 416, "", "bytes */100000", "-"},
		{"no range", []string{"Range: bytes=5"}, 416, "", "bytes */100000", "-"},
		{"bad end", []string{"Range: bytes=5-x"}, 416, "", "bytes */100000", "-"},
		{"turned round", []string{"Range: bytes=9-1"}, 416, "", "bytes */100000", "-"},
		{"several", []string{"Range: bytes=0-1,5-6"}, 200, text, "", ""},
		{"another unit", []string{"Range: items=0-1"}, 200, text, "", ""},
		{"same file", []string{"Range: bytes=0-1", "If-Range: " + tag}, 206, text[:2], "bytes 0-1/100000", "bytes=0-1"},
		{"other file", []string{"Range: bytes=0-1", `If-Range: "x"`}, 200, text, "", ""},
		{"known", []string{"If-None-Match: " + tag}, 304, "", "", "-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := h.do(t, method, path, test.header...)
				if got.StatusCode != test.status || got.Header.Get("Content-Range") != test.sent {
					t.Errorf("%s = %d with Content-Range %q, want %d and %q", method, got.StatusCode, got.Header.Get("Content-Range"), test.status, test.sent)
				}
				if asked := fmt.Sprint(f.ranges()); asked != fmt.Sprint([]string{test.asked}) && (test.asked != "-" || asked != "[]") {
					t.Errorf("%s asked the friend for %s, want %q", method, asked, test.asked)
				}
				switch {
				case method == http.MethodGet && test.status == 416:
					wantProblem(t, got, 416, "bad_range")
				case test.status < 300 && (got.ContentLength != int64(len(test.body)) || method == http.MethodGet && got.body != test.body):
					t.Errorf("%s = %d bytes of length %d, want %d that are those of the file", method, len(got.body), got.ContentLength, len(test.body))
				case method == http.MethodHead && got.body != "":
					t.Errorf("HEAD = %d bytes, want none", len(got.body))
				}
			}
		})
	}
}

// TestRelayIsOurs checks that a friend's headers have no say, but for four.
func TestRelayIsOurs(t *testing.T) {
	h, f, v := startWithFriend(t, nil)
	f.answer = canned(http.StatusOK, string(film), "Content-Type", "text/html", "Content-Disposition", "attachment; filename=x.exe", "Content-Security-Policy", "script-src *",
		"Set-Cookie", "a=b", "Location", "http://evil.example/", "Content-Encoding", "gzip", "Cache-Control", "public, max-age=9", "X-Evil", "yes", "Access-Control-Allow-Credentials", "true",
		"ETag", `"theirs"`, "Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT", "Accept-Ranges", "bytes", "Refresh", "0")
	want := map[string]string{
		"Content-Type": "video/mp4", "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
		"Set-Cookie": "", "Location": "", "Content-Encoding": "", "Cache-Control": "public, no-cache", "X-Evil": "", "Access-Control-Allow-Credentials": "", "Refresh": "",
		"ETag": `"theirs"`, "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*",
	}
	for path, disposition := range map[string]string{
		"/static/web-videos/" + v.Files[0].Name: `inline; filename="` + v.Files[0].Name + `"`,
		"/download/videos/" + v.Files[0].Name:   server.Disposition("attachment", server.FileName(hostileName, ".mp4")),
	} {
		got := h.do(t, http.MethodGet, path)
		want["Content-Disposition"] = disposition
		for key, value := range want {
			if got.Header.Get(key) != value {
				t.Errorf("GET %s: %s = %q, want %q", path, key, got.Header.Get(key), value)
			}
		}
		if got.body != string(film) {
			t.Errorf("GET %s = %d bytes, want the film", path, len(got.body))
		}
	}
	f.answer = canned(http.StatusOK, string(film), "ETag", `"a"; x`, "Last-Modified", "yesterday", "Accept-Ranges", "bytes, x")
	got := h.do(t, http.MethodGet, "/static/web-videos/"+v.Files[0].Name)
	if got.Header.Get("ETag")+got.Header.Get("Last-Modified")+got.Header.Get("Accept-Ranges") != "" {
		t.Errorf("headers = %v, want none that are malformed", got.Header)
	}
	closed := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin, v.DownloadEnabled = 7, false })
	wantProblem(t, h.do(t, http.MethodGet, "/download/videos/"+closed.Files[0].Name), 403, "download_disabled")
	hidden := h.lib.add(t, pod.PrivacyPrivate, func(v *pod.Video) { v.Origin = 7 })
	wantProblem(t, h.do(t, http.MethodGet, "/static/web-videos/"+hidden.Files[0].Name), 404, "not_found")
}

func TestFriendsThatAnswerOddly(t *testing.T) {
	fails := func(err error) func(context.Context, string) (server.RemoteFile, error) {
		return func(context.Context, string) (server.RemoteFile, error) { return server.RemoteFile{}, err }
	}
	const asked = "Range: bytes=10-19"
	part := string(film[10:20])
	tests := []struct {
		name   string
		answer func(context.Context, string) (server.RemoteFile, error)
		header string
		status int
		code   string
	}{
		{"away", fails(&pod.Error{Kind: pod.KindUnreachable, Msg: "x"}), "", 502, "origin_unreachable"},
		{"unknown fault", fails(errors.New("x")), "", 502, "origin_unreachable"},
		{"not a friend any more", fails(pod.ErrNotFound), "", 404, "not_found"},
		{"too many", fails(&pod.Error{Kind: pod.KindTooMany, Msg: "x"}), "", 503, "busy"},
		{"404", canned(404, "no"), "", 502, "origin_unreachable"},
		{"500", canned(500, "no"), "", 502, "origin_unreachable"},
		{"redirect", canned(302, "", "Location", "http://127.0.0.1/"), "", 502, "origin_unreachable"},
		{"204", canned(204, ""), "", 502, "origin_unreachable"},
		{"304", canned(304, ""), "", 502, "origin_unreachable"},
		{"other length", canned(200, "short", "Content-Length", "5"), "", 502, "origin_unreachable"},
		{"part not asked for", canned(206, part, "Content-Range", "bytes 10-19/100000"), "", 502, "origin_unreachable"},
		{"no such range", canned(416, "", "Content-Range", "bytes */5"), asked, 416, "bad_range"},
		{"part without place", canned(206, part), asked, 502, "origin_unreachable"},
		{"part of another unit", canned(206, part, "Content-Range", "items 10-19/100000"), asked, 502, "origin_unreachable"},
		{"part elsewhere", canned(206, part, "Content-Range", "bytes 11-20/100000"), asked, 502, "origin_unreachable"},
		{"part turned round", canned(206, part, "Content-Range", "bytes 10-9/100000"), asked, 502, "origin_unreachable"},
		{"part too long", canned(206, part+"x", "Content-Range", "bytes 10-20/100000"), asked, 502, "origin_unreachable"},
		{"part of another file", canned(206, part, "Content-Range", "bytes 10-19/100001"), asked, 502, "origin_unreachable"},
		{"part of other length", canned(206, part, "Content-Range", "bytes 10-19/100000", "Content-Length", "11"), asked, 502, "origin_unreachable"},
		{"several parts", canned(206, part, "Content-Type", "multipart/byteranges; boundary=x"), asked, 502, "origin_unreachable"},
		{"huge numbers", canned(206, part, "Content-Range", "bytes 10-99999999999999999999/100000"), asked, 502, "origin_unreachable"},
	}
	h, f, v := startWithFriend(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f.answer = test.answer
			header := []string{"X-Nothing: x"}
			if test.header != "" {
				header = []string{test.header}
			}
			wantProblem(t, h.do(t, http.MethodGet, "/static/web-videos/"+v.Files[0].Name, header...), test.status, test.code)
		})
	}
}

func TestRelayedBytesAreCounted(t *testing.T) {
	h, f, v := startWithFriend(t, nil)
	path := "/static/web-videos/" + v.Files[0].Name
	f.answer = canned(http.StatusOK, string(film)+"and more")
	if got := h.do(t, http.MethodGet, path); got.StatusCode != http.StatusOK || got.body != string(film) {
		t.Errorf("GET of a friend that sends too much = %d with %d bytes, want 200 with %d", got.StatusCode, len(got.body), len(film))
	}
	f.answer = canned(http.StatusPartialContent, string(film[10:15]), "Content-Range", "bytes 10-14/*")
	if got := h.do(t, http.MethodGet, path, "Range: bytes=10-19"); got.StatusCode != http.StatusPartialContent || got.body != string(film[10:15]) || got.Header.Get("Content-Range") != "bytes 10-14/100000" {
		t.Errorf("GET of a friend that sends the beginning = %d %q %s, want those 5 bytes", got.StatusCode, got.body, got.Header.Get("Content-Range"))
	}
	f.answer = canned(http.StatusOK, string(film[:5000]))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.client.Do(r)
	if err != nil {
		t.Fatalf("GET = %v, want an answer", err)
	}
	defer func() { _ = got.Body.Close() }()
	if n, err := io.Copy(io.Discard, got.Body); n != 5000 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("GET of a friend that sends too little = %d bytes, %v, want 5000 and a cut", n, err)
	}
	none := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin, v.Files[0].SizeBytes = 7, 0 })
	wantProblem(t, h.do(t, http.MethodGet, "/static/web-videos/"+none.Files[0].Name), 404, "not_found")
}

// TestRelaysOfOneHouseholdAreCapped also sees that a relay ends with its client.
func TestRelaysOfOneHouseholdAreCapped(t *testing.T) {
	h, f, v := startWithFriend(t, func(c *server.Config) { c.Limits.RelaysPerAddr = 1 })
	ended := make(chan struct{})
	f.answer = func(ctx context.Context, _ string) (server.RemoteFile, error) {
		in, out := io.Pipe()
		context.AfterFunc(ctx, func() { // ends with the request
			_ = out.CloseWithError(ctx.Err())
			close(ended)
		})
		go func() { _, _ = out.Write(film[:10]) }() // ends with the pipe
		return server.RemoteFile{Status: http.StatusOK, Header: http.Header{}, Body: in}, nil
	}
	path := "/static/web-videos/" + v.Files[0].Name
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.client.Do(r)
	if err != nil {
		t.Fatalf("GET = %v, want an answer", err)
	}
	defer func() { _ = got.Body.Close() }()
	wantProblem(t, h.do(t, http.MethodGet, path), 429, "too_many_streams")
	own := h.lib.add(t, pod.PrivacyPublic, nil)
	if got := h.do(t, http.MethodGet, "/static/web-videos/"+own.Files[0].Name); got.StatusCode != http.StatusOK {
		t.Errorf("GET of an own file = %d, want 200: it is no relay", got.StatusCode)
	}
	cancel()
	<-ended
	f.answer = nil
	eventually(t, "the place to be free", func() bool { return h.do(t, http.MethodGet, path).StatusCode == http.StatusOK })
}

func TestWholeCopiesAreServedHere(t *testing.T) {
	h, f, v := startWithFriend(t, nil)
	f.setMirror(true)
	name := v.Files[0].Name
	got := h.do(t, http.MethodGet, "/static/web-videos/"+name, "Range: bytes=0-1,5-6")
	if got.StatusCode != http.StatusPartialContent || len(f.ranges()) != 0 {
		t.Errorf("GET = %d, want 206 from the copy here", got.StatusCode)
	}
	if got := h.do(t, http.MethodGet, "/static/web-videos/"+name); got.body != string(film) || got.Header.Get("ETag") != `"`+v.Files[0].Infohash.String()+`"` {
		t.Errorf("GET = %d bytes, ETag %s, want the film and its infohash", len(got.body), got.Header.Get("ETag"))
	}
	if got := h.do(t, http.MethodGet, "/static/torrents/"+name+".torrent"); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/x-bittorrent" {
		t.Errorf("GET torrent = %d, want the one that the files give", got.StatusCode)
	}
	bare := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin, v.Files[0].Infohash = 7, pod.Infohash{} })
	wantProblem(t, h.do(t, http.MethodGet, "/static/torrents/"+bare.Files[0].Name+".torrent"), 404, "not_found")
}

func TestNoRemote(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin = 7 })
	wantProblem(t, h.do(t, http.MethodGet, "/static/web-videos/"+v.Files[0].Name), 404, "not_found")
	if got := h.do(t, http.MethodGet, "/w/"+v.UUID.Short()); got.StatusCode != http.StatusOK || got.Header.Get("Content-Security-Policy") != policy+"'none'" {
		t.Errorf("GET page = %d with policy %q, want 200 and the plain one", got.StatusCode, got.Header.Get("Content-Security-Policy"))
	}
}
