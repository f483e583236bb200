package tracker

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/peerpod/peerpod/pod"
	"golang.org/x/time/rate"
)

// Bounds of one socket's traffic.
const (
	maxOutbox      = 128       // messages that wait to be written
	maxOutboxBytes = 512 << 10 // their size
	messageRate    = 50        // tokens a second; a message costs one, and one per 4 KiB
	messageBurst   = 1000
	controlRate    = 5 // pings and pongs a second
	controlBurst   = 100
)

// pace is how long a socket may be slow; tests shorten it.
type pace struct {
	idle    time.Duration // no message and no pong
	ping    time.Duration
	message time.Duration // from the first to the last byte of a message
	write   time.Duration
	linger  time.Duration // after our close frame, so that it is read before the end
	sweep   time.Duration
}

func defaultPace() pace {
	return pace{
		idle: 90 * time.Second, ping: 30 * time.Second, message: 30 * time.Second,
		write: 10 * time.Second, linger: 5 * time.Second, sweep: 30 * time.Second,
	}
}

// socket is a browser's connection. Its handler reads, one goroutine writes.
type socket struct {
	conn    *websocket.Conn
	key     netip.Prefix
	reach   reach
	pace    pace
	control *rate.Limiter
	flow    *rate.Limiter

	outbox chan []byte
	done   chan struct{} // closed when the handler ends
	closer sync.Once

	mu     sync.Mutex // guards queued
	queued int        // bytes in outbox

	joined map[pod.Infohash]*browser // guarded by registry.mu
	gone   bool                      // guarded by registry.mu
}

// ServeSocket is WebTorrent's tracker over a WebSocket. Pages of any origin may open it:
// it is public and looks at no cookie.
func (t *Tracker) ServeSocket(w http.ResponseWriter, r *http.Request) {
	from, ok := source(r)
	if !onlyGet(w, r) {
		return
	}
	if !websocket.IsWebSocketUpgrade(r) || !ok {
		problem(w, http.StatusBadRequest, "not_websocket", "This address is for WebSocket connections of WebTorrent peers.")
		return
	}
	if !t.enter() {
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, "closing", "This pod is closing. Try again later.")
		return
	}
	defer t.group.Done()
	key := pod.Household(from)
	if !t.reserve(key) {
		w.Header().Set("Retry-After", "30")
		problem(w, http.StatusTooManyRequests, "too_many_sockets", "Too many connections to the tracker come from your address. Close some pages and try again.")
		return
	}
	defer t.release(key)
	upgrader := websocket.Upgrader{
		ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, HandshakeTimeout: 5 * time.Second,
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			problem(w, status, "not_websocket", "The request to open a WebSocket is malformed.")
		},
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		t.log.Debug("Upgrade refused", pod.LogErr, err)
		return
	}
	t.serve(t.newSocket(conn, key, from)) //nolint:contextcheck // an answer under way ends with the tracker, not with the upgrade
}

func (t *Tracker) newSocket(conn *websocket.Conn, key netip.Prefix, from netip.Addr) *socket {
	return &socket{
		conn: conn, key: key, reach: reachOf(from), pace: t.pace,
		control: rate.NewLimiter(controlRate, controlBurst),
		flow:    rate.NewLimiter(messageRate, messageBurst),
		outbox:  make(chan []byte, maxOutbox),
		done:    make(chan struct{}),
		joined:  map[pod.Infohash]*browser{},
	}
}

// reserve counts one more socket of an address.
func (t *Tracker) reserve(key netip.Prefix) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.perAddr[key] >= t.config.Limits.SocketsPerAddr {
		return false
	}
	t.perAddr[key]++
	return true
}

func (t *Tracker) release(key netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	decrease(t.perAddr, key)
}

