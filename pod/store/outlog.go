package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// public tells whether friends may know the video as this pod's own.
func (r *videoRecord) public() bool {
	return r.Origin == 0 && r.Meta.Privacy == pod.PrivacyPublic && r.State == pod.StatePublished
}

// publish notes with which changes an own video was public first, and no more. old is nil
// for a new video.
func (r *videoRecord) publish(old *videoRecord) {
	if old != nil {
		r.PublicFrom, r.PublicUntil = old.PublicFrom, old.PublicUntil
	}
	switch {
	case r.public() && r.PublicFrom == 0:
		r.PublicFrom = r.Rev
	case r.public():
		r.PublicUntil = 0
	case r.PublicFrom != 0 && r.PublicUntil == 0:
		r.PublicUntil = r.Rev
	}
}

// outRecord is one entry of the log of own changes. Its JSON is part of the schema.
type outRecord struct {
	Video pod.VideoID `json:"video"`
	Gone  pod.Rev     `json:"gone,omitempty"` // under which the change log has its removal
}

// outKey is where an own video that was public once, and changed last with that rev, stands
// in the log of own changes. Once it is public no more, it stays where it ceased to be:
// what happens to it after that is told to nobody, and must not carry the news that it
// ceased beyond what a friend was told meanwhile.
func (r *videoRecord) outKey(rev pod.Rev) []byte {
	if r.PublicUntil != 0 {
		return idKey(r.PublicUntil)
	}
	return idKey(rev)
}

// OutChanges reads, after a Rev and in order, the latest change that friends can know of
// each own video that was public once, at most limit changes (1 or more). For a video that
// is public no more this is the one with which it ceased to be, whatever came later.
func (s *Store) OutChanges(ctx context.Context, after pod.Rev, limit int) ([]pod.OutChange, error) {
	if limit < 1 {
		return nil, fmt.Errorf("read own changes: limit %d: %w", limit, pod.ErrInvalid)
	}
	if after+1 == 0 {
		return nil, nil
	}
	var changes []pod.OutChange
	err := s.view(ctx, "read own changes", func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte(bucketOut)).Cursor()
		for key, record := c.Seek(idKey(after + 1)); key != nil && len(changes) < limit; key, record = c.Next() {
			change, err := readOut(tx, key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketOut, key, err)
			}
			changes = append(changes, change)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

func readOut(tx *bbolt.Tx, key, record []byte) (pod.OutChange, error) {
	out, err := unsealJSON[outRecord](key, record)
	if err != nil {
		return pod.OutChange{}, err
	}
	var r videoRecord
	if out.Gone == 0 {
		r, err = linked[videoRecord](tx, bucketVideos, idKey(out.Video))
	} else {
		r, err = readGone(tx, out.Gone)
	}
	if err != nil {
		return pod.OutChange{}, err
	}
	if r.ID != out.Video || !bytes.Equal(key, r.outKey(max(r.Rev, out.Gone))) {
		return pod.OutChange{}, fmt.Errorf("change of video %d: %w", out.Video, pod.ErrCorrupt)
	}
	return pod.OutChange{
		Rev: pod.Rev(lastID(key)), Video: r.video(), Removed: out.Gone != 0, PublicFrom: r.PublicFrom, PublicUntil: r.PublicUntil,
	}, nil
}

// readGone reads a removed video, as it last was, in the change log.
func readGone(tx *bbolt.Tx, rev pod.Rev) (videoRecord, error) {
	logged, err := linked[changeRecord](tx, bucketChanges, idKey(rev))
	if err != nil {
		return videoRecord{}, err
	}
	if logged.Last == nil {
		return videoRecord{}, fmt.Errorf("%s %d is no removal: %w", bucketChanges, rev, pod.ErrCorrupt)
	}
	return *logged.Last, nil
}

// LastOutRev is the Rev of the latest change that OutChanges gives, 0 before the first.
func (s *Store) LastOutRev(ctx context.Context) (pod.Rev, error) {
	var rev pod.Rev
	err := s.view(ctx, "read rev", func(tx *bbolt.Tx) error {
		if key, _ := tx.Bucket([]byte(bucketOut)).Cursor().Last(); key != nil {
			rev = pod.Rev(lastID(key))
		}
		return nil
	})
	return rev, err
}
