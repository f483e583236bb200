package swarm

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// kind is how a peer reached us.
type kind int

const (
	kindTCP kind = iota
	kindUTP
	kindRTC
	kindCount
)

// writeTimeout ends a connection whose peer never reads.
const writeTimeout = 60 * time.Second

// connTable counts and bounds the connections of all kinds.
type connTable struct {
	most  int
	up    [kindCount]atomic.Int64
	down  [kindCount]atomic.Int64
	mu    sync.Mutex // guards all below
	taken int
	open  map[*peerConn]struct{}
	count [kindCount]int
	shut  bool
}

func newConnTable(most int) *connTable {
	return &connTable{most: most, open: make(map[*peerConn]struct{})}
}

// reserve takes a place for a connection to come; release or wrap uses it up.
func (t *connTable) reserve() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut || t.taken >= t.most {
		return false
	}
	t.taken++
	return true
}

// release gives a reserved place back.
func (t *connTable) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken--
}

// wrap fills a reserved place with a connection. In a closed table it is closed at once.
func (t *connTable) wrap(c net.Conn, k kind) *peerConn {
	p := &peerConn{Conn: c, table: t, kind: k}
	t.mu.Lock()
	shut := t.shut
	t.open[p] = struct{}{}
	t.count[k]++
	t.mu.Unlock()
	if shut {
		_ = p.Close()
	}
	return p
}

func (t *connTable) closeAll() {
	t.mu.Lock()
	t.shut = true
	open := make([]*peerConn, 0, len(t.open))
	for p := range t.open {
		open = append(open, p)
	}
	t.mu.Unlock()
	for _, p := range open {
		_ = p.Close()
	}
}

func (t *connTable) traffic(k kind) Traffic {
	t.mu.Lock()
	n := t.count[k]
	t.mu.Unlock()
	return Traffic{BytesUp: t.up[k].Load(), BytesDown: t.down[k].Load(), Conns: n}
}

// peerConn is one connection to a peer: counted, with a time limit on each write. Bytes
// that were looked at before can be put back.
type peerConn struct {
	net.Conn
	table *connTable
	kind  kind
	once  sync.Once
	front []byte // read before the connection was handed on

	mu      sync.Mutex // guards limited
	limited time.Time  // when the write deadline was last set by Write
}

// Read gives the bytes put back first.
func (p *peerConn) Read(b []byte) (int, error) {
	if len(p.front) > 0 {
		n := copy(b, p.front)
		p.front = p.front[n:]
		return n, nil
	}
	n, err := p.Conn.Read(b)
	p.table.down[p.kind].Add(int64(n))
	return n, err
}

// Write sends b; a peer that takes nothing for a minute loses the connection.
func (p *peerConn) Write(b []byte) (int, error) {
	p.limitWrite()
	n, err := p.Conn.Write(b)
	p.table.up[p.kind].Add(int64(n))
	return n, err
}

func (p *peerConn) limitWrite() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.limited) > writeTimeout/4 {
		p.limited = now
		_ = p.Conn.SetWriteDeadline(now.Add(writeTimeout))
	}
}

// SetDeadline sets both deadlines until the next Write.
func (p *peerConn) SetDeadline(t time.Time) error {
	p.forgetLimit()
	return p.Conn.SetDeadline(t)
}

// SetWriteDeadline sets the deadline until the next Write.
func (p *peerConn) SetWriteDeadline(t time.Time) error {
	p.forgetLimit()
	return p.Conn.SetWriteDeadline(t)
}

func (p *peerConn) forgetLimit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limited = time.Time{}
}

// Close frees the connection's place.
func (p *peerConn) Close() error {
	var err error
	p.once.Do(func() {
		err = p.Conn.Close()
		p.table.mu.Lock()
		defer p.table.mu.Unlock()
		delete(p.table.open, p)
		p.table.count[p.kind]--
		p.table.taken--
	})
	return err
}

// connQueue is the listener that the torrent library accepts from.
type connQueue struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newConnQueue() *connQueue {
	return &connQueue{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// push hands a connection over, or closes it if the queue is closed.
func (q *connQueue) push(c net.Conn) {
	select {
	case q.conns <- c:
	case <-q.closed:
		_ = c.Close()
	}
}

// Accept gives the next connection.
func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

// Addr gives the TCP address: the library announces its port to peers.
func (q *connQueue) Addr() net.Addr { return q.addr }

func (q *connQueue) close() { q.once.Do(func() { close(q.closed) }) }
