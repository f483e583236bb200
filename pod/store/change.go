package store

import (
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// Changes reads the change log after a Rev, in order, at most limit changes (1 or more).
// It holds the latest change of each video only; a removal comes with the video as it
// last was.
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
		rev = pod.Rev(tx.Bucket([]byte(bucketChanges)).Sequence())
		return nil
	})
	return rev, err
}
