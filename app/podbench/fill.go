package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/seal"
	"github.com/peerpod/peerpod/pod/store"
)

// tinyFilm makes a WebM of two seconds, once.
func tinyFilm(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "tiny.webm")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, ffmpeg(ctx, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=2", "-c:v", "libvpx", "-deadline", "realtime", path)
}

// newPod makes the data folder of a pod with one published video and gives its key. The
// pod uses no ffmpeg, so that uploads make no posters.
func newPod(ctx context.Context, data, film string) (*seal.Key, error) {
	p, err := startPod(ctx, data, func(c *node.Config) { c.FFmpeg = "none" })
	if err != nil {
		return nil, err
	}
	_, err = p.Import(ctx, film, nil)
	closePod(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(data, "config.toml"), []byte("ffmpeg = \"none\"\n"), 0o600); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(node.KeyPath(data))
	if err != nil {
		return nil, err
	}
	return seal.ParseKey(text)
}

// withStore runs fn with the store of a stopped pod.
func withStore(ctx context.Context, data string, fn func(context.Context, *store.Store) error) error {
	s, err := store.Open(node.DatabasePath(data), store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx, s), s.Close())
}

// multiply puts copies of the pod's one video into its store, under other names and
// without files, until there are n.
func multiply(ctx context.Context, data string, n int) error {
	return withStore(ctx, data, func(ctx context.Context, s *store.Store) error {
		page, err := s.ListVideos(ctx, pod.VideoQuery{Count: 1, Sort: "-publishedAt"})
		if err != nil || len(page.Videos) == 0 {
			return errors.Join(errors.New("no video to copy"), err)
		}
		for i := page.Total; i < n; i++ {
			v := page.Videos[0]
			v.UUID, v.Name = pod.NewUUID(), fmt.Sprintf("Copy %05d of a film about many things", i)
			v.Description = strings.Repeat("What can be seen in it takes some words. ", 10)
			v.Tags = []string{"copy", "bench", fmt.Sprint("tag ", i%100)}
			v.Files = append([]pod.VideoFile{}, v.Files...)
			for f := range v.Files {
				file := &v.Files[f]
				file.Name = fmt.Sprintf("%s-%d%s", v.UUID, file.Height, filepath.Ext(file.Name))
				_, _ = rand.Read(file.Infohash[:]) // crypto/rand never fails: it ends the process instead
			}
			if _, err := s.InsertVideo(ctx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// enlist puts a standing friendship with each of the crowd into a pod's store.
func enlist(ctx context.Context, data string, c *crowd) error {
	return withStore(ctx, data, func(ctx context.Context, s *store.Store) error {
		for i, key := range c.keys {
			_, err := s.ChangeFriend(ctx, key.ID(), "", func(f *pod.Friend) error {
				f.PublicKey, f.Name, f.URL, f.CallURL = key.Public().DER(), fmt.Sprint("Simulated friend ", i), c.urls[i], c.urls[i]
				f.Verified, f.Status, f.Score, f.LastSeenAt = true, pod.StatusFriend, pod.ScoreStart, time.Now()
				f.Epoch, f.HighestEpoch, f.OurRun, f.TheirRun, f.ToldKey = 1, 1, seal.NewNonce(), seal.NewNonce(), c.of.ID()
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
