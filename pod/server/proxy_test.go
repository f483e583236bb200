package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

// TestClientBehindAProxy sees which address a request has for the API, and which
// forwarding headers are left.
func TestClientBehindAProxy(t *testing.T) {
	echo := func(c *server.Config) {
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at, _ := netip.ParseAddrPort(r.RemoteAddr)
			left := 0
			for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
				left += len(r.Header.Values(name))
			}
			_, _ = fmt.Fprint(w, at.Addr(), " ", left)
		})
	}
	loopback := []string{"127.0.0.0/8", "10.0.0.0/8"}
	tests := []struct {
		name    string
		trusted []string
		header  []string
		want    string
	}{
		{"nobody is trusted", nil, []string{"X-Forwarded-For: 203.0.113.9"}, "127.0.0.1 1"},
		{"another is trusted", []string{"10.0.0.0/8"}, []string{"X-Forwarded-For: 203.0.113.9", "Via: 1.1 x"}, "127.0.0.1 2"},
		{"no proxy", nil, nil, "127.0.0.1 0"},
		{"trusted, straight", loopback, nil, "127.0.0.1 0"},
		{"trusted", loopback, []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9 0"},
		{"trusted, all headers", loopback, []string{"X-Forwarded-For: 203.0.113.9", "Forwarded: for=127.0.0.1", "X-Real-Ip: 127.0.0.1", "Via: 1.1 x"}, "203.0.113.9 0"},
		{"invented", loopback, []string{"X-Forwarded-For: 127.0.0.1, 192.168.0.1,203.0.113.9"}, "203.0.113.9 0"},
		{"two proxies", loopback, []string{"X-Forwarded-For: 1.1.1.1, 203.0.113.9, 10.2.3.4"}, "203.0.113.9 0"},
		{"proxies only", loopback, []string{"X-Forwarded-For: 10.0.0.1, 10.2.3.4"}, "10.0.0.1 0"},
		{"IPv6", loopback, []string{"X-Forwarded-For: 2001:db8::7"}, "2001:db8::7 0"},
		{"IPv6 with port", loopback, []string{"X-Forwarded-For: [2001:db8::7]:443"}, "2001:db8::7 0"},
		{"IPv6 in brackets", loopback, []string{"X-Forwarded-For: [2001:db8::7]"}, "2001:db8::7 0"},
		{"IPv4 with port", loopback, []string{"X-Forwarded-For: 203.0.113.9:1234"}, "203.0.113.9 0"},
		{"mapped", loopback, []string{"X-Forwarded-For: ::ffff:203.0.113.9"}, "203.0.113.9 0"},
		{"mapped proxy", loopback, []string{"X-Forwarded-For: 203.0.113.9, ::ffff:10.0.0.1"}, "203.0.113.9 0"},
		{"unknown", loopback, []string{"X-Forwarded-For: unknown"}, "127.0.0.1 1"},
		{"malformed at the end", loopback, []string{"X-Forwarded-For: 203.0.113.9, x"}, "127.0.0.1 1"},
		{"malformed behind proxies", loopback, []string{"X-Forwarded-For: x, 10.0.0.1"}, "127.0.0.1 1"},
		{"empty", loopback, []string{"X-Forwarded-For: "}, "127.0.0.1 1"},
		{"only others", loopback, []string{"Forwarded: for=203.0.113.9", "X-Real-Ip: 203.0.113.9"}, "127.0.0.1 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := start(t, func(c *server.Config) {
				echo(c)
				for _, text := range test.trusted {
					c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(text))
				}
			})
			if got := h.do(t, http.MethodGet, "/api/v1/x", test.header...); got.body != test.want {
				t.Errorf("the API saw %q, want %q", got.body, test.want)
			}
		})
	}
}

func TestSeveralForwardedHeadersAreOneList(t *testing.T) {
	h := start(t, func(c *server.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["X-Forwarded-For"] = []string{"127.0.0.1", "203.0.113.9"}
	got, err := h.client.Do(r)
	if err != nil {
		t.Fatalf("GET = %v, want an answer", err)
	}
	defer func() { _ = got.Body.Close() }()
	if body, _ := io.ReadAll(got.Body); string(body) != "203.0.113.9:0" {
		t.Errorf("the API saw %q, want the last address of the list", body)
	}
}

// TestHouseholdsBehindAProxy sees that limits count who asks, not the proxy.
func TestHouseholdsBehindAProxy(t *testing.T) {
	h := start(t, func(c *server.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		c.Limits.StreamsPerAddr, c.Limits.ConnectionsPerAddr = 1, 1
	})
	v := h.lib.add(t, pod.PrivacyPublic, func(v *pod.Video) {})
	path := "/static/web-videos/" + v.Files[0].Name
	h.lib.write(t, v.Files[0].Name, make([]byte, 32<<20)) // more than fits into buffers
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", h.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatalf("read = %v, want the beginning of the film", err)
	}
	wantProblem(t, h.do(t, http.MethodGet, path, "X-Forwarded-For: 203.0.113.9"), 429, "too_many_streams")
	if got := h.do(t, http.MethodHead, path, "X-Forwarded-For: 203.0.113.10"); got.StatusCode != http.StatusOK {
		t.Errorf("GET of another household = %d, want 200", got.StatusCode)
	}
}

func TestVersionsOfTheAPI(t *testing.T) {
	h := start(t, nil)
	for _, test := range []struct {
		method, path string
		header       []string
		want         string
	}{
		{http.MethodGet, "/api/v1/pods/me", nil, "1"},
		{http.MethodPost, "/api/v1/pods/inbox", nil, "1"},
		{http.MethodOptions, "/api/v1/videos", []string{"Access-Control-Request-Method: GET"}, "1"},
		{http.MethodPost, "/api/v1/videos", []string{"Sec-Fetch-Site: cross-site"}, "1"},
		{http.MethodGet, "/api/v1/videos", []string{"Host: evil.example"}, "1"},
		{http.MethodGet, "/", nil, ""},
	} {
		got := h.do(t, test.method, test.path, test.header...)
		if got.Header.Get(pod.HeaderAPIVersions) != test.want {
			t.Errorf("%s %s %v = %d with versions %q, want %q", test.method, test.path, test.header, got.StatusCode, got.Header.Get(pod.HeaderAPIVersions), test.want)
		}
	}
}
