package server

import (
	"container/list"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// gate is a listener with a bounded number of connections, in all and per household.
// When there is no room, the connection that has waited longest without a request makes
// room: so a flood of half-open ones does not keep honest ones of its address out.
type gate struct {
	net.Listener
	most, mostPerHousehold int
	shared                 func(address string) bool // many askers stand behind it: a proxy; nil: nobody is

	mu         sync.Mutex // guards the fields below and those of all conns
	count      int
	households map[netip.Prefix]int
	waiting    *list.List // of *conn without a request under way, oldest first
}

func newGate(l net.Listener, most, mostPerHousehold int) *gate {
	return &gate{
		Listener: l, most: max(most, 1), mostPerHousehold: max(mostPerHousehold, 1),
		households: map[netip.Prefix]int{}, waiting: list.New(),
	}
}

// conn is a connection that counts until it is closed, also as a WebSocket.
type conn struct {
	net.Conn
	gate   *gate
	from   netip.Prefix
	shared bool // counts in all, but not per household

	turn *list.Element // nil: busy with a request
	gone bool          // counts no more
}

// Accept takes the next connection that there is room for.
func (g *gate) Accept() (net.Conn, error) {
	for {
		accepted, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := accepted.RemoteAddr().String()
		c := &conn{Conn: accepted, gate: g, from: householdAt(from), shared: g.shared != nil && g.shared(from)}
		victim, ok := g.admit(c)
		if victim != nil {
			_ = victim.Conn.Close() // its handler notices
		}
		if ok {
			return c, nil
		}
		_ = accepted.Close()
	}
}

// admit counts a connection in, perhaps in the place of another.
func (g *gate) admit(c *conn) (victim *conn, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	full, fullHousehold := g.count >= g.most, !c.shared && g.households[c.from] >= g.mostPerHousehold
	if full || fullHousehold {
		victim = g.longestLocked(c.from, fullHousehold)
		if victim == nil {
			return nil, false
		}
		g.releaseLocked(victim)
	}
	g.count++
	g.households[c.from]++
	c.turn = g.waiting.PushBack(c)
	return victim, true
}

// longestLocked finds who makes room: one of the same household if that is full.
func (g *gate) longestLocked(from netip.Prefix, sameHousehold bool) *conn {
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		if c, ok := e.Value.(*conn); ok && (!sameHousehold || c.from == from) {
			return c
		}
	}
	return nil
}

func (g *gate) releaseLocked(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	g.unlineLocked(c)
	g.count--
	if g.households[c.from]--; g.households[c.from] <= 0 {
		delete(g.households, c.from)
	}
}

func (g *gate) unlineLocked(c *conn) {
	if c.turn != nil {
		g.waiting.Remove(c.turn)
		c.turn = nil
	}
}

// state follows what net/http says of its connections.
func (g *gate) state(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch state {
	case http.StateActive, http.StateHijacked:
		g.unlineLocked(c)
	case http.StateIdle:
		if c.turn == nil && !c.gone {
			c.turn = g.waiting.PushBack(c)
		}
	default: // new ones are in the line already, closed ones are released by Close
	}
}

// Close closes the connection; it counts no more.
func (c *conn) Close() error {
	c.gate.mu.Lock()
	c.gate.releaseLocked(c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// ReadFrom lets the kernel copy a file (sendfile), as it would without the gate.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	if below, ok := c.Conn.(io.ReaderFrom); ok {
		return below.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, src)
}

// CloseWrite ends our side only.
func (c *conn) CloseWrite() error {
	if below, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return below.CloseWrite()
	}
	return c.Close()
}
