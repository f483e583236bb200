package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
)

func TestDo(t *testing.T) {
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.UserAgent(), " ", r.Header.Get("Accept-Encoding"), " ", r.Header.Get("X-Mine"), " ", r.Header.Get("Cookie")))
		w.Header().Set("Set-Cookie", "a=b")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), body...))
	})
	one, header := client(t, patient()), http.Header{"X-Mine": {"yes"}, "User-Agent": {"other"}}
	for range 2 { // no cookie comes back
		got, err := one.Do(t.Context(), fetch.Request{Method: http.MethodPost, URL: "http://" + d.Addr().String() + "/api/x?y=z", Header: header, Body: []byte("this")})
		want := "POST /api/x Peerpod/1.2.3  yes"
		if err != nil || got.Status != http.StatusTeapot || string(got.Body) != "got this" || got.Header.Get("X-Seen") != want {
			t.Errorf("Do() = %d %q %q, %v, want 418, \"got this\", %q", got.Status, got.Body, got.Header.Get("X-Seen"), err, want)
		}
	}
	if header.Get("User-Agent") != "other" {
		t.Error("Do changed the caller's header")
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("the redirect was followed to %s", r.URL)
		}
		http.Redirect(w, r, "/other", http.StatusFound)
	})
	got, err := client(t, patient()).Do(t.Context(), fetch.Request{URL: "http://" + d.Addr().String() + "/"})
	if err != nil || got.Status != http.StatusFound || got.Header.Get("Location") != "/other" {
		t.Errorf("Do() = %d %q, %v, want 302 as it stands", got.Status, got.Header.Get("Location"), err)
	}
}

// TestProxyOfTheEnvironment is NET-05.
func TestProxyOfTheEnvironment(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+proxy.Addr().String())
	}
	t.Setenv("NO_PROXY", "")
	d, c := serve(t, func(http.ResponseWriter, *http.Request) {}), patient()
	c.Resolver = resolver(t, map[string][][]netip.Addr{"pod.test": {addrs("127.0.0.1")}})
	got, err := client(t, c).Do(t.Context(), fetch.Request{URL: "http://pod.test:" + d.port() + "/"})
	if err != nil || got.Status != http.StatusOK || proxy.count.Load() != 0 || d.count.Load() != 1 {
		t.Errorf("Do() = %d, %v with %d connections to the proxy, want 200 and none", got.Status, err, proxy.count.Load())
	}
}

const ok = "HTTP/1.1 200 OK\r\n"

// TestHostileAnswers is NET-07 and NET-08.
func TestHostileAnswers(t *testing.T) {
	long := strings.Repeat("x", 1<<10)
	tests := []struct {
		name string
		talk func(conn net.Conn, gone <-chan struct{})
		want error
	}{
		{"silence", func(_ net.Conn, gone <-chan struct{}) { <-gone }, fetch.ErrUnreachable},
		{"hangs up", func(net.Conn, <-chan struct{}) {}, fetch.ErrUnreachable},
		{"one byte a time", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 1000000\r\n\r\n")
			drip(c, gone, 20*time.Millisecond, "x")
		}, fetch.ErrUnreachable},
		{"slow header", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok)
			drip(c, gone, 20*time.Millisecond, "X-A: b\r\n")
		}, fetch.ErrUnreachable},
		{"stands still", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nfive.")
			<-gone
		}, fetch.ErrUnreachable},
		{"cut", func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nfive.")
		}, fetch.ErrUnreachable},
		{"endless header", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok)
			drip(c, gone, time.Microsecond, "X-A: "+long+"\r\n")
		}, fetch.ErrBadAnswer},
		{"endless line", func(c net.Conn, gone <-chan struct{}) { drip(c, gone, time.Microsecond, "HTTP/1.1 200 "+long) }, fetch.ErrBadAnswer},
		{"endless hints", func(c net.Conn, gone <-chan struct{}) {
			drip(c, gone, time.Microsecond, "HTTP/1.1 103 Early Hints\r\nX-A: "+long+"\r\n\r\n")
		}, fetch.ErrBadAnswer},
		{"endless chunks", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\n")
			drip(c, gone, time.Microsecond, "400\r\n"+long+"\r\n")
		}, fetch.ErrTooLarge},
		{"10 GiB", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 10737418240\r\n\r\n")
			drip(c, gone, time.Microsecond, long)
		}, fetch.ErrTooLarge},
		{"no end told", func(c net.Conn, gone <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"\r\n")
			drip(c, gone, time.Microsecond, long)
		}, fetch.ErrTooLarge},
		{"bad chunks", func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Transfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n")
		}, fetch.ErrBadAnswer},
		{"another protocol", func(c net.Conn, _ <-chan struct{}) { _, _ = io.WriteString(c, "-ERR unknown command\r\n\r\n") }, fetch.ErrBadAnswer},
		{"two lengths", func(c net.Conn, _ <-chan struct{}) {
			_, _ = io.WriteString(c, ok+"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx")
		}, fetch.ErrBadAnswer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			url := script(t, test.talk)
			_, err := client(t, quick()).Do(t.Context(), fetch.Request{URL: url, MaxBytes: 64 << 10})
			for _, kind := range []error{fetch.ErrAddress, fetch.ErrUnreachable, fetch.ErrTooLarge, fetch.ErrBadAnswer, context.DeadlineExceeded, context.Canceled} {
				if errors.Is(err, kind) != (kind == test.want) { //nolint:errorlint // the table's own values
					t.Errorf("Do() = %v, want %v and nothing else", err, test.want)
				}
			}
		})
	}
}

