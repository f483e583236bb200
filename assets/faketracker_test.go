package assets_test

import (
	"net/http"

	"github.com/gorilla/websocket"
)

// relay is a tracker for browsers: it passes offers and answers between its sockets.
type relay struct {
	events chan func()
	done   chan struct{}
	peers  map[string]*websocket.Conn // touched by run only
}

func newRelay() *relay {
	r := &relay{events: make(chan func()), done: make(chan struct{}), peers: map[string]*websocket.Conn{}}
	go r.run() // ends with close
	return r
}

func (r *relay) run() {
	for {
		select {
		case event := <-r.events:
			event()
		case <-r.done:
			for _, socket := range r.peers {
				_ = socket.Close()
			}
			return
		}
	}
}

func (r *relay) close() { close(r.done) }

func (r *relay) post(event func()) {
	select {
	case r.events <- event:
	case <-r.done:
	}
}

func (r *relay) serve(w http.ResponseWriter, req *http.Request) {
	socket, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, req, nil)
	if err != nil {
		return
	}
	id := ""
	for {
		var m map[string]any
		if socket.ReadJSON(&m) != nil {
			break
		}
		id, _ = m["peer_id"].(string)
		r.post(func() { r.handle(id, socket, m) })
	}
	r.post(func() { delete(r.peers, id) })
	_ = socket.Close()
}

func (r *relay) handle(id string, socket *websocket.Conn, m map[string]any) {
	r.peers[id] = socket
	if answer, ok := m["answer"]; ok {
		to, _ := m["to_peer_id"].(string)
		if other := r.peers[to]; other != nil {
			_ = other.WriteJSON(map[string]any{"action": "announce", "info_hash": m["info_hash"], "peer_id": id, "answer": answer, "offer_id": m["offer_id"]})
		}
		return
	}
	_ = socket.WriteJSON(map[string]any{"action": "announce", "info_hash": m["info_hash"], "interval": 30, "complete": 0, "incomplete": len(r.peers)})
	offers, _ := m["offers"].([]any)
	for other, to := range r.peers {
		if other == id || len(offers) == 0 {
			continue
		}
		offer, _ := offers[0].(map[string]any)
		offers = offers[1:]
		_ = to.WriteJSON(map[string]any{"action": "announce", "info_hash": m["info_hash"], "peer_id": id, "offer": offer["offer"], "offer_id": offer["offer_id"]})
	}
}
