package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

// withOrigin makes the pages tell what they know of a friend's video.
func withOrigin(c *server.Config) {
	files, _ := c.Web.(fstest.MapFS)
	for _, name := range []string{"watch.html", "embed.html"} {
		files[name] = &fstest.MapFile{Data: []byte(`{{with .Video}}<video src="{{.FileURL}}" data-relay="{{.RelayURL}}"></video><a href="{{.OriginURL}}">{{.OriginName}}</a>{{end}}`)}
	}
}

func TestPagesOfFriendsVideos(t *testing.T) {
	tests := []struct {
		name, origin, url string
		host              string // of the request; "" is the listener's
		policy            string // what the policy names besides this pod
		direct            bool   // the page plays from the origin
		shown             string // OriginURL
	}{
		{"name", "http://friend.example:9000", "", "", " http://friend.example:9000", true, "http://friend.example:9000"},
		{"TLS", "https://friend.example", "", "", " https://friend.example", true, "https://friend.example"},
		{"address", "http://192.168.1.2:9000", "", "", " http://192.168.1.2:9000", true, "http://192.168.1.2:9000"},
		{"capitals", "HTTP://Friend.example:9000", "", "", " http://friend.example:9000", true, "http://friend.example:9000"},
		{"IPv6 has no place in a policy", "http://[2001:db8::1]:9000", "", "", "", false, "http://[2001:db8::1]:9000"},
		{"no TLS from a page with TLS", "http://friend.example:9000", "", "pod.example:8443", " http://friend.example:9000", false, "http://friend.example:9000"},
		{"TLS from a page with TLS", "https://friend.example", "", "pod.example:8443", " https://friend.example", true, "https://friend.example"},
		{"unknown", "", "x", "", "", false, ""},
		{"file elsewhere", "http://friend.example", "http://evil.example/x.mp4", "", " http://friend.example", false, "http://friend.example"},
		{"file with a password", "http://friend.example", "http://a:b@friend.example/x.mp4", "", " http://friend.example", false, "http://friend.example"},
		{"file that is no URL", "http://friend.example", "http://friend.example:x/\x00", "", " http://friend.example", false, "http://friend.example"},
		{"script", "javascript:alert(1)", "javascript:alert(1)", "", "", false, ""},
		{"more than one source", "http://friend.example *", "", "", "", false, ""},
		{"a directive", "http://friend.example; script-src *", "", "", "", false, ""},
		{"a line", "http://friend.example\r\nX-Evil: yes", "", "", "", false, ""},
		{"last line", "http://friend.example\n", "", "", "", false, ""},
		{"all hosts", "http://*", "", "", "", false, ""},
		{"all hosts of a name", "http://*.example", "", "", "", false, ""},
		{"a scheme", "http:", "", "", "", false, ""},
		{"a word", "http://'unsafe-inline'", "", "", "", false, ""},
		{"a path", "http://friend.example/x", "", "", "", false, ""},
		{"a name before it", "http://a@friend.example", "", "", "", false, ""},
		{"all ports", "http://friend.example:*", "", "", "", false, ""},
		{"sockets", "ws://friend.example", "", "", "", false, ""},
		{"very long", "http://" + strings.Repeat("a", 300), "", "", "", false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, f, v := startWithFriend(t, withOrigin)
			f.origin, f.url = test.origin, test.url
			relay := "/static/web-videos/" + v.Files[0].Name
			for path, ancestors := range map[string]string{"/w/" + v.UUID.Short(): "'none'", "/videos/embed/" + v.UUID.String(): "*"} {
				header := []string{"Accept: text/html"}
				if test.host != "" {
					header = append(header, "Host: "+test.host)
				}
				got := h.do(t, http.MethodGet, path, header...)
				want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:" + test.policy + "; media-src 'self' blob:" + test.policy +
					"; connect-src 'self' ws: wss:" + test.policy + "; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors " + ancestors
				if got.StatusCode != http.StatusOK || got.Header.Get("Content-Security-Policy") != want || got.Header.Get("X-Evil") != "" {
					t.Errorf("GET %s = %d with policy %q, want 200 with %q", path, got.StatusCode, got.Header.Get("Content-Security-Policy"), want)
				}
				file := relay
				if test.direct {
					file = test.origin + relay
				}
				_, host, _ := strings.Cut(test.shown, "://")
				body := `<video src="` + file + `" data-relay="` + relay + `"></video><a href="` + test.shown + `">` + host + `</a>`
				if got.body != body {
					t.Errorf("GET %s = %s, want %s", path, got.body, body)
				}
			}
		})
	}
}

func TestPagesPlayWholeCopiesFromHere(t *testing.T) {
	h, f, v := startWithFriend(t, withOrigin)
	f.setMirror(true)
	if got := h.do(t, http.MethodGet, "/w/"+v.UUID.Short()); !strings.Contains(got.body, `src="/static/web-videos/`+v.Files[0].Name+`"`) || !strings.Contains(got.body, `href="http://friend.example:9000"`) {
		t.Errorf("GET page = %s, want the file from here and the origin named", got.body)
	}
	own := h.lib.add(t, pod.PrivacyPublic, nil)
	got := h.do(t, http.MethodGet, "/w/"+own.UUID.Short())
	if !strings.Contains(got.body, `data-relay=""></video><a href=""></a>`) || got.Header.Get("Content-Security-Policy") != policy+"'none'" {
		t.Errorf("GET page of an own video = %s with policy %q, want no origin", got.body, got.Header.Get("Content-Security-Policy"))
	}
	bare := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) { v.Origin, v.Files = 7, nil })
	if got := h.do(t, http.MethodGet, "/w/"+bare.UUID.Short()); !strings.Contains(got.body, `src="" data-relay=""`) {
		t.Errorf("GET page of a video without files = %s, want no file", got.body)
	}
}
