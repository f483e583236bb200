package node

import (
	"context"
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Config is what a pod needs to know. DataDir, Listen, BTListen and Web are required.
type Config struct {
	DataDir        string   // exists and belongs to this process
	Listen         string   // HTTP, HOST:PORT; port 0 takes a free one
	BTListen       string   // BitTorrent TCP and uTP
	PublicURL      string   // "" is found out
	Hosts          []string // more names that the pod answers to, besides localhost, addresses and PublicURL
	Name           string   // of the pod, shown to people
	Version        string
	Hermetic       bool
	FFmpeg         string // path; "" is found out
	STUNServers    []string
	Limits         pod.Limits
	FriendPolicy   string            // ask, invited or open; "" is ask
	Entries        []string          // pods that are asked when friends are made without a name
	Interval       time.Duration     // how often waiting messages are sent; 0 is a minute
	ScoreInterval  time.Duration     // 0 is a day
	TrustedProxies []netip.Prefix    // whose forwarding headers count
	FailPoint      func(step string) // tests end the process at named steps; may be nil
	RootPassword   string            // of the account root, on the first start; "" makes one
	Web            fs.FS             // the page
	// CheckCopy looks at a fresh copy of the database, best in another process: reading a
	// damaged one may crash. nil trusts it.
	CheckCopy func(ctx context.Context, path string) error
	Clock     func() time.Time
	Logger    *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Limits == (pod.Limits{}) {
		c.Limits = pod.DefaultLimits()
	}
	if c.Interval <= 0 {
		c.Interval = time.Minute
	}
	if c.ScoreInterval <= 0 {
		c.ScoreInterval = 24 * time.Hour
	}
	return c
}

func (c Config) part(name string) *slog.Logger { return c.Logger.With(pod.LogPart, name) }
