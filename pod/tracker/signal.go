package tracker

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
)

const (
	errAction refusal = "This action is unknown; announce and scrape are known."
	errEvent  refusal = "This event is unknown; started, update, completed and stopped are known."
)

// handle does what one message of a browser asks for. An error ends the socket.
func (t *Tracker) handle(s *socket, kind int, data []byte) error {
	m, err := decodeRequest(kind, data)
	if err != nil {
		return err
	}
	var answer reply
	switch {
	case m.Action == actionScrape:
		answer = t.scrapeBrowser(m)
	case m.Action == actionAnnounce && m.Answer != nil:
		t.relayAnswer(s, m)
		return nil // an answer gets none
	case m.Action == actionAnnounce:
		return t.announceBrowser(s, m)
	default:
		answer = failure(m, errAction)
	}
	return s.reply(answer)
}

// reply sends a message that must arrive: a browser that does not read its replies is
// let go.
func (s *socket) reply(m reply) error {
	if !s.send(m) {
		return violation{websocket.ClosePolicyViolation, "replies are not read"}
	}
	return nil
}

// failure is a refusal in the words of the protocol. The infohash is echoed as it came,
// if it was one.
func failure(m *request, reason refusal) reply {
	r := reply{Action: m.Action, Failure: string(reason)}
	if r.Action != actionScrape {
		r.Action = actionAnnounce
	}
	if hashes := m.hashes(); len(hashes) == 1 && len(hashes[0]) == 20 {
		r.InfoHash = encodeBinary([]byte(hashes[0]))
	}
	return r
}

func (t *Tracker) scrapeBrowser(m *request) reply {
	counts, err := t.scrape(m.hashes())
	if err != nil {
		return failure(m, reasonOf(err))
	}
	r := reply{Action: actionScrape, Files: make(map[string]fileState, len(counts))}
	for ih, c := range counts {
		r.Files[binaryHash(ih)] = fileState{c.Seeders, c.Completed, c.Leechers}
	}
	return r
}

func reasonOf(err error) refusal {
	if reason, ok := errors.AsType[refusal](err); ok {
		return reason
	}
	return "This pod has a fault. Try again later."
}

// announceBrowser enters the browser in its swarm, replies, and hands its offers on: the
// first to this pod unless they are connected, the others to other browsers.
func (t *Tracker) announceBrowser(s *socket, m *request) error {
	j, err := t.joiningOf(s, m)
	if err != nil {
		return s.reply(failure(m, reasonOf(err)))
	}
	b, counts, err := t.registry.join(j)
	if err != nil {
		return s.reply(failure(m, reasonOf(err)))
	}
	complete, incomplete := counts.Seeders+t.ownPeers(), counts.Leechers
	err = s.reply(reply{
		Action: actionAnnounce, InfoHash: binaryHash(j.infohash), Interval: int(browserInterval.Seconds()),
		Complete: &complete, Incomplete: &incomplete,
	})
	if err != nil || b == nil || j.event == eventCompleted {
		return err
	}
	offers := m.usableOffers()
	if len(offers) > 0 && !t.registry.waiting(b, offers[0].OfferID) && t.offerToPod(b, offers[0]) {
		offers = offers[1:]
	}
	t.relayOffers(b, offers, m.want())
	return nil
}

// joiningOf checks who announces what.
func (t *Tracker) joiningOf(s *socket, m *request) (joining, error) {
	j := joining{sock: s, event: m.Event, left: m.left()}
	hashes := m.hashes()
	if len(hashes) != 1 || !only20(hashes, (*[20]byte)(&j.infohash)) {
		return j, errInfohash
	}
	id, ok := binary20(m.PeerID)
	if !ok {
		return j, errPeerID
	}
	j.id = id
	switch m.Event {
	case "", "update", "empty", eventStarted, eventStopped, eventCompleted:
	default:
		return j, errEvent
	}
	if !t.config.Catalogue.Knows(j.infohash) {
		return j, errUnknown
	}
	return j, nil
}

