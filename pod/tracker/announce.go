package tracker

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/peerpod/peerpod/pod"
)

// How many peers an announce gets if it does not say, and at most.
const (
	defaultWant = 50
	maxWant     = 100
)

// ServeAnnounce is the announce of BEP 3 over HTTP GET. Refusals have status 200 and a
// bencoded failure reason, as clients expect.
func (t *Tracker) ServeAnnounce(w http.ResponseWriter, r *http.Request) {
	if !onlyGet(w, r) {
		return
	}
	a, err := parseAnnounce(r)
	if err != nil {
		t.refuse(w, err)
		return
	}
	if !t.config.Catalogue.Knows(a.infohash) {
		t.refuse(w, errUnknown)
		return
	}
	if !t.enter() {
		t.refuse(w, errClosing)
		return
	}
	defer t.group.Done()
	own, hasOwn := t.ownContact(r)
	hasOwn = hasOwn && a.want > 0 && a.event != eventStopped && own.at != a.at
	if hasOwn {
		a.want--
	}
	peers, counts, err := t.registry.announceClient(a, t.clock())
	if err != nil {
		t.refuse(w, err)
		return
	}
	if hasOwn {
		peers = append([]contact{own}, peers...)
	}
	if a.event != eventStopped {
		t.sweepLater()
		t.wakes.wake(t.root, a.infohash) //nolint:contextcheck // the wake-up outlives the request
	}
	counts.Seeders += t.ownPeers()
	writeBencoded(w, announceReply(counts, peers, a.compact))
}

// ownContact is this pod as a peer, at the address that the asker reached it.
func (t *Tracker) ownContact(r *http.Request) (contact, bool) {
	if t.config.Seeder == nil {
		return contact{}, false
	}
	port := t.config.Seeder.Port()
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || port <= 0 || port > 65535 {
		return contact{}, false
	}
	at, err := netip.ParseAddrPort(local.String())
	if err != nil || at.Addr().IsUnspecified() {
		return contact{}, false
	}
	c := contact{at: netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), uint16(port))}
	if t.config.Answerer != nil {
		c.id = t.config.Answerer.PeerID()
	}
	return c, true
}

// parseAnnounce reads the query. Parameters that it does not name, ip among them, are
// ignored.
func parseAnnounce(r *http.Request) (announce, error) {
	from, ok := source(r)
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !ok {
		return announce{}, errQuery
	}
	a := announce{event: q.Get("event"), want: defaultWant, compact: q.Get("compact") != "0"}
	if !only20(q["info_hash"], (*[20]byte)(&a.infohash)) {
		return announce{}, errInfohash
	}
	if !only20(q["peer_id"], (*[20]byte)(&a.id)) {
		return announce{}, errPeerID
	}
	port, err := strconv.ParseUint(q.Get("port"), 10, 16)
	if err != nil || port == 0 {
		return announce{}, refusal("port must be a number from 1 to 65535.")
	}
	a.at = netip.AddrPortFrom(from, uint16(port))
	if text := q.Get("left"); text != "" {
		left, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return announce{}, refusal("left must be a number of bytes.")
		}
		a.left = leftBytes{known: left >= 0, bytes: left}
	}
	return a, a.parseWant(q.Get("numwant"))
}

func (a *announce) parseWant(text string) error {
	if text == "" {
		return nil
	}
	want, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return refusal("numwant must be a number.")
	}
	if want >= 0 { // some send -1 for "as you like"
		a.want = int(min(want, maxWant))
	}
	return nil
}

// only20 reads a parameter that must be given once, with 20 bytes.
func only20(values []string, into *[20]byte) bool {
	if len(values) != 1 || len(values[0]) != len(into) {
		return false
	}
	copy(into[:], values[0])
	return true
}

// announceReply is the answer of BEP 3, or of BEP 23 and 7 if compact.
func announceReply(counts pod.PeerCounts, peers []contact, compact bool) dict {
	d := dict{
		"complete":     counts.Seeders,
		"downloaded":   counts.Completed,
		"incomplete":   counts.Leechers,
		"interval":     int(clientInterval.Seconds()),
		"min interval": int(clientMinInterval.Seconds()),
	}
	if !compact {
		list := make([]any, 0, len(peers))
		for _, p := range peers {
			list = append(list, dict{"ip": p.at.Addr().String(), "peer id": string(p.id[:]), "port": int(p.at.Port())})
		}
		d["peers"] = list
		return d
	}
	var four, six bytes.Buffer
	for _, p := range peers {
		out := &six
		if p.at.Addr().Is4() {
			out = &four
		}
		out.Write(p.at.Addr().AsSlice())
		out.Write([]byte{byte(p.at.Port() >> 8), byte(p.at.Port())})
	}
	d["peers"] = four.String()
	if six.Len() > 0 {
		d["peers6"] = six.String()
	}
	return d
}

// refuse answers with a failure reason.
func (t *Tracker) refuse(w http.ResponseWriter, err error) {
	reason, ok := errors.AsType[refusal](err)
	if !ok {
		t.log.Error("Announce failed", pod.LogErr, err)
		reason = "This pod has a fault. Try again later."
	}
	writeBencoded(w, dict{"failure reason": string(reason)})
}
