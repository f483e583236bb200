package store

import (
	"context"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// mirrorRecord is the wish for a copy as it is stored. Its JSON is part of the schema.
type mirrorRecord struct {
	Video     pod.VideoID  `json:"video"`
	Infohash  pod.Infohash `json:"infohash"`
	Name      string       `json:"name"`
	SizeBytes int64        `json:"sizeBytes"`
	CreatedAt time.Time    `json:"createdAt"`
}

// PutMirror notes the wish for a copy of a friend's video, or changes it. pod.ErrTooLarge
// when all wishes together would be of more than budgetBytes, pod.ErrNotFound when no
// friend has the video. The wish goes with the video.
func (s *Store) PutMirror(ctx context.Context, m pod.MirrorRecord, budgetBytes int64) error {
	return s.update(ctx, "put mirror", func(tx *bbolt.Tx) error {
		v, err := readVideo(tx, m.Video)
		if err != nil {
			return err
		}
		if v.Origin == 0 || v.Hidden {
			return fmt.Errorf("video %d is no friend's: %w", m.Video, pod.ErrNotFound)
		}
		if m.SizeBytes < 0 {
			return fmt.Errorf("mirror of %d bytes: %w", m.SizeBytes, pod.ErrInvalid)
		}
		all, err := readMirrors(tx)
		if err != nil {
			return err
		}
		left := budgetBytes
		for _, other := range all {
			if other.Video != m.Video {
				left -= other.SizeBytes
			}
		}
		if m.SizeBytes > left {
			return fmt.Errorf("mirror of %d bytes, %d left: %w", m.SizeBytes, left, pod.ErrTooLarge)
		}
		record := mirrorRecord(m)
		record.CreatedAt = m.CreatedAt.UTC()
		return put(tx, bucketMirrors, idKey(m.Video), record)
	})
}

// DeleteMirror forgets the wish for a copy; pod.ErrNotFound when there is none.
func (s *Store) DeleteMirror(ctx context.Context, id pod.VideoID) error {
	return s.update(ctx, "delete mirror", func(tx *bbolt.Tx) error {
		if !has(tx, bucketMirrors, idKey(id)) {
			return fmt.Errorf("mirror of video %d: %w", id, pod.ErrNotFound)
		}
		return tx.Bucket([]byte(bucketMirrors)).Delete(idKey(id))
	})
}

// Mirrors reads all wishes for copies, in the order of their videos' numbers.
func (s *Store) Mirrors(ctx context.Context) ([]pod.MirrorRecord, error) {
	var all []pod.MirrorRecord
	err := s.view(ctx, "read mirrors", func(tx *bbolt.Tx) (err error) {
		all, err = readMirrors(tx)
		return err
	})
	return all, err
}

func readMirrors(tx *bbolt.Tx) ([]pod.MirrorRecord, error) {
	var all []pod.MirrorRecord
	err := eachKey(tx, bucketMirrors, nil, func(key, record []byte) error {
		m, err := unsealJSON[mirrorRecord](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketMirrors, key, err)
		}
		all = append(all, pod.MirrorRecord(m))
		return nil
	})
	return all, err
}
