package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// InsertVideo stores a new video and gives it as stored: ID, Rev and the IDs of its
// files are assigned, times are UTC. pod.ErrExists when the origin has a video with this
// UUID, or this pod one with such an infohash.
func (s *Store) InsertVideo(ctx context.Context, v pod.Video) (pod.Video, error) {
	var stored pod.Video
	err := s.update(ctx, "insert video", func(tx *bbolt.Tx) (err error) {
		stored, err = insertVideo(tx, v)
		return err
	})
	return stored, err
}

func insertVideo(tx *bbolt.Tx, v pod.Video) (pod.Video, error) {
	if v.UUID.IsZero() {
		return v, fmt.Errorf("video without uuid: %w", pod.ErrInvalid)
	}
	if has(tx, bucketVideoUUID, uuidKey(v.UUID, v.Origin)) {
		return v, fmt.Errorf("video %s: %w", v.UUID, pod.ErrExists)
	}
	id, err := next(tx, bucketVideos)
	if err != nil {
		return v, err
	}
	v.ID, v.Files = pod.VideoID(id), slices.Clone(v.Files)
	for i := range v.Files {
		v.Files[i].ID = 0
	}
	return changeVideo(tx, nil, v)
}

// UpdateVideo changes a video in one transaction and gives it as stored, with a new Rev.
// An error of change undoes it and is returned, wrapped. ID, UUID and Origin can not
// change; files without ID get one. change must not call the store.
func (s *Store) UpdateVideo(ctx context.Context, id pod.VideoID, change func(*pod.Video) error) (pod.Video, error) {
	var stored pod.Video
	err := s.update(ctx, "update video", func(tx *bbolt.Tx) error {
		old, err := readVideo(tx, id)
		if err != nil {
			return err
		}
		fresh, err := readVideo(tx, id) // shares no slice with old
		if err != nil {
			return err
		}
		if err := change(&fresh); err != nil {
			return err
		}
		if fresh.ID != old.ID || fresh.UUID != old.UUID || fresh.Origin != old.Origin {
			return fmt.Errorf("identity of video %d changed: %w", id, pod.ErrInvalid)
		}
		stored, err = changeVideo(tx, &old, fresh)
		return err
	})
	return stored, err
}

// DeleteVideo removes a video and gives it as it last was. Its removal stays in the
// change log.
func (s *Store) DeleteVideo(ctx context.Context, id pod.VideoID) (pod.Video, error) {
	var old pod.Video
	err := s.update(ctx, "delete video", func(tx *bbolt.Tx) error {
		var err error
		if old, err = readVideo(tx, id); err != nil {
			return err
		}
		index, err := videoEntries(&old)
		if err != nil {
			return err
		}
		if err := replace(tx, index, nil); err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bucketVideos)).Delete(idKey(id)); err != nil {
			return err
		}
		rev, err := next(tx, bucketChanges)
		if err != nil {
			return err
		}
		last := newVideoRecord(&old)
		return put(tx, bucketChanges, idKey(rev), changeRecord{Video: id, Last: &last})
	})
	return old, err
}

// Video reads a video by its number.
func (s *Store) Video(ctx context.Context, id pod.VideoID) (pod.Video, error) {
	var v pod.Video
	err := s.view(ctx, "read video", func(tx *bbolt.Tx) (err error) {
		v, err = readVideo(tx, id)
		return err
	})
	return v, err
}

// VideoByRef reads a video by its number or UUID. Where a friend has a video with the
// UUID of an own one, it gives the own one.
func (s *Store) VideoByRef(ctx context.Context, ref pod.VideoRef) (pod.Video, error) {
	if ref.ID != 0 {
		return s.Video(ctx, ref.ID)
	}
	var v pod.Video
	err := s.view(ctx, "read video", func(tx *bbolt.Tx) error {
		key, record := tx.Bucket([]byte(bucketVideoUUID)).Cursor().Seek(ref.UUID[:])
		if !bytes.HasPrefix(key, ref.UUID[:]) {
			return fmt.Errorf("video %s: %w", ref.UUID, pod.ErrNotFound)
		}
		id, err := unsealJSON[pod.VideoID](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketVideoUUID, key, err)
		}
		v, err = linkedVideo(tx, id)
		return err
	})
	return v, err
}

