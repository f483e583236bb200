package node

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
	"github.com/peerpod/peerpod/pod/server"
	"github.com/peerpod/peerpod/pod/swarm"
)

func (p *Pod) newServer(listener net.Listener) (*server.Server, error) {
	placeholder := p.media.Placeholder()
	return server.New(server.Config{
		Listener: listener, API: p.api.Handler(), Tracker: p.tracker, Catalogue: p.store,
		Files: webFiles{root: p.root, links: p.links, origins: origins{p}}, Access: p.api, Remote: origins{p}, TrustedProxies: p.cfg.TrustedProxies, Web: p.cfg.Web,
		Placeholders: [2][]byte{server.Thumbnail: placeholder.Thumbnail, server.Preview: placeholder.Preview},
		PodName:      p.cfg.Name, Version: p.cfg.Version, BaseURL: p.links.base, Hosts: p.cfg.Hosts, Limits: p.cfg.Limits, Logger: p.cfg.part("server"),
	})
}

// webFiles opens what the pod publishes, inside its data folder only.
type webFiles struct {
	root    *os.Root
	links   links
	origins origins
}

// Open opens a published file.
func (f webFiles) Open(file pod.VideoFile) (*os.File, error) {
	return opened(f.root.Open(library.Paths{}.File(file)))
}

// OpenPicture opens a video's picture.
func (f webFiles) OpenPicture(v pod.Video, size server.PictureSize) (*os.File, error) {
	if !v.IsLocal() {
		return opened(f.root.Open(posterName(v, size)))
	}
	if size == server.Preview {
		return opened(f.root.Open(library.Paths{}.Preview(v)))
	}
	return opened(f.root.Open(library.Paths{}.Thumbnail(v)))
}

// Torrent makes a .torrent file with this pod's addresses as they are now.
func (f webFiles) Torrent(ctx context.Context, file pod.VideoFile) ([]byte, error) {
	info, err := f.root.ReadFile(library.Paths{}.Info(file.Infohash))
	if os.IsNotExist(err) {
		return f.origins.torrent(ctx, file)
	}
	if err != nil {
		return nil, err
	}
	return swarm.TorrentFile(info, f.links.swarmLinks(file))
}

func opened(f *os.File, err error) (*os.File, error) { return f, missing(err) }

// missing says ErrNotFound for a file that is not there, and keeps other faults.
func missing(err error) error {
	if os.IsNotExist(err) {
		return fmt.Errorf("%w: %w", pod.ErrNotFound, err)
	}
	return err
}
