// Package store keeps what a pod must not forget: videos, accounts, channels and
// sessions, in one bbolt file.
//
// It owns the file, its buckets, keys and records, the indexes, the schema's version
// with its migrations, the backups and the check for damage. It does not know files of
// videos, passwords, tokens or rights: its callers hand it finished values.
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
// removal stays in it, with the video as it last was. Views are counted without a Rev.
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
// No goroutine outlives a call. Callbacks of UpdateVideo and UpdateAccount run inside the
// transaction and must not call the store; those of EachFile may.
//
// Errors: pod.ErrNotFound, ErrExists, ErrInvalid, ErrCorrupt, ErrNoSpace, ErrCancelled
// (context ended or store closed); of Open also ErrInUse and ErrNewerSchema as *pod.Error.
//
// Sources: bbolt's package documentation; RFC 3720 appendix B.4 (CRC-32C).
package store
