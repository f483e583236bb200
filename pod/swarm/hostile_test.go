package swarm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	utp "github.com/anacrolix/go-utp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// handshake is a plain one that supports the extension protocol and fast messages.
func handshake(ih pod.Infohash) []byte {
	return []byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x04" + string(ih[:]) + "-XX0000-abcdefghijkl")
}

func dialTCP(tb testing.TB, s *swarm.Swarm) net.Conn {
	tb.Helper()
	c, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", addrOf(s))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func dialUTP(tb testing.TB, s *swarm.Swarm) net.Conn {
	tb.Helper()
	sock, err := utp.NewSocket("udp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = sock.Close() })
	c, err := sock.DialContext(tb.Context(), "udp4", addrOf(s))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func dialRTC(tb testing.TB, s *swarm.Swarm, ih pod.Infohash) net.Conn {
	tb.Helper()
	b := &browser{swarm: s, ih: ih}
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	c, err := b.Dial(ctx, "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, pc := range b.pcs {
			_ = pc.GracefulClose()
		}
	})
	return c
}

// ended waits until the other side has closed and returns what it sent before.
func ended(tb testing.TB, c net.Conn, within time.Duration) string {
	tb.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	got, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) || err != nil && strings.Contains(err.Error(), "timeout") {
		tb.Fatalf("connection is open after %v", within)
	}
	return string(got)
}

func TestUnknownInfohash(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files)
	unknown := pod.Infohash{1, 2, 3}
	for _, tt := range []struct {
		name string
		dial func() net.Conn
	}{
		{"TCP", func() net.Conn { return dialTCP(t, s) }},
		{"uTP", func() net.Conn { return dialUTP(t, s) }},
		{"WebRTC", func() net.Conn { return dialRTC(t, s, file.Infohash) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.dial()
			if _, err := c.Write(handshake(unknown)); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if got := ended(t, c, 10*time.Second); got != "" {
				t.Errorf("answer = %q, want nothing", got)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("closed after %v, want at once", took)
			}
		})
	}
	t.Run("obfuscated", func(t *testing.T) {
		cl := newLeecher(t, tcpOnly, obfuscated)
		add(t, cl, unknown, addrOf(s))
		eventually(t, 5*time.Second, "a connection came and went", func() bool {
			st := s.Stats().TCP
			return st.BytesDown > 100 && st.Conns == 0
		})
	})
}

func TestHostileMessages(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 600_000)
	s := start(t, files)
	words := func(n ...uint32) string {
		var b []byte
		for _, v := range n {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return string(b)
	}
	frame := func(id byte, payload string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(payload)+1))) + string(id) + payload
	}
	for _, tt := range []struct{ name, bytes string }{
		{"length 2^32-1", words(0xffffffff) + "\x07aaaa"},
		{"length 2^31", words(0x80000000) + "\x14aaaa"},
		{"short request", frame(6, "abc")},
		{"request beyond the end", frame(2, "") + frame(6, words(9999, 0, 16384))},
		{"request of 4 GiB", frame(2, "") + frame(6, words(0, 0, 0xffffffff))},
		{"request with wrapped begin", frame(2, "") + frame(6, words(0, 0xffffffff, 16384))},
		{"have beyond the end", frame(4, words(0xffffffff))},
		{"long bitfield", frame(5, strings.Repeat("\xff", 500))},
		{"piece that nobody asked for", frame(7, words(0, 0)+strings.Repeat("x", 16384))},
		{"negative metadata piece", frame(20, "\x00d1:md11:ut_metadatai1eee") + frame(20, "\x01d8:msg_typei0e5:piecei-1ee")},
		{"far metadata piece", frame(20, "\x00d1:md11:ut_metadatai1eee") + frame(20, "\x01d8:msg_typei0e5:piecei99999999ee")},
		{"negative metadata size", frame(20, "\x00d1:md11:ut_metadatai1ee13:metadata_sizei-1ee")},
		{"huge metadata size", frame(20, "\x00d1:md11:ut_metadatai1ee13:metadata_sizei2147483647ee")},
		{"deep bencode", frame(20, "\x00"+strings.Repeat("l", 20000))},
		{"unknown id", frame(99, "hello")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dialTCP(t, s)
			_, _ = c.Write(append(handshake(file.Infohash), tt.bytes...))
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		})
	}
	t.Run("still alive", func(t *testing.T) {
		if got, want := fetch(t, add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(s))), files.sums[file.Infohash]; got != want {
			t.Errorf("SHA-256 = %s, want %s", got, want)
		}
	})
}

