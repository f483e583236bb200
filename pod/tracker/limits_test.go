package tracker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/tracker"
)

func TestHostileMessagesCloseTheSocket(t *testing.T) {
	long := func(n int) object {
		m := announce('a', 1)
		m["offers"] = []object{{"offer": object{"type": "offer", "sdp": strings.Repeat("x", n)}, "offer_id": offerID('a', 1)}}
		return m
	}
	text := func(m object) []byte { data, _ := json.Marshal(m); return data }
	candidates := func(n int) object {
		m := announce('a', 1)
		m["offers"] = []object{{"offer": object{"type": "offer", "sdp": strings.Repeat("a=candidate:1\r\n", n)}, "offer_id": offerID('a', 1)}}
		return m
	}
	bigAnswer := answer('a', 'b', offerID('a', 1), strings.Repeat("x", 17<<10))
	tests := []struct {
		name string
		kind int
		data []byte
		want int
	}{
		{"binary frame", websocket.BinaryMessage, text(announce('a', 0)), 1007},
		{"JSON list", websocket.TextMessage, []byte("[]"), 1007},
		{"JSON text", websocket.TextMessage, []byte(`"x"`), 1007},
		{"null", websocket.TextMessage, []byte("null"), 1007},
		{"empty", websocket.TextMessage, nil, 1007},
		{"half", websocket.TextMessage, []byte(`{"action":`), 1007},
		{"two objects", websocket.TextMessage, []byte(`{}{}`), 1007},
		{"wrong types", websocket.TextMessage, []byte(`{"action":7}`), 1007},
		{"not UTF-8", websocket.TextMessage, []byte("{\"action\":\"\xff\"}"), 1007},
		{"deep nesting", websocket.TextMessage, []byte(`{"x":` + strings.Repeat("[", 100_000)), 1007},
		{"11 offers", websocket.TextMessage, text(announce('a', 11)), 1008},
		{"80 offers of 64 KiB", websocket.TextMessage, []byte(strings.Repeat("x", 80*64<<10)), 1009},
		{"offer of 17 KiB", websocket.TextMessage, text(long(17 << 10)), 1008},
		{"answer of 17 KiB", websocket.TextMessage, text(bigAnswer), 1008},
		{"offer of 1 MiB", websocket.TextMessage, text(long(1 << 20)), 1009},
		{"101 candidates", websocket.TextMessage, text(candidates(101)), 1007},
		{"100,000 candidates", websocket.TextMessage, text(candidates(100_000)), 1009},
		{"64 MiB frame", websocket.TextMessage, make([]byte, 64<<20), 1009},
	}
	tr := start(t, tracker.Config{})
	server := serve(t, tr)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := dial(t, server)
			if err := p.conn.WriteMessage(test.kind, test.data); err != nil {
				t.Fatalf("WriteMessage() = %v, want no error", err)
			}
			if got := p.closed(); got != test.want {
				t.Errorf("closed with %d, want %d", got, test.want)
			}
		})
	}
	eventually(t, "all to be forgotten", func() bool { _, n, _ := tr.Memory(); return n == 0 })
}

func TestTenBigOffersAreFine(t *testing.T) {
	server := serve(t, start(t, tracker.Config{}))
	p, m := dial(t, server), announce('a', 10)
	for _, o := range m["offers"].([]object) {
		o["offer"] = object{"type": "offer", "sdp": strings.Repeat("a=candidate:1\r\n", 100) + strings.Repeat("x", 14<<10)}
	}
	p.send(m)
	if got := p.read(); got["failure reason"] != nil {
		t.Errorf("reply = %v, want no failure", got)
	}
}

func TestFloodsCloseTheSocket(t *testing.T) {
	tests := []struct {
		name string
		send func(*websocket.Conn) error
	}{
		{"pings", func(c *websocket.Conn) error {
			return c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}},
		{"pongs", func(c *websocket.Conn) error {
			return c.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second))
		}},
		{"messages", func(c *websocket.Conn) error { return c.WriteJSON(announce('a', 5)) }},
	}
	server := serve(t, start(t, tracker.Config{}))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := dial(t, server)
			ended := make(chan int, 1)
			go func() { ended <- p.closed() }()
			for range 100_000 {
				if test.send(p.conn) != nil {
					break
				}
			}
			if got := <-ended; got != websocket.ClosePolicyViolation {
				t.Errorf("closed with %d, want 1008", got)
			}
		})
	}
}

