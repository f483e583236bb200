package server_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
)

func TestRanges(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	path, tag := "/static/web-videos/"+v.Files[0].Name, `"`+v.Files[0].Infohash.String()+`"`
	text := string(film)
	tests := []struct {
		name   string
		header []string
		status int
		body   string
		sent   string // Content-Range
	}{
		{"whole", nil, 200, text, ""},
		{"first byte", []string{"Range: bytes=0-0"}, 206, text[:1], "bytes 0-0/100000"},
		{"middle", []string{"Range: bytes=500-999"}, 206, text[500:1000], "bytes 500-999/100000"},
		{"open end", []string{"Range: bytes=99990-"}, 206, text[99990:], "bytes 99990-99999/100000"},
		{"from 0", []string{"Range: bytes=0-"}, 206, text, "bytes 0-99999/100000"},
		{"suffix", []string{"Range: bytes=-10"}, 206, text[99990:], "bytes 99990-99999/100000"},
		{"long suffix", []string{"Range: bytes=-200000"}, 206, text, "bytes 0-99999/100000"},
		{"over the end", []string{"Range: bytes=99999-200000"}, 206, text[99999:], "bytes 99999-99999/100000"},
		{"beyond the end", []string{"Range: bytes=100000-"}, 416, "", "bytes */100000"},
		{"far beyond", []string{"Range: bytes=9223372036854775806-"}, 416, "", "bytes */100000"},
		{"malformed", []string{"Range: bytes=a-b"}, 416, "", ""},
		{"turned round", []string{"Range: bytes=9-1"}, 416, "", ""},
		{"another unit", []string{"Range: items=0-1"}, 200, text, ""},
		{"a flood of ranges", []string{"Range: bytes=" + strings.Repeat("0-1,", 500) + "0-1"}, 200, text, ""},
		{"overlapping more than all", []string{"Range: bytes=0-,0-,0-"}, 200, text, ""},
		{"same file", []string{"Range: bytes=0-1", "If-Range: " + tag}, 206, text[:2], "bytes 0-1/100000"},
		{"other file", []string{"Range: bytes=0-1", `If-Range: "x"`}, 200, text, ""},
		{"known", []string{"If-None-Match: " + tag}, 304, "", ""},
		{"not the one", []string{`If-Match: "x"`}, 412, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := h.do(t, http.MethodGet, path, test.header...)
			if got.StatusCode != test.status || got.Header.Get("Content-Range") != test.sent {
				t.Errorf("GET = %d with Content-Range %q, want %d and %q", got.StatusCode, got.Header.Get("Content-Range"), test.status, test.sent)
			}
			switch test.status {
			case 416:
				wantProblem(t, got, 416, "bad_range")
			case 412:
				wantProblem(t, got, 412, "precondition_failed")
			default:
				if got.body != test.body {
					t.Errorf("GET = %d bytes, want %d that are those of the file", len(got.body), len(test.body))
				}
			}
			head := h.do(t, http.MethodHead, path, test.header...)
			if head.StatusCode != test.status || head.body != "" {
				t.Errorf("HEAD = %d with %d bytes, want %d with none", head.StatusCode, len(head.body), test.status)
			}
			if test.status == 206 || test.status == 200 {
				if head.ContentLength != int64(len(test.body)) {
					t.Errorf("HEAD Content-Length = %d, want %d", head.ContentLength, len(test.body))
				}
			}
		})
	}
}