func TestBodiesOfTheLimit(t *testing.T) {
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", map[string]int{"/fits": 100, "/long": 101, "/default": 1 << 20, "/over": 1<<20 + 1}[r.URL.Path]))
	})
	one := client(t, patient())
	for path, want := range map[string]struct {
		most int64
		err  error
	}{"/fits": {100, nil}, "/long": {100, fetch.ErrTooLarge}, "/default": {0, nil}, "/over": {0, fetch.ErrTooLarge}} {
		got, err := one.Do(t.Context(), fetch.Request{URL: "http://" + d.Addr().String() + path, MaxBytes: want.most})
		if !errors.Is(err, want.err) || got.Status != http.StatusOK || err != nil && got.Body != nil {
			t.Errorf("Do(%s) = %d with %d bytes, %v, want 200, %v", path, got.Status, len(got.Body), err, want.err)
		}
	}
}

func TestGzipStaysPacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 4<<20))
	_ = z.Close()
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	got, err := client(t, patient()).Do(t.Context(), fetch.Request{URL: "http://" + d.Addr().String() + "/"})
	if err != nil || !bytes.Equal(got.Body, bomb.Bytes()) {
		t.Errorf("Do() = %d bytes, %v, want the packed ones", len(got.Body), err)
	}
}

func TestNobodyThere(t *testing.T) {
	d, c := listen(t, ""), quick()
	c.Resolver = resolver(t, map[string][][]netip.Addr{"empty.test": {}})
	_ = d.Close()
	stall := script(t, func(_ net.Conn, gone <-chan struct{}) { <-gone })
	c.DialTimeout = 200 * time.Millisecond
	for _, url := range []string{"http://" + d.Addr().String() + "/", "http://nobody.test:9000/", "http://empty.test:9000/", strings.Replace(stall, "http", "https", 1)} {
		if _, err := client(t, c).Do(t.Context(), fetch.Request{URL: url}); !errors.Is(err, fetch.ErrUnreachable) {
			t.Errorf("Do(%s) = %v, want ErrUnreachable", url, err)
		}
	}
}

func TestContextOfTheCaller(t *testing.T) {
	url := script(t, func(_ net.Conn, gone <-chan struct{}) { <-gone })
	one := client(t, patient())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, test := range []struct {
		ctx  context.Context
		want error
	}{{cancelled, context.Canceled}, {short, context.DeadlineExceeded}} {
		if _, err := one.Do(test.ctx, fetch.Request{URL: url}); !errors.Is(err, test.want) || errors.Is(err, fetch.ErrUnreachable) {
			t.Errorf("Do() = %v, want %v", err, test.want)
		}
		if _, err := one.Stream(test.ctx, fetch.Request{URL: url}); !errors.Is(err, test.want) || errors.Is(err, fetch.ErrUnreachable) {
			t.Errorf("Stream() = %v, want %v", err, test.want)
		}
	}
}

