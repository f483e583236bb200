package node

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
	"github.com/peerpod/peerpod/pod/api"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/library"
	"github.com/peerpod/peerpod/pod/media"
	"github.com/peerpod/peerpod/pod/search"
	"github.com/peerpod/peerpod/pod/server"
	"github.com/peerpod/peerpod/pod/store"
	"github.com/peerpod/peerpod/pod/swarm"
	"github.com/peerpod/peerpod/pod/tracker"
)

// Pod is one running node.
type Pod struct {
	cfg   Config
	log   *slog.Logger
	paths library.Paths
	links links
	local string

	store      *store.Store
	accounts   *account.Accounts
	search     *search.Index
	media      *media.Media
	library    *library.Library
	catalogue  *catalogue
	swarm      *swarm.Swarm
	tracker    *tracker.Tracker
	fetch      *fetch.Client
	federation *federation.Federation
	mirrors    *mirrors
	faces      faces
	remote     remote
	root       *os.Root // of the data folder
	api        *api.API
	server     *server.Server

	subscribers
	hub
	indexing sync.Mutex // one follower of the store at a time
	work     context.Context
	cancel   context.CancelFunc
	closers  []closer // in the order of start
	closing  sync.Mutex
}

// closer stops one part.
type closer struct {
	name  string
	close func(context.Context) error
}

// New checks the configuration and starts nothing.
func New(cfg Config) (*Pod, error) {
	if cfg.DataDir == "" || cfg.Listen == "" || cfg.BTListen == "" || cfg.Web == nil {
		return nil, errors.New("node: DataDir, Listen, BTListen and Web are needed")
	}
	cfg = cfg.withDefaults()
	p := &Pod{cfg: cfg, log: cfg.part("node"), paths: library.Paths{Dir: cfg.DataDir}}
	p.work, p.cancel = context.WithCancel(context.Background())
	p.catalogue, p.mirrors = newCatalogue(p.paths), newMirrors(p)
	p.remote.wake = make(chan struct{}, 1)
	return p, nil
}

// Start opens all parts and returns when the pod serves. When it fails, what was opened
// is closed again.
func (p *Pod) Start(ctx context.Context) error {
	steps := []func(context.Context) error{
		p.startStore, p.startSearch, p.startSwarm, p.startTracker, p.startLibrary, p.makeFederation, p.startServer, p.startFederation,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return errors.Join(err, p.Close(context.WithoutCancel(ctx)))
		}
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() { p.keepBackups(work) })
	p.onClose("backups", func(context.Context) error {
		stop()
		keeping.Wait()
		return nil
	})
	p.log.Info("The pod serves", pod.LogURL, p.links.base, pod.LogVersion, p.cfg.Version)
	return nil
}

// Close stops the parts in reverse order and waits for them, until ctx ends. It may be
// called twice.
func (p *Pod) Close(ctx context.Context) error {
	p.closing.Lock()
	defer p.closing.Unlock()
	defer p.cancel()
	p.dropAll() // who follows events would keep the server open
	var errs []error
	for _, v := range slices.Backward(p.closers) {
		if err := v.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", v.name, err))
		}
	}
	p.closers = nil
	return errors.Join(errs...)
}

func (p *Pod) onClose(name string, f func(context.Context) error) {
	p.closers = append(p.closers, closer{name, f})
}

func (p *Pod) startStore(ctx context.Context) (err error) {
	p.store, err = store.Open(DatabasePath(p.cfg.DataDir), store.Options{
		Logger: p.cfg.part("store"), Clock: p.cfg.Clock, BackupDir: backupDir(p.cfg.DataDir), VerifyBackup: p.cfg.CheckCopy,
		HostOf:       func(pod.FriendID) string { return federation.Host(p.links.base) },
		FriendVideos: p.cfg.Limits.FriendVideos, FriendViews: p.cfg.Limits.FriendViews,
	})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	p.onClose("store", func(context.Context) error { return p.store.Close() })
	p.accounts, err = account.New(account.Config{
		Store: p.store, Clock: p.cfg.Clock, Logger: p.cfg.part("account"), Limits: p.cfg.Limits,
		RootPassword: p.cfg.RootPassword, RootPasswordFile: filepath.Join(p.cfg.DataDir, "root-password.txt"),
	})
	if err != nil {
		return err
	}
	return p.accounts.EnsureRoot(ctx)
}

func (p *Pod) startSearch(ctx context.Context) (err error) {
	p.search, err = search.Open(search.Config{Dir: filepath.Join(p.cfg.DataDir, "search"), Logger: p.cfg.part("search")})
	if err != nil {
		return fmt.Errorf("open search index: %w", err)
	}
	p.onClose("search", func(context.Context) error { return p.search.Close() })
	return p.followStore(ctx)
}