func TestManyConns(t *testing.T) {
	t.Parallel()
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files, func(c *swarm.Config) { c.Limits.TorrentConns, c.Limits.ConnsPerTorrent = 12, 4 })
	for range 60 {
		c := dialTCP(t, s)
		_, _ = c.Write(handshake(file.Infohash))
	}
	eventually(t, 10*time.Second, "only the torrent's places are taken", func() bool {
		n := s.Stats().TCP.Conns
		return n > 0 && n <= 4
	})
	for range 60 { // these never say a word
		dialTCP(t, s)
	}
	eventually(t, 5*time.Second, "all places are taken", func() bool { return s.Stats().TCP.Conns == 12 })
	eventually(t, 15*time.Second, "silent ones are closed", func() bool { return s.Stats().TCP.Conns <= 4 })
}

func TestChangedFile(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(time.Hour)
	for _, tt := range []struct {
		name   string
		change func(path string) error
		served bool
	}{
		{"other bytes", func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("changed"), 400_000)
			return errors.Join(err, f.Close(), os.Chtimes(path, later, later))
		}, false},
		{"cut", func(path string) error { return os.Truncate(path, 100_000) }, false},
		{"longer", func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		}, false},
		{"gone", os.Remove, false},
		{"touched", func(path string) error { return os.Chtimes(path, later, later) }, true},
	} {
		for _, awake := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, awake %v", tt.name, awake), func(t *testing.T) {
				t.Parallel()
				changedFile(t, changed{tt.change, tt.served, awake && tt.name == "gone", awake || tt.name == "other bytes", awake})
			})
		}
	}
}

// changed is one way in which a published file changes.
type changed struct {
	change func(path string) error
	served bool // all is served nevertheless
	open   bool // the open file is still whole; only the next wake finds out
	read   bool // found out when a peer reads, else when the torrent wakes
	awake  bool // changed while it is served
}

func changedFile(t *testing.T, c changed) {
	t.Helper()
	files := newShelf()
	file := files.publish(t, 900_000)
	damaged := make(chan pod.Infohash, 1)
	s := start(t, files, func(cfg *swarm.Config) { cfg.Damaged = func(ih pod.Infohash) { damaged <- ih } })
	if c.awake {
		fetch(t, add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(s)))
	}
	if err := c.change(file.Path); err != nil {
		t.Fatal(err)
	}
	tor := add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(s))
	if c.served || c.open {
		if got, want := fetch(t, tor), files.sums[file.Infohash]; got != want {
			t.Errorf("SHA-256 = %s, want %s", got, want)
		}
		return
	}
	go func() { // ends with the client
		select {
		case <-tor.GotInfo():
			tor.DownloadAll()
		case <-tor.Closed():
		}
	}()
	if c.read {
		select {
		case ih := <-damaged:
			if ih != file.Infohash {
				t.Errorf("Damaged(%s), want %s", ih, file.Infohash)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("Damaged was not called")
		}
		eventually(t, 5*time.Second, "torrent is dropped", func() bool { return s.Live() == 0 })
	}
	if err := s.Wake(t.Context(), file.Infohash); err == nil {
		t.Error("Wake() of a changed file = nil, want an error")
	}
	if !c.read {
		if ih := <-damaged; ih != file.Infohash {
			t.Errorf("Damaged(%s), want %s", ih, file.Infohash)
		}
	}
}
