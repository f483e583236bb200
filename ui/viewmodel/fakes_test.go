package viewmodel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

var errBroken = errors.New("the database answered nonsense at /home/ana/pod.db")

// queue is the main goroutine of the tests: what is dispatched waits until drain.
type queue struct {
	mu    sync.Mutex
	tasks []func()
}

func (q *queue) dispatch(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = append(q.tasks, f)
}

// drain runs what was dispatched until nothing moves any more at this moment.
func (q *queue) drain() {
	for {
		synctest.Wait()
		q.mu.Lock()
		tasks := q.tasks
		q.tasks = nil
		q.mu.Unlock()
		if len(tasks) == 0 {
			return
		}
		for _, f := range tasks {
			f()
		}
	}
}

// backend is a small pod that does what its fields say.
type backend struct {
	people
	mu      sync.Mutex
	videos  []pod.Video
	fail    error // of every question
	queries []pod.VideoQuery
	texts   []string
	gate    chan struct{} // if set, questions wait for it
	changed []func()

	importing func(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error)
	thumbnail func(v pod.Video) ([]byte, error)
	asked     []pod.VideoID // thumbnails
	status    viewmodel.PodStatus
	statusErr error
}

func (b *backend) page(ctx context.Context, videos []pod.Video, start, count int) (pod.VideoPage, error) {
	if b.gate != nil {
		select {
		case <-b.gate:
		case <-ctx.Done():
			return pod.VideoPage{}, ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return pod.VideoPage{}, b.fail
	}
	end := min(len(videos), start+count)
	return pod.VideoPage{Total: len(videos), Videos: slices.Clone(videos[min(start, end):end])}, nil
}

func (b *backend) List(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	b.mu.Lock()
	b.queries = append(b.queries, q)
	videos := b.videos
	b.mu.Unlock()
	return b.page(ctx, videos, q.Start, q.Count)
}

func (b *backend) Search(ctx context.Context, text string, start, count int) (pod.VideoPage, error) {
	b.mu.Lock()
	b.texts = append(b.texts, text)
	var hits []pod.Video
	for _, v := range b.videos {
		if strings.Contains(v.Name, text) {
			hits = append(hits, v)
		}
	}
	b.mu.Unlock()
	return b.page(ctx, hits, start, count)
}

func (b *backend) Import(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error) {
	return b.importing(ctx, path, progress)
}

func (b *backend) Edit(_ context.Context, id pod.VideoID, change func(*pod.VideoMeta) error) (pod.Video, error) {
	if b.fail != nil {
		return pod.Video{}, b.fail
	}
	v := video(int(id))
	v.Rev = 7
	return v, change(&v.VideoMeta)
}

func (b *backend) Delete(context.Context, pod.VideoID) error { return b.fail }

func (b *backend) Thumbnail(_ context.Context, v pod.Video) ([]byte, error) {
	b.mu.Lock()
	b.asked = append(b.asked, v.ID)
	b.mu.Unlock()
	return b.thumbnail(v)
}

func (b *backend) Page(v pod.Video) string   { return "http://pod.test/w/" + v.UUID.Short() }
func (b *backend) Magnet(v pod.Video) string { return "magnet:" + v.Name }
func (b *backend) File(v pod.Video) string   { return "file:///" + v.Name }
func (b *backend) Home() string              { return "http://pod.test" }

func (b *backend) Status(context.Context) (viewmodel.PodStatus, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status, b.statusErr
}

func (b *backend) Subscribe(changed func()) func() {
	b.changed = append(b.changed, changed)
	return func() { b.changed = nil }
}

func video(i int) pod.Video {
	v := pod.Video{ID: pod.VideoID(i), HasPoster: true, VideoMeta: pod.DefaultMeta()}
	v.UUID[0], v.UUID[1] = byte(i), byte(i>>8)
	v.Name = fmt.Sprintf("video %d", i)
	return v
}

func videos(n int) []pod.Video {
	all := make([]pod.Video, n)
	for i := range all {
		all[i] = video(i + 1)
	}
	return all
}

// bench is a model in a bubble of its own time, with its backend and its main goroutine.
type bench struct {
	*testing.T
	*queue
	*backend
	model *viewmodel.Model
}

// inBubble runs a test with a fresh model; time inside stands still until all wait.
func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, queue: &queue{}, backend: &backend{}}
		b.model = viewmodel.New(t.Context(), viewmodel.Config{
			Backend:  viewmodel.Backend{Library: b, Pictures: b, Links: b, Statuses: b, Network: b, Mirrors: b, Events: b},
			Dispatch: b.dispatch,
		})
		test(b)
		b.model.Close()
		b.model.Close() // twice is allowed
		b.model.Wait()
		b.drain()
	})
}

// pass lets time go by and runs what became due.
func (b *bench) pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the bubble's own clock, no waiting
	b.drain()
}

// wait lets all goroutines come to rest without running what they dispatched.
func wait(*bench) { synctest.Wait() }
