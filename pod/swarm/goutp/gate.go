package utp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// logErr is the log's key for errors, as in package pod.
const logErr = "err"

var errBadAddr = errors.New("address can not be dialled")

// connKey names a connection as the library does: by the remote address and the number
// that the remote side writes into its packets.
type connKey struct {
	addr netip.AddrPort
	id   uint16
}

// entry is what the gate knows about one connection.
type entry struct {
	dialed  bool
	waiting bool      // SYN handed to the library, not accepted yet
	embryo  bool      // accepted, no data yet
	reset   bool      // the other side ended it: the library knows it no more
	born    time.Time // when it came
	closing time.Time // when our side closed it; zero is open
}

// ticket is one dial that has not ended.
type ticket struct {
	addr netip.AddrPort
	key  connKey
	sent bool // the SYN left, key is known
}

// datagram is one that is not uTP.
type datagram struct {
	data []byte
	from net.Addr
}

// gate is the packet connection that the library works on.
type gate struct {
	pc     net.PacketConn
	limits Limits
	logger *slog.Logger

	firewall      atomic.Pointer[FirewallCallback]
	other         chan datagram
	otherDeadline deadline
	closed        chan struct{}
	closeOnce     sync.Once

	mu       sync.Mutex // guards all below; never held while the library is called
	conns    map[connKey]*entry
	byAddr   map[netip.Addr]*addrCount
	embryos  int
	waiting  int
	waitAddr map[netip.AddrPort]int // SYNs in the library's hands
	dialing  map[netip.AddrPort]*ticket
	accepted []connKey     // accepted by the library, not yet fetched by Accept
	changed  chan struct{} // closed and renewed when a dial may go on
	swept    time.Time
}

// addrCount are one address's incoming connections.
type addrCount struct{ conns, embryos int }

func newGate(pc net.PacketConn, l Limits, logger *slog.Logger) *gate {
	return &gate{
		pc: pc, limits: l, logger: logger,
		other: make(chan datagram, l.OtherDatagrams), closed: make(chan struct{}),
		conns: make(map[connKey]*entry), byAddr: make(map[netip.Addr]*addrCount),
		waitAddr: make(map[netip.AddrPort]int), dialing: make(map[netip.AddrPort]*ticket),
		changed: make(chan struct{}),
	}
}

// ReadFrom gives the library its next packet.
func (g *gate) ReadFrom(b []byte) (int, net.Addr, error) {
	pause := time.Millisecond
	for {
		n, addr, err := g.pc.ReadFrom(b)
		if err != nil {
			if !g.retry(err, &pause) {
				return 0, nil, err
			}
			continue
		}
		pause = time.Millisecond
		h, ok := parseHeader(b[:n])
		if !ok {
			g.keepOther(b[:n], addr)
			continue
		}
		if g.admit(h, addr) {
			return n, addr, nil
		}
	}
}

// retry waits a little after a read error and tells whether to go on. Windows reports
// an ICMP answer to an earlier packet as a read error, for example.
func (g *gate) retry(err error, pause *time.Duration) bool {
	if errors.Is(err, net.ErrClosed) || isClosed(g.closed) {
		return false
	}
	g.logger.Debug("Read error on the UDP socket", logErr, err)
	timer := time.NewTimer(*pause)
	defer timer.Stop()
	*pause = min(*pause*2, time.Second)
	select {
	case <-timer.C:
		return true
	case <-g.closed:
		return false
	}
}

// WriteTo sends a packet of the library's. The library holds its mutex meanwhile.
func (g *gate) WriteTo(b []byte, addr net.Addr) (int, error) {
	if h, ok := parseHeader(b); ok {
		clampWindow(b, uint32(g.limits.WindowBytes))
		switch h.kind {
		case typeSyn:
			g.dialSent(connKey{addrPort(addr), h.connID})
		case typeState:
			g.acked(connKey{addrPort(addr), h.connID + 1})
		}
	}
	n, err := g.pc.WriteTo(b, addr)
	if err != nil && errors.Is(err, syscall.ENOBUFS) {
		return len(b), nil // as good as lost on the way: it will be sent again
	}
	return n, err
}

// keepOther queues a datagram that is not uTP; when nobody fetches them it is dropped.
func (g *gate) keepOther(b []byte, from net.Addr) {
	if len(g.other) == cap(g.other) {
		return
	}
	select {
	case g.other <- datagram{append([]byte(nil), b...), from}:
	default:
	}
}

// readOther gives the next datagram that is not uTP.
func (g *gate) readOther(b []byte) (int, net.Addr, error) {
	select {
	case <-g.closed:
		return 0, nil, net.ErrClosed
	default:
	}
	select {
	case d := <-g.other:
		return copy(b, d.data), d.from, nil
	case <-g.otherDeadline.wait():
		return 0, nil, os.ErrDeadlineExceeded
	case <-g.closed:
		return 0, nil, net.ErrClosed
	}
}

func (g *gate) setFirewall(f FirewallCallback) {
	if f == nil {
		g.firewall.Store(nil)
		return
	}
	g.firewall.Store(&f)
}

// shut wakes everyone who waits.
func (g *gate) shut() { g.closeOnce.Do(func() { close(g.closed) }) }

// Close ends the socket; the library calls it more than once.
func (g *gate) Close() error {
	g.shut()
	return g.pc.Close()
}

func (g *gate) LocalAddr() net.Addr                { return g.pc.LocalAddr() }
func (g *gate) SetDeadline(t time.Time) error      { return g.pc.SetDeadline(t) }
func (g *gate) SetReadDeadline(t time.Time) error  { return g.pc.SetReadDeadline(t) }
func (g *gate) SetWriteDeadline(t time.Time) error { return g.pc.SetWriteDeadline(t) }

// beginDial waits until no SYN of that address is in the library's hands and no other
// dial to it is about to send its own.
func (g *gate) beginDial(ctx context.Context, addr netip.AddrPort) (*ticket, error) {
	for {
		g.mu.Lock()
		if g.dialing[addr] == nil && g.waitAddr[addr] == 0 {
			t := &ticket{addr: addr}
			g.dialing[addr] = t
			g.mu.Unlock()
			return t, nil
		}
		changed := g.changed
		g.sweepLocked(time.Now())
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-g.closed:
			return nil, net.ErrClosed
		}
	}
}

// endDial forgets a dial's ticket and gives the connection's key if a SYN was sent.
func (g *gate) endDial(t *ticket) (connKey, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dialing[t.addr] == t {
		delete(g.dialing, t.addr)
		g.wakeLocked()
	}
	return t.key, t.sent
}

// wakeLocked lets waiting dials look again.
func (g *gate) wakeLocked() {
	close(g.changed)
	g.changed = make(chan struct{})
}
