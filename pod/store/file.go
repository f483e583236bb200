package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// fileBatch is how many files EachFile reads in one transaction.
const fileBatch = 512

// VideoByInfohash finds the file with that infohash and its video; an own one before a
// friend's. Hidden ones are not found.
func (s *Store) VideoByInfohash(ctx context.Context, ih pod.Infohash) (pod.Video, pod.VideoFile, error) {
	var (
		v pod.Video
		f pod.VideoFile
	)
	err := s.view(ctx, "find infohash", func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketFiles)).Cursor()
		for key, record := c.Seek(ih[:]); bytes.HasPrefix(key, ih[:]); key, record = c.Next() {
			found, err := unsealJSON[indexedFile](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketFiles, key, err)
			}
			if found.Hidden {
				continue
			}
			f = found.File.file()
			v, err = linkedVideo(tx, found.Video)
			return err
		}
		return fmt.Errorf("infohash %s: %w", ih, pod.ErrNotFound)
	})
	return v, f, err
}

// EachFile calls fn for each own file that has an infohash, with its video's privacy, in the
// order of the infohashes, until fn gives an error, which it returns. It reads some
// hundred files at a time and calls fn outside of any transaction: fn may call the store.
// Files that come or go meanwhile may or may not be seen.
func (s *Store) EachFile(ctx context.Context, fn func(pod.Privacy, pod.VideoFile) error) error {
	var from []byte
	for {
		batch, last, err := s.filesFrom(ctx, from)
		if err != nil {
			return err
		}
		for i := range batch {
			if err := fn(batch[i].Privacy, batch[i].File.file()); err != nil {
				return err
			}
		}
		if last == nil {
			return nil
		}
		from = slices.Concat(last, []byte{0}) // the least key after the last one
	}
}

// filesFrom reads the files at and after a key. last is the last file's key, nil when
// there are no more.
func (s *Store) filesFrom(ctx context.Context, from []byte) (batch []indexedFile, last []byte, err error) {
	err = s.view(ctx, "read files", func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketFiles)).Cursor()
		for key, record := c.Seek(from); key != nil; key, record = c.Next() {
			if !bytes.HasPrefix(key[min(infohashLen, len(key)):], idKey(pod.FriendID(0))) {
				continue // a friend's
			}
			file, err := unsealJSON[indexedFile](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketFiles, key, err)
			}
			if batch = append(batch, file); len(batch) == fileBatch {
				last = bytes.Clone(key)
				return nil
			}
		}
		return nil
	})
	return batch, last, err
}