// AddView counts one view. Neither Rev nor UpdatedAt change. Views that come together
// share one transaction, so that a call takes some 10 ms.
func (s *Store) AddView(ctx context.Context, id pod.VideoID) error {
	if ctx.Err() != nil {
		return ended(ctx, "add view")
	}
	return s.fault("add view", s.db.Batch(func(tx *bbolt.Tx) error {
		old, err := readVideo(tx, id)
		if err != nil {
			return err
		}
		fresh := old
		fresh.Views++
		_, err = saveVideo(tx, &old, fresh)
		return err
	}))
}

// UsedBytes sums the sizes of all files of an account's videos, in bytes.
func (s *Store) UsedBytes(ctx context.Context, account pod.AccountID) (int64, error) {
	var sum int64
	err := s.view(ctx, "sum sizes", func(tx *bbolt.Tx) error {
		return eachKey(tx, bucketVideoAccount, idKey(account), func(key, record []byte) error {
			size, err := unsealJSON[int64](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketVideoAccount, key, err)
			}
			sum += size
			return nil
		})
	})
	return sum, err
}

func readVideo(tx *bbolt.Tx, id pod.VideoID) (pod.Video, error) {
	record, err := get[videoRecord](tx, bucketVideos, idKey(id))
	if err != nil {
		return pod.Video{}, fmt.Errorf("video %d: %w", id, err)
	}
	return record.video(), nil
}

// linkedVideo reads a video that an index names: its absence is damage.
func linkedVideo(tx *bbolt.Tx, id pod.VideoID) (pod.Video, error) {
	record, err := linked[videoRecord](tx, bucketVideos, idKey(id))
	if err != nil {
		return pod.Video{}, fmt.Errorf("video %d: %w", id, err)
	}
	return record.video(), nil
}

// changeVideo saves a video under a new Rev and numbers its new files. old is nil for
// a new video.
func changeVideo(tx *bbolt.Tx, old *pod.Video, v pod.Video) (pod.Video, error) {
	rev, err := next(tx, bucketChanges)
	if err != nil {
		return v, err
	}
	v.Rev = pod.Rev(rev)
	for i := range v.Files {
		ih := v.Files[i].Infohash
		twice := slices.ContainsFunc(v.Files[:i], func(f pod.VideoFile) bool { return f.Infohash == ih })
		if twice && !ih.IsZero() {
			return v, fmt.Errorf("infohash %s twice: %w", ih, pod.ErrExists)
		}
		if err := admitFile(tx, old, v.Origin, &v.Files[i]); err != nil {
			return v, err
		}
	}
	return saveVideo(tx, old, v)
}

// admitFile numbers a new file and refuses a second own file with the same infohash:
// both would share one folder on the disk.
func admitFile(tx *bbolt.Tx, old *pod.Video, origin pod.FriendID, f *pod.VideoFile) error {
	if f.ID == 0 {
		id, err := next(tx, bucketFiles)
		if err != nil {
			return err
		}
		f.ID = id
	} else if old == nil || !slices.ContainsFunc(old.Files, func(o pod.VideoFile) bool { return o.ID == f.ID }) {
		return fmt.Errorf("file number %d is not this video's: %w", f.ID, pod.ErrInvalid)
	}
	if origin != 0 || f.Infohash.IsZero() {
		return nil
	}
	return eachKey(tx, bucketFiles, ownerKey(f.Infohash, origin), func(key, _ []byte) error {
		mine := old != nil && slices.ContainsFunc(old.Files, func(o pod.VideoFile) bool { return o.ID == lastID(key) })
		if mine {
			return nil
		}
		return fmt.Errorf("infohash %s: %w", f.Infohash, pod.ErrExists)
	})
}

// saveVideo writes the video with its index and gives it as a read will give it.
func saveVideo(tx *bbolt.Tx, old *pod.Video, v pod.Video) (pod.Video, error) {
	var before []entry
	if old != nil {
		var err error
		if before, err = videoEntries(old); err != nil {
			return v, err
		}
	}
	if err := put(tx, bucketVideos, idKey(v.ID), newVideoRecord(&v)); err != nil {
		return v, err
	}
	stored, err := readVideo(tx, v.ID)
	if err != nil {
		return v, err
	}
	after, err := videoEntries(&stored)
	if err != nil {
		return v, err
	}
	return stored, replace(tx, before, after)
}
