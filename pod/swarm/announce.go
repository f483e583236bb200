package swarm

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/anacrolix/torrent/bencode"

	"github.com/peerpod/peerpod/pod"
)

// Announce is what a client tells a tracker about one torrent (BEP 3).
type Announce struct {
	Infohash  pod.Infohash
	PeerID    [20]byte
	Port      int
	LeftBytes int64
	Event     string // started, completed, stopped or ""
}

// Query is the announce as a query of an HTTP tracker.
func (a Announce) Query() string {
	q := url.Values{
		"info_hash": {string(a.Infohash[:])}, "peer_id": {string(a.PeerID[:])}, "port": {strconv.Itoa(a.Port)},
		"uploaded": {"0"}, "downloaded": {"0"}, "left": {strconv.FormatInt(a.LeftBytes, 10)}, "compact": {"1"}, "numwant": {"50"},
	}
	if a.Event != "" {
		q.Set("event", a.Event)
	}
	return q.Encode()
}

// Announced is a tracker's answer.
type Announced struct {
	Peers    []netip.AddrPort
	Interval time.Duration
}

// Bounds of a tracker's answer.
const (
	compactPeer4, compactPeer6 = 6, 18
	maxAnnouncedPeers          = 200
	minInterval, maxInterval   = 10 * time.Second, 2 * time.Hour
)

// ParseAnnounce reads the compact answer of an HTTP tracker (BEP 3, 7, 23). What breaks
// the format, and a failure reason, are pod.ErrInvalid.
func ParseAnnounce(data []byte) (Announced, error) {
	var answer struct {
		Failure  string `bencode:"failure reason"`
		Interval int64  `bencode:"interval"`
		Peers    []byte `bencode:"peers"`
		Peers6   []byte `bencode:"peers6"`
	}
	if err := bencode.Unmarshal(data, &answer); err != nil {
		return Announced{}, fmt.Errorf("tracker's answer: %w", pod.ErrInvalid)
	}
	if answer.Failure != "" {
		return Announced{}, fmt.Errorf("tracker refused: %w", pod.ErrInvalid)
	}
	out := Announced{Interval: min(max(time.Duration(min(answer.Interval, int64(maxInterval/time.Second)))*time.Second, minInterval), maxInterval)}
	for _, list := range []struct {
		raw  []byte
		size int
	}{{answer.Peers, compactPeer4}, {answer.Peers6, compactPeer6}} {
		if len(list.raw)%list.size != 0 {
			return Announced{}, fmt.Errorf("tracker's list of peers: %w", pod.ErrInvalid)
		}
		for raw := list.raw; len(raw) > 0 && len(out.Peers) < maxAnnouncedPeers; raw = raw[list.size:] {
			addr, _ := netip.AddrFromSlice(raw[:list.size-2]) // 4 or 16 bytes
			out.Peers = append(out.Peers, netip.AddrPortFrom(addr, uint16(raw[list.size-2])<<8|uint16(raw[list.size-1])))
		}
	}
	return out, nil
}
