package main

import (
	"context"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// backend lets the window use the pod in the same process.
func backend(p *node.Pod) viewmodel.Backend {
	return viewmodel.Backend{
		Library: shelf{p}, Pictures: p, Links: addresses{p}, Statuses: &meter{pod: p, at: time.Now()},
		Network: p, Mirrors: p, Events: p,
	}
}

// shelf is the pod's videos for their owner.
type shelf struct{ *node.Pod }

// List gives one page of all videos.
func (s shelf) List(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	return s.Videos(ctx, q)
}

// Search gives one page of what fits the text.
func (s shelf) Search(ctx context.Context, text string, start, count int) (pod.VideoPage, error) {
	return s.SearchVideos(ctx, text, start, count)
}

// Import publishes a file; the pod reads it once, so there is one stage.
func (s shelf) Import(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error) {
	return s.Pod.Import(ctx, path, func(done, total int64) {
		progress(viewmodel.Progress{Stage: viewmodel.StagePublish, DoneBytes: done, TotalBytes: total})
	})
}

// addresses are where others find the pod and its videos.
type addresses struct{ pod *node.Pod }

// Page is the watch page.
func (a addresses) Page(v pod.Video) string { return a.pod.WatchURL(v) }

// Magnet is for BitTorrent clients.
func (a addresses) Magnet(v pod.Video) string { return a.pod.MagnetURI(v) }

// File is what the system's player opens.
func (a addresses) File(v pod.Video) string {
	path := a.pod.FilePath(v)
	if path == "" {
		return ""
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// Home is the pod's page.
func (a addresses) Home() string { return a.pod.PublicURL() + "/" }

// meter makes speeds out of the swarm's counters.
type meter struct {
	pod *node.Pod

	mu       sync.Mutex // guards all below: the last look
	at       time.Time
	up, down int64
}

// Status tells how busy the pod is.
func (m *meter) Status(ctx context.Context) (viewmodel.PodStatus, error) {
	page, err := m.pod.Videos(ctx, pod.VideoQuery{Count: 1})
	if err != nil {
		return viewmodel.PodStatus{}, err
	}
	s := m.pod.Swarm().Stats()
	up, down := s.TCP.BytesUp+s.UTP.BytesUp+s.WebRTC.BytesUp, s.TCP.BytesDown+s.UTP.BytesDown+s.WebRTC.BytesDown
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	took := max(now.Sub(m.at), time.Millisecond)
	status := viewmodel.PodStatus{
		UploadBPS: perSecond(up-m.up, took), DownloadBPS: perSecond(down-m.down, took), Videos: page.Total, Awake: m.pod.Swarm().Live(),
	}
	m.at, m.up, m.down = now, up, down
	return status, nil
}

func perSecond(bytes int64, took time.Duration) int64 {
	return int64(float64(bytes) / took.Seconds())
}
