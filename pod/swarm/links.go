package swarm

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// Links are the addresses that a torrent file and a magnet carry.
type Links struct {
	Trackers []string // announce URLs, the preferred first
	WebSeeds []string // HTTP URLs of the file itself (BEP 19)
}

// TorrentFile makes the bytes of a .torrent file around an info dictionary (BEP 3, 12,
// 19). Each tracker is a tier of its own, so that a client that knows HTTP only and one
// that knows WebSocket only find theirs. The error wraps pod.ErrInvalid.
func TorrentFile(infoBytes []byte, l Links) ([]byte, error) {
	if _, err := parseInfo(infoBytes); err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(infoBytes)+1024)
	b = append(b, 'd')
	if len(l.Trackers) > 0 {
		b = benText(benText(b, "announce"), l.Trackers[0])
		b = append(benText(b, "announce-list"), 'l')
		for _, tracker := range l.Trackers {
			b = append(benText(append(b, 'l'), tracker), 'e')
		}
		b = append(b, 'e')
	}
	b = benText(benText(b, "created by"), "Peerpod")
	b = append(benText(b, "info"), infoBytes...)
	if len(l.WebSeeds) > 0 {
		b = append(benText(b, "url-list"), 'l')
		for _, seed := range l.WebSeeds {
			b = benText(b, seed)
		}
		b = append(b, 'e')
	}
	return append(b, 'e'), nil
}

// Magnet makes the magnet link of a torrent (BEP 9, 19). size is in bytes; 0 leaves it out.
func Magnet(ih pod.Infohash, name string, size int64, l Links) string {
	var b strings.Builder
	b.WriteString("magnet:?xt=urn:btih:" + ih.String())
	add := func(key, value string) {
		// A plus sign for a space is not understood by all clients.
		b.WriteString("&" + key + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
	}
	if name != "" {
		add("dn", name)
	}
	if size > 0 {
		add("xl", strconv.FormatInt(size, 10))
	}
	for _, tracker := range l.Trackers {
		add("tr", tracker)
	}
	for _, seed := range l.WebSeeds {
		add("ws", seed)
	}
	return b.String()
}
