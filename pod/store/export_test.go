package store

import (
	"context"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// What the tests of package store_test need to see.

func Seal(key, payload []byte) []byte           { return seal(key, payload) }
func Unseal(key, record []byte) ([]byte, error) { return unseal(key, record) }
func FileKeyLen() int                           { return len(fileKey(pod.Infohash{}, 0, 0)) }
func SetMarker(s *Store) error                  { return setMarker(s.path, s.opts.Clock()) }
func VideoRowKey(v *pod.Video) []byte           { return videoRowKey(v.PublishedAt, v.ID) }
func AppendRow(v *pod.Video) []byte             { return appendRow(nil, v) }
func PairKey(a pod.AccountID, b uint64) []byte  { return pairKey(a, b) }
func IDKey(id uint64) []byte                    { return idKey(id) }
func UUIDKey(u pod.UUID, f pod.FriendID) []byte { return uuidKey(u, f) }

// DecodeVideo reads a record of the bucket videos.
func DecodeVideo(key, record []byte) (pod.Video, error) {
	r, err := unsealJSON[videoRecord](key, record)
	if err != nil {
		return pod.Video{}, err
	}
	return r.video(), nil
}

// DecodeRow reads a row of the list and gives its name.
func DecodeRow(payload []byte) (string, error) {
	r, err := parseRow(payload)
	if err == nil {
		err = r.parseTexts()
	}
	return r.name, err
}

// OpenMigrating opens with one more step at the end of the migrations.
func OpenMigrating(path string, o Options, version int, apply func(*bbolt.Tx) error) (*Store, error) {
	return openWith(path, o, append(migrations(), migration{version, apply}))
}

// InsertMany stores the videos in one transaction.
func InsertMany(s *Store, videos []pod.Video) error {
	return s.update(context.Background(), "insert videos", func(tx *bbolt.Tx) error {
		for i := range videos {
			if _, err := insertVideo(tx, videos[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
