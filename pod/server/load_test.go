package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/server"
)

// readAll answers with how the body ended.
var readAll = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%d %v", len(data), errors.Is(err, os.ErrDeadlineExceeded))
})

func TestBodiesHaveToArrive(t *testing.T) {
	h := start(t, func(c *server.Config) {
		c.API, c.Limits.BodyTimeout, c.Limits.UploadStallTimeout = readAll, 400*time.Millisecond, 2500*time.Millisecond
	})
	// trickle sends the head of a request and then a byte every 50 ms.
	trickle := func(t *testing.T, path string, bytes int) string {
		t.Helper()
		conn, err := net.Dial("tcp", h.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n", path)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range bytes {
			<-tick.C
			if _, err := conn.Write([]byte("x")); err != nil {
				break
			}
		}
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return err.Error()
		}
		data, _ := io.ReadAll(got.Body)
		return string(data)
	}
	if got := trickle(t, "/api/v1/users/token", 30); !strings.HasSuffix(got, "true") {
		t.Errorf("a form over 1.5 s = %q, want the deadline", got)
	}
	if got := trickle(t, "/api/v1/videos/upload", 30); got != "30 false" {
		t.Errorf("an upload that moves = %q, want it whole", got)
	}
	if got := trickle(t, "/api/v1/videos/upload", 3); got != "3 true" {
		t.Errorf("an upload that stands still = %q, want the deadline", got)
	}
}

func TestWorkAfterABodyHasNoDeadline(t *testing.T) {
	h := start(t, func(c *server.Config) {
		c.Limits.BodyTimeout = 100 * time.Millisecond
		c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			select {
			case <-r.Context().Done():
				_, _ = io.WriteString(w, "cut")
			case <-time.After(400 * time.Millisecond):
				_, _ = io.WriteString(w, "done")
			}
		})
	})
	if got := h.send(t, http.MethodPost, "/api/x", bytes.NewReader([]byte("{}"))); got.body != "done" {
		t.Errorf("long work = %q, want done", got.body)
	}
}

func TestStreamsOfOneHouseholdAreCapped(t *testing.T) {
	h := start(t, func(c *server.Config) { c.Limits.StreamsPerAddr = 2 })
	big := bytes.Repeat(film, 300) // more than the kernel buffers
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	h.lib.write(t, v.Files[0].Name, big)
	path := "/static/web-videos/" + v.Files[0].Name
	open := []*http.Response{}
	for range 2 {
		got, err := h.client.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, got)
	}
	got := h.do(t, http.MethodGet, path)
	wantProblem(t, got, 429, "too_many_streams")
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	other := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)}}).DialContext}}
	fromOther, err := other.Get(h.url + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = fromOther.Body.Close()
	if fromOther.StatusCode != http.StatusOK {
		t.Errorf("GET from 127.0.0.7 = %d, want 200", fromOther.StatusCode)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, open[0].Body)
	if want := sha256.Sum256(big); err != nil || !bytes.Equal(sum.Sum(nil), want[:]) {
		t.Errorf("the first stream = %d bytes, %v, want all %d", n, err, len(big))
	}
	for _, s := range open {
		_ = s.Body.Close()
	}
	eventually(t, "a place to be free", func() bool { return h.do(t, http.MethodHead, path).StatusCode == http.StatusOK })
}

func TestWhoDoesNotReadIsCut(t *testing.T) {
	h := start(t, func(c *server.Config) { c.Limits.StreamsPerAddr = 1 })
	v := h.lib.add(t, pod.PrivacyPublic, nil)
	h.lib.write(t, v.Files[0].Name, bytes.Repeat(film, 300))
	h.Patience(200 * time.Millisecond)
	path := "/static/web-videos/" + v.Files[0].Name
	lazy, err := h.client.Get(h.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lazy.Body.Close() }()
	wantProblem(t, h.do(t, http.MethodGet, path), 429, "too_many_streams")
	eventually(t, "the one that does not read to be cut", func() bool { return h.do(t, http.MethodHead, path).StatusCode == http.StatusOK })
}