// serve runs the socket until it ends and takes it out of all swarms.
func (t *Tracker) serve(s *socket) {
	t.mu.Lock()
	closed := t.closed
	t.sockets[s] = struct{}{}
	t.mu.Unlock()
	if closed {
		s.end()
	}
	var writer sync.WaitGroup
	writer.Go(s.write) // ends when done is closed or a write fails
	err := t.read(s)
	t.registry.leave(s)
	t.mu.Lock()
	delete(t.sockets, s)
	t.mu.Unlock()
	close(s.done)
	_ = s.conn.NetConn().SetWriteDeadline(time.Now().Add(time.Second)) // a write that hangs ends now
	writer.Wait()
	if v, ok := errors.AsType[violation](err); ok {
		s.closeWith(v.code, v.text)
	}
	if v, ok := errors.AsType[violation](err); ok || errors.Is(err, websocket.ErrReadLimit) {
		t.log.Debug("Socket closed", pod.LogAddr, s.conn.RemoteAddr().String(), pod.LogStatus, v.code, pod.LogErr, err)
		s.linger()
	}
	_ = s.conn.Close()
}

// read takes messages until the socket ends or breaks a rule.
func (t *Tracker) read(s *socket) error {
	s.conn.SetReadLimit(maxMessage)
	reading := false
	alive := func() error {
		if reading {
			return nil // a message may not be stretched by pongs
		}
		return s.conn.SetReadDeadline(time.Now().Add(s.pace.idle))
	}
	s.conn.SetPongHandler(func(string) error {
		if !s.control.Allow() {
			return violation{websocket.ClosePolicyViolation, "too many pongs"}
		}
		return alive()
	})
	s.conn.SetPingHandler(func(text string) error {
		if !s.control.Allow() {
			return violation{websocket.ClosePolicyViolation, "too many pings"}
		}
		err := s.conn.WriteControl(websocket.PongMessage, []byte(text), time.Now().Add(time.Second))
		if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			return nil // the writer is busy; a pong may be lost
		}
		return err
	})
	for {
		reading = false
		if err := alive(); err != nil {
			return err
		}
		kind, body, err := s.conn.NextReader()
		if err != nil {
			return err
		}
		reading = true
		if err := s.conn.SetReadDeadline(time.Now().Add(s.pace.message)); err != nil {
			return err
		}
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if !s.flow.AllowN(time.Now(), 1+len(data)>>12) {
			return violation{websocket.ClosePolicyViolation, "too many messages"}
		}
		if err := t.handle(s, kind, data); err != nil {
			return err
		}
	}
}

// write sends what is in the outbox, and pings.
func (s *socket) write() {
	ticker := time.NewTicker(s.pace.ping)
	defer ticker.Stop()
	for {
		var err error
		select {
		case <-s.done:
			return
		case data := <-s.outbox:
			s.mu.Lock()
			s.queued -= len(data)
			s.mu.Unlock()
			if s.ended() {
				return
			}
			if err = s.conn.SetWriteDeadline(time.Now().Add(s.pace.write)); err == nil {
				err = s.conn.WriteMessage(websocket.TextMessage, data)
			}
		case <-ticker.C:
			err = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.pace.write))
		}
		if err != nil {
			_ = s.conn.Close() // wakes the reader, which ends the socket
			return
		}
	}
}

func (s *socket) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// send queues a message. It never waits: for a browser that does not read, false.
func (s *socket) send(m reply) bool {
	data, err := json.Marshal(m)
	if err != nil {
		return false // texts and numbers always marshal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queued+len(data) > maxOutboxBytes {
		return false
	}
	select {
	case s.outbox <- data:
		s.queued += len(data)
		return true
	default:
		return false
	}
}

// end tells the browser that the pod is closing and ends the socket.
func (s *socket) end() {
	s.closeWith(websocket.CloseGoingAway, "this pod is closing")
	_ = s.conn.Close() // wakes the reader
}

// closeWith sends one close frame, the first that is asked for.
func (s *socket) closeWith(code int, text string) {
	s.closer.Do(func() {
		_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(time.Second))
	})
}

// linger ends our side and drops what the browser is still sending, for a short while.
// Without it the kernel would answer its bytes with a reset, and the close code be lost.
func (s *socket) linger() {
	under := s.conn.NetConn()
	if half, ok := under.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = under.SetReadDeadline(time.Now().Add(s.pace.linger))
	_, _ = io.Copy(io.Discard, under)
}
