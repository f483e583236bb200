package federation

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
)

// Policy says who becomes a friend without a word of the owner's.
type Policy string

// The policies.
const (
	PolicyAsk     Policy = "ask"     // unknown pods wait for the owner
	PolicyInvited Policy = "invited" // only with an invite
	PolicyOpen    Policy = "open"    // everybody
)

// Config is what a Federation is made of. Store, Fetch, Keys and URL are required.
type Config struct {
	Store Store
	Fetch *fetch.Client
	Keys  *Keyring
	Name  string        // of the pod, shown to friends
	URL   func() string // the pod's base URL, without a slash at the end
	// Public tells that the owner gave the pod a public URL: local callers may be anybody
	// behind a proxy then, so what they name is treated as learned from the Internet.
	Public        bool
	Policy        Policy
	Entries       []string // asked by MakeFriends when it gets no hosts
	Interval      time.Duration
	ScoreInterval time.Duration
	Limits        pod.Limits
	OnEvent       func(pod.Event) // friends or their videos changed; may be nil
	Clock         func() time.Time
	Logger        *slog.Logger
	// FailPoint is called at named steps; tests end the process there. May be nil.
	FailPoint func(step string)
}

// Federation is this pod among its friends. It is safe for concurrent use.
type Federation struct {
	cfg   Config
	log   *slog.Logger
	store Store
	keys  *Keyring

	ctx    context.Context //nolint:containedctx // the service's own root: it ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	known     known         // key ids, so that strangers are refused without a read or RSA
	schedule  *schedule     // who is called next
	opening   chan struct{} // decryptions at once
	perSource *buckets      // before verification, per key id and address
	perFriend *buckets      // after it
	intros    *introductions

	mu     sync.Mutex // guards closed and the adding to work
	closed bool
}

// decryptions is how many messages are decrypted at once: each takes some 10 ms of a core.
const decryptions = 2

// New checks the configuration and starts nothing.
func New(cfg Config) (*Federation, error) {
	if cfg.Store == nil || cfg.Fetch == nil || cfg.Keys == nil || cfg.URL == nil {
		return nil, errors.New("federation: Store, Fetch, Keys and URL are needed")
	}
	if cfg.Interval <= 0 || cfg.ScoreInterval <= 0 {
		return nil, errors.New("federation: Interval and ScoreInterval are needed")
	}
	if cfg.Policy == "" {
		cfg.Policy = PolicyAsk
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(pod.Event) {}
	}
	if cfg.FailPoint == nil {
		cfg.FailPoint = func(string) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := cfg.Limits
	return &Federation{
		cfg: cfg, log: cfg.Logger, store: cfg.Store, keys: cfg.Keys, ctx: ctx, cancel: cancel,
		schedule: newSchedule(cfg.Interval, cfg.ScoreInterval), opening: make(chan struct{}, decryptions),
		perSource: newBuckets(unverifiedPerSecond, unverifiedBurst),
		perFriend: newBuckets(rate.Limit(float64(l.FriendMessages)/60), l.FriendMessageBurst),
		intros:    newIntroductions(l),
	}, nil
}

// Start reads the friends and begins to call them.
func (f *Federation) Start(ctx context.Context) error {
	friends, err := f.store.Friends(ctx)
	if err != nil {
		return err
	}
	for i := range friends {
		f.noted(friends[i])
		f.schedule.at(friends[i].ID, 0) // whoever starts greets its friends
	}
	f.work.Go(f.run)
	f.work.Go(f.keepScores)
	return nil
}

// Close stops calling and waits for what is under way. It may be called twice.
func (f *Federation) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	done := make(chan struct{})
	go func() { // ends with the last call, all of which end with f.ctx
		f.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spawn runs fn in a goroutine that Close waits for, unless the federation is closed.
func (f *Federation) spawn(fn func()) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.work.Go(fn)
	return true
}

// Changed tells that the pod's own catalogue, name or address changed: friends have to
// learn something at the next round.
func (f *Federation) Changed() { f.schedule.atNextRound() }

// change is the only way in which this package changes a friend's record: it keeps what
// is in memory in step and tells followers.
func (f *Federation) change(ctx context.Context, id pod.PodID, change func(*pod.Friend) error) (pod.Friend, error) {
	return f.changeWith(ctx, id, "", change)
}

// changeWith is change, consuming an invite in the same transaction.
func (f *Federation) changeWith(ctx context.Context, id pod.PodID, invite string, change func(*pod.Friend) error) (pod.Friend, error) {
	var before pod.Friend
	rec, err := f.store.ChangeFriend(ctx, id, invite, func(r *pod.Friend) error {
		before = *r
		return change(r)
	})
	if err != nil {
		return rec, err
	}
	f.noted(rec)
	if rec.Status != before.Status {
		f.log.Info("Friendship changed", pod.LogFriend, rec.PodID, pod.LogStatus, string(rec.Status))
		f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: string(rec.Status), Friend: rec.PodID, At: f.cfg.Clock()})
	}
	return rec, nil
}

// noted keeps what is in memory of a record in step with it.
func (f *Federation) noted(rec pod.Friend) {
	f.known.set(rec)
	f.schedule.set(rec)
	if rec.Status == pod.StatusWaiting && rec.Via != "" && rec.VouchedBy == "" {
		if common, ok := f.known.find(rec.Via); ok {
			f.schedule.at(common, 0) // it is asked whether it knows the newcomer
		}
	}
}

// now is the wall clock in whole UTC, for what is stored and signed.
func (f *Federation) now() time.Time { return f.cfg.Clock().UTC() }

// classOf tells which addresses a pod may name that called from there.
func (f *Federation) classOf(in pod.Incoming) pod.AddrClass {
	if f.cfg.Public || in.Forwarded {
		return pod.ClassPublic
	}
	return f.class(in.Source)
}

func (f *Federation) class(a netip.Addr) pod.AddrClass {
	if !a.IsValid() {
		return pod.ClassPublic
	}
	return pod.ClassOf(a)
}

// Host is the host:port of a base URL, for people and lists.
func Host(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://")
	}
	return u.Host
}
