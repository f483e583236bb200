package swarm

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

const (
	// rtcWriteSize is the largest message that all browsers take without fuss.
	rtcWriteSize = 16 << 10
	// rtcReadSize holds the largest message that our answers allow: pion gives a message
	// whole or not at all.
	rtcReadSize = 64 << 10
	// rtcBuffered stops writing and rtcLow goes on: pion would queue without limit.
	rtcBuffered = 512 << 10
	rtcLow      = 128 << 10
)

// rtcConn is a data channel as a net.Conn, a stream of bytes. One goroutine may read
// while another writes.
type rtcConn struct {
	peer   *rtcPeer
	dc     *webrtc.DataChannel
	raw    datachannel.ReadWriteCloserDeadliner
	local  net.Addr
	remote net.Addr

	readBuf []byte // of Read only
	rest    []byte // of Read only: what a message had more than was asked

	low chan struct{} // a value when the buffer has drained

	mu            sync.Mutex // guards writeDeadline
	writeDeadline time.Time
}

func newRTCConn(p *rtcPeer, dc *webrtc.DataChannel, raw datachannel.ReadWriteCloserDeadliner) *rtcConn {
	c := &rtcConn{peer: p, dc: dc, raw: raw, low: make(chan struct{}, 1)}
	c.local, c.remote = rtcAddrs(p.pc)
	dc.SetBufferedAmountLowThreshold(rtcLow)
	dc.OnBufferedAmountLow(func() {
		select {
		case c.low <- struct{}{}:
		default:
		}
	})
	return c
}

// Read gives the next bytes. A message longer than the buffer ends the connection.
func (c *rtcConn) Read(b []byte) (int, error) {
	for len(c.rest) == 0 {
		if c.readBuf == nil {
			c.readBuf = make([]byte, rtcReadSize)
		}
		n, err := c.raw.Read(c.readBuf)
		if err != nil {
			return 0, err
		}
		c.rest = c.readBuf[:n]
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write sends b in messages of 16 KiB and waits while too much is buffered.
func (c *rtcConn) Write(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		if err := c.waitRoom(); err != nil {
			return sent, err
		}
		n, err := c.raw.Write(b[sent:min(sent+rtcWriteSize, len(b))])
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// waitRoom waits until the buffer has room, the deadline passes or the peer ends.
func (c *rtcConn) waitRoom() error {
	for c.dc.BufferedAmount() > rtcBuffered {
		if err := c.waitLow(); err != nil {
			return err
		}
	}
	select {
	case <-c.peer.done:
		return net.ErrClosed
	default:
		return nil
	}
}

func (c *rtcConn) waitLow() error {
	c.mu.Lock()
	deadline := c.writeDeadline
	c.mu.Unlock()
	var expired <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-c.low:
		return nil
	case <-expired:
		return os.ErrDeadlineExceeded
	case <-c.peer.done:
		return net.ErrClosed
	}
}

// Close ends the PeerConnection too: a peer has one data channel.
func (c *rtcConn) Close() error {
	c.peer.end()
	return nil
}

// LocalAddr gives the address of the chosen candidate.
func (c *rtcConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr gives the address of the chosen candidate.
func (c *rtcConn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *rtcConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline bounds Read.
func (c *rtcConn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline bounds the waiting of Writes that begin after it.
func (c *rtcConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeDeadline = t
	return nil
}

// rtcAddr is a peer's address on WebRTC.
type rtcAddr struct{ *net.UDPAddr }

// Network names the transport as WebTorrent clients do.
func (rtcAddr) Network() string { return "webrtc" }

func rtcAddrs(pc *webrtc.PeerConnection) (local, remote net.Addr) {
	none := rtcAddr{&net.UDPAddr{IP: net.IPv4zero}}
	pair, err := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return none, none
	}
	return candidateAddr(pair.Local), candidateAddr(pair.Remote)
}

func candidateAddr(c *webrtc.ICECandidate) net.Addr {
	ip := net.ParseIP(c.Address)
	if ip == nil {
		ip = net.IPv4zero
	}
	return rtcAddr{&net.UDPAddr{IP: ip, Port: int(c.Port)}}
}