func (p *Pod) startLibrary(ctx context.Context) (err error) {
	p.media, err = media.New(media.Config{
		Logger: p.cfg.Logger, FFmpeg: p.cfg.FFmpeg, TempDir: filepath.Join(p.cfg.DataDir, "incoming"), Limits: p.cfg.Limits,
	})
	if err != nil {
		return err
	}
	p.library, err = library.New(library.Config{
		Dir: p.cfg.DataDir, Store: p.store, Media: mediaParts{p.media}, Limits: p.cfg.Limits,
		NewHasher: func(size int64) library.Hasher { return pieceHasher{swarm.NewPieceHasher(size)} },
		OnChange:  p.changed, Clock: p.cfg.Clock, Logger: p.cfg.part("library"),
	})
	if err != nil {
		return err
	}
	p.onClose("library", p.library.Close)
	if err := p.library.Start(ctx); err != nil {
		return fmt.Errorf("start library: %w", err)
	}
	return p.catalogue.load(ctx, p.store)
}

func (p *Pod) startSwarm(ctx context.Context) (err error) {
	p.swarm, err = swarm.New(swarm.Config{
		ListenAddr: p.cfg.BTListen, Hermetic: p.cfg.Hermetic, Files: p.catalogue, MirrorDir: filepath.Join(p.cfg.DataDir, "mirrors"),
		ICEServers: p.cfg.STUNServers, Limits: p.cfg.Limits, Logger: p.cfg.Logger,
	})
	if err != nil {
		return err
	}
	p.onClose("swarm", p.swarm.Close)
	if err := p.swarm.Start(ctx); err != nil {
		return fmt.Errorf("start swarm: %w", err)
	}
	return nil
}

func (p *Pod) startTracker(context.Context) (err error) {
	p.tracker, err = tracker.New(tracker.Config{
		Catalogue: p.catalogue, Answerer: p.swarm, Seeder: p.swarm, Limits: p.cfg.Limits, Logger: p.cfg.part("tracker"), Clock: p.cfg.Clock,
	})
	if err != nil {
		return err
	}
	p.onClose("tracker", p.tracker.Close)
	return nil
}

func (p *Pod) startServer(ctx context.Context) (err error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", p.cfg.Listen)
	if err != nil {
		return &pod.Error{Kind: pod.KindUnavailable, Op: "listen", Msg: fmt.Sprintf("The address %s is taken by another program, or is not one of this machine. Choose another with --listen.", p.cfg.Listen), Err: err}
	}
	p.links, p.local = newLinks(p.cfg, listener.Addr()), localURL(listener.Addr())
	if p.root, err = os.OpenRoot(p.cfg.DataDir); err == nil {
		p.onClose("files", func(context.Context) error { return p.root.Close() })
		p.api, err = p.newAPI()
	}
	if err == nil {
		p.server, err = p.newServer(listener)
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.onClose("server", p.server.Close)
	return p.server.Start(ctx)
}

func (p *Pod) newAPI() (*api.API, error) {
	return api.New(api.Config{
		Logger: p.cfg.part("api"), Clock: p.cfg.Clock, Limits: p.cfg.Limits,
		Info:   api.Info{Name: p.cfg.Name, Version: p.cfg.Version},
		Videos: p.store, People: p.store, Sessions: sessions{p.accounts}, Profiles: profiles{p.accounts},
		Library: p.library, Search: searcher{p.search}, Links: apiLinks{p.links, origins{p}}, Peers: p.tracker,
		Friends: p.federation, Mirrors: p.mirrors, Events: p, Origins: origins{p},
	})
}

// LocalURL is where a program on this machine reaches the pod, without a slash at the end.
func (p *Pod) LocalURL() string { return p.local }

// PublicURL is what others are told, without a slash at the end.
func (p *Pod) PublicURL() string { return p.links.base }

// Swarm is the pod's BitTorrent client, for measurements and tests.
func (p *Pod) Swarm() *swarm.Swarm { return p.swarm }

// Mirror begins to fetch a file of which only the info dictionary is known, and to share
// what it has of it: peers come by the tracker. It lasts until the pod stops.
func (p *Pod) Mirror(ctx context.Context, infoBytes []byte) (pod.Infohash, error) {
	ih := pod.Infohash(sha1.Sum(infoBytes))
	if err := p.swarm.Mirror(ctx, swarm.Mirror{InfoBytes: infoBytes}); err != nil {
		return ih, err
	}
	p.catalogue.mirror(ih)
	return ih, nil
}

// Snapshot copies the database while the pod runs.
func (p *Pod) Snapshot(ctx context.Context, w io.Writer) error {
	_, err := p.store.Backup(ctx, w)
	return err
}
