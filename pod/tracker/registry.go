package tracker

import (
	"net/netip"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of the registry's memory.
const (
	maxPeers         = 100_000 // in all swarms
	maxPeersPerSwarm = 5_000
	maxPeersPerAddr  = 20_000 // one address in all swarms: a friend who mirrors everything
)

// peerID is what a peer calls itself; it is not secret and proves nothing.
type peerID [20]byte

// refusal is the failure reason of an announce: a sentence for the peer's owner.
type refusal string

// Error gives the sentence.
func (r refusal) Error() string { return string(r) }

// The refusals.
const (
	errUnknown  refusal = "This pod does not have this video."
	errFull     refusal = "This pod has too many peers already. Try again later."
	errTooMany  refusal = "Too many peers of this video come from your address."
	errTooSoon  refusal = "You announced this a moment ago. Wait for the interval."
	errTaken    refusal = "Another connection uses this peer_id."
	errTwoIDs   refusal = "This connection is in the swarm under another peer_id."
	errClosing  refusal = "This pod is closing."
	errInfohash refusal = "info_hash must be given once, with 20 bytes."
	errPeerID   refusal = "peer_id must be given once, with 20 bytes."
	errQuery    refusal = "The query of the announce can not be read."
)

// clientKey names a BitTorrent client. The address is part of it, so nobody elsewhere
// can speak for it.
type clientKey struct {
	addr netip.Addr
	id   peerID
}

// client is a BitTorrent client that announces over HTTP.
type client struct {
	at        netip.AddrPort
	seeder    bool
	completed bool // has reported the end of its download
	seen      time.Time
}

// swarm holds the peers of one infohash.
type swarm struct {
	infohash pod.Infohash
	clients  map[clientKey]*client
	browsers map[peerID]*browser
	perAddr  map[netip.Prefix]int
	seeders  int
}

func (s *swarm) size() int { return len(s.clients) + len(s.browsers) }

// registry is who is in which swarm. It does no input or output.
type registry struct {
	perAddrAndSwarm int

	mu        sync.Mutex // guards all below, and all swarms, clients and browsers
	swarms    map[pod.Infohash]*swarm
	completed map[pod.Infohash]int // finished downloads; outlives a swarm's peers
	perAddr   map[netip.Prefix]int
	peers     int
	clients   int
}

func newRegistry(perAddrAndSwarm int) *registry {
	return &registry{
		perAddrAndSwarm: max(perAddrAndSwarm, 1),
		swarms:          map[pod.Infohash]*swarm{},
		completed:       map[pod.Infohash]int{},
		perAddr:         map[netip.Prefix]int{},
	}
}

// admitLocked finds or makes the swarm and counts one more peer of that address in.
func (g *registry) admitLocked(ih pod.Infohash, key netip.Prefix) (*swarm, error) {
	s := g.swarms[ih]
	if g.peers >= maxPeers || g.perAddr[key] >= maxPeersPerAddr {
		return nil, errFull
	}
	if s == nil {
		s = &swarm{infohash: ih, clients: map[clientKey]*client{}, browsers: map[peerID]*browser{}, perAddr: map[netip.Prefix]int{}}
		g.swarms[ih] = s
	}
	if s.perAddr[key] >= g.perAddrAndSwarm {
		return nil, errTooMany
	}
	if s.size() >= maxPeersPerSwarm {
		return nil, errFull
	}
	g.peers++
	g.perAddr[key]++
	s.perAddr[key]++
	return s, nil
}

// releaseLocked undoes admitLocked; the peer is out of the swarm already.
func (g *registry) releaseLocked(s *swarm, key netip.Prefix, seeder bool) {
	if seeder {
		s.seeders--
	}
	g.peers--
	decrease(g.perAddr, key)
	decrease(s.perAddr, key)
	if s.size() == 0 {
		delete(g.swarms, s.infohash)
	}
}

func decrease(m map[netip.Prefix]int, key netip.Prefix) {
	if m[key]--; m[key] <= 0 {
		delete(m, key)
	}
}

// progressLocked takes a peer's report of how far it is: event "completed" counts even
// without left, and once per peer.
func (g *registry) progressLocked(s *swarm, seeder, completed *bool, event string, left leftBytes) {
	was := *seeder
	switch {
	case event == eventCompleted:
		*seeder = true
	case left.known:
		*seeder = left.bytes == 0
	}
	if event == eventCompleted && !*completed {
		*completed = true
		g.completed[s.infohash]++
	}
	if *seeder && !was {
		s.seeders++
	} else if was && !*seeder {
		s.seeders--
	}
}

func (g *registry) countsLocked(ih pod.Infohash) pod.PeerCounts {
	c := pod.PeerCounts{Completed: g.completed[ih]}
	if s := g.swarms[ih]; s != nil {
		c.Seeders = s.seeders
		c.Leechers = s.size() - s.seeders
	}
	return c
}

func (g *registry) counts(ih pod.Infohash) pod.PeerCounts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.countsLocked(ih)
}

// forget drops a swarm with all that is known of it.
func (g *registry) forget(ih pod.Infohash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.completed, ih)
	s := g.swarms[ih]
	if s == nil {
		return
	}
	for key := range s.clients {
		g.removeClientLocked(s, key)
	}
	for _, b := range s.browsers {
		g.removeBrowserLocked(b)
	}
}

// expire drops the clients that have been silent for two intervals and tells how many
// clients are left.
func (g *registry) expire(now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.swarms {
		for key, c := range s.clients {
			if now.Sub(c.seen) >= clientLife {
				g.removeClientLocked(s, key)
			}
		}
	}
	return g.clients
}

func (g *registry) removeClientLocked(s *swarm, key clientKey) {
	c := s.clients[key]
	delete(s.clients, key)
	g.clients--
	g.releaseLocked(s, pod.Household(key.addr), c.seeder)
}
