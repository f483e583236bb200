package tracker

import (
	"net/netip"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// The events of BEP 3; an announce without one is an update.
const (
	eventStarted   = "started"
	eventStopped   = "stopped"
	eventCompleted = "completed"
)

// leftBytes is how much a peer still wants; not all tell.
type leftBytes struct {
	known bool
	bytes int64
}

// announce is what a BitTorrent client says over HTTP.
type announce struct {
	infohash pod.Infohash
	id       peerID
	at       netip.AddrPort // source address and the port that it listens on
	event    string
	left     leftBytes
	want     int
	compact  bool
}

// contact is one peer as it is handed out.
type contact struct {
	at netip.AddrPort
	id peerID
}

// announceClient enters or renews a client and picks peers for it. Without an event or a
// change it may not come back before the minimum interval; then nothing is changed.
func (g *registry) announceClient(a announce, now time.Time) ([]contact, pod.PeerCounts, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := clientKey{a.at.Addr(), a.id}
	s, c := g.findClientLocked(a.infohash, key)
	if a.event == eventStopped {
		if c != nil {
			g.removeClientLocked(s, key)
		}
		return nil, g.countsLocked(a.infohash), nil
	}
	if c == nil {
		var err error
		if s, err = g.admitLocked(a.infohash, pod.Household(key.addr)); err != nil {
			return nil, pod.PeerCounts{}, err
		}
		c = &client{}
		s.clients[key] = c
		g.clients++
	} else if a.event == "" && !c.changed(a) && now.Sub(c.seen) < clientMinInterval-minIntervalSlack {
		return nil, pod.PeerCounts{}, errTooSoon
	}
	c.at, c.seen = a.at, now
	g.progressLocked(s, &c.seeder, &c.completed, a.event, a.left)
	return s.pickClients(a, c.seeder), g.countsLocked(a.infohash), nil
}

func (g *registry) findClientLocked(ih pod.Infohash, key clientKey) (*swarm, *client) {
	s := g.swarms[ih]
	if s == nil {
		return nil, nil
	}
	return s, s.clients[key]
}

// changed tells whether the announce brings something that other peers must know.
func (c *client) changed(a announce) bool {
	return c.at.Port() != a.at.Port() || a.left.known && (a.left.bytes == 0) != c.seeder
}

// pickClients chooses up to a.want others that the asker can use and may see. The order
// of a Go map is different each time, which is all the shuffling that is needed.
func (s *swarm) pickClients(a announce, seeder bool) []contact {
	asker := reachOf(a.at.Addr())
	picked := make([]contact, 0, min(a.want, len(s.clients)))
	for key, c := range s.clients {
		if len(picked) >= a.want {
			break
		}
		useless := seeder && c.seeder || c.at == a.at
		if !useless && visible(asker, reachOf(key.addr)) {
			picked = append(picked, contact{c.at, key.id})
		}
	}
	return picked
}