func TestSilentSocketsEnd(t *testing.T) {
	tests := []struct {
		name string
		send func(*page)
	}{
		{"never a pong", func(*page) {}},
		{"a message without end", func(p *page) {
			w, err := p.conn.NextWriter(websocket.TextMessage)
			if err == nil {
				_, _ = w.Write([]byte(strings.Repeat("x", 5000))) // a first fragment
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, tracker.Config{})
			tr.Hurry(200*time.Millisecond, 20*time.Millisecond, 200*time.Millisecond)
			p := dial(t, serve(t, tr))
			p.send(announce('a', 0))
			p.read()
			test.send(p) // and no more reading: pings stay unanswered
			eventually(t, "the socket to end", func() bool { return tr.Counts(known).Leechers == 0 })
		})
	}
}

func TestPongsKeepASocketAlive(t *testing.T) {
	tr := start(t, tracker.Config{})
	tr.Hurry(300*time.Millisecond, 50*time.Millisecond, time.Second)
	p := dial(t, serve(t, tr))
	p.send(announce('a', 0))
	p.read()
	pings := make(chan struct{}, 100)
	handle := p.conn.PingHandler()
	p.conn.SetPingHandler(func(text string) error { pings <- struct{}{}; return handle(text) })
	go p.closed() // ends with the connection
	for range 12 {
		<-pings
	}
	if got := tr.Counts(known).Leechers; got != 1 {
		t.Errorf("after 600 ms of pongs %d leechers, want 1", got)
	}
}

func TestSocketsOfOneAddressAreCapped(t *testing.T) {
	limits := pod.DefaultLimits()
	limits.SocketsPerAddr = 3
	server := serve(t, start(t, tracker.Config{Limits: limits}))
	open := []*page{dial(t, server), dial(t, server), dial(t, server)}
	target := strings.Replace(server.URL, "http", "ws", 1) + "/tracker/socket"
	_, answer, err := websocket.DefaultDialer.Dial(target, nil)
	if err == nil || answer == nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") == "" {
		t.Fatalf("fourth socket = %v, %v, want 429 with Retry-After", answer, err)
	}
	_ = open[0].conn.Close()
	eventually(t, "a place to be free", func() bool {
		conn, _, err := websocket.DefaultDialer.Dial(target, nil)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func TestSocketWantsAnUpgrade(t *testing.T) {
	server := serve(t, start(t, tracker.Config{}))
	tests := []struct {
		name   string
		method string
		header http.Header
		want   int
	}{
		{"plain GET", http.MethodGet, nil, 400},
		{"POST", http.MethodPost, nil, 405},
		{"old version", http.MethodGet, http.Header{"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"8"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+"/tracker/socket", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = test.header.Clone()
			answer, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			var problem struct{ Code, Error, Detail string }
			err = json.NewDecoder(answer.Body).Decode(&problem)
			if answer.StatusCode != test.want || err != nil || problem.Code == "" || problem.Error != problem.Detail {
				t.Errorf("%s = %d %+v (%v), want %d as a problem", test.name, answer.StatusCode, problem, err, test.want)
			}
		})
	}
}

func TestCloseEndsSockets(t *testing.T) {
	self := &fakePod{answer: func(ctx context.Context, _ pod.Offer) (string, error) { <-ctx.Done(); return "", ctx.Err() }}
	tr := start(t, tracker.Config{Answerer: self})
	server := serve(t, tr)
	pages := []*page{}
	for i := range 20 {
		p := dial(t, server)
		p.send(announce('a'+byte(i), 2))
		p.read()
		pages = append(pages, p)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		t.Fatalf("Close() = %v after %v, want no error", err, time.Since(began))
	}
	for _, p := range pages {
		if got := p.closed(); got != websocket.CloseGoingAway && got != -1 {
			t.Errorf("closed with %d, want 1001", got)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/tracker/socket", nil)
	r.Header = http.Header{"Connection": {"upgrade"}, "Upgrade": {"websocket"}}
	w := httptest.NewRecorder()
	tr.ServeSocket(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("socket after Close() = %d, want 503", w.Code)
	}
}