func TestManyRanges(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	got := h.do(t, http.MethodGet, "/static/web-videos/"+v.Files[0].Name, "Range: bytes=0-4,10-14,-5")
	kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if got.StatusCode != http.StatusPartialContent || kind != "multipart/byteranges" || err != nil {
		t.Fatalf("GET = %d %s, want 206 multipart/byteranges", got.StatusCode, got.Header.Get("Content-Type"))
	}
	parts := []string{}
	for reader := multipart.NewReader(strings.NewReader(got.body), params["boundary"]); ; {
		part, err := reader.NextPart()
		if err != nil {
			break
		}
		data, _ := io.ReadAll(part)
		if part.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("part has type %q, want video/mp4", part.Header.Get("Content-Type"))
		}
		parts = append(parts, string(data))
	}
	if diff := cmp.Diff([]string{string(film[:5]), string(film[10:15]), string(film[99995:])}, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestFileHeaders(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.HasPoster = true })
	hidden := h.lib.add(t, pod.PrivacyPrivate, nil)
	h.lib.write(t, v.UUID.String()+"-thumb", []byte("\xff\xd8thumb"))
	name, saved := v.Files[0].Name, "_script_alert(1)__script__onerror=_x {{.Version}} ' & _.mp4"
	encoded := "_script_alert%281%29__script__onerror%3D_x%20%7B%7B.Version%7D%7D%20%27%20&%20%C3%A9.mp4"
	tests := []struct {
		name, path, kind, disposition, cache string
		open                                 bool
	}{
		{"file", "/static/web-videos/" + name, "video/mp4", `inline; filename="` + name + `"`, "public, no-cache", true},
		{"download", "/download/videos/" + name, "video/mp4", `attachment; filename="` + saved + `"; filename*=UTF-8''` + encoded, "public, no-cache", true},
		{"torrent", "/static/torrents/" + name + ".torrent", "application/x-bittorrent", `inline; filename="` + name + `.torrent"`, "public, no-cache", true},
		{"torrent to save", "/download/torrents/" + name + ".torrent", "application/x-bittorrent", `attachment; filename="` + strings.Replace(saved, ".mp4", ".torrent", 1) + `"; filename*=UTF-8''` + strings.Replace(encoded, ".mp4", ".torrent", 1), "public, no-cache", true},
		{"thumbnail", "/lazy-static/thumbnails/" + v.UUID.String() + "-3.jpg", "image/jpeg", `inline; filename="` + v.UUID.String() + `.jpg"`, "public, max-age=31536000, immutable", true},
		{"old thumbnail", "/lazy-static/thumbnails/" + v.UUID.String() + ".jpg", "image/jpeg", `inline; filename="` + v.UUID.String() + `.jpg"`, "public, no-cache", true},
		{"placeholder", "/lazy-static/previews/" + v.UUID.String() + "-3.jpg", "image/jpeg", `inline; filename="` + v.UUID.String() + `.jpg"`, "public, no-cache", true},
		{"hidden file", "/static/web-videos/" + hidden.Files[0].Name, "video/mp4", `inline; filename="` + hidden.Files[0].Name + `"`, "private, no-store", false},
		{"hidden picture", "/lazy-static/thumbnails/" + hidden.UUID.String() + ".jpg", "image/jpeg", `inline; filename="` + hidden.UUID.String() + `.jpg"`, "private, no-store", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				got := h.do(t, method, test.path, "Authorization: Bearer owner", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")
				want := map[string]string{
					"Content-Type": test.kind, "Content-Disposition": test.disposition, "Cache-Control": test.cache, "X-Content-Type-Options": "nosniff",
					"Content-Security-Policy":     "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
					"Access-Control-Allow-Origin": map[bool]string{true: "*"}[test.open], "Access-Control-Allow-Credentials": "",
				}
				for key, value := range want {
					if got.StatusCode != http.StatusOK || got.Header.Get(key) != value {
						t.Errorf("%s %s = %d with %s %q, want 200 with %q", method, test.path, got.StatusCode, key, got.Header.Get(key), value)
					}
				}
				if got.Header.Get("ETag") == "" || got.Header.Get("Server") != "" || got.Header.Get("X-Request-Id") == "" {
					t.Errorf("%s %s: headers %v, want ETag and X-Request-Id, no Server", method, test.path, got.Header)
				}
			}
		})
	}
}

