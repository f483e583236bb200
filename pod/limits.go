package pod

import "time"

// Limits are the owner's bounds. Each has a key under [limits] in config.toml, named by
// its tag; Default gives the values of API.md and notes on security.
type Limits struct {
	UploadBytes          int64         `toml:"upload-bytes"`            // one file
	JSONBytes            int64         `toml:"json-bytes"`              // one JSON or form body
	PictureBytes         int64         `toml:"picture-bytes"`           // one uploaded thumbnail
	BodyTimeout          time.Duration `toml:"body-timeout"`            // a JSON or form body must be whole
	UploadStallTimeout   time.Duration `toml:"upload-stall-timeout"`    // an upload body must move
	Connections          int           `toml:"connections"`             // HTTP connections in all
	ConnectionsPerAddr   int           `toml:"connections-per-address"` // HTTP connections of one address
	StreamsPerAddr       int           `toml:"streams-per-address"`     // video files on their way to one address
	SocketsPerAddr       int           `toml:"sockets-per-address"`     // tracker WebSockets of one address
	LoginsPerAccountAddr int           `toml:"logins-per-account-address"`
	LoginsPerAddr        int           `toml:"logins-per-address"` // wrong logins in 15 minutes
	MinFreeBytes         int64         `toml:"min-free-bytes"`     // uploads are refused below this
	TorrentConns         int           `toml:"torrent-connections"`
	ConnsPerTorrent      int           `toml:"connections-per-torrent"`
	PendingOffers        int           `toml:"pending-offers"`
	PeersPerAddrAndHash  int           `toml:"peers-per-address-and-infohash"`
	MaxDuration          time.Duration `toml:"max-duration"` // of one video

	FriendMessages     int   `toml:"friend-messages-per-minute"`
	FriendMessageBurst int   `toml:"friend-message-burst"`
	Introductions      int   `toml:"introductions-per-minute"` // of one address
	IntroductionBurst  int   `toml:"introduction-burst"`
	WaitingRequests    int   `toml:"waiting-requests"`    // pods that wait for the owner
	FriendVideos       int   `toml:"videos-per-friend"`   // that are kept in the list
	JoinedPods         int   `toml:"pods-per-join"`       // new ones in one call of "make friends"
	FriendRequests     int   `toml:"requests-to-friends"` // open at once
	FriendViews        int   `toml:"views-per-friend-and-day"`
	MirrorBytes        int64 `toml:"mirror-bytes"`       // copies of friends' videos, in all
	RelaysPerAddr      int   `toml:"relays-per-address"` // friends' files passed on to one address
}

// DefaultLimits gives the limits of a pod that nobody configured.
func DefaultLimits() Limits {
	return Limits{
		UploadBytes:          64 << 30,
		JSONBytes:            64 << 10,
		PictureBytes:         8 << 20,
		BodyTimeout:          10 * time.Second,
		UploadStallTimeout:   30 * time.Second,
		Connections:          1000,
		ConnectionsPerAddr:   200,
		StreamsPerAddr:       50,
		SocketsPerAddr:       100,
		LoginsPerAccountAddr: 10,
		LoginsPerAddr:        30,
		MinFreeBytes:         1 << 30,
		TorrentConns:         200,
		ConnsPerTorrent:      50,
		PendingOffers:        20,
		PeersPerAddrAndHash:  20,
		MaxDuration:          24 * time.Hour,
		FriendMessages:       300,
		FriendMessageBurst:   150,
		Introductions:        30,
		IntroductionBurst:    60,
		WaitingRequests:      100,
		FriendVideos:         10_000,
		JoinedPods:           50,
		FriendRequests:       10,
		FriendViews:          1_000,
		MirrorBytes:          100 << 30,
		RelaysPerAddr:        20,
	}
}
