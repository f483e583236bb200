package store

import (
	"context"
	"math"
	"strconv"
	"time"

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

func JTIKey(n pod.FriendID, jti string) []byte { return jtiKey(n, jti) }
func TombstoneKey(n pod.FriendID, u pod.UUID) []byte {
	return tombstoneKey(n, u)
}
func OriginKey(n pod.FriendID, epoch uint64, id pod.VideoID) []byte { return originKey(n, epoch, id) }

// EditVideo changes a video and its index as if the store's rules were others.
func EditVideo(tx *bbolt.Tx, id pod.VideoID, change func(*pod.Video)) error {
	old, err := readVideo(tx, id)
	if err != nil {
		return err
	}
	v := old.video()
	change(&v)
	fresh := newVideoRecord(&v)
	fresh.PublicFrom, fresh.PublicUntil = old.PublicFrom, old.PublicUntil
	_, err = saveVideo(tx, &old, fresh)
	return err
}

// FillJTIs gives a friend count jtis that are kept until then.
func FillJTIs(s *Store, n pod.FriendID, count int, until time.Time) error {
	return s.update(context.Background(), "fill jtis", func(tx *bbolt.Tx) error {
		for i := range count {
			both, err := jtiEntries(jtiKey(n, until.String()+strconv.Itoa(i)), until)
			if err != nil {
				return err
			}
			if err := replace(tx, nil, both); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountKeys counts the records of a bucket.
func CountKeys(s *Store, name string) (count int, err error) {
	err = s.view(context.Background(), "count", func(tx *bbolt.Tx) error {
		count = countKeys(tx, bucket(name), nil, math.MaxInt)
		return nil
	})
	return count, err
}

// LogRemovals logs removals of count videos of a friend that never were, of which some stay.
func LogRemovals(s *Store, n pod.FriendID, count int, stay uint64) error {
	return s.update(context.Background(), "log removals", func(tx *bbolt.Tx) error {
		for range count {
			id, err := next(tx, bucketVideos)
			if err != nil {
				return err
			}
			if err := logRemovalAmong(tx, &videoRecord{ID: pod.VideoID(id), UUID: pod.NewUUID(), Origin: n}, stay); err != nil {
				return err
			}
		}
		return nil
	})
}

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
			err := ofOrigin(tx, videos[i].Origin, func(f *pod.Friend) error {
				_, err := insertVideo(tx, f, videos[i])
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// FillInvites stores the invites in one transaction.
func FillInvites(s *Store, invites []pod.Invite) error {
	return s.update(context.Background(), "fill invites", func(tx *bbolt.Tx) error {
		for _, one := range invites {
			if err := saveInvite(tx, one); err != nil {
				return err
			}
		}
		return nil
	})
}
