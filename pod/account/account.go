package account

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// How long tokens live, as PeerTube's documentation has it.
const (
	accessLife  = 24 * time.Hour
	refreshLife = 14 * 24 * time.Hour
)

// Store keeps accounts, sessions and the client pair. A missing record is
// pod.ErrNotFound, a name that stands already pod.ErrExists.
type Store interface {
	accountStore
	sessionStore
	// OAuthClient gives the pair of this pod, the same for ever.
	OAuthClient(ctx context.Context) (pod.OAuthClient, error)
}

// accountStore keeps accounts.
type accountStore interface {
	// InsertAccount stores the account with its first channel, both or none.
	InsertAccount(ctx context.Context, a pod.Account, c pod.Channel) (pod.Account, pod.Channel, error)
	// UpdateAccount changes the account in one transaction; an error of change undoes it.
	UpdateAccount(ctx context.Context, id pod.AccountID, change func(*pod.Account) error) (pod.Account, error)
	Account(ctx context.Context, id pod.AccountID) (pod.Account, error)
	AccountByName(ctx context.Context, name string) (pod.Account, error)
}

// sessionStore keeps sessions, found by the SHA-256 of their tokens.
type sessionStore interface {
	InsertSession(ctx context.Context, s pod.Session) (pod.Session, error)
	SessionByAccess(ctx context.Context, hash [32]byte) (pod.Session, error)
	SessionByRefresh(ctx context.Context, hash [32]byte) (pod.Session, error)
	// RotateSession replaces the hashes and times; the old refresh hash stays known as spent.
	RotateSession(ctx context.Context, id uint64, next pod.Session) (pod.Session, error)
	// SpentRefresh tells the session whose refresh token this was.
	SpentRefresh(ctx context.Context, hash [32]byte) (sessionID uint64, ok bool, err error)
	DeleteSession(ctx context.Context, id uint64) error
	DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error)
}

// Config is what Accounts needs. Only Store and RootPasswordFile have no default.
type Config struct {
	Store            Store
	Clock            func() time.Time
	Logger           *slog.Logger
	Limits           pod.Limits // LoginsPerAccountAddr and LoginsPerAddr; 0 is the default
	RootPassword     string     // from the environment; "" makes a random one
	RootPasswordFile string     // where the random one is written, once
}

// Accounts checks who somebody is. It is safe for concurrent use.
type Accounts struct {
	store    Store
	clock    func() time.Time
	log      *slog.Logger
	hasher   *hasher
	attempts *attempts
	root     rootConfig
	// rotating has one place: two uses of one refresh token must not both find it unspent.
	rotating  chan struct{}
	lastSweep atomic.Int64 // Unix seconds of the last removal of expired sessions
}

// New builds Accounts. It reads and starts nothing.
func New(c Config) (*Accounts, error) {
	if c.Store == nil {
		return nil, errors.New("account: no store was given")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	limits := pod.DefaultLimits()
	if c.Limits.LoginsPerAccountAddr > 0 {
		limits.LoginsPerAccountAddr = c.Limits.LoginsPerAccountAddr
	}
	if c.Limits.LoginsPerAddr > 0 {
		limits.LoginsPerAddr = c.Limits.LoginsPerAddr
	}
	return &Accounts{
		store:    c.Store,
		clock:    c.Clock,
		log:      c.Logger,
		hasher:   newHasher(costOfToday()),
		attempts: newAttempts(limits.LoginsPerAccountAddr, limits.LoginsPerAddr),
		root:     rootConfig{password: c.RootPassword, file: c.RootPasswordFile},
		rotating: make(chan struct{}, 1),
	}, nil
}

// Client gives the pair that PeerTube's clients fetch before a login.
func (a *Accounts) Client(ctx context.Context) (pod.OAuthClient, error) {
	return a.store.OAuthClient(ctx)
}
