package utp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	utp "github.com/anacrolix/go-utp"
)

// wire is a packet connection in memory.
type wire struct {
	in     chan any // datagram or error
	out    func(b []byte, to net.Addr)
	closed chan struct{}
	once   sync.Once
}

type sent struct {
	data []byte
	from net.Addr
}

func newWire() *wire { return &wire{in: make(chan any, 100), closed: make(chan struct{})} }

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case v := <-w.in:
		switch v := v.(type) {
		case error:
			return 0, nil, v
		case sent:
			return copy(b, v.data), v.from, nil
		}
	case <-w.closed:
	}
	return 0, nil, net.ErrClosed
}

func (w *wire) WriteTo(b []byte, to net.Addr) (int, error) {
	if w.out != nil {
		w.out(b, to)
	}
	return len(b), nil
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (*wire) LocalAddr() net.Addr              { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9} }
func (*wire) SetDeadline(time.Time) error      { return nil }
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }

func TestReadErrorsAreSurvived(t *testing.T) {
	w := newWire()
	s, err := utp.NewSocketFromPacketConn(w)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for range 3 {
		w.in <- errors.New("connection refused")
	}
	w.in <- sent{[]byte("hello"), w.LocalAddr()}
	_ = s.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 10)
	if n, _, err := s.ReadFrom(b); err != nil || string(b[:n]) != "hello" {
		t.Errorf("ReadFrom() = %q, %v, want hello", b[:n], err)
	}
}

// FuzzDatagrams feeds a socket that accepts and dials with whatever comes: no panic, no
// hang. In the input each datagram is a byte of length, a byte of sender, the bytes.
func FuzzDatagrams(f *testing.F) {
	f.Add([]byte("\x14\x01" + string(packet(4, 7, 1, 0)) + "\x15\x01" + string(packet(0, 8, 2, 0, 'x'))))
	f.Add([]byte("\x14\x02" + string(packet(2, 7, 1, 1)) + "\x14\x02" + string(packet(3, 7, 1, 0))))
	f.Add([]byte("\x18\x01\x41\x01\x00\x07" + string(make([]byte, 14)) + "\x00\x02\xff\xff"))
	f.Add([]byte("\x05\x03hello"))
	f.Fuzz(func(t *testing.T, input []byte) {
		w := newWire()
		dialled := make(chan uint16, 10)
		w.out = func(b []byte, _ net.Addr) {
			if len(b) >= 20 && b[0]>>4 == 4 {
				select {
				case dialled <- uint16(b[2])<<8 | uint16(b[3]):
				default:
				}
			}
		}
		s, err := utp.NewSocketFromPacketConn(w, utp.WithLimits(utp.Limits{OtherDatagrams: len(input) + 1}))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		defer wg.Wait()
		defer func() { _ = s.Close() }()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		wg.Go(func() { closeAll(s) })
		wg.Go(func() { _, _ = s.DialContext(ctx, "udp4", "127.0.0.1:1001") })
		w.feed(input, <-dialled)
		waitForEnd(t, s)
	})
}

// closeAll accepts and closes until the socket ends.
func closeAll(s utp.Socket) {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}

// feed sends the datagrams of a fuzz input and "the end". Sender 1 speaks to the
// connection that was dialled with that number.
func (w *wire) feed(input []byte, id uint16) {
	for len(input) > 2 {
		n := min(int(input[0]), len(input)-2)
		data := append([]byte(nil), input[2:2+n]...)
		if input[1] == 1 && len(data) >= 20 && data[3] < 4 {
			v := id + uint16(data[3]) - 2
			data[2], data[3] = byte(v>>8), byte(v)
		}
		w.in <- sent{data, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1000 + int(input[1])}}
		input = input[2+n:]
	}
	w.in <- sent{[]byte("the end"), w.LocalAddr()}
}

// waitForEnd reads until "the end" comes: then the socket does not hang.
func waitForEnd(t *testing.T, s utp.Socket) {
	t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(5 * time.Second))
	for b := make([]byte, 300); ; {
		n, _, err := s.ReadFrom(b)
		if err != nil {
			t.Fatalf("ReadFrom() = %v: the socket hangs", err)
		}
		if string(b[:n]) == "the end" {
			return
		}
	}
}
