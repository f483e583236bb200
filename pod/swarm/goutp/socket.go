package utp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	base "github.com/anacrolix/utp"
)

// Default names the implementation in messages.
const Default = "anacrolix/utp"

// FirewallCallback decides about an incoming connection by its address: true blocks it.
type FirewallCallback func(net.Addr) bool

// Socket is one UDP socket that carries many uTP connections. As a net.PacketConn it
// gives and takes the datagrams that are not uTP. It is safe for concurrent use.
type Socket interface {
	net.PacketConn
	// Accept waits for the next incoming connection.
	Accept() (net.Conn, error)
	// Addr gives the local address.
	Addr() net.Addr
	// CloseNow ends the socket and all its connections at once, as Close does.
	CloseNow() error
	// DialContext opens a connection to an address.
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	// SetFirewallCallback sets who decides about incoming connections.
	SetFirewallCallback(FirewallCallback)
}

type options struct {
	logger *slog.Logger
	limits Limits
}

// Option changes how a socket works.
type Option func(*options)

// WithLogger gives the socket a logger.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithLimits replaces the limits on incoming connections. Fields that are 0 keep their
// default.
func WithLimits(l Limits) Option { return func(o *options) { o.limits = l } }

// NewSocket listens on a UDP address. network is "udp", "udp4" or "udp6".
func NewSocket(network, addr string, opts ...Option) (Socket, error) {
	if network == "" {
		network = "udp"
	}
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(context.Background(), network, addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", network, err)
	}
	return NewSocketFromPacketConn(pc, opts...)
}

// NewSocketFromPacketConn takes over a packet connection; Close closes it.
func NewSocketFromPacketConn(pc net.PacketConn, opts ...Option) (Socket, error) {
	o := options{logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	if b, ok := pc.(interface{ SetReadBuffer(int) error }); ok {
		_ = b.SetReadBuffer(wantedReadBuffer) // the kernel grants what it allows
	}
	g := newGate(pc, o.limits.withDefaults(), o.logger)
	s, err := base.NewSocketFromPacketConn(g)
	if err != nil {
		return nil, fmt.Errorf("start uTP: %w", err)
	}
	return &socket{base: s, gate: g}, nil
}

// wantedReadBuffer is what we ask of the kernel, in bytes.
const wantedReadBuffer = 4 << 20

type socket struct {
	base     *base.Socket
	gate     *gate
	acceptMu sync.Mutex // one Accept at a time, so that it finds its own key
}

func (s *socket) Accept() (net.Conn, error) {
	s.acceptMu.Lock()
	defer s.acceptMu.Unlock()
	c, err := s.base.Accept()
	if err != nil {
		return nil, fmt.Errorf("accept uTP: %w", err)
	}
	return &conn{Conn: c, gate: s.gate, key: s.gate.popAccepted()}, nil
}

func (s *socket) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if network == "" {
		network = "udp"
	}
	udpAddr, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	if udpAddr.Port == 0 || udpAddr.IP == nil || udpAddr.IP.IsUnspecified() || udpAddr.IP.IsMulticast() {
		return nil, fmt.Errorf("dial uTP: %w", errBadAddr)
	}
	t, err := s.gate.beginDial(ctx, addrPort(udpAddr))
	if err != nil {
		return nil, fmt.Errorf("dial uTP: %w", err)
	}
	c, err := s.base.DialContext(ctx, network, udpAddr.String())
	key, sent := s.gate.endDial(t)
	if err != nil {
		if sent {
			s.gate.remove(key)
		}
		return nil, fmt.Errorf("dial uTP: %w", err)
	}
	return &conn{Conn: c, gate: s.gate, key: key}, nil
}

func (s *socket) SetFirewallCallback(f FirewallCallback) { s.gate.setFirewall(f) }

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) { return s.gate.readOther(b) }

func (s *socket) WriteTo(b []byte, addr net.Addr) (int, error) { return s.gate.pc.WriteTo(b, addr) }

func (s *socket) Addr() net.Addr { return s.gate.LocalAddr() }

func (s *socket) LocalAddr() net.Addr { return s.gate.LocalAddr() }

func (s *socket) SetDeadline(t time.Time) error {
	s.gate.otherDeadline.set(t)
	return s.gate.pc.SetWriteDeadline(t)
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.gate.otherDeadline.set(t)
	return nil
}

func (s *socket) SetWriteDeadline(t time.Time) error { return s.gate.pc.SetWriteDeadline(t) }

func (s *socket) Close() error { return s.CloseNow() }

func (s *socket) CloseNow() error {
	s.gate.shut()
	return s.base.CloseNow()
}

// conn tells the gate when its connection ends.
type conn struct {
	net.Conn
	gate *gate
	key  connKey
	once sync.Once
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.gate.linger(c.key) })
	return err
}
