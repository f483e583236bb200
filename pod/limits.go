package pod

import "time"

// Limits are the owner's bounds. Each has a key under [limits] in config.toml, named by
// its tag; Default gives the values of API.md and notes on security.
type Limits struct {
	UploadBytes          int64         `toml:"upload_bytes"`            // one file
	JSONBytes            int64         `toml:"json_bytes"`              // one JSON or form body
	PictureBytes         int64         `toml:"picture_bytes"`           // one uploaded thumbnail
	BodyTimeout          time.Duration `toml:"body_timeout"`            // a JSON or form body must be whole
	UploadStallTimeout   time.Duration `toml:"upload_stall_timeout"`    // an upload body must move
	Connections          int           `toml:"connections"`             // HTTP connections in all
	ConnectionsPerAddr   int           `toml:"connections_per_address"` // HTTP connections of one address
	SocketsPerAddr       int           `toml:"sockets_per_address"`     // tracker WebSockets of one address
	LoginsPerAccountAddr int           `toml:"logins_per_account_address"`
	LoginsPerAddr        int           `toml:"logins_per_address"` // wrong logins in 15 minutes
	MinFreeBytes         int64         `toml:"min_free_bytes"`     // uploads are refused below this
	TorrentConns         int           `toml:"torrent_connections"`
	ConnsPerTorrent      int           `toml:"connections_per_torrent"`
	PendingOffers        int           `toml:"pending_offers"`
	PeersPerAddrAndHash  int           `toml:"peers_per_address_and_infohash"`
	MaxDuration          time.Duration `toml:"max_duration"` // of one video
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
		SocketsPerAddr:       100,
		LoginsPerAccountAddr: 10,
		LoginsPerAddr:        30,
		MinFreeBytes:         1 << 30,
		TorrentConns:         200,
		ConnsPerTorrent:      50,
		PendingOffers:        20,
		PeersPerAddrAndHash:  20,
		MaxDuration:          24 * time.Hour,
	}
}
