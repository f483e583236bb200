package node

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// links makes the addresses under which others reach this pod.
type links struct {
	base string // scheme and host, without a slash at the end
}

// newLinks finds the pod's base URL: the owner's, else the address that it listens on,
// else the address of this machine in its own network.
func newLinks(c Config, listening net.Addr) links {
	if c.PublicURL != "" {
		return links{base: strings.TrimRight(c.PublicURL, "/")}
	}
	at, err := netip.ParseAddrPort(listening.String())
	if err != nil {
		return links{base: "http://" + listening.String()}
	}
	if at.Addr().IsUnspecified() {
		host := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if lan, ok := lanAddr(); ok && !c.Hermetic {
			host = lan
		}
		at = netip.AddrPortFrom(host, at.Port())
	}
	return links{base: "http://" + at.String()}
}

// localURL is where a program on this machine reaches the pod.
func localURL(listening net.Addr) string {
	at, err := netip.ParseAddrPort(listening.String())
	if err != nil {
		return "http://" + listening.String()
	}
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return "http://" + at.String()
}

// lanAddr is this machine's first private address of version 4 that is in use.
func lanAddr() (netip.Addr, bool) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, false
	}
	var other netip.Addr
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || !prefix.Addr().Is4() || prefix.Addr().IsLoopback() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		if prefix.Addr().IsPrivate() {
			return prefix.Addr(), true
		}
		other = prefix.Addr()
	}
	return other, other.IsValid()
}

// Base is the pod's public URL, without a slash at the end.
func (l links) Base() string { return l.base }

// Watch is the page of a video.
func (l links) Watch(v pod.Video) string { return l.base + "/w/" + v.UUID.Short() }

// Embed is the page of a video for frames of other sites.
func (l links) Embed(v pod.Video) string { return l.base + "/videos/embed/" + v.UUID.String() }

// File is the published file, with Range: also the torrent's web seed (BEP 19).
func (l links) File(f pod.VideoFile) string { return l.base + "/static/web-videos/" + f.Name }

// FileDownload is the published file, to be saved.
func (l links) FileDownload(f pod.VideoFile) string { return l.base + "/download/videos/" + f.Name }

// Torrent is the .torrent file.
func (l links) Torrent(f pod.VideoFile) string {
	return l.base + "/static/torrents/" + f.Name + ".torrent"
}

// TorrentDownload is the .torrent file, to be saved.
func (l links) TorrentDownload(f pod.VideoFile) string {
	return l.base + "/download/torrents/" + f.Name + ".torrent"
}

// Trackers are the pod's announce URLs: HTTP for desktop clients, WebSocket for browsers.
func (l links) Trackers() []string {
	u, err := url.Parse(l.base)
	if err != nil {
		return nil
	}
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.Path = "/tracker/socket"
	return []string{l.base + "/tracker/announce", u.String()}
}

// swarmLinks are the addresses inside a torrent of the file.
func (l links) swarmLinks(f pod.VideoFile) swarm.Links {
	return swarm.Links{Trackers: l.Trackers(), WebSeeds: []string{l.File(f)}}
}
