package swarm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	utp "github.com/anacrolix/go-utp"

	"github.com/peerpod/peerpod/pod"
)

// listenAddr checks Config.ListenAddr and fills an empty host.
func listenAddr(cfg Config) (string, error) {
	host, port, err := net.SplitHostPort(cfg.ListenAddr)
	if err != nil {
		return "", fmt.Errorf("listen address: %w: %w", err, pod.ErrInvalid)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return "", fmt.Errorf("port of the listen address: %w", pod.ErrInvalid)
	}
	if !cfg.Hermetic {
		return cfg.ListenAddr, nil
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("a hermetic swarm listens on loopback only: %w", pod.ErrInvalid)
	}
	return net.JoinHostPort(host, port), nil
}

// sockets are TCP and uTP on the same port number.
type sockets struct {
	tcp net.Listener
	utp utp.Socket // nil without uTP
}

func (s *sockets) closeTCP() { _ = s.tcp.Close() }

func (s *sockets) closeUTP() {
	if s.utp != nil {
		_ = s.utp.Close()
	}
}

// portTries bounds the search for a port that is free for TCP and UDP.
const portTries = 50

// openSockets listens for TCP and, on the same port, for uTP.
func (s *Swarm) openSockets(ctx context.Context) (*sockets, error) {
	host, port, _ := net.SplitHostPort(s.cfg.ListenAddr) // checked by New
	var last error
	for range portTries {
		var lc net.ListenConfig
		tcp, err := lc.Listen(ctx, "tcp", s.cfg.ListenAddr)
		if err != nil {
			return nil, fmt.Errorf("listen for TCP: %w", err)
		}
		if s.cfg.DisableUTP {
			return &sockets{tcp: tcp}, nil
		}
		pc, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(portOf(tcp.Addr()))))
		if err != nil {
			last = err
			_ = tcp.Close()
			if port == "0" {
				continue
			}
			break
		}
		socket, err := utp.NewSocketFromPacketConn(pc, utp.WithLogger(s.log), utp.WithLimits(s.utpLimits()))
		if err != nil {
			return nil, errors.Join(err, pc.Close(), tcp.Close())
		}
		return &sockets{tcp: tcp, utp: socket}, nil
	}
	return nil, fmt.Errorf("listen for uTP on TCP's port: %w", last)
}

func (s *Swarm) utpLimits() utp.Limits {
	n := s.cfg.Limits.TorrentConns
	return utp.Limits{Conns: n, Embryos: max(4, n/4), ConnsPerAddr: max(4, n/4)}
}

// acceptor is a listener of either kind.
type acceptor interface{ Accept() (net.Conn, error) }

// acceptAll takes connections until the listener closes.
func (s *Swarm) acceptAll(l acceptor, k kind) {
	pause := 5 * time.Millisecond
	for {
		c, err := l.Accept()
		if err != nil {
			if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			s.log.Debug("Accept has an error", pod.LogErr, err)
			if !s.wait(pause) {
				return
			}
			pause = min(pause*2, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		if !s.conns.reserve() {
			_ = c.Close()
			continue
		}
		s.greet(s.conns.wrap(c, k))
	}
}

// wait tells after d that the swarm still runs, or at once that it closes.
func (s *Swarm) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
