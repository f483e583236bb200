package federation

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// Bounds of what is remembered of introductions, and of the calls that they cause.
const (
	introMemory  = 1_000            // introductions under way, and nonces given out, each
	introLife    = time.Minute      // an introduction of ours answers challenges
	proveLife    = 10 * time.Minute // a nonce that we gave out is good
	callBacks    = 10               // at once
	callBacksOf  = 3                // at once, for one household
	callBackWait = 3 * time.Second  // for a slot
	// callBackLimit bounds one call-back; with the wait it is less than the 10 s that the
	// newcomer waits for our answer.
	callBackLimit = 6 * time.Second
)

// outgoing is an introduction of ours that is under way.
type outgoing struct {
	to    pod.PodID
	url   string    // ours, as the introduction says it
	key   pod.PodID // of ours, that signed it
	until time.Time
}

// given is a nonce that a pod whose URL does not answer signs instead.
type given struct {
	nonce, url string
	until      time.Time
}

// introductions remembers what introductions need between two requests. It lives in
// memory only: whoever meets a restart introduces itself again.
type introductions struct {
	perHousehold *buckets

	mu    sync.Mutex // guards the fields below
	out   *lru.Cache[string, outgoing]
	given *lru.Cache[pod.PodID, given]
	busy  map[netip.Prefix]int // call-backs under way
	total int
	freed chan struct{} // closed when a call-back ends, and made anew
}

func newIntroductions(l pod.Limits) *introductions {
	out, err := lru.New[string, outgoing](introMemory)
	if err != nil { // the size is a constant above 0
		panic(err)
	}
	nonces, err := lru.New[pod.PodID, given](introMemory)
	if err != nil {
		panic(err)
	}
	return &introductions{
		perHousehold: newBuckets(rate.Limit(float64(l.Introductions)/60), l.IntroductionBurst),
		out:          out, given: nonces, busy: map[netip.Prefix]int{}, freed: make(chan struct{}),
	}
}

// begin notes an introduction of ours; challenges for it are answered until end.
func (i *introductions) begin(jti string, o outgoing) (end func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	o.until = time.Now().Add(introLife)
	i.out.Add(jti, o)
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.out.Remove(jti)
	}
}

// underway finds the introduction that a challenge is about.
func (i *introductions) underway(jti string, from pod.PodID) (outgoing, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	o, ok := i.out.Get(jti)
	if !ok || o.to != from || time.Now().After(o.until) {
		return outgoing{}, false
	}
	return o, true
}

// give makes the nonce that this pod has to sign, since its URL does not answer.
func (i *introductions) give(id pod.PodID, url string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	g := given{nonce: seal.NewNonce(), url: url, until: time.Now().Add(proveLife)}
	i.given.Add(id, g)
	return g.nonce
}

// take tells whether the nonce is the one that this pod got for this URL. It is good once.
func (i *introductions) take(id pod.PodID, url, nonce string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	g, ok := i.given.Get(id)
	if !ok || g.url != url || time.Now().After(g.until) || subtle.ConstantTimeCompare([]byte(g.nonce), []byte(nonce)) != 1 {
		return false
	}
	i.given.Remove(id)
	return true
}

// slot waits a while for leave to call a URL that somebody of this household named.
func (i *introductions) slot(ctx context.Context, of netip.Prefix) (release func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, callBackWait)
	defer cancel()
	for {
		i.mu.Lock()
		if i.total < callBacks && i.busy[of] < callBacksOf {
			i.total++
			i.busy[of]++
			i.mu.Unlock()
			return func() { i.release(of) }, true
		}
		freed := i.freed
		i.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, false
		}
	}
}

func (i *introductions) release(of netip.Prefix) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.total--
	if i.busy[of]--; i.busy[of] == 0 {
		delete(i.busy, of)
	}
	close(i.freed)
	i.freed = make(chan struct{})
}
