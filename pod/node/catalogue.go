package node

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
)

// catalogue is the set of infohashes that this pod serves in torrents: in memory, because
// the tracker asks at each announce. It satisfies tracker.Catalogue and swarm.Files.
type catalogue struct {
	paths library.Paths

	mu      sync.RWMutex // guards both maps
	files   map[pod.Infohash]pod.VideoFile
	mirrors map[pod.Infohash]bool
}

func newCatalogue(paths library.Paths) *catalogue {
	return &catalogue{paths: paths, files: map[pod.Infohash]pod.VideoFile{}, mirrors: map[pod.Infohash]bool{}}
}

// eachFile is the store's list of all files.
type eachFile interface {
	EachFile(ctx context.Context, fn func(pod.Privacy, pod.VideoFile) error) error
}

// load reads the set at start.
func (c *catalogue) load(ctx context.Context, store eachFile) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := store.EachFile(ctx, func(p pod.Privacy, f pod.VideoFile) error {
		if p.InTorrent() {
			c.files[f.Infohash] = f
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load catalogue: %w", err)
	}
	return nil
}

// apply follows a change and tells which infohashes must not be served any more.
func (c *catalogue) apply(change pod.Change) (gone []pod.Infohash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !change.Video.IsLocal() {
		return nil
	}
	for _, f := range change.Video.Files {
		_, had := c.files[f.Infohash]
		switch {
		case !change.Removed && change.Video.Privacy.InTorrent():
			c.files[f.Infohash] = f
		case had:
			delete(c.files, f.Infohash)
			gone = append(gone, f.Infohash)
		}
	}
	return gone
}

// Knows tells whether the pod serves this infohash.
func (c *catalogue) Knows(ih pod.Infohash) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.files[ih]
	return ok || c.mirrors[ih]
}

// Torrent gives what the swarm needs to seed a file; pod.ErrNotFound when it is not served.
func (c *catalogue) Torrent(_ context.Context, ih pod.Infohash) (pod.Torrent, error) {
	c.mu.RLock()
	f, ok := c.files[ih]
	c.mu.RUnlock()
	if !ok {
		return pod.Torrent{}, fmt.Errorf("torrent %s: %w", ih, pod.ErrNotFound)
	}
	info, err := os.ReadFile(c.paths.Info(ih))
	if err != nil {
		return pod.Torrent{}, fmt.Errorf("read info dictionary of %s: %w", ih, err)
	}
	return pod.Torrent{Infohash: ih, InfoBytes: info, Path: c.paths.File(f)}, nil
}

// EachInfohash gives all infohashes that the pod serves, until yield returns false.
func (c *catalogue) EachInfohash(yield func(pod.Infohash) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for ih := range c.files {
		if !yield(ih) {
			return
		}
	}
}

// mirror lets tracker and peers know an infohash whose file this pod fetches.
func (c *catalogue) mirror(ih pod.Infohash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mirrors[ih] = true
}

// isOwn tells whether the pod publishes a file with this infohash itself.
func (c *catalogue) isOwn(ih pod.Infohash) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, ok := c.files[ih]
	return ok
}

// unmirror forgets an infohash that was mirrored.
func (c *catalogue) unmirror(ih pod.Infohash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.mirrors, ih)
}

// isMirror tells whether an infohash, in hexadecimal, is mirrored.
func (c *catalogue) isMirror(text string) bool {
	ih, err := pod.ParseInfohash(text)
	c.mu.RLock()
	defer c.mu.RUnlock()
	return err == nil && c.mirrors[ih]
}
