package library_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
)

// memory is a store in memory that can be told to fail.
type memory struct {
	mu     sync.Mutex // guards all below
	videos map[pod.VideoID]pod.Video
	rev    pod.Rev
	fail   error
}

func (m *memory) InsertVideo(_ context.Context, v pod.Video) (pod.Video, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return pod.Video{}, m.fail
	}
	m.rev++
	v.ID, v.Rev = pod.VideoID(m.rev), m.rev
	m.videos[v.ID] = v
	return v, nil
}

func (m *memory) UpdateVideo(_ context.Context, id pod.VideoID, change func(*pod.Video) error) (pod.Video, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.videos[id]
	if !ok {
		return pod.Video{}, pod.ErrNotFound
	}
	if err := errors.Join(m.fail, change(&v)); err != nil {
		return pod.Video{}, err
	}
	m.rev++
	v.Rev = m.rev
	m.videos[id] = v
	return v, nil
}

func (m *memory) DeleteVideo(_ context.Context, id pod.VideoID) (pod.Video, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.videos[id]
	if !ok {
		return pod.Video{}, pod.ErrNotFound
	}
	if m.fail != nil {
		return pod.Video{}, m.fail
	}
	delete(m.videos, id)
	m.rev++
	v.Rev = m.rev
	return v, nil
}

func (m *memory) Video(_ context.Context, id pod.VideoID) (pod.Video, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.videos[id]
	if !ok {
		return pod.Video{}, pod.ErrNotFound
	}
	return v, nil
}

func (m *memory) ListVideos(_ context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	page := pod.VideoPage{Total: len(m.videos)}
	for id := pod.VideoID(1); id <= pod.VideoID(m.rev); id++ {
		if v, ok := m.videos[id]; ok {
			page.Videos = append(page.Videos, v)
		}
	}
	page.Videos = page.Videos[min(q.Start, len(page.Videos)):]
	return page, nil
}

// film is a media part for files of which only the first byte counts: 'k' is kept, 'f' is
// fragmented (written twice), 't' would need a transcode, anything else is no video.
type film struct {
	broken error         // of Publish
	hold   chan struct{} // Publish waits for it, if set
}

func (film) Inspect(_ context.Context, path string) (pod.MediaInfo, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return pod.MediaInfo{}, err
	}
	info := pod.MediaInfo{Extension: "mp4", Height: 720, Duration: time.Minute, SizeBytes: int64(len(data)), Container: "mp4", VideoCodec: "hevc"}
	switch {
	case len(data) == 0:
		return info, &pod.Error{Kind: pod.KindUnplayable, Msg: "empty", Err: pod.ErrUnplayable}
	case data[0] == 'k':
		info.Action, info.Extension = pod.MediaKeep, "webm"
	case data[0] == 'f':
		info.Action = pod.MediaFragment
	case data[0] == 't':
		info.Action = pod.MediaTranscode
	default:
		return info, &pod.Error{Kind: pod.KindUnplayable, Msg: "no video", Err: pod.ErrUnplayable}
	}
	return info, nil
}

func (f film) Publish(ctx context.Context, path string, info pod.MediaInfo, w io.Writer) error {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if info.Action == pod.MediaFragment {
		data = append(data, data...)
	}
	_, err = w.Write(data)
	return errors.Join(err, f.broken)
}

func (film) Poster(context.Context, string, pod.MediaInfo) (library.Poster, error) {
	return library.Poster{Preview: []byte("large"), Thumbnail: []byte("small")}, nil
}

func (film) Picture(_ context.Context, data []byte) (library.Poster, error) {
	if string(data) == "bad" {
		return library.Poster{}, pod.Invalid("thumbnail", "This is not a picture.")
	}
	return library.Poster{Preview: data, Thumbnail: data}, nil
}

// hasher hashes the file and its name in place of pieces.
type hasher struct{ data []byte }

func (h *hasher) Write(p []byte) (int, error) {
	h.data = append(h.data, p...)
	return len(p), nil
}

func (h *hasher) Finish(name string) (library.Metainfo, error) {
	return library.Metainfo{
		Infohash: sha1.Sum(append([]byte(name), h.data...)), InfoBytes: []byte("info of " + name),
		PieceLength: 1, SizeBytes: int64(len(h.data)),
	}, nil
}

// house is a library on a fresh folder, with its fakes.
type house struct {
	*library.Library
	library.Paths
	store   *memory
	media   film
	changes []pod.Change
	t       *testing.T
}

func newHouse(t *testing.T, change func(*library.Config)) *house {
	t.Helper()
	h := &house{Paths: library.Paths{Dir: t.TempDir()}, store: &memory{videos: map[pod.VideoID]pod.Video{}}, t: t}
	h.open(change)
	return h
}

func (h *house) open(change func(*library.Config)) {
	h.t.Helper()
	limits := pod.DefaultLimits()
	limits.UploadBytes, limits.MinFreeBytes = 1<<20, 0
	c := library.Config{
		Dir: h.Dir, Store: h.store, Media: h.media, Limits: limits, NewHasher: func(int64) library.Hasher { return &hasher{} },
		OnChange: func(c pod.Change) { h.changes = append(h.changes, c) },
	}
	if change != nil {
		change(&c)
	}
	l, err := library.New(c)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := l.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.Library = l
	h.t.Cleanup(func() { _ = l.Close(context.Background()) })
}

// put uploads some bytes.
func (h *house) put(content string, meta pod.VideoMeta) (pod.Video, error) {
	h.t.Helper()
	u, err := h.Begin(h.t.Context(), pod.UploadRequest{AccountID: 1, FileName: "x.mp4", SizeHint: int64(len(content))})
	if err != nil {
		return pod.Video{}, err
	}
	defer u.Abort()
	if _, err := io.WriteString(u, content); err != nil {
		return pod.Video{}, err
	}
	return u.Finish(h.t.Context(), pod.FinishUpload{ChannelID: 2, Meta: meta})
}

func (h *house) mustPut(content, name string) pod.Video {
	h.t.Helper()
	v, err := h.put(content, named(name))
	if err != nil {
		h.t.Fatalf("upload %q: %v", content, err)
	}
	return v
}

func named(name string) pod.VideoMeta {
	m := pod.DefaultMeta()
	m.Name = name
	return m
}

// files lists what lies in the library's folders.
func (h *house) files() (all []string) {
	h.t.Helper()
	for _, dir := range []string{"incoming", "videos", "pictures"} {
		err := filepath.WalkDir(filepath.Join(h.Dir, dir), func(p string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return all
}

func (h *house) wantFiles(n int) {
	h.t.Helper()
	if all := h.files(); len(all) != n {
		h.t.Errorf("%d files on disk, want %d: %s", len(all), n, fmt.Sprint(all))
	}
}

func wantKind(t *testing.T, what string, err error, want pod.Kind) {
	t.Helper()
	if err == nil || pod.KindOf(err) != want {
		t.Errorf("%s = %v (kind %d), want kind %d", what, err, pod.KindOf(err), want)
	}
}
