package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest"
)

// wantWhole restarts a killed pod and fails the test unless what it lists is there to the
// last byte and nothing else lies on its disk.
func wantWhole(t *testing.T, dir string) *process {
	t.Helper()
	p := launch(t, dir)
	total, videos := p.List("/api/v1/videos?count=100")
	if total != len(videos) {
		t.Errorf("list has total %d and %d entries", total, len(videos))
	}
	for _, v := range videos {
		file := p.Video(v.UUID).Files[0]
		if a := p.Get(file.FileURL); a.Status != http.StatusOK || int64(len(a.Body)) != file.Size {
			t.Errorf("file of %s = %d with %d bytes, want 200 with %d", v.Name, a.Status, len(a.Body), file.Size)
		}
		if a := p.Get(file.TorrentURL); a.Status != http.StatusOK {
			t.Errorf("torrent of %s = %d, want 200", v.Name, a.Status)
		}
	}
	wantEntries(t, filepath.Join(dir, "incoming"), 0)
	wantEntries(t, filepath.Join(dir, "videos"), len(videos))
	wantEntries(t, filepath.Join(dir, "pictures"), 2*len(videos))
	return p
}

func wantEntries(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != want {
		t.Errorf("%s has %d entries (%v), want %d: %v", filepath.Base(dir), len(entries), err, want, entries)
	}
}

// appears waits until a name matches the pattern in the pod's folder.
func appears(t *testing.T, p *process, pattern string) {
	t.Helper()
	podtest.Eventually(t, pattern+" appears", func() bool {
		names, _ := filepath.Glob(filepath.Join(p.dir, pattern))
		return len(names) > 0
	})
}

func TestKillInTheMiddleOfAnUpload(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	p.Upload(podtest.WebM(t), podtest.Fields{"name": "Was there before"})
	half, more := io.Pipe()
	go func() { // ends when the killed pod's connection breaks
		_, _ = p.Send(p.Request(http.MethodPost, "/api/v1/videos/upload", half, "Content-Type", "multipart/form-data; boundary=b"))
		_ = half.Close()
	}()
	_, _ = io.WriteString(more, "--b\r\nContent-Disposition: form-data; name=\"videofile\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n")
	film, err := os.Open(podtest.MP4(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = film.Close() }()
	_, _ = io.CopyN(more, film, 1<<20)
	appears(t, p, "incoming/*.part")
	p.kill()
	_ = more.Close()
	p = wantWhole(t, p.dir)
	if total, _ := p.List("/api/v1/videos"); total != 1 {
		t.Errorf("list after the crash = %d videos, want the one of before", total)
	}
}

func TestKillInPublishing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	film := podtest.MP4(t)
	for _, moment := range []string{"incoming/*.pub", "incoming/*.pub/*.mp4", "incoming/*.pub/info", "pictures/*.jpg", "videos/*"} {
		p := wantWhole(t, dir)
		for _, v := range list(p) {
			p.Login().Do(http.MethodDelete, "/api/v1/videos/"+v.UUID, nil)
		}
		p.Login()
		upload := p.UploadRequest(film, podtest.Fields{"name": "Killed at " + moment, "channelId": p.Channel()})
		done := make(chan struct{})
		go func() { // ends when the killed pod's connection breaks
			defer close(done)
			_, _ = p.Send(upload)
		}()
		appearsOrEnds(p, moment, done)
		p.kill()
		<-done
	}
	wantWhole(t, dir)
}

// appearsOrEnds waits for a moment that may be too short to be seen: then for the end.
func appearsOrEnds(p *process, pattern string, end <-chan struct{}) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		if names, _ := filepath.Glob(filepath.Join(p.dir, pattern)); len(names) > 0 {
			return
		}
	}
}

func TestKillInDeleting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 6 {
		p := wantWhole(t, dir)
		v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "Deleted"})
		done := make(chan struct{})
		go func() { // ends when the killed pod's connection breaks
			defer close(done)
			_, _ = p.Send(p.Request(http.MethodDelete, "/api/v1/videos/"+v.UUID, http.NoBody))
		}()
		<-time.After(time.Duration(round) * 2 * time.Millisecond) // another step of the delete each round
		p.kill()
		<-done
	}
	wantWhole(t, dir)
}

func list(p *process) []podtest.Video {
	_, videos := p.List("/api/v1/videos?count=100")
	return videos
}
