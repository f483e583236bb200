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
// UUID, or this pod one with such an infohash; pod.ErrNotFound without such an origin.
func (s *Store) InsertVideo(ctx context.Context, v pod.Video) (pod.Video, error) {
	var stored pod.Video
	err := s.update(ctx, "insert video", func(tx *bbolt.Tx) error {
		return ofOrigin(tx, v.Origin, func(f *pod.Friend) (err error) {
			stored, err = insertVideo(tx, f, v)
			return err
		})
	})
	return stored, err
}

// insertVideo counts the video in the record of its friend, nil for an own one, which the
// caller writes.
func insertVideo(tx *bbolt.Tx, f *pod.Friend, v pod.Video) (pod.Video, error) {
	if v.UUID.IsZero() {
		return v, fmt.Errorf("video without uuid: %w", pod.ErrInvalid)
	}
	if f != nil && !f.Status.Stands() {
		return v, fmt.Errorf("video of pod %d: %w", f.ID, pod.ErrNotFriend)
	}
	if has(tx, bucketVideoUUID, uuidKey(v.UUID, v.Origin)) {
		return v, fmt.Errorf("video %s: %w", v.UUID, pod.ErrExists)
	}
	id, err := next(tx, bucketVideos)
	if err != nil {
		return v, err
	}
	v.ID, v.Files = pod.VideoID(id), slices.Clone(v.Files)
	v.Hidden = f != nil && f.Status == pod.StatusParked
	for i := range v.Files {
		v.Files[i].ID = 0
	}
	stored, err := changeVideo(tx, nil, v)
	if err == nil && f != nil {
		f.VideoCount++
	}
	return stored, err
}

// UpdateVideo changes a video in one transaction and gives it as stored, with a new Rev.
// An error of change undoes it and is returned, wrapped. ID, UUID, Origin and Hidden can
// not change; files without ID get one. change must not call the store.
func (s *Store) UpdateVideo(ctx context.Context, id pod.VideoID, change func(*pod.Video) error) (pod.Video, error) {
	var stored pod.Video
	err := s.update(ctx, "update video", func(tx *bbolt.Tx) error {
		old, err := readVideo(tx, id)
		if err != nil {
			return err
		}
		copied, err := readVideo(tx, id) // shares no slice with old
		if err != nil {
			return err
		}
		fresh := copied.video()
		if err := change(&fresh); err != nil {
			return err
		}
		if fresh.ID != old.ID || fresh.UUID != old.UUID || fresh.Origin != old.Origin || fresh.Hidden != old.Hidden {
			return fmt.Errorf("identity of video %d changed: %w", id, pod.ErrInvalid)
		}
		stored, err = changeVideo(tx, &old, fresh)
		return err
	})
	return stored, err
}

// DeleteVideo removes a video, its signed form and the wish for a copy of it, and gives it
// as it last was. Its removal stays in the change log.
func (s *Store) DeleteVideo(ctx context.Context, id pod.VideoID) (pod.Video, error) {
	var old videoRecord
	err := s.update(ctx, "delete video", func(tx *bbolt.Tx) (err error) {
		if old, err = readVideo(tx, id); err != nil {
			return err
		}
		return ofOrigin(tx, old.Origin, func(f *pod.Friend) error { return deleteVideo(tx, f, &old) })
	})
	return old.video(), err
}

// deleteVideo counts down in the record of the video's friend, nil for an own one, which
// the caller writes.
func deleteVideo(tx *bbolt.Tx, f *pod.Friend, old *videoRecord) error {
	index, err := videoEntries(old)
	if err != nil {
		return err
	}
	if err := replace(tx, index, nil); err != nil {
		return err
	}
	for _, b := range []bucket{bucketVideos, bucketSigned, bucketMirrors} {
		if err := tx.Bucket([]byte(b)).Delete(idKey(old.ID)); err != nil {
			return err
		}
	}
	if f != nil {
		f.VideoCount--
	}
	return logRemoval(tx, old)
}

