package store

import (
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// Changes reads the change log after a Rev, in order, at most limit changes (1 or more).
// It holds the latest change of each video only; a removal comes with the video as it
// last was, that of a friend's video with its number, UUID and origin alone.
func (s *Store) Changes(ctx context.Context, after pod.Rev, limit int) ([]pod.Change, error) {
	if limit < 1 {
		return nil, fmt.Errorf("read changes: limit %d: %w", limit, pod.ErrInvalid)
	}
	if after+1 == 0 {
		return nil, nil
	}
	var changes []pod.Change
	err := s.view(ctx, "read changes", func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketChanges)).Cursor()
		for key, record := c.Seek(idKey(after + 1)); key != nil && len(changes) < limit; key, record = c.Next() {
			change, err := readChange(tx, key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketChanges, key, err)
			}
			changes = append(changes, change)
		}
		return nil
	})
	return changes, err
}

func readChange(tx *bbolt.Tx, key, record []byte) (pod.Change, error) {
	change := pod.Change{Rev: pod.Rev(lastID(key))}
	r, err := unsealJSON[changeRecord](key, record)
	if err != nil {
		return change, err
	}
	if r.Last != nil {
		change.Removed, change.Video = true, r.Last.video()
		return change, nil
	}
	change.Video, err = linkedVideo(tx, r.Video)
	if err == nil && change.Video.Rev != change.Rev {
		err = fmt.Errorf("video %d is at rev %d: %w", r.Video, change.Video.Rev, pod.ErrCorrupt)
	}
	return change, err
}

// LastRev is the Rev of the latest change, 0 before the first.
func (s *Store) LastRev(ctx context.Context) (pod.Rev, error) {
	var rev pod.Rev
	err := s.view(ctx, "read rev", func(tx *bbolt.Tx) error {
		rev = lastRev(tx)
		return nil
	})
	return rev, err
}

func lastRev(tx *bbolt.Tx) pod.Rev { return pod.Rev(tx.Bucket([]byte(bucketChanges)).Sequence()) }

// logRemoval writes the removal of a video into the change log and, for an own video that
// was public once, into that of own changes.
func logRemoval(tx *bbolt.Tx, old *videoRecord) error { return logRemovalAmong(tx, old, maxGone) }

// logRemovalAmong is logRemoval with the number of friends' removals that stay.
func logRemovalAmong(tx *bbolt.Tx, old *videoRecord, stay uint64) error {
	rev, err := next(tx, bucketChanges)
	if err != nil {
		return err
	}
	index, err := removalEntries(pod.Rev(rev), old)
	if err != nil {
		return err
	}
	if err := replace(tx, nil, index); err != nil || old.Origin == 0 {
		return err
	}
	return forgetRemoval(tx, pod.Rev(rev), stay)
}

// maxGone is how many removals of friends' videos stay in the change log: friends must not
// fill the disk by removing what they put.
const maxGone = 100_000

// forgetRemoval notes the removal of a friend's video and forgets the oldest one beyond
// those that stay. Numbers without a gap tell how many they are.
func forgetRemoval(tx *bbolt.Tx, rev pod.Rev, stay uint64) error {
	n, err := next(tx, bucketGone)
	if err != nil {
		return err
	}
	if err := put(tx, bucketGone, idKey(n), rev); err != nil || n <= stay {
		return err
	}
	oldest := idKey(n - stay)
	rev, err = linked[pod.Rev](tx, bucketGone, oldest)
	if err != nil {
		return err
	}
	if err := tx.Bucket([]byte(bucketChanges)).Delete(idKey(rev)); err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketGone)).Delete(oldest)
}

// removalEntries computes the entries of a removal. What a friend's video said is
// forgotten with it.
func removalEntries(rev pod.Rev, last *videoRecord) ([]entry, error) {
	var e entries
	if last.Origin != 0 {
		last = &videoRecord{ID: last.ID, UUID: last.UUID, Origin: last.Origin, Rev: last.Rev}
	}
	e.add(bucketChanges, idKey(rev), changeRecord{Video: last.ID, Last: last})
	if last.PublicFrom != 0 {
		e.add(bucketOut, last.outKey(rev), outRecord{Video: last.ID, Gone: rev})
	}
	return e.list, e.err
}
