package swarm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/anacrolix/torrent"

	"github.com/peerpod/peerpod/pod"
)

// Files tells the swarm what it may serve.
type Files interface {
	// Torrent gives one published file; the error wraps pod.ErrNotFound for an infohash
	// that this pod does not serve to strangers (unknown, private, deleted).
	Torrent(ctx context.Context, ih pod.Infohash) (pod.Torrent, error)
}

// Lister is what Files may offer besides: all infohashes that Torrent would find, in any
// order, until yield returns false. With it a peer that obfuscates its handshake wakes a
// sleeping torrent; without it such a peer finds only torrents that are awake. It is asked
// at each obfuscated handshake, so it should answer from memory.
type Lister interface {
	EachInfohash(yield func(pod.Infohash) bool)
}

// Config is what a Swarm is made of. Files and ListenAddr are needed.
type Config struct {
	ListenAddr string // host:port for TCP and uTP; port 0 takes a free one
	Hermetic   bool   // loopback only, nothing is looked up or announced
	DisableUTP bool
	Files      Files
	MirrorDir  string   // folder for mirrors; "" is no mirrors
	ICEServers []string // STUN and TURN URLs; ignored when hermetic
	Limits     pod.Limits
	Logger     *slog.Logger  // nil discards
	IdleAfter  time.Duration // a torrent without peers sleeps after this; 0 is 5 minutes
	// Damaged is told, from a goroutine of the swarm's, that a published file no longer
	// has the bytes that its infohash promises. May be nil.
	Damaged func(pod.Infohash)
}

// defaultIdleAfter is Config.IdleAfter's default.
const defaultIdleAfter = 5 * time.Minute

var (
	// ErrClosed means that the swarm is not running.
	ErrClosed = errors.New("swarm is closed")
	// ErrBusy means that a limit on torrents, offers or connections is reached.
	ErrBusy = errors.New("swarm is busy")
	// ErrDamaged means that a file changed after it was published.
	ErrDamaged = errors.New("published file has changed")
)

// Swarm is one BitTorrent client. It is safe for concurrent use.
type Swarm struct {
	cfg    Config
	log    *slog.Logger
	peerID [20]byte
	conns  *connTable
	queue  *connQueue
	allow  allowed

	ctx    context.Context //nolint:containedctx // the service's own root: it ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // goroutines of the swarm's own

	client  *torrent.Client
	sockets *sockets
	rtc     *rtc

	mu      sync.Mutex // guards all below
	state   state
	live    map[pod.Infohash]*awake
	busy    map[pod.Infohash]chan struct{} // torrents that are being woken or dropped
	mirrors map[pod.Infohash]*mirror
	damaged map[pod.Infohash]fileStamp
}

type state int

const (
	stateNew state = iota
	stateRunning
	stateClosed
)

