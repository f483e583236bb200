package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Time limits of connections; those of bodies are in pod.Limits.
const (
	headerTimeout  = 5 * time.Second
	idleTimeout    = 60 * time.Second
	writeTimeout   = 30 * time.Second
	maxHeaderBytes = 16 << 10
	closeGrace     = 2 * time.Second // what is under way at Close may end
)

// Catalogue finds videos. Unknown ones are pod.ErrNotFound.
type Catalogue interface {
	VideoByRef(ctx context.Context, ref pod.VideoRef) (pod.Video, error)
}

// Files gives the bytes of what the pod publishes, pod.ErrNotFound for what it has not.
// Open and OpenPicture go through an os.Root; the server closes what they open.
type Files interface {
	Open(f pod.VideoFile) (*os.File, error)
	OpenPicture(v pod.Video, size PictureSize) (*os.File, error)
	Torrent(ctx context.Context, f pod.VideoFile) ([]byte, error)
}

// PictureSize tells the two pictures of a video apart.
type PictureSize int

// The sizes of pictures.
const (
	Thumbnail PictureSize = iota // at most 480 pixels wide
	Preview                      // at most 1280 pixels wide
)

// Access tells who may read a video that is neither public nor unlisted: the bearer of
// an allowed account's token, or of a file token of this video (?videoFileToken=).
type Access interface {
	CanRead(r *http.Request, v pod.Video) bool
}

// Tracker is what the server hangs under /tracker/.
type Tracker interface {
	ServeAnnounce(w http.ResponseWriter, r *http.Request)
	ServeScrape(w http.ResponseWriter, r *http.Request)
	ServeSocket(w http.ResponseWriter, r *http.Request)
}

// Config is what a Server needs. Listener goes before Addr. API, Tracker, Catalogue,
// Files, Access and Web are required.
type Config struct {
	Listener net.Listener // closed by Close; nil: Addr is listened on
	Addr     string       // HOST:PORT; port 0 takes a free one

	API       http.Handler // /api/, /openapi.json, /docs
	Tracker   Tracker
	Catalogue Catalogue
	Files     Files
	Access    Access
	Remote    Remote // nil: friends' videos have no files here

	Web          fs.FS     // index.html, watch.html, embed.html, notfound.html and static/
	Placeholders [2][]byte // JPEG of each PictureSize, for videos without a picture

	PodName string
	Version string
	BaseURL string   // how others reach this pod; its host is allowed
	Hosts   []string // more names that this pod answers to
	// TrustedProxies tell in X-Forwarded-For who asks; nobody else is believed.
	TrustedProxies []netip.Prefix

	Limits pod.Limits
	Logger *slog.Logger // nil is silent
}

// Server answers HTTP.
type Server struct {
	config   Config
	log      *slog.Logger
	hosts    hosts
	pages    pages
	assets   *assets
	proxies  proxies
	streams  *counter      // transfers of video files per household
	relays   *counter      // those among them that come from friends
	busy     *throttle     // short requests
	patience time.Duration // one write must be taken within it
	handler  http.Handler
	http     *http.Server

	root   context.Context // of all requests; cancelled in Close
	cancel context.CancelFunc

	inflight sync.WaitGroup // requests, without WebSockets
	serving  sync.WaitGroup // the accepting goroutine

	mu       sync.Mutex // guards the fields below
	listener net.Listener
	closed   bool
}

// New checks the configuration and reads the page's files. It starts nothing.
func New(c Config) (*Server, error) {
	if c.API == nil || c.Tracker == nil || c.Catalogue == nil || c.Files == nil || c.Access == nil || c.Web == nil {
		return nil, errors.New("server: API, Tracker, Catalogue, Files, Access and Web are needed")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		config: c, log: c.Logger, hosts: newHosts(c.BaseURL, c.Hosts),
		proxies: c.TrustedProxies, streams: newCounter(c.Limits.StreamsPerAddr), relays: newCounter(c.Limits.RelaysPerAddr), busy: newThrottle(), patience: writeTimeout,
	}
	var err error
	if s.assets, err = newAssets(c.Web); err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	if s.pages, err = newPages(c.Web, s.assets); err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	s.root, s.cancel = context.WithCancel(context.Background())
	s.handler = s.around(s.routes())
	return s, nil
}

// Start listens and returns when requests are answered.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.http != nil {
		return errors.New("server: started or closed already")
	}
	s.listener = s.config.Listener
	if s.listener == nil {
		var lc net.ListenConfig
		listener, err := lc.Listen(ctx, "tcp", s.config.Addr)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		s.listener = listener
	}
	gate := newGate(s.listener, s.config.Limits.Connections, s.config.Limits.ConnectionsPerAddr)
	gate.shared = s.proxies.hasPeer
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         gate.state,
		BaseContext:       func(net.Listener) context.Context { return s.root },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.serving.Go(func() { // ends when Close closes the listener
		if err := s.http.Serve(gate); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("The listener ended", pod.LogErr, err)
		}
	})
	return nil
}

// Addr is the address that is listened on, "" before Start.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// enter counts a request in, unless the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.inflight.Add(1)
	return true
}

// Close stops listening, gives requests a moment to end, then cuts them, and waits for
// their handlers until ctx ends. It may be called twice.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	server := s.http
	if server == nil && s.config.Listener != nil {
		_ = s.config.Listener.Close()
	}
	s.mu.Unlock()
	defer s.cancel()
	if server == nil {
		return nil
	}
	grace, cancel := context.WithTimeout(ctx, closeGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		s.cancel()
		_ = server.Close() // the listener is closed already; its error is known
	}
	s.serving.Wait()
	_ = server.Close() // a connection that came while the listener closed is not seen by Shutdown
	idle := make(chan struct{})
	go func() { // ends with the last handler; their connections are closed
		s.inflight.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
