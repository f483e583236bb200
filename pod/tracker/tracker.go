package tracker

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Times of the protocol.
const (
	clientInterval    = 60 * time.Second // anacrolix and others never ask more often
	clientMinInterval = 30 * time.Second
	clientLife        = 2 * clientInterval
	minIntervalSlack  = 2 * time.Second // clients round
	browserInterval   = 30 * time.Second
	wakeTimeout       = 20 * time.Second
	answerTimeout     = 15 * time.Second
)

// Catalogue tells which infohashes this pod publishes or mirrors. It must be quick and
// must say no for videos that are neither public nor unlisted.
type Catalogue interface {
	Knows(ih pod.Infohash) bool
}

// Answerer answers a browser's offer in this process, as the peer PeerID. An error that
// is pod.ErrExists means that this browser is connected already: its offer then goes to
// another browser.
type Answerer interface {
	Answer(ctx context.Context, o pod.Offer) (answerSDP string, err error)
	PeerID() [20]byte
}

// Seeder is this pod as a BitTorrent peer: Wake makes it ready to serve an infohash, Port
// is where it listens, 0 if it does not.
type Seeder interface {
	Wake(ctx context.Context, ih pod.Infohash) error
	Port() int
}

// Config is what a Tracker needs. Answerer and Seeder may be nil: then this pod is no
// peer for browsers or for BitTorrent clients. A nil Logger is silent, a nil Clock is
// time.Now.
type Config struct {
	Catalogue Catalogue
	Answerer  Answerer
	Seeder    Seeder
	Limits    pod.Limits
	Logger    *slog.Logger
	Clock     func() time.Time
}

// Tracker keeps the swarms of this pod's videos.
type Tracker struct {
	config   Config
	log      *slog.Logger
	clock    func() time.Time
	registry *registry
	wakes    *waker
	pace     pace
	answers  chan struct{} // one slot per offer that this pod is answering

	root   context.Context // of answers and wake-ups; cancelled in Close
	cancel context.CancelFunc

	mu       sync.Mutex // guards the fields below
	closed   bool
	sockets  map[*socket]struct{}
	perAddr  map[netip.Prefix]int // sockets of one address
	sweeping *time.Timer          // nil while no client is known
	group    sync.WaitGroup       // handlers of sockets, answers, sweeps
}

// New builds a tracker with empty swarms. It starts nothing.
func New(c Config) (*Tracker, error) {
	if c.Catalogue == nil {
		return nil, errors.New("tracker: no catalogue")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	root, cancel := context.WithCancel(context.Background())
	t := &Tracker{
		config:   c,
		log:      c.Logger,
		clock:    c.Clock,
		registry: newRegistry(c.Limits.PeersPerAddrAndHash),
		pace:     defaultPace(),
		answers:  make(chan struct{}, max(c.Limits.PendingOffers, 1)),
		root:     root,
		cancel:   cancel,
		sockets:  map[*socket]struct{}{},
		perAddr:  map[netip.Prefix]int{},
	}
	t.wakes = newWaker(c.Seeder, t.log)
	return t, nil
}

// Close closes all sockets, cancels answers and wake-ups and waits for them until ctx
// ends. Announces that come later are refused.
func (t *Tracker) Close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	if t.sweeping != nil && t.sweeping.Stop() {
		t.group.Done()
	}
	t.sweeping = nil
	open := make([]*socket, 0, len(t.sockets))
	for s := range t.sockets {
		open = append(open, s)
	}
	t.mu.Unlock()

	t.cancel()
	var ending sync.WaitGroup
	for _, s := range open {
		ending.Go(s.end) // each takes a second at most
	}
	ending.Wait()
	idle := make(chan struct{})
	go func() { // ends with the last of the handlers, which end was asked to stop
		t.group.Wait()
		t.wakes.wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Counts tells how many others are in the swarm; this pod itself is not counted.
func (t *Tracker) Counts(ih pod.Infohash) pod.PeerCounts { return t.registry.counts(ih) }

// Forget ends the swarm of a video that this pod no longer has. Nobody is told: peers
// learn it at their next announce.
func (t *Tracker) Forget(ih pod.Infohash) { t.registry.forget(ih) }

// enter counts a handler in, unless the tracker is closing.
func (t *Tracker) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.group.Add(1)
	return true
}

// sweepLater makes sure that silent clients are forgotten in time, even if nobody
// announces any more. The timer runs only while there are clients.
func (t *Tracker) sweepLater() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.sweeping != nil {
		return
	}
	t.group.Add(1)
	t.sweeping = time.AfterFunc(t.pace.sweep, t.sweep)
}

func (t *Tracker) sweep() {
	defer t.group.Done()
	left := t.registry.expire(t.clock())
	t.mu.Lock()
	t.sweeping = nil
	t.mu.Unlock()
	if left > 0 {
		t.sweepLater()
	}
}

// ownPeers is 1 if this pod is a peer of its own swarms, else 0.
func (t *Tracker) ownPeers() int {
	if t.config.Answerer == nil && t.config.Seeder == nil {
		return 0
	}
	return 1
}
