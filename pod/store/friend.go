package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// Friends reads the records of all other pods, of any status, in the order of their numbers.
func (s *Store) Friends(ctx context.Context) ([]pod.Friend, error) {
	var all []pod.Friend
	err := s.view(ctx, "read friends", func(tx *bbolt.Tx) error {
		return eachFriend(tx, func(f *pod.Friend) error { all = append(all, *f); return nil })
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Friend reads the record of another pod by its number.
func (s *Store) Friend(ctx context.Context, n pod.FriendID) (pod.Friend, error) {
	var f pod.Friend
	err := s.view(ctx, "read friend", func(tx *bbolt.Tx) (err error) {
		f, err = readFriend(tx, n)
		return err
	})
	return f, err
}

// FriendByPodID reads the record of the pod that has this key, or had it: a superseded key
// is found as long as messages that it signed are taken.
func (s *Store) FriendByPodID(ctx context.Context, id pod.PodID) (pod.Friend, error) {
	var f pod.Friend
	err := s.view(ctx, "find friend", func(tx *bbolt.Tx) error {
		n, err := friendOfKey(tx, id)
		if err != nil {
			return err
		}
		record, err := linked[friendRecord](tx, bucketFriends, idKey(n))
		if err != nil {
			return err
		}
		f = record.friend()
		for _, old := range f.OldKeys {
			if old.PodID == id && !old.Until.After(s.opts.Clock()) {
				return fmt.Errorf("superseded key of friend %d: %w", n, pod.ErrNotFound)
			}
		}
		return nil
	})
	if err != nil {
		return pod.Friend{}, err
	}
	return f, nil
}

// ChangeFriend changes the record of the pod that has or had this key, or makes it, and
// gives it as stored. change gets a record of ID 0 with that PodID when there is none. The
// ID stays, another PodID needs the old one in OldKeys, and VideoCount is the store's own;
// what follows from another Status or Epoch is done in the same transaction. An error of
// change undoes all of it and is returned, wrapped. change must not call the store.
//
// An invite is used by that pod in the same transaction; pod.ErrNotFound, before change
// runs, when it is unknown, expired or was used by another pod.
func (s *Store) ChangeFriend(ctx context.Context, id pod.PodID, invite string, change func(*pod.Friend) error) (pod.Friend, error) {
	var stored pod.Friend
	err := s.update(ctx, "change friend", func(tx *bbolt.Tx) error {
		if invite != "" {
			if err := useInvite(tx, invite, id, s.opts.Clock()); err != nil {
				return err
			}
		}
		n, err := friendOfKey(tx, id)
		if errors.Is(err, pod.ErrNotFound) {
			stored, err = s.makeFriend(tx, id, change)
			return err
		}
		if err == nil {
			stored, err = s.changeFriend(tx, n, change)
		}
		return err
	})
	if err != nil {
		return pod.Friend{}, err
	}
	return stored, nil
}

// UpdateFriend changes a record by its number, as ChangeFriend does.
func (s *Store) UpdateFriend(ctx context.Context, n pod.FriendID, change func(*pod.Friend) error) (pod.Friend, error) {
	var stored pod.Friend
	err := s.update(ctx, "update friend", func(tx *bbolt.Tx) (err error) {
		stored, err = s.changeFriend(tx, n, change)
		return err
	})
	if err != nil {
		return pod.Friend{}, err
	}
	return stored, nil
}

// ChangeFriends calls change for all records, in the order of their numbers, in one
// transaction, and stores those for which it is true, as ChangeFriend does. change must
// not call the store.
func (s *Store) ChangeFriends(ctx context.Context, change func(*pod.Friend) bool) error {
	return s.update(ctx, "change friends", func(tx *bbolt.Tx) error {
		return eachBatch(tx, bucketFriends, nil, func(key []byte) error {
			n := pod.FriendID(lastID(key))
			old, err := readFriend(tx, n)
			if err != nil {
				return err
			}
			fresh, err := readFriend(tx, n) // shares no slice with old
			if err != nil || !change(&fresh) {
				return err
			}
			fresh.UpdatedAt, fresh.VideoCount = s.opts.Clock(), old.VideoCount
			_, err = saveFriend(tx, &old, fresh)
			return err
		})
	})
}

// RenewRuns gives each friend a new random run, so that each friendship gets a new epoch
// at the next introduction: what friends were told since the backup that was put back is
// unknown.
func (s *Store) RenewRuns(ctx context.Context) error {
	return s.ChangeFriends(ctx, func(f *pod.Friend) bool {
		var run [16]byte
		_, _ = rand.Read(run[:]) // crypto/rand never fails: it ends the process instead
		f.OurRun = base64.RawURLEncoding.EncodeToString(run[:])
		return true
	})
}

// DeleteFriend forgets another pod, with its videos and all that was exchanged. Its number
// is not given again.
func (s *Store) DeleteFriend(ctx context.Context, n pod.FriendID) error {
	return s.update(ctx, "delete friend", func(tx *bbolt.Tx) error {
		f, err := readFriend(tx, n)
		if err != nil {
			return err
		}
		if err := endFriendship(tx, &f); err != nil {
			return err
		}
		if err := forgetJTIs(tx, n); err != nil {
			return err
		}
		index, err := friendEntries(&f)
		if err != nil {
			return err
		}
		if err := replace(tx, index, nil); err != nil {
			return err
		}
		for _, b := range []bucket{bucketFriends, bucketFriendViews} {
			if err := tx.Bucket([]byte(b)).Delete(idKey(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) makeFriend(tx *bbolt.Tx, id pod.PodID, change func(*pod.Friend) error) (pod.Friend, error) {
	now := s.opts.Clock()
	f := pod.Friend{PodID: id, CreatedAt: now, UpdatedAt: now}
	if err := change(&f); err != nil {
		return f, err
	}
	if f.ID != 0 || f.PodID != id {
		return f, fmt.Errorf("identity of a new friend changed: %w", pod.ErrInvalid)
	}
	n, err := next(tx, bucketFriends)
	if err != nil {
		return f, err
	}
	f.ID, f.VideoCount = pod.FriendID(n), 0
	return saveFriend(tx, nil, f)
}

func (s *Store) changeFriend(tx *bbolt.Tx, n pod.FriendID, change func(*pod.Friend) error) (pod.Friend, error) {
	old, err := readFriend(tx, n)
	if err != nil {
		return old, err
	}
	fresh, err := readFriend(tx, n) // shares no slice with old
	if err != nil {
		return old, err
	}
	if err := change(&fresh); err != nil {
		return old, err
	}
	fresh.UpdatedAt, fresh.VideoCount = s.opts.Clock(), old.VideoCount
	return saveFriend(tx, &old, fresh)
}
