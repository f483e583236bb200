package tracker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/tracker"
)

// page is a browser's connection to the tracker, as a test sees it.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

type object map[string]any

func dial(t *testing.T, server *httptest.Server) *page {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1)+"/tracker/socket", http.Header{"Origin": {"https://evil.example"}, "Cookie": {"session=1"}})
	if err != nil {
		t.Fatalf("Dial() = %v (%v), want a socket", err, answer)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &page{t, conn}
}

func (p *page) send(m any) {
	p.t.Helper()
	if err := p.conn.WriteJSON(m); err != nil {
		p.t.Fatalf("WriteJSON() = %v, want no error", err)
	}
}

// read takes the next message.
func (p *page) read() object {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var m object
	if err := p.conn.ReadJSON(&m); err != nil {
		p.t.Fatalf("ReadJSON() = %v, want a message", err)
	}
	return m
}

// quiet makes sure that nothing came before the reply to a scrape.
func (p *page) quiet() {
	p.t.Helper()
	p.send(object{"action": "scrape", "info_hash": binary(another[:])})
	if m := p.read(); m["action"] != "scrape" {
		p.t.Errorf("got %v, want nothing before the scrape's reply", m)
	}
}

// closed reads until the tracker closes and gives the code; -1 if it did not say one.
func (p *page) closed() int {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		if _, _, err := p.conn.ReadMessage(); err != nil {
			if c, ok := errors.AsType[*websocket.CloseError](err); ok {
				return c.Code
			}
			return -1
		}
	}
}

func binary(data []byte) string { return tracker.Encode(data) }

func peerText(letter byte) string { i := id(letter); return binary(i[:]) }

// announce builds an announce with that many offers.
func announce(peer byte, offers int) object {
	list := []object{}
	for i := range offers {
		list = append(list, offer(peer, i))
	}
	return object{
		"action": "announce", "info_hash": binary(known[:]), "peer_id": peerText(peer), "event": "started", "left": 5, "numwant": offers, "offers": list,
		"uploaded": 0, "downloaded": 0, "trackerid": nil,
	}
}

func offer(peer byte, i int) object {
	return object{"offer": object{"type": "offer", "sdp": fmt.Sprintf("v=0 offer %c%d\r\n", peer, i)}, "offer_id": offerID(peer, i)}
}

func offerID(peer byte, i int) string {
	o := id(peer)
	o[0], o[1], o[19] = 0xfe, byte(i), 0
	return binary(o[:])
}

func answer(from, to byte, offerID, sdp string) object {
	return object{
		"action": "announce", "info_hash": binary(known[:]), "peer_id": peerText(from), "to_peer_id": peerText(to), "offer_id": offerID,
		"answer": object{"type": "answer", "sdp": sdp},
	}
}

func TestTwoBrowsersMeet(t *testing.T) {
	server := serve(t, start(t, tracker.Config{}))
	a, b := dial(t, server), dial(t, server)
	a.send(announce('a', 5))
	if m := a.read(); m["info_hash"] != binary(known[:]) || m["interval"] != 30.0 || m["complete"] != 0.0 || m["incomplete"] != 1.0 {
		t.Errorf("reply = %v, want infohash, interval 30, complete 0, incomplete 1", m)
	}
	b.send(announce('b', 2))
	if m := b.read(); m["incomplete"] != 2.0 {
		t.Errorf("reply = %v, want incomplete 2", m)
	}
	got := a.read()
	description, _ := got["offer"].(map[string]any)
	if got["peer_id"] != peerText('b') || description["type"] != "offer" || got["info_hash"] != binary(known[:]) {
		t.Fatalf("relayed offer = %v, want one of b", got)
	}
	a.quiet() // one offer to one peer
	id, _ := got["offer_id"].(string)
	a.send(answer('a', 'b', id, "v=0 answer"))
	got = b.read()
	description, _ = got["answer"].(map[string]any)
	if got["peer_id"] != peerText('a') || got["offer_id"] != id || description["sdp"] != "v=0 answer" || description["type"] != "answer" {
		t.Errorf("relayed answer = %v, want that of a", got)
	}
	a.send(answer('a', 'b', id, "v=0 again"))
	b.quiet() // each offer is answered once
	a.quiet() // an answer has no reply
}

func TestForeignAnswersAreDropped(t *testing.T) {
	server := serve(t, start(t, tracker.Config{}))
	a, b, evil := dial(t, server), dial(t, server), dial(t, server)
	a.send(announce('a', 0))
	a.read()
	b.send(announce('b', 1))
	b.read()
	offered := a.read()
	evil.send(announce('e', 0))
	evil.read()
	id, _ := offered["offer_id"].(string)
	tests := []struct {
		name string
		sent object
	}{
		{"not the receiver of the offer", answer('e', 'b', id, "x")},
		{"in the name of the receiver", answer('a', 'b', id, "x")},
		{"unknown offer_id", answer('e', 'b', offerID('z', 1), "x")},
		{"to a peer that never offered", answer('e', 'a', offerID('a', 0), "x")},
		{"to nobody", answer('e', 'n', id, "x")},
		{"in another swarm", func() object { m := answer('e', 'b', id, "x"); m["info_hash"] = binary(another[:]); return m }()},
		{"of type offer", func() object { m := answer('e', 'b', id, "x"); m["answer"] = object{"type": "offer"}; return m }()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			evil.send(test.sent)
			evil.quiet()
			b.quiet()
			a.quiet()
		})
	}
	a.send(answer('a', 'b', id, "v=0 true"))
	if m := b.read(); m["answer"] == nil {
		t.Errorf("got %v, want the true answer", m)
	}
}

