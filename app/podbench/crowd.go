package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

const (
	crowdBits     = 2048 // the smallest keys that pods take
	crowdExponent = 65537
)

// crowdKeys makes n keys, no two of them the same, each the product of two of a few
// primes: n pairs of primes would take minutes. Such keys are good for nothing else, who
// has two of them can compute both.
func crowdKeys(n int) ([]*seal.Key, error) {
	count := 2
	for count*(count-1)/2 < n {
		count++
	}
	primes, keys := make([]*big.Int, count), make([]*seal.Key, n)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range primes {
		group.Go(func() (err error) {
			primes[i], err = rand.Prime(rand.Reader, crowdBits/2)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	p, q := 0, 1
	for i := range keys {
		a, b := primes[p], primes[q]
		group.Go(func() (err error) {
			keys[i], err = keyOf(a, b)
			return err
		})
		if q++; q == count {
			p, q = p+1, p+2
		}
	}
	return keys, group.Wait()
}

// keyOf makes the key of two primes.
func keyOf(p, q *big.Int) (*seal.Key, error) {
	one := big.NewInt(1)
	order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	d := new(big.Int).ModInverse(big.NewInt(crowdExponent), order)
	if d == nil {
		return nil, errors.New("primes that do not fit the exponent")
	}
	private := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: crowdExponent}, D: d, Primes: []*big.Int{p, q}}
	private.Precompute()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return seal.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// crowd is many simulated friends of one pod. Each has a key and a port of its own and
// says yes to everything; all share one server.
type crowd struct {
	keys   []*seal.Key
	urls   []string
	of     *seal.PublicKey // the pod
	byPort map[int]*seal.Key
	server *http.Server

	open, most atomic.Int64 // requests

	mu     sync.Mutex // guards the fields below
	heard  map[string]int
	plain  []byte // of the latest message
	answer []byte // to it
	first  time.Time
	last   time.Time
	fault  error
}

// newCrowd starts friends of the pod with that key.
func newCrowd(ctx context.Context, of *seal.PublicKey, keys []*seal.Key) (*crowd, error) {
	c := &crowd{keys: keys, of: of, byPort: map[int]*seal.Key{}, heard: map[string]int{}}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	var listen net.ListenConfig
	listeners := make([]net.Listener, 0, len(keys))
	for _, key := range keys {
		l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			c.close()
			return nil, err
		}
		listeners = append(listeners, l)
		c.urls = append(c.urls, "http://"+l.Addr().String())
		c.byPort[portOf(l.Addr())] = key
	}
	for _, l := range listeners {
		go func() { _ = c.server.Serve(l) }() // ends with close
	}
	return c, nil
}

func (c *crowd) close() { _ = c.server.Close() }

func portOf(a net.Addr) int {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// count is how many activities of a type came so far.
func (c *crowd) count(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[kind]
}

// wait waits until n activities of a type came and were answered.
func (c *crowd) wait(ctx context.Context, kind string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := poll(ctx, 20*time.Millisecond, func() (bool, error) { return c.count(kind) >= n && c.open.Load() == 0, c.failed() })
	if err != nil {
		return fmt.Errorf("%d of %d %s came: %w", c.count(kind), n, kind, err)
	}
	return nil
}

func (c *crowd) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// ServeHTTP answers messages. It counts the requests that are open.
func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	open := c.open.Add(1)
	defer c.open.Add(-1)
	for most := c.most.Load(); open > most && !c.most.CompareAndSwap(most, open); most = c.most.Load() {
	}
	if r.Method != http.MethodPost || r.URL.Path != inboxPath {
		http.NotFound(w, r)
		return
	}
	begun := time.Now()
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	raw, err := io.ReadAll(io.LimitReader(r.Body, pod.MaxMessageBytes+1))
	if err == nil {
		raw, err = c.hear(c.byPort[portOf(local)], raw, begun)
	}
	if err != nil {
		c.mu.Lock()
		c.fault = errors.Join(c.fault, err)
		c.mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", pod.TypeJOSE)
	w.Header().Set(pod.HeaderAPIVersions, "1")
	_, _ = w.Write(raw) // whoever asked has gone
}

// inboxPath is the route of sealed messages.
const inboxPath = "/api/v1/pods/inbox"

// message and reply are the JSON inside sealed messages and answers, as far as a friend
// needs them that takes everything.
type message struct {
	Activities []struct {
		Type string `json:"type"`
	} `json:"activities"`
}

type reply struct {
	Issuer   pod.PodID    `json:"iss"`
	Audience pod.PodID    `json:"aud"`
	Results  []pod.Result `json:"results"`
}

// hear opens a message as a pod does and gives the sealed answer.
func (c *crowd) hear(key *seal.Key, raw []byte, begun time.Time) ([]byte, error) {
	env, err := seal.Peek(raw)
	if err != nil {
		return nil, err
	}
	jwe, err := env.Verify(c.of)
	if err != nil {
		return nil, err
	}
	plain, err := seal.Open(key, jwe)
	if err != nil {
		return nil, err
	}
	var m message
	if err := json.Unmarshal(plain, &m); err != nil {
		return nil, err
	}
	body := reply{Issuer: key.ID(), Audience: c.of.ID()}
	for _, a := range m.Activities {
		result := pod.ResultOK()
		if a.Type == "catalogue.get" {
			result.Page = json.RawMessage(`{"videos":[],"next":0,"last":true}`)
		}
		body.Results = append(body.Results, result)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	h := env.Header()
	answer, err := seal.SealAnswer(key, c.of, seal.AnswerHeader{
		RE: h.JTI, Epoch: h.Epoch, Status: http.StatusOK, IssuedAt: time.Now(), JTI: seal.NewNonce(),
	}, text)
	c.note(m, plain, answer, begun)
	return answer, err
}

func (c *crowd) note(m message, plain, answer []byte, begun time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range m.Activities {
		c.heard[a.Type]++
	}
	c.plain, c.answer, c.last = plain, answer, time.Now()
	if c.first.IsZero() {
		c.first = begun
	}
}

// restart forgets what was heard so far.
func (c *crowd) restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.first, c.last = map[string]int{}, time.Time{}, time.Time{}
	c.most.Store(0)
}
