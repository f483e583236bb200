package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/picture"
)

// NoFFmpeg as Config.FFmpeg does without ffmpeg.
const NoFFmpeg = "none"

const (
	maxPixels   = 33177600 // of one picture: 7680 x 4320
	maxChildren = 2        // at once
	maxPictures = 2        // decoded at once
	tempPattern = "remux-*"
)

// Config is what a Media needs.
type Config struct {
	Logger *slog.Logger // nil is nowhere
	// FFmpeg is the path of the program. "" looks for it, NoFFmpeg does without, and so
	// does a path that does not work.
	FFmpeg string
	// TempDir is for files between two steps; "" is the system's. It is made if it is
	// not there, and what an earlier run left in it is removed.
	TempDir string
	Limits  pod.Limits
}

// Poster is a picture of a video in two sizes, both JPEG.
type Poster struct {
	Preview   []byte // fits in 1280 x 1280 pixels
	Thumbnail []byte // fits in 480 x 480 pixels
}

// Media looks at files and writes what is published. It is safe for concurrent use.
type Media struct {
	cfg         Config
	log         *slog.Logger
	tools       func() *tools
	children    slots
	pictures    slots
	placeholder func() Poster
}

// New makes a Media. ffmpeg is looked for when it is first needed.
func New(cfg Config) (*Media, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.TempDir != "" {
		if err := os.MkdirAll(cfg.TempDir, 0o700); err != nil {
			return nil, fmt.Errorf("make folder for temporary files: %w", err)
		}
		removeLeftovers(cfg.TempDir)
	}
	m := &Media{
		cfg: cfg, log: cfg.Logger.With(pod.LogPart, "media"),
		children: make(slots, maxChildren), pictures: make(slots, maxPictures),
	}
	m.tools, m.placeholder = sync.OnceValue(m.findTools), sync.OnceValue(m.drawPlaceholder)
	return m, nil
}

// removeLeftovers removes what a killed run left. What can not be removed does no harm.
func removeLeftovers(dir string) {
	left, err := filepath.Glob(filepath.Join(dir, tempPattern))
	if err != nil {
		return
	}
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}

// HasFFmpeg tells whether a working ffmpeg with its ffprobe was found. The first call
// looks for them, which takes at most some seconds.
func (m *Media) HasFFmpeg() bool { return m.tools() != nil }

// Placeholder gives the picture of a video that has none. It is drawn once; the bytes
// are shared and must not be changed.
func (m *Media) Placeholder() Poster { return m.placeholder() }

func (m *Media) drawPlaceholder() Poster {
	p, err := picture.Placeholder()
	if err != nil { // the encoder knows no other error than that of its writer, a buffer
		m.log.Error("The placeholder can not be drawn", pod.LogErr, err)
	}
	return Poster(p)
}

// Inspect looks at the file's bytes and says what it is and what must happen to it. A
// file that can not be published gives a *pod.Error of KindUnplayable; one that needs a
// transcode gives MediaTranscode and no error.
func (m *Media) Inspect(ctx context.Context, path string) (pod.MediaInfo, error) {
	if err := ctx.Err(); err != nil {
		return pod.MediaInfo{}, fmt.Errorf("inspect video: %w", err)
	}
	src, err := openSource(path)
	if err != nil {
		return pod.MediaInfo{}, err
	}
	defer src.close()
	container, err := sniff(src, src.size)
	if err != nil {
		return pod.MediaInfo{}, err
	}
	src.container = container
	var info pod.MediaInfo
	switch container {
	case containerMP4, containerMOV:
		info, err = m.inspectMP4(ctx, src)
	case containerWebM, containerMatroska:
		info, err = m.inspectMatroska(src)
	default:
		info, err = m.inspectForeign(ctx, src)
	}
	if err != nil {
		return pod.MediaInfo{}, err
	}
	info.Container, info.SizeBytes = container, src.size
	if longest := m.cfg.Limits.MaxDuration; longest > 0 && info.Duration > longest {
		return pod.MediaInfo{}, refuse(saysTooBig, fmt.Errorf("%v long", info.Duration))
	}
	if info.Width <= 0 || info.Height <= 0 || info.Width*info.Height > maxPixels {
		return pod.MediaInfo{}, refuse(saysTooBig, fmt.Errorf("%d x %d pixels", info.Width, info.Height))
	}
	return info, nil
}

// source is an open file that is looked at.
type source struct {
	*os.File
	path      string // absolute
	size      int64
	container string
}

// openSource opens a regular file. Others are not opened at all: a pipe would wait.
func openSource(path string) (*source, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	about, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	if !about.Mode().IsRegular() {
		return nil, refuse(saysNotVideo, errors.New("not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	return &source{File: f, path: path, size: about.Size()}, nil
}

// close ends reading; a file that was only read loses nothing if this goes wrong.
func (s *source) close() { _ = s.Close() }

// slots bound how much is done at once.
type slots chan struct{}

// take waits for a slot and gives the function that frees it.
func (s slots) take(ctx context.Context) (free func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a free slot: %w", ctx.Err())
	}
}

// copyAll copies a file as it is.
func copyAll(ctx context.Context, w io.Writer, r io.Reader) error {
	buf := make([]byte, copyBytes)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("copy video: %w", err)
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return fmt.Errorf("write video: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read video: %w", err)
		}
	}
}

const copyBytes = 1 << 20