func TestHiddenAndAbsentLookTheSame(t *testing.T) {
	h := start(t, nil)
	public := h.lib.add(t, pod.PrivacyPublic, nil)
	other := h.lib.add(t, pod.PrivacyPrivate, nil)
	for _, privacy := range []pod.Privacy{pod.PrivacyPrivate, pod.PrivacyInternal, pod.PrivacyPassword, pod.PrivacyFriends} {
		hidden := h.lib.add(t, privacy, nil)
		absent := pod.NewUUID()
		for _, form := range []string{"/static/web-videos/%s-720.mp4", "/download/videos/%s-720.mp4", "/static/torrents/%s-720.mp4.torrent", "/download/torrents/%s-720.mp4.torrent", "/lazy-static/thumbnails/%s.jpg", "/lazy-static/previews/%s-3.jpg"} {
			for _, header := range []string{"Range: bytes=0-1", "Authorization: Bearer wrong", `If-None-Match: "` + hidden.Files[0].Infohash.String() + `"`} {
				one, two := h.do(t, http.MethodGet, fmt.Sprintf(form, hidden.UUID), header), h.do(t, http.MethodGet, fmt.Sprintf(form, absent), header)
				wantProblem(t, one, 404, "not_found")
				wantProblem(t, two, 404, "not_found")
				if one.body != two.body {
					t.Errorf(form+": hidden %q, absent %q, want the same", hidden.UUID, one.body, two.body)
				}
			}
			foreign := "?videoFileToken=token-of-" + other.UUID.Short()
			wantProblem(t, h.do(t, http.MethodGet, fmt.Sprintf(form, hidden.UUID)+foreign), 403, "invalid_file_token")
			wantProblem(t, h.do(t, http.MethodGet, fmt.Sprintf(form, absent)+foreign), 403, "invalid_file_token")
			want := 200
			if strings.Contains(form, "torrent") {
				want = 404 // hidden videos are in no torrent, for nobody
			}
			own := "?videoFileToken=token-of-" + hidden.UUID.Short()
			if got := h.do(t, http.MethodGet, fmt.Sprintf(form, hidden.UUID)+own); got.StatusCode != want {
				t.Errorf(form+" with its token = %d, want %d", hidden.UUID, got.StatusCode, want)
			}
		}
		for _, page := range []string{"/w/" + hidden.UUID.Short(), "/videos/embed/" + hidden.UUID.String()} {
			got := h.do(t, http.MethodGet, page)
			if got.StatusCode != http.StatusNotFound || strings.Contains(got.body, "alert") || got.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("GET %s = %d %q, want 404 that tells nothing", page, got.StatusCode, got.body)
			}
		}
	}
	name := public.UUID.String()
	for _, path := range []string{
		"/static/web-videos/" + name + "-1080.mp4", "/static/web-videos/" + name, "/static/web-videos/x", "/static/web-videos/" + strings.Repeat("z", 50),
		"/static/web-videos/..%2f..%2fetc%2fpasswd", "/static/torrents/" + name + "-720.mp4", "/static/torrents/.torrent", "/lazy-static/thumbnails/" + name + ".png",
		"/static/", "/static/web-videos/", "/lazy-static/", "/download/", "/tracker/", "/assets/", "/nothing", "/static/web-videos/" + name + "-720.mp4/x",
	} {
		wantProblem(t, h.do(t, http.MethodGet, path), 404, "not_found")
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Files[0].Infohash = pod.Infohash{}; v.DownloadEnabled = false })
	name := v.Files[0].Name
	wantProblem(t, h.do(t, http.MethodGet, "/static/torrents/"+name+".torrent"), 404, "not_found")
	wantProblem(t, h.do(t, http.MethodGet, "/download/videos/"+name), 403, "download_disabled")
	if err := h.lib.root.Remove(name); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, h.do(t, http.MethodGet, "/static/web-videos/"+name), 404, "not_found")
	h.lib.fault = io.ErrUnexpectedEOF // a failed read is not "not found"
	for _, path := range []string{"/static/web-videos/" + name, "/w/" + v.UUID.Short()} {
		got := h.do(t, http.MethodGet, path)
		wantProblem(t, got, 500, "internal")
		if strings.Contains(got.body, "EOF") || !strings.Contains(h.log.String(), got.Header.Get("X-Request-Id")) {
			t.Errorf("GET %s = %q, want the cause in the log only", path, got.body)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	h := start(t, nil)
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	for path, want := range map[string]string{"/lazy-static/thumbnails/": "small", "/lazy-static/previews/": "large"} {
		if got := h.do(t, http.MethodGet, path+v.UUID.String()+"-3.jpg"); got.body != want || got.StatusCode != http.StatusOK {
			t.Errorf("GET %s = %d %q, want the placeholder %q", path, got.StatusCode, got.body, want)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ title, name, header string }{
		{"Holiday", "Holiday.mp4", `attachment; filename="Holiday.mp4"`},
		{"a/b\\c:d", "a_b_c_d.mp4", `attachment; filename="a_b_c_d.mp4"`},
		{"../../x", "_.._x.mp4", `attachment; filename="_.._x.mp4"`},
		{"...", "video.mp4", `attachment; filename="video.mp4"`},
		{"CON", "video CON.mp4", `attachment; filename="video CON.mp4"`},
		{"com1.old", "video com1.old.mp4", `attachment; filename="video com1.old.mp4"`},
		{"computer", "computer.mp4", `attachment; filename="computer.mp4"`},
		{"x\r\nSet-Cookie: a=b", "xSet-Cookie_ a=b.mp4", `attachment; filename="xSet-Cookie_ a=b.mp4"`},
		{"evil\u202e4pm.exe", "evil4pm.exe.mp4", `attachment; filename="evil4pm.exe.mp4"`},
		{"100%", "100%.mp4", `attachment; filename="100_.mp4"; filename*=UTF-8''100%25.mp4`},
		{"日本", "日本.mp4", `attachment; filename="__.mp4"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.mp4`},
		{strings.Repeat("é", 200), strings.Repeat("é", 100) + ".mp4", `attachment; filename="` + strings.Repeat("_", 100) + `.mp4"; filename*=UTF-8''` + strings.Repeat("%C3%A9", 100) + ".mp4"},
	}
	for _, test := range tests {
		name := fileName(test.title)
		if name != test.name {
			t.Errorf("FileName(%q) = %q, want %q", test.title, name, test.name)
		}
		header := dispositionOf(name)
		if header != test.header {
			t.Errorf("Disposition(%q) = %q, want %q", name, header, test.header)
		}
		if _, params, err := mime.ParseMediaType(header); err != nil || params["filename"] != name && !strings.Contains(header, "filename*") {
			t.Errorf("ParseMediaType(%q) = %v, %v, want the name", header, params, err)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, title := range []string{"Holiday", "../../x", "x\r\nSet-Cookie: a=b", "\u202e4pm", hostileName, "\xff\xfe", "CON"} {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		name := fileName(title)
		if strings.ContainsAny(name, "/\\\r\n\x00\"") || strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".mp4") {
			t.Errorf("FileName(%q) = %q, want a plain name", title, name)
		}
		header := dispositionOf(name)
		if _, params, err := mime.ParseMediaType(header); err != nil || params["filename"] == "" {
			t.Errorf("ParseMediaType(%q) = %v, %v, want a file name", header, params, err)
		}
		for _, c := range []byte(header) {
			if c < ' ' || c > '~' {
				t.Errorf("Disposition(%q) = %q, want printable ASCII", name, header)
			}
		}
	})
}