// Video reads a video by its number. A hidden one is not found.
func (s *Store) Video(ctx context.Context, id pod.VideoID) (pod.Video, error) {
	var v pod.Video
	err := s.view(ctx, "read video", func(tx *bbolt.Tx) error {
		r, err := readVideo(tx, id)
		if err != nil {
			return err
		}
		if r.Hidden {
			return fmt.Errorf("video %d is hidden: %w", id, pod.ErrNotFound)
		}
		v = r.video()
		return nil
	})
	return v, err
}

// VideoByRef reads a video by its number or UUID. Where several origins have a video with
// the UUID, it gives the own one, else the oldest friend's that is not hidden.
func (s *Store) VideoByRef(ctx context.Context, ref pod.VideoRef) (pod.Video, error) {
	if ref.ID != 0 {
		return s.Video(ctx, ref.ID)
	}
	var v pod.Video
	err := s.view(ctx, "read video", func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketVideoUUID)).Cursor()
		for key, record := c.Seek(ref.UUID[:]); bytes.HasPrefix(key, ref.UUID[:]); key, record = c.Next() {
			id, err := unsealJSON[pod.VideoID](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketVideoUUID, key, err)
			}
			if v, err = linkedVideo(tx, id); err != nil || !v.Hidden {
				return err
			}
		}
		return fmt.Errorf("video %s: %w", ref.UUID, pod.ErrNotFound)
	})
	if err != nil {
		return pod.Video{}, err
	}
	return v, nil
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
		return countView(tx, &old)
	}))
}

func countView(tx *bbolt.Tx, old *videoRecord) error {
	fresh := *old
	fresh.Views++
	_, err := saveVideo(tx, old, fresh)
	return err
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

func readVideo(tx *bbolt.Tx, id pod.VideoID) (videoRecord, error) {
	record, err := get[videoRecord](tx, bucketVideos, idKey(id))
	if err != nil {
		return videoRecord{}, fmt.Errorf("video %d: %w", id, err)
	}
	return record, nil
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
func changeVideo(tx *bbolt.Tx, old *videoRecord, v pod.Video) (pod.Video, error) {
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
	fresh := newVideoRecord(&v)
	fresh.publish(old)
	return saveVideo(tx, old, fresh)
}

// admitFile numbers a new file and refuses a second own file with the same infohash:
// both would share one folder on the disk.
func admitFile(tx *bbolt.Tx, old *videoRecord, origin pod.FriendID, f *pod.VideoFile) error {
	if f.ID == 0 {
		id, err := next(tx, bucketFiles)
		if err != nil {
			return err
		}
		f.ID = id
	} else if !old.hasFile(f.ID) {
		return fmt.Errorf("file number %d is not this video's: %w", f.ID, pod.ErrInvalid)
	}
	if origin != 0 || f.Infohash.IsZero() {
		return nil
	}
	return eachKey(tx, bucketFiles, ownerKey(f.Infohash, origin), func(key, _ []byte) error {
		if old.hasFile(lastID(key)) {
			return nil
		}
		return fmt.Errorf("infohash %s: %w", f.Infohash, pod.ErrExists)
	})
}

// saveVideo writes the video with its index and gives it as a read will give it.
func saveVideo(tx *bbolt.Tx, old *videoRecord, fresh videoRecord) (pod.Video, error) {
	var before []entry
	if old != nil {
		var err error
		if before, err = videoEntries(old); err != nil {
			return pod.Video{}, err
		}
	}
	if err := put(tx, bucketVideos, idKey(fresh.ID), fresh); err != nil {
		return pod.Video{}, err
	}
	stored, err := readVideo(tx, fresh.ID)
	if err != nil {
		return pod.Video{}, err
	}
	after, err := videoEntries(&stored)
	if err != nil {
		return pod.Video{}, err
	}
	return stored.video(), replace(tx, before, after)
}