func TestPeerIDIsBoundToItsSocket(t *testing.T) {
	tr := start(t, tracker.Config{})
	server := serve(t, tr)
	a, thief := dial(t, server), dial(t, server)
	a.send(announce('a', 0))
	a.read()
	thief.send(announce('a', 0))
	if m := thief.read(); m["failure reason"] == nil || m["action"] != "announce" || m["info_hash"] != binary(known[:]) {
		t.Errorf("announce of another's peer_id = %v, want a failure reason", m)
	}
	stop := announce('a', 0)
	stop["event"] = "stopped"
	thief.send(stop)
	thief.read()
	if got := tr.Counts(known).Leechers; got != 1 {
		t.Errorf("after a foreign stopped %d leechers, want 1", got)
	}
	a.send(announce('b', 0))
	if m := a.read(); m["failure reason"] == nil {
		t.Errorf("second peer_id of a socket = %v, want a failure reason", m)
	}
	_ = a.conn.Close()
	eventually(t, "the closed socket to leave", func() bool { return tr.Counts(known) == pod.PeerCounts{} })
	thief.send(announce('a', 0))
	if m := thief.read(); m["failure reason"] != nil {
		t.Errorf("announce of a free peer_id = %v, want no failure", m)
	}
}

func TestOddAnnouncesOfBrowsers(t *testing.T) {
	tr := start(t, tracker.Config{})
	server := serve(t, tr)
	with := func(key string, value any) object { m := announce('a', 0); m[key] = value; return m }
	without := func(key string) object { m := announce('a', 0); delete(m, key); return m }
	tests := []struct {
		name    string
		sent    object
		refused bool
		want    pod.PeerCounts
	}{
		{"left null", with("left", nil), false, pod.PeerCounts{Leechers: 1}},
		{"left huge", with("left", 1e300), false, pod.PeerCounts{Leechers: 1}},
		{"left 0", with("left", 0), false, pod.PeerCounts{Seeders: 1}},
		{"offers null", with("offers", nil), false, pod.PeerCounts{Leechers: 1}},
		{"no offers", without("offers"), false, pod.PeerCounts{Leechers: 1}},
		{"no event", without("event"), false, pod.PeerCounts{Leechers: 1}},
		{"event update", with("event", "update"), false, pod.PeerCounts{Leechers: 1}},
		{"completed", with("event", "completed"), false, pod.PeerCounts{Seeders: 1, Completed: 1}},
		{"stopped first", with("event", "stopped"), false, pod.PeerCounts{}},
		{"infohash in a list", with("info_hash", []string{binary(known[:])}), false, pod.PeerCounts{Leechers: 1}},
		{"event unknown", with("event", "paused"), true, pod.PeerCounts{}},
		{"infohash unknown", with("info_hash", binary(unknown[:])), true, pod.PeerCounts{}},
		{"infohash as hex", with("info_hash", known.String()), true, pod.PeerCounts{}},
		{"infohash of wide runes", with("info_hash", strings.Repeat("€", 20)), true, pod.PeerCounts{}},
		{"no infohash", without("info_hash"), true, pod.PeerCounts{}},
		{"peer_id of 19", with("peer_id", strings.Repeat("a", 19)), true, pod.PeerCounts{}},
		{"no peer_id", without("peer_id"), true, pod.PeerCounts{}},
		{"unknown action", with("action", "dance"), true, pod.PeerCounts{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := dial(t, server)
			p.send(test.sent)
			m := p.read()
			if refused := m["failure reason"] != nil; refused != test.refused || m["action"] != "announce" {
				t.Errorf("reply = %v, want refused %v", m, test.refused)
			}
			if got := tr.Counts(known); got != test.want {
				t.Errorf("Counts() = %+v, want %+v", got, test.want)
			}
			_ = p.conn.Close()
			eventually(t, "the socket to leave", func() bool { _, n, _ := tr.Memory(); return n == 0 })
			tr.Forget(known)
		})
	}
}

