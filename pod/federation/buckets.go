package federation

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Limits of what comes before a signature is verified, per key id and address: a flood of
// bad signatures then costs less than one core's percent.
const (
	unverifiedPerSecond = 20
	unverifiedBurst     = 200
)

// bucketEntries bounds the memory of buckets; the longest unused one goes first.
const bucketEntries = 50_000

// buckets are token buckets by name.
type buckets struct {
	limit rate.Limit
	burst int

	mu  sync.Mutex // guards all
	all *lru.Cache[string, *rate.Limiter]
}

func newBuckets(limit rate.Limit, burst int) *buckets {
	all, err := lru.New[string, *rate.Limiter](bucketEntries)
	if err != nil { // the size is a constant above 0
		panic(err)
	}
	return &buckets{limit: limit, burst: max(burst, 1), all: all}
}

// allow takes one token of the name's bucket.
func (b *buckets) allow(name string) bool {
	b.mu.Lock()
	limiter, ok := b.all.Get(name)
	if !ok {
		limiter = rate.NewLimiter(b.limit, b.burst)
		b.all.Add(name, limiter)
	}
	b.mu.Unlock()
	return limiter.Allow()
}
