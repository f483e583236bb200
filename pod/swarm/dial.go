package swarm

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/anacrolix/torrent"

	"github.com/peerpod/peerpod/pod"
)

// utpDelay is the start that TCP has over uTP: it is faster and cheaper here.
const utpDelay = 500 * time.Millisecond

// allowed are addresses that the owner or another part named; they may be dialled
// whatever they are.
type allowed struct {
	mu    sync.Mutex // guards addrs
	addrs map[string]int
}

func (a *allowed) add(addrs []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.addrs == nil {
		a.addrs = make(map[string]int)
	}
	for _, addr := range addrs {
		a.addrs[addr]++
	}
}

func (a *allowed) remove(addrs []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, addr := range addrs {
		if a.addrs[addr]--; a.addrs[addr] <= 0 {
			delete(a.addrs, addr)
		}
	}
}

func (a *allowed) has(addr string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addrs[addr] > 0
}

// dialers make the library's outgoing connections.
func (s *Swarm) dialers() []torrent.Dialer {
	list := []torrent.Dialer{&dialer{swarm: s, kind: kindTCP, dial: (&net.Dialer{}).DialContext}}
	if s.sockets.utp != nil {
		list = append(list, &dialer{swarm: s, kind: kindUTP, dial: s.sockets.utp.DialContext, delay: utpDelay})
	}
	return list
}

type dialer struct {
	swarm *Swarm
	kind  kind
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	delay time.Duration
}

// DialerNetwork names the network for the library.
func (d *dialer) DialerNetwork() string {
	if d.kind == kindUTP {
		return "udp"
	}
	return "tcp"
}

// Dial opens a counted connection to a peer.
func (d *dialer) Dial(ctx context.Context, addr string) (net.Conn, error) {
	s := d.swarm
	if !s.mayDial(addr) {
		return nil, fmt.Errorf("dial %s: not a public peer: %w", addr, pod.ErrInvalid)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(s.ctx, cancel) //nolint:contextcheck // a dial also ends with the swarm
	defer stop()
	if d.delay > 0 {
		timer := time.NewTimer(d.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("dial: %w", ctx.Err())
		}
	}
	if !s.conns.reserve() {
		return nil, fmt.Errorf("dial: %w", ErrBusy)
	}
	c, err := d.dial(ctx, d.DialerNetwork(), addr)
	if err != nil {
		s.conns.release()
		return nil, fmt.Errorf("dial: %w", err)
	}
	return s.conns.wrap(c, d.kind), nil
}

// leastPort keeps us from being used against the services of other hosts.
const leastPort = 1024

// mayDial tells whether an address may be dialled. Peers hand out addresses: those in a
// home or on this machine are dialled only if they were named to us (HOSTILE, TOR-13).
func (s *Swarm) mayDial(addr string) bool {
	if s.allow.has(addr) {
		return true
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || s.cfg.Hermetic {
		return false
	}
	ip := ap.Addr().Unmap()
	return ap.Port() >= leastPort && ip.IsGlobalUnicast() && !ip.IsPrivate()
}
