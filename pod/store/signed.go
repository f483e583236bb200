package store

import (
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// signedRecord is a signed video as it is stored. Its JSON is part of the schema.
type signedRecord struct {
	Video pod.VideoID `json:"video"`
	Rev   pod.Rev     `json:"rev"`
	Key   pod.PodID   `json:"key"`
	JWS   string      `json:"jws"`
}

// Signed reads the latest signed form of an own video that was kept; pod.ErrNotFound when
// there is none. The caller compares Rev and Key: the video may have changed since.
func (s *Store) Signed(ctx context.Context, id pod.VideoID) (pod.SignedVideo, error) {
	var signed pod.SignedVideo
	err := s.view(ctx, "read signed video", func(tx *bbolt.Tx) error {
		record, err := get[signedRecord](tx, bucketSigned, idKey(id))
		if err != nil {
			return fmt.Errorf("signed video %d: %w", id, err)
		}
		signed = pod.SignedVideo(record)
		return nil
	})
	return signed, err
}

// KeepSigned keeps signed forms of own videos until the videos go, one of each. Those of
// videos that are gone, or changed since, are left out.
func (s *Store) KeepSigned(ctx context.Context, signed []pod.SignedVideo) error {
	return s.update(ctx, "keep signed videos", func(tx *bbolt.Tx) error {
		for _, one := range signed {
			if !has(tx, bucketVideos, idKey(one.Video)) {
				continue
			}
			v, err := readVideo(tx, one.Video)
			if err != nil {
				return err
			}
			if v.Origin != 0 || v.Rev != one.Rev {
				continue
			}
			if err := put(tx, bucketSigned, idKey(one.Video), signedRecord(one)); err != nil {
				return err
			}
		}
		return nil
	})
}
