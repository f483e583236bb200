package utp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	utp "github.com/anacrolix/go-utp"
)

func open(tb testing.TB, opts ...utp.Option) utp.Socket {
	tb.Helper()
	s, err := utp.NewSocket("udp4", "127.0.0.1:0", opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// raw is a plain UDP socket that speaks to a uTP socket.
type raw struct {
	net.PacketConn
	to net.Addr
}

func openRaw(tb testing.TB, to utp.Socket) raw {
	tb.Helper()
	pc, err := (&net.ListenConfig{}).ListenPacket(tb.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = pc.Close() })
	return raw{pc, to.Addr()}
}

// packet makes a uTP packet; kind 4 is a SYN.
func packet(kind byte, id, seq, ack uint16, payload ...byte) []byte {
	b := make([]byte, 20, 20+len(payload))
	b[0] = kind<<4 | 1
	binary.BigEndian.PutUint16(b[2:], id)
	binary.BigEndian.PutUint32(b[12:], 1<<20)
	binary.BigEndian.PutUint16(b[16:], seq)
	binary.BigEndian.PutUint16(b[18:], ack)
	return append(b, payload...)
}

func (r raw) send(b []byte) { _, _ = r.WriteTo(b, r.to) }

// receive gives the next packet, or nil if none comes in time.
func (r raw) receive(tb testing.TB, within time.Duration) []byte {
	tb.Helper()
	_ = r.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, 2000)
	n, _, err := r.ReadFrom(b)
	if err != nil {
		return nil
	}
	return b[:n]
}

func acceptAll(s utp.Socket, conns chan<- net.Conn) {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		conns <- c
	}
}

func TestTransfer(t *testing.T) {
	a, b := open(t), open(t)
	want := make([]byte, 8<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(want)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		c, err := b.Accept()
		if err != nil {
			t.Errorf("Accept() = %v", err)
			return
		}
		_, _ = c.Write(want)
		_ = c.Close()
	})
	c, err := a.DialContext(t.Context(), "udp4", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(60 * time.Second))
	begun := time.Now()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want %d equal ones", len(got), err, len(want))
	}
	t.Logf("%.1f MB/s", float64(len(got))/time.Since(begun).Seconds()/1e6)
	_ = c.Close()
}

func TestWindowIsClamped(t *testing.T) {
	s := open(t)
	go acceptAll(s, make(chan net.Conn, 1))
	r := openRaw(t, s)
	r.send(packet(4, 100, 1, 0))
	got := r.receive(t, 2*time.Second)
	if len(got) < 20 || got[0]>>4 != 2 {
		t.Fatalf("answer to a SYN = %x, want a state packet", got)
	}
	if window := binary.BigEndian.Uint32(got[12:]); window > 100_000 {
		t.Errorf("window = %d, want at most 100000", window)
	}
}

func TestFirewall(t *testing.T) {
	s := open(t)
	go acceptAll(s, make(chan net.Conn, 4))
	asked := make(chan net.Addr, 4)
	s.SetFirewallCallback(func(a net.Addr) bool {
		asked <- a
		return true
	})
	r := openRaw(t, s)
	r.send(packet(4, 100, 1, 0))
	if got := <-asked; got.String() != r.LocalAddr().String() {
		t.Errorf("callback was asked about %v, want %v", got, r.LocalAddr())
	}
	if got := r.receive(t, 200*time.Millisecond); got != nil {
		t.Errorf("answer to a blocked SYN = %x, want none", got)
	}
	s.SetFirewallCallback(nil)
	r.send(packet(4, 100, 1, 0))
	if got := r.receive(t, 2*time.Second); got == nil {
		t.Error("no answer to a SYN that is let in")
	}
}

func TestStrayPacketsGetNoAnswer(t *testing.T) {
	s := open(t)
	r := openRaw(t, s)
	for kind := range byte(4) {
		r.send(packet(kind, 77, 5, 5, 'x'))
	}
	if got := r.receive(t, 200*time.Millisecond); got != nil {
		t.Errorf("answer to a stray packet = %x, want none", got)
	}
}

func TestOtherDatagrams(t *testing.T) {
	s := open(t)
	r := openRaw(t, s)
	r.send([]byte("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"))
	b := make([]byte, 100)
	n, from, err := s.ReadFrom(b)
	if err != nil || string(b[:3]) != "d1:" || from.String() != r.LocalAddr().String() {
		t.Errorf("ReadFrom() = %q, %v, %v, want the datagram", b[:n], from, err)
	}
	if _, err := s.WriteTo([]byte("pong"), from); err != nil {
		t.Errorf("WriteTo() = %v, want nil", err)
	}
	if got := r.receive(t, 2*time.Second); string(got) != "pong" {
		t.Errorf("received %q, want pong", got)
	}
}

func TestReadDeadline(t *testing.T) {
	s := open(t)
	for _, wait := range []time.Duration{-time.Second, 30 * time.Millisecond} {
		_ = s.SetReadDeadline(time.Now().Add(wait))
		if _, _, err := s.ReadFrom(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ReadFrom() = %v, want a deadline", err)
		}
	}
	_ = s.SetReadDeadline(time.Time{})
	done := make(chan error)
	go func() {
		_, _, err := s.ReadFrom(make([]byte, 10))
		done <- err
	}()
	_ = s.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	select {
	case err := <-done:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ReadFrom() = %v, want a deadline", err)
		}
	case <-time.After(5 * time.Second):
		// A reader that began before the deadline was set may have missed it only if set
		// renews the channel: it must not.
		t.Error("ReadFrom() did not wake")
	}
}