// New prepares a swarm and starts nothing.
func New(cfg Config) (*Swarm, error) {
	if cfg.Files == nil {
		return nil, fmt.Errorf("swarm without files: %w", pod.ErrInvalid)
	}
	addr, err := listenAddr(cfg)
	if err != nil {
		return nil, err
	}
	cfg.ListenAddr = addr
	if cfg.IdleAfter <= 0 {
		cfg.IdleAfter = defaultIdleAfter
	}
	cfg.Limits = withDefaultLimits(cfg.Limits)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Swarm{
		cfg: cfg, log: cfg.Logger.With(pod.LogPart, "swarm"),
		conns: newConnTable(cfg.Limits.TorrentConns), queue: newConnQueue(),
		live: make(map[pod.Infohash]*awake), busy: make(map[pod.Infohash]chan struct{}),
		mirrors: make(map[pod.Infohash]*mirror), damaged: make(map[pod.Infohash]fileStamp),
	}
	s.peerID = newPeerID()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

func withDefaultLimits(l pod.Limits) pod.Limits {
	d := pod.DefaultLimits()
	for _, f := range []struct{ value, standard *int }{
		{&l.TorrentConns, &d.TorrentConns},
		{&l.ConnsPerTorrent, &d.ConnsPerTorrent},
		{&l.PendingOffers, &d.PendingOffers},
	} {
		if *f.value <= 0 {
			*f.value = *f.standard
		}
	}
	return l
}

// newPeerID makes a random peer id in Azureus style (BEP 20).
func newPeerID() [20]byte {
	var id [20]byte
	copy(id[:], "-PP0100-")
	_, _ = rand.Read(id[8:]) // crypto/rand never fails
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	for i := 8; i < len(id); i++ {
		id[i] = letters[id[i]%64] // peers print it: keep it readable
	}
	return id
}

// Start listens and returns when peers can connect. ctx bounds only the start.
func (s *Swarm) Start(ctx context.Context) error {
	s.mu.Lock()
	if s.state != stateNew {
		s.mu.Unlock()
		return fmt.Errorf("start swarm: %w", ErrClosed)
	}
	s.mu.Unlock()
	if err := s.open(ctx); err != nil {
		return errors.Join(fmt.Errorf("start swarm: %w", err), s.Close(context.WithoutCancel(ctx)))
	}
	s.mu.Lock()
	s.state = stateRunning
	s.mu.Unlock()
	s.serve() //nolint:contextcheck // what it starts outlives the start and ends with Close
	s.log.Info("Swarm listens", pod.LogAddr, s.sockets.tcp.Addr().String())
	return nil
}

// open makes sockets, client and WebRTC; Close takes back what was made.
func (s *Swarm) open(ctx context.Context) error {
	var err error
	if s.sockets, err = s.openSockets(ctx); err != nil {
		return err
	}
	s.queue.addr = s.sockets.tcp.Addr()
	if s.client, err = torrent.NewClient(s.clientConfig()); err != nil {
		return fmt.Errorf("torrent client: %w", err)
	}
	s.client.AddListener(s.queue)
	for _, d := range s.dialers() {
		s.client.AddDialer(d)
	}
	s.rtc, err = newRTC(ctx, s)
	return err
}

// serve starts the goroutines; all end when the swarm closes.
func (s *Swarm) serve() {
	s.spawn(func() { s.acceptAll(s.sockets.tcp, kindTCP) })
	if s.sockets.utp != nil {
		s.spawn(func() { s.acceptAll(s.sockets.utp, kindUTP) })
	}
	s.spawn(s.sweep)
}

// Close ends all connections and waits for the swarm's goroutines, at most until ctx
// ends. It may be called twice.
func (s *Swarm) Close(ctx context.Context) error {
	s.mu.Lock()
	first := s.state != stateClosed
	s.state = stateClosed
	s.mu.Unlock()
	if first {
		s.cancel()
		s.shut()
	}
	done := make(chan struct{})
	go func() { // ends when the last goroutine of the swarm does
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close swarm: %w", ctx.Err())
	}
}

// shut closes in reverse order of open.
func (s *Swarm) shut() {
	if s.sockets != nil {
		s.sockets.closeTCP()
	}
	if s.rtc != nil {
		s.rtc.close()
	}
	if s.client != nil {
		s.client.Close()
	}
	s.queue.close() // after the client: an open client would ask the queue again and again
	s.conns.closeAll()
	if s.sockets != nil {
		s.sockets.closeUTP()
	}
	s.mu.Lock()
	s.live = make(map[pod.Infohash]*awake)
	s.mu.Unlock()
}

// spawn runs fn in a goroutine that Close waits for, unless the swarm is closed.
func (s *Swarm) spawn(fn func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == stateClosed {
		return false
	}
	s.wg.Go(fn)
	return true
}

// Port gives the port of TCP and uTP; 0 before Start.
func (s *Swarm) Port() int {
	if s.sockets == nil {
		return 0
	}
	return portOf(s.sockets.tcp.Addr())
}

// RTCPort gives the UDP port of WebRTC; 0 before Start.
func (s *Swarm) RTCPort() int {
	if s.rtc == nil {
		return 0
	}
	return portOf(s.rtc.socket.LocalAddr())
}

// PeerID gives the peer id that this swarm shows to others.
func (s *Swarm) PeerID() [20]byte { return s.peerID }

// Live counts the torrents that are awake.
func (s *Swarm) Live() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// Counts gives the connected peers of a torrent; a sleeping one has none.
func (s *Swarm) Counts(ih pod.Infohash) pod.PeerCounts {
	s.mu.Lock()
	a := s.live[ih]
	s.mu.Unlock()
	if a == nil {
		return pod.PeerCounts{}
	}
	stats := a.torrent.Stats()
	return pod.PeerCounts{Seeders: stats.ConnectedSeeders, Leechers: stats.ActivePeers - stats.ConnectedSeeders}
}

// Stats are bytes on the wire since the start and the connections of this moment.
type Stats struct {
	TCP, UTP, WebRTC Traffic
}

// Traffic is what went over one kind of transport.
type Traffic struct {
	BytesUp   int64
	BytesDown int64
	Conns     int // open now
}

// Stats gives the bytes by transport.
func (s *Swarm) Stats() Stats {
	return Stats{TCP: s.conns.traffic(kindTCP), UTP: s.conns.traffic(kindUTP), WebRTC: s.conns.traffic(kindRTC)}
}

func portOf(addr net.Addr) int {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.Port
	case *net.UDPAddr:
		return a.Port
	}
	return 0
}
