package utp

import (
	"net"
	"net/netip"
	"time"
)

// admit tells whether a packet may reach the library.
func (g *gate) admit(h header, from net.Addr) bool {
	addr := addrPort(from)
	if !addr.IsValid() || addr.Port() == 0 {
		return false
	}
	if h.kind == typeSyn {
		return g.admitSyn(connKey{addr, h.connID + 1}, from)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.conns[connKey{addr, h.connID}]
	if e == nil || e.waiting || e.reset {
		return false
	}
	if h.kind == typeReset {
		e.reset = true // it ends the connection; what comes after would be answered by resets
	}
	if h.kind == typeData && e.embryo {
		e.embryo = false
		g.embryos--
		g.byAddr[addr.Addr()].embryos--
	}
	return true
}

// admitSyn lets a new connection in, or a SYN that was sent again.
func (g *gate) admitSyn(key connKey, from net.Addr) bool {
	g.mu.Lock()
	e := g.conns[key]
	g.mu.Unlock()
	if e != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		// To a dialled connection no SYN belongs; one that waits needs no second.
		return !e.dialed && !e.waiting && !e.reset
	}
	if f := g.firewall.Load(); f != nil && (*f)(from) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if !g.roomLocked(key.addr) {
		g.sweepLocked(now)
		if !g.roomLocked(key.addr) {
			return false
		}
	}
	if g.dialing[key.addr] != nil {
		return false // it will come again, after our own SYN has left
	}
	g.conns[key] = &entry{waiting: true, embryo: true, born: now}
	c := g.byAddr[key.addr.Addr()]
	if c == nil {
		c = &addrCount{}
		g.byAddr[key.addr.Addr()] = c
	}
	c.conns++
	c.embryos++
	g.embryos++
	g.waiting++
	g.waitAddr[key.addr]++
	return true
}

// roomLocked tells whether one more incoming connection of an address fits.
func (g *gate) roomLocked(addr netip.AddrPort) bool {
	l := &g.limits
	if len(g.conns) >= l.Conns || g.embryos >= l.Embryos || g.waiting >= l.PendingAccepts {
		return false
	}
	c := g.byAddr[addr.Addr()]
	return c == nil || c.conns < l.ConnsPerAddr && c.embryos < l.EmbryosPerAddr
}

// acked notes that the library has accepted a SYN.
func (g *gate) acked(key connKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.conns[key]
	if e == nil || !e.waiting {
		return
	}
	g.notWaitingLocked(key, e)
	g.accepted = append(g.accepted, key)
}

func (g *gate) notWaitingLocked(key connKey, e *entry) {
	e.waiting = false
	g.waiting--
	if g.waitAddr[key.addr]--; g.waitAddr[key.addr] == 0 {
		delete(g.waitAddr, key.addr)
	}
	g.wakeLocked()
}

// popAccepted gives the key of the connection that the library accepted last.
func (g *gate) popAccepted() connKey {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.accepted) == 0 {
		return connKey{}
	}
	key := g.accepted[0]
	g.accepted = g.accepted[1:]
	return key
}

// dialSent notes that a SYN of ours leaves.
func (g *gate) dialSent(key connKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.dialing[key.addr]
	if t == nil {
		return // sent again
	}
	t.key, t.sent = key, true
	delete(g.dialing, key.addr)
	g.removeLocked(key)
	g.conns[key] = &entry{dialed: true, born: time.Now()}
	g.wakeLocked()
}

// linger notes that our side closed a connection: the library still sends what is left.
func (g *gate) linger(key connKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.conns[key]; e != nil {
		e.closing = time.Now()
	}
	g.sweepLocked(time.Now())
}

func (g *gate) remove(key connKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.removeLocked(key)
}

func (g *gate) removeLocked(key connKey) {
	e := g.conns[key]
	if e == nil {
		return
	}
	delete(g.conns, key)
	if e.waiting {
		g.notWaitingLocked(key, e)
	}
	if e.dialed {
		return
	}
	c := g.byAddr[key.addr.Addr()]
	if e.embryo {
		g.embryos--
		c.embryos--
	}
	if c.conns--; c.conns == 0 {
		delete(g.byAddr, key.addr.Addr())
	}
}

// sweepInterval bounds how often all connections are looked at.
const sweepInterval = 250 * time.Millisecond

// sweepLocked forgets connections that ended. A SYN that waits is never forgotten while
// the library may still accept it.
func (g *gate) sweepLocked(now time.Time) {
	if now.Sub(g.swept) < sweepInterval {
		return
	}
	g.swept = now
	for key, e := range g.conns {
		if !e.closing.IsZero() && now.Sub(e.closing) > g.limits.ClosingLifetime {
			g.removeLocked(key)
		}
	}
}
