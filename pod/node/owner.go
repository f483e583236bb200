package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
	"github.com/peerpod/peerpod/pod/search"
	"github.com/peerpod/peerpod/pod/server"
)

// The methods in this file are for the window: whoever sits at the machine is the owner
// and sees everything.

// Videos gives one page of all videos, whatever their privacy.
func (p *Pod) Videos(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	if q.Privacies == nil {
		q.Privacies = library.AllPrivacies()
	}
	return p.store.ListVideos(ctx, q)
}

// SearchVideos gives one page of what fits the text, best first.
func (p *Pod) SearchVideos(ctx context.Context, text string, start, count int) (pod.VideoPage, error) {
	found, err := p.search.Search(ctx, search.Query{Text: text, Start: start, Count: count, Privacies: library.AllPrivacies()})
	if err != nil {
		return pod.VideoPage{}, err
	}
	page := pod.VideoPage{Total: found.Total}
	for _, id := range found.IDs {
		v, err := p.store.Video(ctx, id)
		if errors.Is(err, pod.ErrNotFound) {
			continue // deleted a moment ago
		}
		if err != nil {
			return pod.VideoPage{}, err
		}
		page.Videos = append(page.Videos, v)
	}
	return page, nil
}

// Import publishes a file of this machine in the owner's channel.
func (p *Pod) Import(ctx context.Context, path string, progress func(doneBytes, totalBytes int64)) (pod.Video, error) {
	root, err := p.store.AccountByName(ctx, pod.RootName)
	if err != nil {
		return pod.Video{}, fmt.Errorf("find the owner: %w", err)
	}
	channels, err := p.store.Channels(ctx, root.ID)
	if err != nil || len(channels) == 0 {
		return pod.Video{}, errors.Join(errors.New("find the owner's channel"), err)
	}
	return p.library.Import(ctx, library.Import{Path: path, AccountID: root.ID, ChannelID: channels[0].ID, Progress: progress})
}

// Edit changes what is said about a video.
func (p *Pod) Edit(ctx context.Context, id pod.VideoID, change func(*pod.VideoMeta) error) (pod.Video, error) {
	return p.library.Edit(ctx, id, pod.EditRequest{Change: change})
}

// Delete removes a video and its files.
func (p *Pod) Delete(ctx context.Context, id pod.VideoID) error { return p.library.Delete(ctx, id) }

// Thumbnail is the small picture of a video, JPEG; the placeholder when it has none.
func (p *Pod) Thumbnail(_ context.Context, v pod.Video) ([]byte, error) {
	if !v.HasPoster {
		return p.media.Placeholder().Thumbnail, nil
	}
	path := p.paths.Thumbnail(v)
	if !v.IsLocal() {
		path = filepath.Join(p.cfg.DataDir, posterName(v, server.Thumbnail))
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return p.media.Placeholder().Thumbnail, nil
	}
	return data, err
}

// WatchURL is the page of a video.
func (p *Pod) WatchURL(v pod.Video) string { return p.links.Watch(v) }

// MagnetURI is the magnet link of a video's best file; "" when it is in no torrent.
func (p *Pod) MagnetURI(v pod.Video) string {
	if len(v.Files) == 0 {
		return ""
	}
	return origins{p}.MagnetOf(v, v.Files[0])
}

// FilePath is where a video's best file lies on this machine; "" for none.
func (p *Pod) FilePath(v pod.Video) string {
	if len(v.Files) == 0 {
		return ""
	}
	if !v.IsLocal() {
		return "" // a copy has no name that tells a player what it is: the page shows it
	}
	return p.paths.File(v.Files[0])
}