func TestScrapeOfBrowsers(t *testing.T) {
	server := serve(t, start(t, tracker.Config{}))
	p := dial(t, server)
	p.send(announce('a', 0))
	p.read()
	list := []string{binary(known[:]), binary(another[:]), binary(unknown[:])}
	tests := []struct {
		name string
		hash any
		want int // files; -1 is a failure
	}{
		{"one", binary(known[:]), 1},
		{"a list", list, 2},
		{"unknown", binary(unknown[:]), 0},
		{"none", nil, -1},
		{"empty list", []string{}, -1},
		{"too many", make([]string, 51), -1},
		{"short", "abc", -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.send(object{"action": "scrape", "info_hash": test.hash})
			m := p.read()
			files, _ := m["files"].(map[string]any)
			if failed := m["failure reason"] != nil; failed != (test.want < 0) || m["action"] != "scrape" || len(files) != max(test.want, 0) {
				t.Errorf("scrape(%v) = %v, want %d files", test.hash, m, test.want)
			}
			if one, ok := files[binary(known[:])].(map[string]any); ok && one["incomplete"] != 1.0 {
				t.Errorf("scrape(%v) = %v, want incomplete 1", test.hash, one)
			}
		})
	}
}

func TestThePodAnswersFirst(t *testing.T) {
	now := newClock()
	self := &fakePod{answer: func(_ context.Context, o pod.Offer) (string, error) { return "answer to " + o.SDP, nil }}
	server := serve(t, start(t, tracker.Config{Answerer: self, Clock: now.Now}))
	other := dial(t, server)
	other.send(announce('o', 0))
	other.read()

	p := dial(t, server)
	p.send(announce('p', 3))
	if m := p.read(); m["complete"] != 1.0 {
		t.Errorf("reply = %v, want this pod as a seeder", m)
	}
	m := p.read()
	description, _ := m["answer"].(map[string]any)
	if m["peer_id"] != peerText('P') || m["offer_id"] != offerID('p', 0) || description["sdp"] != "answer to v=0 offer p0\r\n" {
		t.Errorf("answer = %v, want the pod's to the first offer", m)
	}
	if m := other.read(); m["offer_id"] != offerID('p', 1) {
		t.Errorf("relayed offer = %v, want the second", m)
	}
	got := self.offers[0]
	if want := id('p'); got.PeerID != want || got.Infohash != known || len(got.OfferID) != 20 || got.OfferID[0] != 0xfe {
		t.Errorf("Answer() got %+v, want bytes as they are", got)
	}

	p.send(announce('p', 1)) // the same offer_id: neither to the pod nor elsewhere
	p.read()
	again := announce('p', 0)
	again["offers"] = []object{offer('p', 7)}
	p.send(again)
	p.read()
	p.quiet()
	if n := self.offered(); n != 1 {
		t.Errorf("the pod got %d offers within a minute, want 1", n)
	}
	now.Add(61 * time.Second)
	again["offers"] = []object{offer('p', 8)}
	p.send(again)
	p.read()
	if m := p.read(); m["offer_id"] != offerID('p', 8) || self.offered() != 2 {
		t.Errorf("after a minute got %v, want another answer of the pod", m)
	}
	now.Add(61 * time.Second)
	again["offers"] = []object{offer('p', 9)}
	p.send(again)
	p.read()
	p.quiet() // the pause has grown; and the other browser has not answered yet
	if n := self.offered(); n != 2 {
		t.Errorf("the pod got %d offers, want 2 still", n)
	}
}

func TestAnOfferThatThePodRefusesGoesOn(t *testing.T) {
	for name, fault := range map[string]error{"connected already": pod.ErrExists, "broken": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			self := &fakePod{answer: func(context.Context, pod.Offer) (string, error) { return "", fault }}
			server := serve(t, start(t, tracker.Config{Answerer: self}))
			other, p := dial(t, server), dial(t, server)
			other.send(announce('o', 0))
			other.read()
			p.send(announce('p', 1))
			p.read()
			if m := other.read(); m["offer_id"] != offerID('p', 0) {
				t.Errorf("got %v, want the offer", m)
			}
			next := announce('p', 0)
			next["offers"] = []object{offer('p', 5)}
			p.send(next)
			p.read()
			want := 2
			if errors.Is(fault, pod.ErrExists) {
				want = 1
			}
			eventually(t, "the pod to be asked as often as it should", func() bool { return self.offered() == want })
		})
	}
}

func TestThePodAnswersFewAtOnce(t *testing.T) {
	hold := make(chan struct{})
	self := &fakePod{answer: func(ctx context.Context, _ pod.Offer) (string, error) {
		select {
		case <-hold:
		case <-ctx.Done():
		}
		return "late", nil
	}}
	limits := pod.DefaultLimits()
	limits.PendingOffers = 2
	tr := start(t, tracker.Config{Answerer: self, Limits: limits})
	server := serve(t, tr)
	pages := []*page{}
	for i := range 4 {
		p := dial(t, server)
		p.send(announce('a'+byte(i), 1))
		p.read()
		pages = append(pages, p)
	}
	eventually(t, "two offers at the pod", func() bool { return self.offered() == 2 })
	if m := pages[0].read(); m["offer"] == nil { // the third and fourth went to others
		if m = pages[1].read(); m["offer"] == nil {
			t.Errorf("got %v, want a relayed offer", m)
		}
	}
	_ = pages[0].conn.Close()
	eventually(t, "the first page to leave", func() bool { return tr.Counts(known).Leechers == 3 })
	close(hold)
}
