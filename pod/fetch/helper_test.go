package fetch_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/fetch"
)

// patient are time limits that a busy machine keeps.
func patient() fetch.Config { return fetch.Config{Version: "1.2.3"} }

// quick are time limits that tests can wait for.
func quick() fetch.Config {
	return fetch.Config{Version: "1.2.3", DialTimeout: 2 * time.Second, HeaderTimeout: 300 * time.Millisecond, Timeout: 600 * time.Millisecond, IdleTimeout: 200 * time.Millisecond}
}

// client makes a client, and checks at the end that it leaves nothing behind.
func client(t *testing.T, c fetch.Config) *fetch.Client {
	t.Helper()
	return watched(t, fetch.New(c))
}

func watched(t *testing.T, c *fetch.Client) *fetch.Client {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		c.CloseIdle()
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return c
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

// door is a listener that counts who comes in.
type door struct {
	net.Listener
	count atomic.Int64
}

func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err == nil {
		d.count.Add(1)
	}
	return conn, err
}

// listen opens a door on loopback; an empty address is any port of 127.0.0.1.
func listen(t *testing.T, address string) *door {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("Listen(%s) = %v: not on this machine", address, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &door{Listener: l}
}

func (d *door) port() string {
	_, port, _ := net.SplitHostPort(d.Addr().String())
	return port
}

// serve answers over HTTP behind a door.
func serve(t *testing.T, handler http.HandlerFunc) *door {
	t.Helper()
	d := listen(t, "")
	serveAt(t, d, handler)
	return d
}

func serveAt(t *testing.T, d *door, handler http.HandlerFunc) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	_ = s.Listener.Close()
	s.Listener = d
	s.Start()
	t.Cleanup(s.Close)
}

// script answers each connection with what talk writes, after the request's header came.
// gone is closed when the other side hangs up.
func script(t *testing.T, talk func(conn net.Conn, gone <-chan struct{})) string {
	t.Helper()
	d := listen(t, "")
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := d.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				in := bufio.NewReader(conn)
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				gone := make(chan struct{})
				all.Go(func() {
					defer close(gone)
					_, _ = io.Copy(io.Discard, in)
				})
				talk(conn, gone)
			})
		}
	})
	t.Cleanup(func() {
		_ = d.Close()
		all.Wait() // clients hang up first
	})
	return "http://" + d.Addr().String() + "/"
}

// drip writes text again and again, until the other side has enough.
func drip(conn net.Conn, gone <-chan struct{}, every time.Duration, text string) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
		select {
		case <-gone:
			return
		case <-tick.C:
		}
	}
}

// names is a name server on loopback: each name has a list of answers, one for each
// question; the last one stays.
type names struct {
	mu      sync.Mutex // guards answers
	answers map[string][][]netip.Addr
}

func resolver(t *testing.T, answers map[string][][]netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{answers: answers}
	var serving sync.WaitGroup
	serving.Go(func() {
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := n.answer(buf[:size]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// answer builds a reply to a question (RFC 1035 section 4). Questions for other types
// than A and AAAA do not come from a dialer.
func (n *names) answer(question []byte) []byte {
	if len(question) < 17 {
		return nil
	}
	var labels []string
	at := 12
	for at < len(question) && question[at] != 0 {
		end := at + 1 + int(question[at])
		if end >= len(question) {
			return nil
		}
		labels = append(labels, string(question[at+1:end]))
		at = end
	}
	end := at + 5
	if end > len(question) {
		return nil
	}
	kind := binary.BigEndian.Uint16(question[at+1:])
	addrs, known := n.next(strings.ToLower(strings.Join(labels, ".")), kind == 1)
	reply := append([]byte{}, question[:end]...)
	binary.BigEndian.PutUint16(reply[2:], 0x8180)
	if !known {
		reply[3] |= 3 // no such name
	}
	count := 0
	for _, a := range addrs {
		if a.Is4() != (kind == 1) {
			continue
		}
		count++
		reply = append(reply, 0xc0, 12)
		reply = binary.BigEndian.AppendUint16(reply, kind)
		reply = binary.BigEndian.AppendUint16(reply, 1)
		reply = binary.BigEndian.AppendUint32(reply, 0)
		reply = binary.BigEndian.AppendUint16(reply, uint16(a.BitLen()/8))
		reply = append(reply, a.AsSlice()...)
	}
	for i := 4; i < 12; i++ {
		reply[i] = 0
	}
	reply[5], reply[7] = 1, byte(count)
	return reply
}

// next gives the answer to a question; one for A moves on to the next.
func (n *names) next(name string, move bool) ([]netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	list, known := n.answers[name]
	if !known || len(list) == 0 {
		return nil, known
	}
	if move && len(list) > 1 {
		n.answers[name] = list[1:]
	}
	return list[0], true
}

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}