func TestHalfOpenConnectionsAreClosed(t *testing.T) {
	n := 4000
	if testing.Short() {
		n = 500
	}
	h := start(t, nil)
	began := time.Now()
	conns := make([]net.Conn, 0, n)
	for i := range n {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(i/200), 9)}}
		conn, err := dialer.Dial("tcp", h.Addr())
		if err != nil {
			continue // no room is an answer too
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: loc")
		conns = append(conns, conn)
		if i%(n/10) == 0 {
			if got := h.do(t, http.MethodGet, "/assets/app.js"); got.StatusCode != http.StatusOK {
				t.Errorf("an honest request = %d, want 200", got.StatusCode)
			}
		}
	}
	var group sync.WaitGroup
	for _, conn := range conns {
		group.Go(func() {
			defer func() { _ = conn.Close() }()
			_ = conn.SetReadDeadline(began.Add(20 * time.Second))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a half-open connection is still open after 20 s")
			}
		})
	}
	group.Wait()
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("%d half-open connections took %v to go, want about 7 s", n, took)
	}
}

func TestFloodMakesRoomForHonestOnes(t *testing.T) {
	h := start(t, func(c *server.Config) { c.Limits.ConnectionsPerAddr, c.Limits.Connections = 5, 8 })
	for i := range 30 {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%3))}}
		conn, err := dialer.Dial("tcp", h.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /")
	}
	h.client.Transport.(*http.Transport).DisableKeepAlives = true
	for range 10 {
		if got := h.do(t, http.MethodGet, "/assets/app.js"); got.StatusCode != http.StatusOK {
			t.Errorf("an honest request = %d, want 200", got.StatusCode)
		}
	}
}

func TestBusyConnectionsAreNotPushedOut(t *testing.T) {
	hold, entered := make(chan struct{}), make(chan struct{}, 2)
	h := start(t, func(c *server.Config) {
		c.Limits.ConnectionsPerAddr = 2
		c.API = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			entered <- struct{}{}
			<-hold
			_, _ = io.WriteString(w, "held")
		})
	})
	results := make(chan string, 2)
	for range 2 {
		go func() { // ends with its answer
			got, err := h.client.Post(h.url+"/api/x", "", nil)
			if err != nil {
				results <- err.Error()
				return
			}
			data, _ := io.ReadAll(got.Body)
			_ = got.Body.Close()
			results <- string(data)
		}()
	}
	<-entered
	<-entered
	eventually(t, "the third connection to be refused", func() bool {
		conn, err := net.Dial("tcp", h.Addr())
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /assets/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, err = http.ReadResponse(bufio.NewReader(conn), nil)
		return err != nil
	})
	close(hold)
	for range 2 {
		if got := <-results; got != "held" {
			t.Errorf("a busy connection = %q, want its answer", got)
		}
	}
}

func TestBigHeadersAreRefused(t *testing.T) {
	h := start(t, nil)
	if got := h.do(t, http.MethodGet, "/", "X-Big: "+strings.Repeat("x", 32<<10)); got.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("GET with 32 KiB of headers = %d, want 431", got.StatusCode)
	}
}

func TestCloseCutsLongRequests(t *testing.T) {
	entered := make(chan struct{})
	h := start(t, func(c *server.Config) {
		c.API = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() })
	})
	ended := make(chan error, 1)
	go func() { // ends when the server cuts it
		got, err := h.client.Get(h.url + "/api/v1/events")
		if err == nil {
			_ = got.Body.Close()
		}
		ended <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Errorf("Close() = %v, want no error", err)
	}
	<-ended
	if conn, err := net.Dial("tcp", h.Addr()); err == nil {
		_ = conn.Close()
		t.Error("the port is open after Close()")
	}
	if err := h.Start(t.Context()); err == nil {
		t.Error("Start() after Close() = no error, want one")
	}
}

func TestListenerOfTheCaller(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := start(t, func(c *server.Config) { c.Listener, c.Addr = listener, "" })
	if h.Addr() != listener.Addr().String() {
		t.Errorf("Addr() = %s, want %s", h.Addr(), listener.Addr())
	}
	if got := h.do(t, http.MethodGet, "/"); got.StatusCode != http.StatusOK {
		t.Errorf("GET / = %d, want 200", got.StatusCode)
	}
	lib := &library{}
	s, err := server.New(server.Config{Addr: listener.Addr().String(), API: http.NotFoundHandler(), Tracker: fakeTracker{}, Catalogue: lib, Files: lib, Access: lib, Web: web()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("Start() on a taken port = no error, want one")
	}
	if s.Addr() != "" {
		t.Errorf("Addr() = %q, want none", s.Addr())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("Close() = %v, want no error", err)
	}
}