func TestConnectionsPerHost(t *testing.T) {
	var now, most atomic.Int64
	d := serve(t, func(http.ResponseWriter, *http.Request) {
		for n := now.Add(1); ; {
			if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		defer now.Add(-1)
		pause := time.NewTimer(20 * time.Millisecond)
		<-pause.C
	})
	other := serve(t, func(http.ResponseWriter, *http.Request) {})
	one := client(t, patient())
	var all sync.WaitGroup
	var answers atomic.Int64
	for range 8 {
		all.Go(func() {
			if _, err := one.Do(t.Context(), fetch.Request{URL: "http://" + d.Addr().String() + "/"}); err == nil {
				answers.Add(1)
			}
		})
	}
	if _, err := one.Do(t.Context(), fetch.Request{URL: "http://" + other.Addr().String() + "/"}); err != nil {
		t.Errorf("Do(another host) = %v, want an answer", err)
	}
	all.Wait()
	if answers.Load() != 8 || most.Load() > 2 || d.count.Load() > 2 {
		t.Errorf("%d answers, %d at once over %d connections, want 8, at most 2 over 2", answers.Load(), most.Load(), d.count.Load())
	}
}

func TestStream(t *testing.T) {
	text := strings.Repeat("0123456789", 300_000)
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
	})
	one := client(t, patient())
	got, err := one.Stream(t.Context(), fetch.Request{URL: "http://" + d.Addr().String() + "/", Header: http.Header{"Range": {"bytes=10-"}}, MaxBytes: 1})
	if err != nil {
		t.Fatalf("Stream() = %v, want an answer", err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != text[10:] || got.Status != http.StatusPartialContent || got.Class != pod.ClassLoopback || got.Remote.String() != "127.0.0.1" {
		t.Errorf("Stream() = %d, %d bytes from %s, %v, want 206 and %d", got.Status, len(body), got.Remote, err, len(text)-10)
	}
	if diff := cmp.Diff("bytes 10-2999999/3000000", got.Header.Get("Content-Range")); diff != "" {
		t.Errorf("Content-Range (-want +got):\n%s", diff)
	}
	if err := got.Body.Close(); err != nil {
		t.Errorf("Close() = %v, want no error", err)
	}
}

func TestStreamsMayTakeLongButNotStandStill(t *testing.T) {
	const parts = 40 // 800 ms, longer than Timeout
	slow := script(t, func(c net.Conn, gone <-chan struct{}) {
		_, _ = fmt.Fprintf(c, "%sConnection: close\r\nContent-Length: %d\r\n\r\n", ok, parts)
		drip(c, gone, 20*time.Millisecond, "x")
	})
	still := script(t, func(c net.Conn, gone <-chan struct{}) {
		_, _ = io.WriteString(c, ok+"Content-Length: 10\r\n\r\nfive.")
		<-gone
	})
	silent := script(t, func(_ net.Conn, gone <-chan struct{}) { <-gone })
	one := client(t, quick())
	read := func(url string) (int, error) {
		got, err := one.Stream(t.Context(), fetch.Request{URL: url})
		if err != nil {
			return 0, err
		}
		defer func() { _ = got.Body.Close() }()
		body, err := io.ReadAll(got.Body)
		return len(body), err
	}
	if n, err := read(slow); n != parts || err != nil {
		t.Errorf("slow stream = %d bytes, %v, want all %d", n, err, parts)
	}
	if n, err := read(still); n != 5 || !errors.Is(err, fetch.ErrUnreachable) {
		t.Errorf("stream that stands still = %d bytes, %v, want 5 and ErrUnreachable", n, err)
	}
	if _, err := read(silent); !errors.Is(err, fetch.ErrUnreachable) {
		t.Errorf("silent stream = %v, want ErrUnreachable", err)
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	closed := make(chan struct{})
	url := script(t, func(c net.Conn, gone <-chan struct{}) {
		_, _ = io.WriteString(c, ok+"Content-Length: 10000000\r\n\r\n")
		drip(c, gone, time.Millisecond, "x")
		close(closed)
	})
	ctx, cancel := context.WithCancel(t.Context())
	got, err := client(t, patient()).Stream(ctx, fetch.Request{URL: url})
	if err != nil {
		t.Fatalf("Stream() = %v, want an answer", err)
	}
	defer func() { _ = got.Body.Close() }()
	if _, err := io.ReadFull(got.Body, make([]byte, 2)); err != nil {
		t.Errorf("Read() = %v, want bytes", err)
	}
	cancel()
	if _, err := io.ReadAll(got.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("Read() = %v, want context.Canceled", err)
	}
	<-closed // the other side was hung up on
}
