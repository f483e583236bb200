package tracker_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/tracker"
)

var (
	known   = pod.Infohash{1, 0xff, 0x80, 'k'}
	another = pod.Infohash{2, 0, '%', '&'}
	unknown = pod.Infohash{9}
)

// catalogue knows the infohashes in it.
type catalogue map[pod.Infohash]bool

func (c catalogue) Knows(ih pod.Infohash) bool { return c[ih] }

// fakePod answers offers and counts wake-ups.
type fakePod struct {
	answer func(ctx context.Context, o pod.Offer) (string, error)
	port   int

	mu     sync.Mutex
	offers []pod.Offer
	wakes  map[pod.Infohash]int
}

func (p *fakePod) Answer(ctx context.Context, o pod.Offer) (string, error) {
	p.mu.Lock()
	p.offers = append(p.offers, o)
	p.mu.Unlock()
	return p.answer(ctx, o)
}

func (p *fakePod) PeerID() [20]byte { return id('P') }
func (p *fakePod) Port() int        { return p.port }

func (p *fakePod) Wake(_ context.Context, ih pod.Infohash) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wakes == nil {
		p.wakes = map[pod.Infohash]int{}
	}
	p.wakes[ih]++
	return nil
}

func (p *fakePod) woken(ih pod.Infohash) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wakes[ih]
}

func (p *fakePod) offered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.offers)
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// id makes a peer_id of one letter.
func id(letter byte) (out [20]byte) {
	for i := range out {
		out[i] = letter
	}
	return out
}

// start builds a tracker that is closed at the end, after which no goroutine may be left.
func start(t *testing.T, c tracker.Config) *tracker.Tracker {
	t.Helper()
	before := runtime.NumGoroutine()
	if c.Catalogue == nil {
		c.Catalogue = catalogue{known: true, another: true}
	}
	if c.Limits == (pod.Limits{}) {
		c.Limits = pod.DefaultLimits()
	}
	tr, err := tracker.New(c)
	if err != nil {
		t.Fatalf("New() = %v, want no error", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(tr.Close(ctx), tr.Close(ctx)); err != nil {
			t.Errorf("Close() = %v, want no error", err)
		}
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return tr
}

// serve puts the tracker on a loopback port.
func serve(t *testing.T, tr *tracker.Tracker) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/tracker/announce", tr.ServeAnnounce)
	mux.HandleFunc("/tracker/scrape", tr.ServeScrape)
	mux.HandleFunc("/tracker/socket", tr.ServeSocket)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited 10 s in vain for %s", what)
		case <-tick.C:
		}
	}
}

// asker is one BitTorrent client.
type asker struct {
	from string // address and source port
	id   [20]byte
	port int
}

// announce calls the handler as if from that address.
func (a asker) announce(t *testing.T, tr *tracker.Tracker, ih pod.Infohash, extra string) map[string]any {
	t.Helper()
	q := url.Values{"info_hash": {string(ih[:])}, "peer_id": {string(a.id[:])}, "port": {strconv.Itoa(a.port)}}
	return get(t, tr.ServeAnnounce, a.from, "/tracker/announce?"+q.Encode()+"&"+extra, nil)
}

// get calls a handler and decodes its bencoded answer.
func get(t *testing.T, h http.HandlerFunc, from, target string, header http.Header) map[string]any {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = from
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s = status %d, want 200", target, w.Code)
	}
	return decode(t, w.Body.String())
}

// decode reads a bencoded dictionary and wants nothing after it.
func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	value, rest := bdecode(t, text)
	d, ok := value.(map[string]any)
	if !ok || rest != "" {
		t.Fatalf("answer %q is not one bencoded dictionary", text)
	}
	return d
}

func bdecode(t *testing.T, text string) (value any, rest string) {
	t.Helper()
	if text == "" {
		t.Fatal("bencoded text ends early")
	}
	switch text[0] {
	case 'i':
		number, after, _ := strings.Cut(text[1:], "e")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("bencoded number %q", number)
		}
		return n, after
	case 'l':
		list := []any{}
		for text = text[1:]; text[0] != 'e'; {
			var item any
			item, text = bdecode(t, text)
			list = append(list, item)
		}
		return list, text[1:]
	case 'd':
		d, last := map[string]any{}, ""
		for text = text[1:]; text[0] != 'e'; {
			var key, item any
			key, text = bdecode(t, text)
			item, text = bdecode(t, text)
			if name := key.(string); name > last || len(d) == 0 {
				last = name
			} else {
				t.Fatalf("bencoded key %q comes after %q", name, last)
			}
			d[last] = item
		}
		return d, text[1:]
	default:
		size, after, _ := strings.Cut(text, ":")
		n, err := strconv.Atoi(size)
		if err != nil || n > len(after) {
			t.Fatalf("bencoded text of length %q", size)
		}
		return after[:n], after[n:]
	}
}
