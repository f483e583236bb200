package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

const (
	// maxJTIs bounds the unexpired jtis of one friend.
	maxJTIs = 10_000
	// jtiSweep is how many expired jtis, of any friend, go when a new one comes.
	jtiSweep = 1000
)

// SeenJTI tells whether a message of this friend with this jti was taken before.
func (s *Store) SeenJTI(ctx context.Context, n pod.FriendID, jti string) (bool, error) {
	var seen bool
	err := s.view(ctx, "find jti", func(tx *bbolt.Tx) error {
		seen = has(tx, bucketJTI, jtiKey(n, jti))
		return nil
	})
	return seen, err
}

// takeJTI remembers a jti; pod.ErrReplay when it was seen before, a *pod.Error of
// pod.KindTooMany when the friend has used too many.
func takeJTI(tx *bbolt.Tx, d *pod.Delivery) error {
	if d.JTI == "" {
		return nil
	}
	key := jtiKey(d.Friend, d.JTI)
	if has(tx, bucketJTI, key) {
		return fmt.Errorf("message of friend %d: %w", d.Friend, pod.ErrReplay)
	}
	if err := sweepJTIs(tx, d.At); err != nil {
		return err
	}
	full, err := manyJTIs(tx, d.Friend, d.At)
	if err != nil {
		return err
	}
	if full {
		return &pod.Error{
			Kind: pod.KindTooMany, Code: "too_many", Op: "receive", RetryAfter: time.Minute,
			Msg: "This pod has sent too many messages. Wait some minutes.",
		}
	}
	both, err := jtiEntries(key, d.JTIUntil.UTC())
	if err != nil {
		return err
	}
	return replace(tx, nil, both)
}

// jtiEntries gives both records of a jti. A time that JSON can not hold is invalid.
func jtiEntries(key []byte, until time.Time) ([]entry, error) {
	var e entries
	e.add(bucketJTI, key, until)
	e.add(bucketJTIUntil, jtiUntilKey(until, key), struct{}{})
	return e.list, e.err
}

// sweepJTIs forgets some of the jtis that expired, the oldest first.
func sweepJTIs(tx *bbolt.Tx, now time.Time) error {
	var old []entry
	end := string(appendTime(nil, now))
	c := tx.Bucket([]byte(bucketJTIUntil)).Cursor()
	for key, _ := c.First(); key != nil && len(old) < 2*jtiSweep; key, _ = c.Next() {
		if len(key) <= timeKeyLen {
			return fmt.Errorf("%s %x: %w", bucketJTIUntil, key, pod.ErrCorrupt)
		}
		if string(key[:timeKeyLen]) > end {
			break
		}
		key = bytes.Clone(key)
		old = append(old, entry{bucket: bucketJTI, key: key[timeKeyLen:]}, entry{bucket: bucketJTIUntil, key: key})
	}
	return replace(tx, old, nil)
}

// manyJTIs tells whether a friend has as many jtis as it may. Expired ones that were not
// swept yet count only until there are so many.
func manyJTIs(tx *bbolt.Tx, n pod.FriendID, now time.Time) (bool, error) {
	if countKeys(tx, bucketJTI, idKey(n), maxJTIs) < maxJTIs {
		return false, nil
	}
	count := 0
	err := eachKey(tx, bucketJTI, idKey(n), func(key, record []byte) error {
		until, err := unsealJSON[time.Time](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketJTI, key, err)
		}
		if until.After(now) {
			count++
		}
		return nil
	})
	return count >= maxJTIs, err
}

// forgetJTIs forgets all jtis of a friend.
func forgetJTIs(tx *bbolt.Tx, n pod.FriendID) error {
	return eachBatch(tx, bucketJTI, idKey(n), func(key []byte) error {
		until, err := get[time.Time](tx, bucketJTI, key)
		if err != nil {
			return err
		}
		both, err := jtiEntries(key, until)
		if err != nil {
			return err
		}
		return replace(tx, both, nil)
	})
}
