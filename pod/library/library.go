package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Store keeps the records of videos. Package store is one.
type Store interface {
	InsertVideo(ctx context.Context, v pod.Video) (pod.Video, error)
	UpdateVideo(ctx context.Context, id pod.VideoID, change func(*pod.Video) error) (pod.Video, error)
	DeleteVideo(ctx context.Context, id pod.VideoID) (pod.Video, error)
	Video(ctx context.Context, id pod.VideoID) (pod.Video, error)
	ListVideos(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error)
}

// Media looks at files and rewrites them for publishing. Package media is one.
type Media interface {
	Inspect(ctx context.Context, path string) (pod.MediaInfo, error)
	Publish(ctx context.Context, path string, info pod.MediaInfo, w io.Writer) error
	Poster(ctx context.Context, path string, info pod.MediaInfo) (Poster, error)
	Picture(ctx context.Context, data []byte) (Poster, error)
}

// Poster is a picture of a video in two sizes, both JPEG.
type Poster struct {
	Preview   []byte // at most 1280 pixels wide
	Thumbnail []byte // at most 480 pixels wide
}

// Hasher makes the pieces of a torrent while the file is written to it.
type Hasher interface {
	io.Writer
	// Finish gives the info dictionary of a torrent with this one file.
	Finish(name string) (Metainfo, error)
}

// Metainfo is what a Hasher found.
type Metainfo struct {
	Infohash    pod.Infohash
	InfoBytes   []byte // bencoded info dictionary (BEP 3)
	PieceLength int64  // bytes
	SizeBytes   int64
}

// Config is what a Library needs. Store, Media, NewHasher and Dir are required.
type Config struct {
	Dir       string // the pod's data folder
	Store     Store
	Media     Media
	NewHasher func(sizeHintBytes int64) Hasher
	Limits    pod.Limits
	OnChange  func(pod.Change)
	Clock     func() time.Time
	Logger    *slog.Logger
}

// Library publishes, edits and deletes this pod's own videos.
type Library struct {
	cfg  Config
	log  *slog.Logger
	root *os.Root

	slots  chan struct{}
	cancel context.CancelFunc
	ctx    context.Context // the library's own root; ends in Close

	mu     sync.Mutex // guards closed and the adding to work
	closed bool
	work   sync.WaitGroup

	posters sync.Mutex // one edit of a picture at a time: its number is read, then written
}

// publishSlots is how many files are rewritten and hashed at the same time: more would
// only make the disk jump.
const publishSlots = 2

// folders of the data folder that the library owns.
const (
	dirIncoming = "incoming"
	dirVideos   = "videos"
	dirPictures = "pictures"
)

// New checks the configuration. It touches no file.
func New(cfg Config) (*Library, error) {
	if cfg.Store == nil || cfg.Media == nil || cfg.NewHasher == nil || cfg.Dir == "" {
		return nil, errors.New("library: Dir, Store, Media and NewHasher are needed")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func(pod.Change) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Library{cfg: cfg, log: cfg.Logger, slots: make(chan struct{}, publishSlots), ctx: ctx, cancel: cancel}, nil
}

// Start makes the folders and removes what a crash left behind.
func (l *Library) Start(ctx context.Context) error {
	for _, dir := range []string{dirIncoming, dirVideos, dirPictures} {
		if err := os.MkdirAll(filepath.Join(l.cfg.Dir, dir), 0o700); err != nil {
			return fmt.Errorf("make folder %s: %w", dir, err)
		}
	}
	root, err := os.OpenRoot(l.cfg.Dir)
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	l.root = root
	return l.sweep(ctx)
}

// Close cancels running uploads and imports and waits for them to clean up.
func (l *Library) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	done := make(chan struct{})
	go func() { // ends with the last piece of work, which the cancelled context stops
		l.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("close library: %w", ctx.Err())
	}
	if l.root != nil {
		return l.root.Close()
	}
	return nil
}

// begin enters one piece of work; its end must be called. The context ends with the
// caller's or with the library.
func (l *Library) begin(ctx context.Context) (work context.Context, end func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, &pod.Error{Kind: pod.KindUnavailable, Code: "closing", Op: "begin work", Msg: "Peerpod is closing. Try again when it runs.", Err: pod.ErrCancelled}
	}
	l.work.Add(1)
	work, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ctx, cancel)
	return work, func() { stop(); cancel(); l.work.Done() }, nil
}

// slot waits for one of the publishing slots.
func (l *Library) slot(ctx context.Context) (release func(), err error) {
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, cancelled(ctx)
	}
}

func cancelled(ctx context.Context) error {
	return &pod.Error{Kind: pod.KindUnavailable, Code: "cancelled", Op: "publish", Msg: "The upload was stopped.", Err: errors.Join(pod.ErrCancelled, context.Cause(ctx))}
}