func TestCloseWakesAll(t *testing.T) {
	before := runtime.NumGoroutine()
	s := open(t)
	r := openRaw(t, s)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = s.Accept() })
	wg.Go(func() { _, _, _ = s.ReadFrom(make([]byte, 10)) })
	wg.Go(func() { _, _ = s.DialContext(context.Background(), "udp4", r.LocalAddr().String()) })
	if r.receive(t, 5*time.Second) == nil {
		t.Error("no SYN came")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	}
	wg.Wait()
	end := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(end) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, want %d", n, before)
	}
}

func TestLimits(t *testing.T) {
	s := open(t, utp.WithLimits(utp.Limits{Conns: 10, ConnsPerAddr: 6, Embryos: 5, EmbryosPerAddr: 4}))
	conns := make(chan net.Conn, 100)
	go acceptAll(s, conns)
	r := openRaw(t, s)
	for i := range uint16(50) {
		r.send(packet(4, 100+2*i, 1, 0))
	}
	answers := 0
	for r.receive(t, 300*time.Millisecond) != nil {
		answers++
	}
	if answers != 4 || len(conns) != 4 {
		t.Errorf("%d answers, %d connections to 50 SYNs, want 4 and 4", answers, len(conns))
	}
	// Those that send something make room for new ones.
	for i := range uint16(4) {
		r.send(packet(0, 101+2*i, 2, 0, 'x'))
	}
	for len(conns) > 0 {
		c := <-conns
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Errorf("Read() = %v, want nil", err)
		}
	}
	for i := range uint16(50) {
		r.send(packet(4, 1000+2*i, 1, 0))
	}
	for i := range 2 {
		select {
		case <-conns:
		case <-time.After(2 * time.Second):
			t.Errorf("connection %d of 2 more did not come", i+1)
		}
	}
	select {
	case <-conns:
		t.Error("a seventh connection of one address was accepted")
	case <-time.After(200 * time.Millisecond):
	}
}

// TestSynMeetsDial: the library panics if a dial takes the number of a SYN that waits.
func TestSynMeetsDial(t *testing.T) {
	s := open(t)
	r := openRaw(t, s)
	r.send(packet(4, 100, 1, 0))
	// Nobody accepts: the SYN stays with the library, so a dial there must wait.
	probe := openRaw(t, s)
	probe.send([]byte("not uTP"))
	_, _, _ = s.ReadFrom(make([]byte, 10)) // now the SYN before it has been read
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.DialContext(ctx, "udp4", r.LocalAddr().String()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("DialContext() = %v, want a deadline", err)
	}
	if got := r.receive(t, 100*time.Millisecond); got != nil {
		t.Errorf("sent %x while a SYN waits, want nothing", got)
	}
	go acceptAll(s, make(chan net.Conn, 4))
	if got := r.receive(t, 2*time.Second); got == nil || got[0]>>4 != 2 {
		t.Fatalf("answer to the SYN = %x, want a state packet", got)
	}
	dialled := make(chan error, 1)
	go func() {
		_, err := s.DialContext(t.Context(), "udp4", r.LocalAddr().String())
		dialled <- err
	}()
	syn := r.receive(t, 2*time.Second)
	if syn == nil || syn[0]>>4 != 4 {
		t.Fatalf("sent %x, want a SYN", syn)
	}
	id := binary.BigEndian.Uint16(syn[2:])
	r.send(packet(4, id-1, 9, 0)) // the SYN that collides
	r.send(packet(4, id, 9, 0))   // and its neighbours
	r.send(packet(4, id-2, 9, 0))
	r.send(packet(2, id, 9, binary.BigEndian.Uint16(syn[16:])))
	if err := <-dialled; err != nil {
		t.Errorf("DialContext() = %v, want nil", err)
	}
}

func TestDialRefuses(t *testing.T) {
	s := open(t)
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:5", "224.0.0.1:5", "nonsense", ":7"} {
		if c, err := s.DialContext(t.Context(), "udp4", addr); err == nil {
			_ = c.Close()
			t.Errorf("DialContext(%q) = nil, want an error", addr)
		}
	}
}

// TestFlood: goroutines and connections stay bounded under a flood.
func TestFlood(t *testing.T) {
	s := open(t)
	conns := make(chan net.Conn, 10_000)
	go acceptAll(s, conns)
	before := runtime.NumGoroutine()
	var senders sync.WaitGroup
	most := 0
	end := time.Now().Add(2 * time.Second)
	for i := range 8 {
		r := openRaw(t, s)
		random := rand.New(rand.NewPCG(uint64(i), 2))
		senders.Go(func() {
			for time.Now().Before(end) {
				b := packet(byte(random.IntN(5)), uint16(random.IntN(200)), uint16(random.Uint32()), uint16(random.Uint32()), make([]byte, random.IntN(40))...)
				if random.IntN(3) == 0 {
					b[1] = byte(random.IntN(4))
				}
				r.send(b)
			}
		})
	}
	go func() {
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			_, _ = s.DialContext(ctx, "udp4", openRaw(t, s).LocalAddr().String())
			cancel()
		}
	}()
	for time.Now().Before(end) {
		most = max(most, runtime.NumGoroutine()-before)
		runtime.Gosched()
	}
	senders.Wait()
	t.Logf("at most %d goroutines more, %d connections", most, len(conns))
	if most > 200 || len(conns) > 256 {
		t.Errorf("flood made %d goroutines and %d connections, want at most 200 and 256", most, len(conns))
	}
	// An honest peer still gets in once the flood's connections are closed.
	for len(conns) > 0 {
		_ = (<-conns).Close()
	}
}
