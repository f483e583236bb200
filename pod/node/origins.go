package node

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/server"
	"github.com/peerpod/peerpod/pod/swarm"
)

// origins knows where the files of each video are, own and friends'.
type origins struct{ pod *Pod }

// Origin names the pod that a video comes from.
func (o origins) Origin(id pod.FriendID) (name, baseURL string, ok bool) {
	rec, ok := o.pod.origin(id)
	return rec.Name, rec.URL, ok
}

// base is the base URL of a video's origin.
func (o origins) base(v pod.Video) string {
	if v.IsLocal() {
		return o.pod.links.base
	}
	rec, _ := o.pod.origin(v.Origin)
	return rec.URL
}

// OriginOf is the origin's base URL of a friend's video, "" for an own one.
func (o origins) OriginOf(v pod.Video) string {
	if v.IsLocal() {
		return ""
	}
	return o.base(v)
}

// FileURL is where the origin serves a file.
func (o origins) FileURL(v pod.Video, f pod.VideoFile) string { return links{base: o.base(v)}.File(f) }

// FileBase is the base URL of the pod that serves a file to our visitors: this one, if it
// has it.
func (o origins) FileBase(v pod.Video, f pod.VideoFile) string {
	if v.IsLocal() || o.pod.mirrors.whole(v, f) {
		return o.pod.links.base
	}
	return o.base(v)
}

// TrackersOf are the announce URLs that a video's torrent names: the origin's, and ours for
// a copy that is here.
func (o origins) TrackersOf(v pod.Video) []string {
	trackers := trackersOf(o.base(v))
	if f, ok := best(v); ok && !v.IsLocal() && o.pod.mirrors.whole(v, f) {
		trackers = append(trackers, o.pod.links.Trackers()...)
	}
	return trackers
}

// MagnetOf is the magnet link of a file: the same on every pod, until a pod that holds a
// copy adds itself as a second source.
func (o origins) MagnetOf(v pod.Video, f pod.VideoFile) string {
	if !v.Privacy.InTorrent() {
		return ""
	}
	return swarm.Magnet(f.Infohash, f.Name, f.SizeBytes, o.sources(v, f))
}

// sources are the addresses inside a torrent of a file.
func (o origins) sources(v pod.Video, f pod.VideoFile) swarm.Links {
	from := links{base: o.base(v)}
	l := from.swarmLinks(f)
	if !v.IsLocal() && o.pod.mirrors.whole(v, f) {
		l.Trackers = append(l.Trackers, o.pod.links.Trackers()...)
		l.WebSeeds = append(l.WebSeeds, o.pod.links.File(f))
	}
	return l
}

// torrent makes a .torrent file of a copy that is whole.
func (o origins) torrent(ctx context.Context, file pod.VideoFile) ([]byte, error) {
	v, f, err := o.pod.store.VideoByInfohash(ctx, file.Infohash)
	if err != nil {
		return nil, err
	}
	if v.IsLocal() || !o.pod.mirrors.whole(v, f) {
		return nil, fmt.Errorf("torrent of %s: %w", f.Infohash, pod.ErrNotFound)
	}
	info, err := o.pod.root.ReadFile(mirrorPath(f.Infohash, "info"))
	if err != nil {
		return nil, missing(err)
	}
	return swarm.TorrentFile(info, o.sources(v, f))
}

// Open opens the whole copy of a friend's file.
func (o origins) Open(f pod.VideoFile, v pod.Video) (*os.File, error) {
	if !o.pod.mirrors.whole(v, f) {
		return nil, fmt.Errorf("copy of %s: %w", f.Infohash, pod.ErrNotFound)
	}
	return opened(o.pod.root.Open(mirrorPath(f.Infohash, "data")))
}

// Relay passes a file of a friend on, for browsers that can not reach it.
func (o origins) Relay(ctx context.Context, v pod.Video, f pod.VideoFile, rangeHeader string) (server.RemoteFile, error) {
	rec, ok := o.pod.origin(v.Origin)
	if !ok {
		return server.RemoteFile{}, fmt.Errorf("origin of a video: %w", pod.ErrNotFound)
	}
	header := http.Header{}
	if rangeHeader != "" {
		header.Set("Range", rangeHeader)
	}
	s, err := o.pod.fetch.Stream(ctx, fetch.Request{
		Method: http.MethodGet, URL: links{base: rec.CallURL}.File(f), Header: header, Narrowest: rec.CallClass,
	})
	if err != nil {
		return server.RemoteFile{}, &pod.Error{Kind: pod.KindUnreachable, Op: "relay", Msg: "The pod of this video does not answer just now. Try again later.", Err: err}
	}
	return server.RemoteFile{Status: s.Status, Header: s.Header, Body: s.Body}, nil
}

// OriginID is the id of the pod that a video comes from; "" is unknown.
func (o origins) OriginID(id pod.FriendID) pod.PodID {
	rec, _ := o.pod.origin(id)
	return rec.PodID
}
