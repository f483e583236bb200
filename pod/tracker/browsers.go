package tracker

import (
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of the offers that wait for an answer.
const (
	offerLife        = 60 * time.Second // browsers give up after 50
	maxWaitingOffers = 40               // of one browser in one swarm
	podPause         = 60 * time.Second // between two offers of one browser to this pod, doubled each time
	maxPodPause      = 16 * podPause
)

// browser is a WebRTC peer in one swarm, bound to the socket that it came by.
type browser struct {
	sock      *socket
	swarm     *swarm
	id        peerID
	seeder    bool
	completed bool
	podAt     time.Time // from when on this pod takes an offer of it
	podPause  time.Duration
	offers    map[string]waitingOffer
}

// waitingOffer is an offer that was handed on: only its receiver may answer it.
type waitingOffer struct {
	to     peerID
	expiry time.Time
}

// joining is a browser's announce, as far as the registry cares.
type joining struct {
	sock     *socket
	infohash pod.Infohash
	id       peerID
	event    string
	left     leftBytes
}

// join enters or renews a browser. A peer_id in a swarm belongs to the socket that
// brought it first, and a socket has one peer_id in a swarm.
func (g *registry) join(j joining) (*browser, pod.PeerCounts, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if j.sock.gone {
		return nil, pod.PeerCounts{}, errClosing
	}
	b := j.sock.joined[j.infohash]
	if b != nil && b.id != j.id {
		return nil, pod.PeerCounts{}, errTwoIDs
	}
	if j.event == eventStopped {
		if b != nil {
			g.removeBrowserLocked(b)
		}
		return nil, g.countsLocked(j.infohash), nil
	}
	if b == nil {
		var err error
		if b, err = g.enterLocked(j); err != nil {
			return nil, pod.PeerCounts{}, err
		}
	}
	g.progressLocked(b.swarm, &b.seeder, &b.completed, j.event, j.left)
	return b, g.countsLocked(j.infohash), nil
}

func (g *registry) enterLocked(j joining) (*browser, error) {
	if s := g.swarms[j.infohash]; s != nil && s.browsers[j.id] != nil {
		return nil, errTaken
	}
	s, err := g.admitLocked(j.infohash, j.sock.key)
	if err != nil {
		return nil, err
	}
	b := &browser{sock: j.sock, swarm: s, id: j.id, offers: map[string]waitingOffer{}}
	s.browsers[j.id] = b
	j.sock.joined[j.infohash] = b
	return b, nil
}

func (g *registry) removeBrowserLocked(b *browser) {
	delete(b.swarm.browsers, b.id)
	delete(b.sock.joined, b.swarm.infohash)
	g.releaseLocked(b.swarm, b.sock.key, b.seeder)
}

// leave takes a closed socket out of all its swarms.
func (g *registry) leave(s *socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.gone = true
	for _, b := range s.joined {
		g.removeBrowserLocked(b)
	}
}

// claimPod tells whether this pod should answer an offer of the browser now, and if so
// claims the right to do it: no second offer for a while. The while grows, because a
// browser that was answered is most likely connected.
func (g *registry) claimPod(b *browser, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(b.podAt) {
		return false
	}
	b.podPause = min(max(2*b.podPause, podPause), maxPodPause)
	b.podAt = now.Add(b.podPause)
	return true
}

// podFailed lets the browser's next announce bring this pod an offer again.
func (g *registry) podFailed(b *browser) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b.podAt, b.podPause = time.Time{}, 0
}

// podConnected notes that the browser is connected: it is asked again after the shortest
// pause, because now the connection is known to stand or to be gone.
func (g *registry) podConnected(b *browser) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b.podPause = 0
}

// present tells whether the browser is in its swarm still.
func (g *registry) present(b *browser) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return b.sock.joined[b.swarm.infohash] == b
}

// delivery is an offer and the socket of the browser that gets it.
type delivery struct {
	to    *socket
	offer wireOffer
}

// matchOffers gives each offer to another browser of the swarm, one each, at most want.
// Offers that find nobody are dropped; the browser sends new ones at its next announce.
func (g *registry) matchOffers(b *browser, offers []wireOffer, want int, now time.Time) []delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.sock.joined[b.swarm.infohash] != b {
		return nil
	}
	busy := b.waitingForLocked(now)
	var matched []delivery
	for id, other := range b.swarm.browsers {
		if len(matched) >= min(len(offers), want) || len(b.offers) >= maxWaitingOffers {
			break
		}
		if other == b || busy[id] || b.seeder && other.seeder {
			continue
		}
		o := offers[len(matched)]
		b.offers[o.OfferID] = waitingOffer{to: id, expiry: now.Add(offerLife)}
		matched = append(matched, delivery{other.sock, o})
	}
	return matched
}

// waitingForLocked drops the offers that nobody answered in time and tells whose answers
// are still awaited.
func (b *browser) waitingForLocked(now time.Time) map[peerID]bool {
	busy := make(map[peerID]bool, len(b.offers))
	for id, o := range b.offers {
		if now.After(o.expiry) {
			delete(b.offers, id)
			continue
		}
		busy[o.to] = true
	}
	return busy
}

// waiting tells whether an offer with this id is under way already.
func (g *registry) waiting(b *browser, offerID string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, found := b.offers[offerID]
	return found
}

// takeAnswer finds the socket that an answer goes to: that of the browser which sent the
// offer to the answerer. Each offer is answered once; all else finds nobody.
func (g *registry) takeAnswer(from *socket, ih pod.Infohash, answerer, to peerID, offerID string) *socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := from.joined[ih]
	if b == nil || b.id != answerer {
		return nil
	}
	asker := b.swarm.browsers[to]
	if asker == nil {
		return nil
	}
	if o, ok := asker.offers[offerID]; !ok || o.to != answerer {
		return nil
	}
	delete(asker.offers, offerID)
	return asker.sock
}