// relayOffers hands each offer to one other browser of the swarm.
func (t *Tracker) relayOffers(b *browser, offers []wireOffer, want int) {
	fresh := make([]wireOffer, 0, len(offers))
	for _, o := range offers {
		if !t.registry.waiting(b, o.OfferID) {
			fresh = append(fresh, o)
		}
	}
	for _, d := range t.registry.matchOffers(b, fresh, want, t.clock()) {
		d.to.send(reply{ // an offer that does not fit in a full outbox is lost, and another comes
			Action: actionAnnounce, InfoHash: binaryHash(b.swarm.infohash), PeerID: encodeBinary(b.id[:]), OfferID: d.offer.OfferID,
			Offer: &description{Type: "offer", SDP: scrub(d.offer.Offer.SDP, b.sock.reach, d.to.reach)},
		})
	}
}

// relayAnswer hands an answer to the browser that sent the offer. Anything else that
// calls itself an answer is dropped without a word.
func (t *Tracker) relayAnswer(s *socket, m *request) {
	var ih pod.Infohash
	hashes := m.hashes()
	from, ok := binary20(m.PeerID)
	to, okTo := binary20(m.ToPeerID)
	if len(hashes) != 1 || !only20(hashes, (*[20]byte)(&ih)) || !ok || !okTo || m.Answer.Type != "answer" {
		return
	}
	asker := t.registry.takeAnswer(s, ih, from, to, m.OfferID)
	if asker == nil {
		t.log.Debug("Answer dropped", pod.LogInfohash, ih)
		return
	}
	asker.send(reply{
		Action: actionAnnounce, InfoHash: binaryHash(ih), PeerID: encodeBinary(from[:]), OfferID: m.OfferID,
		Answer: &description{Type: "answer", SDP: scrub(m.Answer.SDP, s.reach, asker.reach)},
	})
}

// offerToPod lets this pod answer an offer, in the background. False: it does not want
// one of this browser now, or is answering too many.
func (t *Tracker) offerToPod(b *browser, o wireOffer) bool {
	if t.config.Answerer == nil {
		return false
	}
	select {
	case t.answers <- struct{}{}:
	default:
		return false
	}
	if !t.registry.claimPod(b, t.clock()) {
		<-t.answers
		return false
	}
	t.group.Go(func() { // ends within answerTimeout; Close cancels it and waits
		defer func() { <-t.answers }()
		t.answer(b, o)
	})
	return true
}

// answer asks this pod's own peer for an answer and sends it. If there is none, the offer
// goes to another browser.
func (t *Tracker) answer(b *browser, o wireOffer) {
	ctx, cancel := context.WithTimeout(t.root, answerTimeout)
	defer cancel()
	started := time.Now()
	sdp, err := t.config.Answerer.Answer(ctx, pod.Offer{
		Infohash: b.swarm.infohash, PeerID: b.id, OfferID: string(decodeBinary(o.OfferID)), SDP: o.Offer.SDP,
	})
	if err != nil {
		if errors.Is(err, pod.ErrExists) {
			t.registry.podConnected(b)
		} else {
			t.registry.podFailed(b)
			t.log.Debug("Offer not answered", pod.LogInfohash, b.swarm.infohash, pod.LogErr, err)
		}
		t.relayOffers(b, []wireOffer{o}, 1)
		return
	}
	t.log.Debug("Offer answered", pod.LogInfohash, b.swarm.infohash, pod.LogTook, time.Since(started))
	if !t.registry.present(b) {
		return
	}
	own := t.config.Answerer.PeerID()
	b.sock.send(reply{
		Action: actionAnnounce, InfoHash: binaryHash(b.swarm.infohash), PeerID: encodeBinary(own[:]), OfferID: o.OfferID,
		Answer: &description{Type: "answer", SDP: sdp},
	})
}
