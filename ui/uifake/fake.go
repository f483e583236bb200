package uifake

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// patience is how long Until waits.
const patience = 10 * time.Second

// Fake is the pod and the main goroutine.
type Fake struct {
	tasks chan func()

	mu     sync.Mutex // guards what follows
	videos []pod.Video
	fail   error
	listen []func()

	friends []pod.Friend
	joining func(pod.Join) (pod.Joined, error)
	acts    []string
	kept    map[pod.VideoID]pod.MirrorState

	// Importing answers imports; nil publishes at once. Set it before the window starts.
	Importing func(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error)
}

// New makes a pod with that many videos.
func New(count int) *Fake {
	f := &Fake{tasks: make(chan func(), 1024)}
	for i := range count {
		f.videos = append(f.videos, Video(i+1))
	}
	return f
}

// Video is the pod's video with that number.
func Video(n int) pod.Video {
	v := pod.Video{ID: pod.VideoID(n), Duration: time.Duration(n*61) * time.Second, HasPoster: n%2 == 1, VideoMeta: pod.DefaultMeta()}
	v.UUID[0], v.UUID[1] = byte(n), byte(n>>8)
	v.Name = fmt.Sprintf("Video number %d", n)
	v.Description = "What is to be seen here."
	v.Tags = []string{"garden", "family"}
	v.Files = []pod.VideoFile{{SizeBytes: 12_000_000}}
	v.CreatedAt = time.Now().Add(-time.Duration(n) * 49 * time.Hour)
	v.PublishedAt = v.CreatedAt
	return v
}

// Backend is the fake in all its roles.
func (f *Fake) Backend() viewmodel.Backend {
	return viewmodel.Backend{Library: f, Pictures: f, Links: f, Statuses: f, Network: f, Mirrors: f, Events: f}
}

// Dispatch queues a function for the main goroutine.
func (f *Fake) Dispatch(do func()) { f.tasks <- do }

// Until runs the main goroutine until the condition holds.
func (f *Fake) Until(t *testing.T, condition func() bool) {
	t.Helper()
	late := time.After(patience)
	for !condition() {
		select {
		case do := <-f.tasks:
			do()
		case <-late:
			t.Fatal("the condition did not come true in time")
		}
	}
}

// Fail makes the library answer with an error from now on; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// Change replaces the videos and tells the window.
func (f *Fake) Change(change func([]pod.Video) []pod.Video) {
	f.mu.Lock()
	f.videos = change(slices.Clone(f.videos))
	f.mu.Unlock()
	f.tell()
}

func (f *Fake) tell() {
	f.mu.Lock()
	listen := slices.Clone(f.listen)
	f.mu.Unlock()
	for _, changed := range listen {
		changed()
	}
}

// Videos is what the library holds.
func (f *Fake) Videos() []pod.Video {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.videos)
}

func (f *Fake) page(videos []pod.Video, start, count int) (pod.VideoPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return pod.VideoPage{}, f.fail
	}
	end := min(len(videos), start+count)
	return pod.VideoPage{Total: len(videos), Videos: videos[min(start, end):end]}, nil
}

// List gives the videos as they are.
func (f *Fake) List(_ context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	return f.page(f.Videos(), q.Start, q.Count)
}

// Search finds by a part of the title.
func (f *Fake) Search(_ context.Context, text string, start, count int) (pod.VideoPage, error) {
	hits := slices.DeleteFunc(f.Videos(), func(v pod.Video) bool { return !strings.Contains(v.Name, text) })
	return f.page(hits, start, count)
}

// Import does what Importing says.
func (f *Fake) Import(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error) {
	if f.Importing != nil {
		return f.Importing(ctx, path, progress)
	}
	v := Video(len(f.Videos()) + 1)
	v.Name = pod.NameFromFile(path)
	f.Change(func(all []pod.Video) []pod.Video { return append([]pod.Video{v}, all...) })
	return v, nil
}

// Edit changes a video.
func (f *Fake) Edit(_ context.Context, id pod.VideoID, change func(*pod.VideoMeta) error) (changed pod.Video, err error) {
	err = pod.ErrNotFound
	f.Change(func(all []pod.Video) []pod.Video {
		for i := range all {
			if all[i].ID == id && f.fail == nil {
				err = change(&all[i].VideoMeta)
				all[i].Rev++
				changed = all[i]
			}
		}
		return all
	})
	return changed, err
}

// Delete removes a video.
func (f *Fake) Delete(_ context.Context, id pod.VideoID) (err error) {
	f.Change(func(all []pod.Video) []pod.Video {
		if err = f.fail; err != nil {
			return all
		}
		return slices.DeleteFunc(all, func(v pod.Video) bool { return v.ID == id })
	})
	return err
}

// Thumbnail draws a small picture.
func (f *Fake) Thumbnail(_ context.Context, v pod.Video) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 32, 18))
	for i := range 32 * 18 {
		img.Set(i%32, i/32, color.RGBA{R: uint8(v.ID * 40), G: uint8(i / 4), B: 90, A: 255})
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, img, nil)
	return out.Bytes(), err
}

// Page is the video's page.
func (f *Fake) Page(v pod.Video) string { return "http://pod.test/w/" + v.UUID.Short() }

// Magnet is the video's magnet link; private videos have none.
func (f *Fake) Magnet(v pod.Video) string {
	if !v.Privacy.InTorrent() {
		return ""
	}
	return "magnet:?dn=" + v.ID.String()
}

// File is what a player opens; the fake's even videos have none.
func (f *Fake) File(v pod.Video) string {
	if v.ID%2 == 0 {
		return ""
	}
	return "file:///videos/" + v.ID.String() + ".mp4"
}

// Home is the pod's page.
func (f *Fake) Home() string { return "http://pod.test" }

// Status tells that the pod sends a little.
func (f *Fake) Status(context.Context) (viewmodel.PodStatus, error) {
	return viewmodel.PodStatus{UploadBPS: 1_200_000, Videos: len(f.Videos())}, nil
}

// Subscribe hears of Change.
func (f *Fake) Subscribe(changed func()) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listen = append(f.listen, changed)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.listen = nil
	}
}
