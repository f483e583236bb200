package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// frozenRecord is the message on its way to a friend as it is stored. Its JSON is part of
// the schema.
type frozenRecord struct {
	Friend     pod.FriendID      `json:"friend"`
	Epoch      uint64            `json:"epoch"`
	Op         string            `json:"op"`
	Prev       uint64            `json:"prev"`
	Seq        uint64            `json:"seq"`
	Activities []json.RawMessage `json:"activities,omitempty"`
	SentRev    pod.Rev           `json:"sentRev,omitempty"`
	ToldName   string            `json:"toldName,omitempty"`
	ToldURL    string            `json:"toldUrl,omitempty"`
	ToldKey    pod.PodID         `json:"toldKey,omitempty"`
}

// InFlight reads the message on its way to a friend, if there is one.
func (s *Store) InFlight(ctx context.Context, n pod.FriendID) (pod.Frozen, bool, error) {
	var frozen pod.Frozen
	err := s.view(ctx, "read outbox", func(tx *bbolt.Tx) error {
		record, err := get[frozenRecord](tx, bucketOutbox, idKey(n))
		frozen = pod.Frozen(record)
		return err
	})
	if errors.Is(err, pod.ErrNotFound) {
		return pod.Frozen{}, false, nil
	}
	return frozen, err == nil, err
}

// Freeze stores a message before its first try. pod.ErrExists while another one is on its
// way, pod.ErrEpoch unless Epoch and Prev are those of the standing friendship, or of the
// one whose end the friend must still hear of; pod.ErrNotFriend without one.
func (s *Store) Freeze(ctx context.Context, frozen pod.Frozen) error {
	return s.update(ctx, "freeze", func(tx *bbolt.Tx) error {
		f, err := readFriend(tx, frozen.Friend)
		if err != nil {
			return err
		}
		switch quits := f.QuitEpoch != 0 && f.QuitEpoch == f.Epoch; {
		case !f.Status.Stands() && !quits:
			return fmt.Errorf("message to pod %d: %w", f.ID, pod.ErrNotFriend)
		case frozen.Op == "" || frozen.Seq < frozen.Prev:
			return fmt.Errorf("message to friend %d: %w", f.ID, pod.ErrInvalid)
		case frozen.Epoch != f.Epoch || frozen.Prev != f.OutSeq:
			return fmt.Errorf("message %d.%d, friend %d is at %d.%d: %w", frozen.Epoch, frozen.Prev, f.ID, f.Epoch, f.OutSeq, pod.ErrEpoch)
		case has(tx, bucketOutbox, idKey(f.ID)):
			return fmt.Errorf("message to friend %d: %w", f.ID, pod.ErrExists)
		}
		return put(tx, bucketOutbox, idKey(f.ID), frozenRecord(frozen))
	})
}

// Delivered notes that a friend has answered the message on its way to it, and applies the
// page of its catalogue that came with the answer. It is false, and nothing changes, when
// no message of that op is on its way.
func (s *Store) Delivered(ctx context.Context, d pod.Delivered) (bool, error) {
	var mine bool
	err := s.update(ctx, "delivered", func(tx *bbolt.Tx) error {
		key := idKey(d.Friend)
		frozen, err := get[frozenRecord](tx, bucketOutbox, key)
		if errors.Is(err, pod.ErrNotFound) || err == nil && (frozen.Op != d.Op || frozen.Epoch != d.Epoch) {
			return nil
		}
		if err != nil {
			return err
		}
		mine = true
		if err := tx.Bucket([]byte(bucketOutbox)).Delete(key); err != nil {
			return err
		}
		old, err := linked[friendRecord](tx, bucketFriends, key)
		if err != nil {
			return err
		}
		before, fresh := old.friend(), old.friend()
		moveOn(&fresh, &frozen)
		fresh.MustUpdate = false
		if d.At.After(fresh.LastSeenAt) {
			fresh.LastSeenAt = d.At
		}
		if d.Page != nil && fresh.Status.Stands() {
			if err := s.catalogueOf(tx, &fresh).readPage(d.Page); err != nil {
				return err
			}
		}
		_, err = saveFriend(tx, &before, fresh)
		return err
	})
	return mine && err == nil, err
}

// moveOn notes in a friend's record what a message told it.
func moveOn(f *pod.Friend, told *frozenRecord) {
	f.OutSeq = told.Seq
	f.SentRev = max(f.SentRev, told.SentRev)
	f.ToldName = cmp.Or(told.ToldName, f.ToldName)
	f.ToldURL = cmp.Or(told.ToldURL, f.ToldURL)
	f.ToldKey = cmp.Or(told.ToldKey, f.ToldKey)
}
