package swarm

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// greetTimeout bounds how long a stranger may hold a connection without a handshake.
const greetTimeout = 8 * time.Second

// protocolName begins a plain handshake (BEP 3); 8 reserved bytes and the infohash follow.
const protocolName = "\x13BitTorrent protocol"

// greet reads the start of the handshake in a goroutine that ends with the greeting: it
// wakes the torrent that is asked for and hands the connection to the library, or closes it.
func (s *Swarm) greet(c *peerConn) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // bytes for a peer that never reads must not stay in the kernel
	}
	started := s.spawn(func() {
		if err := s.readGreeting(c); err != nil {
			s.log.Debug("Connection refused", pod.LogPeer, c.RemoteAddr().String(), pod.LogErr, err)
			_ = c.Close()
			return
		}
		s.queue.push(c)
	})
	if !started {
		_ = c.Close()
	}
}

func (s *Swarm) readGreeting(c *peerConn) error {
	ctx, cancel := context.WithTimeout(s.ctx, greetTimeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	if err := c.SetReadDeadline(deadline); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	var start [len(protocolName) + 28]byte
	n := len(protocolName)
	if _, err := io.ReadFull(c, start[:n]); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	// Anything else is an obfuscated handshake (MSE): the library finds its torrent.
	if string(start[:n]) == protocolName {
		if _, err := io.ReadFull(c, start[n:]); err != nil {
			return fmt.Errorf("greeting: %w", err)
		}
		if err := s.Wake(ctx, pod.Infohash(start[n+8:])); err != nil {
			return err
		}
		n = len(start)
	}
	c.front = start[:n]
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	return nil
}
