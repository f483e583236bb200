// Package store keeps what a pod must not forget: videos, accounts, channels, sessions,
// and the other pods with what was exchanged with them, in one bbolt file.
//
// It owns the file, its buckets, keys and records, the indexes, the schema's version
// with its migrations, the backups and the check for damage. It does not know files of
// videos, passwords, tokens, signatures or rights, nor a network: its callers hand it
// finished values.
//
// # Records
//
// A record is version (1 byte), CRC-32C (4 bytes) and payload. The checksum covers the
// key too and is proved at each read; a record that fails it gives pod.ErrCorrupt.
// Payloads are JSON of structs that are private here. The rows of the list of videos
// are binary: every list walks over all of them.
//
// An index is a bucket, written in the transaction of its record. Check computes each
// index entry again from its record and counts, so that it sees missing, wrong and
// orphaned entries.
//
// # The change log
//
// Each insert, change and removal of a video takes the next pod.Rev. The log holds the
// latest change of each video only: one that reads it from Rev 0 sees each video once. A
// removal stays in it, with the video as it last was; of friends' videos the newest
// 100,000 removals stay, without what the videos said. Views are counted without a Rev.
//
// The log of own changes (OutChanges) holds the videos of this pod that were public once,
// as friends may know them. Nothing is queued for friends: each has a cursor into this log.
// A video that ceased to be public stays where it ceased. Were it to move on with later
// changes, a friend that was told of others meanwhile would never hear of it.
//
// # Friends
//
// A message of a friend is applied once, whole, in one transaction with the results that
// it is told (Receive); so is the answer to a message of ours (Freeze, Delivered). Friends'
// videos have the origin and the UUID as their name. The highest count of the origin wins
// within an epoch of the friendship; removals are remembered until its catalogue was read,
// for a page of it can be older than a message that came before it.
//
// What follows from a friend's Status and Epoch is the store's: of a parked friend the
// videos are hidden, with the friendship they go, and a new epoch begins the streams again.
//
// # Clean and unclean
//
// Open writes a marker beside the database and a clean Close removes it, unless a read
// met damage meanwhile. When NeedsCheck finds the marker, the caller runs Check in a
// child process before it opens: bbolt can crash on a damaged file, and then only the
// child ends.
//
//	if dirty, _ := store.NeedsCheck(path); dirty { … run Check(path) in a child … }
//	s, err := store.Open(path, store.Options{BackupDir: dir})
//
// # Concurrency and durability
//
// A Store is safe for concurrent use. Readers never wait; one writer works at a time. A
// method that returned without error is on the disk: bbolt's syncs are never turned off.
// No goroutine outlives a call. Callbacks that change a record run inside the transaction
// and must not call the store; those of EachFile may.
//
// Errors: pod.ErrNotFound, ErrExists, ErrInvalid, ErrCorrupt, ErrNoSpace, ErrTooLarge,
// ErrCancelled (context ended or store closed); of Receive and Freeze also ErrNotFriend,
// ErrNotYet, ErrEpoch, ErrReplay and ErrGap; of Open ErrInUse and ErrNewerSchema as *pod.Error.
//
// Sources: bbolt's package documentation; RFC 3720 appendix B.4 (CRC-32C).
package store
