package pod

import "time"

// MediaAction is what must happen to a file before it can be published.
type MediaAction int

// The actions, from cheap to dear.
const (
	MediaKeep      MediaAction = iota // published byte for byte (WebM, or MP4 that is fragmented as we want it)
	MediaFragment                     // MP4 or MOV with playable codecs: rewritten as fragmented MP4
	MediaRemux                        // playable codecs in another container: ffmpeg copies the streams first
	MediaTranscode                    // codecs that browsers do not play
)

// MediaInfo is what a look at the bytes of a file told.
type MediaInfo struct {
	Action     MediaAction
	Container  string // "mp4", "mov", "webm", "matroska", "avi", "mpegts", "ogg", "flv"
	Extension  string // of the published file: "mp4" or "webm"
	MIME       string // of the published file, with codecs
	Duration   time.Duration
	Width      int // as shown, after rotation
	Height     int
	FPS        float64
	VideoCodec string // ffmpeg's short name, for example "h264"
	AudioCodec string // "" is no sound
	SizeBytes  int64
}

// Torrent is what the swarm needs to seed one file.
type Torrent struct {
	Infohash  Infohash
	InfoBytes []byte // bencoded info dictionary (BEP 3)
	Path      string // of the complete file
}

// Offer is a WebRTC offer that a browser sent through the tracker (WebTorrent).
type Offer struct {
	Infohash Infohash
	PeerID   [20]byte
	OfferID  string // 20 bytes
	SDP      string
}

// PeerCounts are the peers of a torrent as the tracker or the swarm sees them.
type PeerCounts struct {
	Seeders   int
	Leechers  int
	Completed int // downloads that were reported as finished
}
