// Package swarm is the pod's BitTorrent client: it makes torrents, seeds what is
// published, mirrors what others have, over TCP, uTP and WebRTC.
//
// It owns the sockets of the BitTorrent protocol, the connections to peers and the
// folder of mirrors. It does not own published files (Files tells where they lie), the
// tracker (package tracker passes offers to Answer and announces to Wake) or the
// database. It knows github.com/anacrolix/torrent and github.com/pion/webrtc; nothing of
// them shows in its API.
//
// Lazy: nothing is added to the library and no file is opened at the start. A torrent
// wakes when Wake is called, an offer is answered or a peer's handshake asks for it, and
// sleeps after Config.IdleAfter without peers. An infohash that Files does not know is
// answered by closing the connection.
//
//	sw, err := swarm.New(swarm.Config{ListenAddr: ":6881", Files: files, Limits: limits})
//	err = sw.Start(ctx)
//	defer sw.Close(ctx)
//
// Trust: a published file is trusted to be complete, so nothing is hashed at the start;
// each piece is hashed once before its first byte goes out and again after the file's
// time has changed. A file that does not fit is dropped, logged and told to
// Config.Damaged. A mirror is checked piece by piece as it comes; names and paths in it
// are never used.
//
// Connections of all kinds pass a greeting (the infohash is read and its torrent woken),
// take one of Limits.TorrentConns places and have a time limit on every write. The
// library opens no sockets of its own. Peers that others name are dialled only at public
// addresses.
//
// Goroutines: one per listener, one per greeting and per offer, one that puts torrents to
// sleep, one per unfinished mirror, the libraries' own. Close waits for all of the
// swarm's. Locks: Swarm.mu is never held while a library is called; what the library
// calls (storage, connections) never takes it.
//
// Units: bytes and time.Duration. Errors: ErrClosed, ErrBusy, ErrDamaged and those of
// package pod.
//
// Sources: BEP 3, 6, 9-12, 19, 20, 29; MSE; WebTorrent's tracker protocol;
// RFC 8831 (data channels).
package swarm
