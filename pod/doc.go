// Package pod is the language of Peerpod: the words that all parts share.
//
// It owns the domain types (Video, VideoFile, Account, Channel, Session, Change),
// their identifiers (Infohash, UUID, VideoID …), the rules that make a value valid,
// the limits with their defaults and the kinds of errors. It knows no technology:
// it imports the standard library only, does no I/O and starts no goroutine.
//
// A pod is one running node: window or daemon, tracker, first seeder and web server
// of what it publishes. Each sub-package knows one technology; package node puts
// them together; parts never import each other and meet in the types of this package.
//
// Units: times are UTC, lengths of media are time.Duration, sizes are bytes
// (fields end in Bytes), heights and widths are pixels. Text lengths are counted in
// characters (runes), never in bytes.
//
// Errors: a sentinel (ErrNotFound …) is what a caller tests with errors.Is; an *Error
// is what a person reads. KindOf tells the kind of either.
//
// Sources: BEP 3 (infohash, piece), PeerTube's REST reference (privacy, state,
// category and licence numbers, https://docs.joinpeertube.org/api-rest-reference.html).
package pod
