// Package tracker introduces the peers of a video to each other: BitTorrent clients
// over HTTP, browsers over a WebSocket.
//
// It owns who is in which swarm, in memory only. It does not own the videos (it asks a
// Catalogue whether an infohash is ours), moves no piece and dials nobody.
//
// The main type is Tracker. A server hangs its three handlers on its routes:
//
//	t, err := tracker.New(tracker.Config{Catalogue: library, Answerer: swarm, Seeder: swarm, Limits: pod.DefaultLimits()})
//	mux.HandleFunc("/tracker/announce", t.ServeAnnounce)
//	mux.HandleFunc("/tracker/scrape", t.ServeScrape)
//	mux.HandleFunc("/tracker/socket", t.ServeSocket)
//
// A BitTorrent client gets this pod itself as the first peer, at the address that the
// client called, and its announce wakes the torrent. A browser's first offer is answered
// by this pod in the same process; its other offers go to other browsers, one each.
// An answer is relayed only from the peer that got the offer to the peer that made it.
//
// An address is taken from the connection, never from a parameter or a header. Private
// addresses stay among private peers, public ones among public peers. A client that is
// silent for two intervals is forgotten; a browser lives as long as its socket, which is
// kept alive by ping and pong. All sizes and numbers are bounded; see the constants.
//
// A handler's goroutine reads a socket and one more writes to it. Answers and wake-ups
// run on few goroutines that end by themselves; Close waits for all. The registry has
// one lock; nothing is called or sent while it is held. All methods are safe for
// concurrent use.
//
// A refusal travels as BitTorrent wants it: status 200 and a bencoded failure reason, or
// a "failure reason" in JSON. Hostile sockets are closed with 1007, 1008 or 1009.
//
// Sources: BEP 3 (announce), BEP 7 (IPv6), BEP 23 (compact), BEP 48 (scrape); WebTorrent's
// tracker protocol as its clients speak it (https://github.com/webtorrent/bittorrent-tracker).
package tracker
