package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

const (
	// maxInvites bounds the invites that stand at once.
	maxInvites = 1000
	// maxInviteIDLen is far below what a key of the database may have.
	maxInviteIDLen = 128
)

// inviteRecord is an invite as it is stored. Its JSON is part of the schema.
type inviteRecord struct {
	ID        string    `json:"id"`
	Secret    []byte    `json:"secret"`
	ExpiresAt time.Time `json:"expiresAt"`
	UsedBy    pod.PodID `json:"usedBy,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
}

// InsertInvite stores a new invite and forgets the expired ones. pod.ErrExists when there
// is one of this ID; a *pod.Error of pod.KindTooMany when 1,000 stand.
func (s *Store) InsertInvite(ctx context.Context, invite pod.Invite) error {
	return s.update(ctx, "insert invite", func(tx *bbolt.Tx) error {
		if invite.ID == "" || len(invite.ID) > maxInviteIDLen {
			return fmt.Errorf("id of an invite: %w", pod.ErrInvalid)
		}
		if err := forgetInvites(tx, s.opts.Clock()); err != nil {
			return err
		}
		if has(tx, bucketInvites, []byte(invite.ID)) {
			return fmt.Errorf("invite: %w", pod.ErrExists)
		}
		if countKeys(tx, bucketInvites, nil, maxInvites) == maxInvites {
			return &pod.Error{
				Kind: pod.KindTooMany, Code: "too_many_invites", Op: "insert invite",
				Msg: "There are 1,000 invites already. Remove some first, or wait until some expire.",
			}
		}
		return saveInvite(tx, invite)
	})
}

func saveInvite(tx *bbolt.Tx, invite pod.Invite) error {
	record := inviteRecord(invite)
	record.ExpiresAt, record.CreatedAt = invite.ExpiresAt.UTC(), invite.CreatedAt.UTC()
	return put(tx, bucketInvites, []byte(invite.ID), record)
}

// forgetInvites removes the invites that expired.
func forgetInvites(tx *bbolt.Tx, now time.Time) error {
	return eachBatch(tx, bucketInvites, nil, func(key []byte) error {
		invite, err := get[inviteRecord](tx, bucketInvites, key)
		if err != nil || invite.ExpiresAt.After(now) {
			return err
		}
		return tx.Bucket([]byte(bucketInvites)).Delete(key)
	})
}

// Invites reads all invites, used and expired ones too, in the order of their IDs.
func (s *Store) Invites(ctx context.Context) ([]pod.Invite, error) {
	var all []pod.Invite
	err := s.view(ctx, "read invites", func(tx *bbolt.Tx) error {
		return eachKey(tx, bucketInvites, nil, func(key, record []byte) error {
			invite, err := unsealJSON[inviteRecord](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketInvites, key, err)
			}
			all = append(all, pod.Invite(invite))
			return nil
		})
	})
	return all, err
}

// Invite reads an invite by its ID, used and expired ones too.
func (s *Store) Invite(ctx context.Context, id string) (pod.Invite, error) {
	var invite pod.Invite
	err := s.view(ctx, "read invite", func(tx *bbolt.Tx) (err error) {
		invite, err = readInvite(tx, id)
		return err
	})
	return invite, err
}

func readInvite(tx *bbolt.Tx, id string) (pod.Invite, error) {
	record, err := get[inviteRecord](tx, bucketInvites, []byte(id))
	if err != nil {
		return pod.Invite{}, fmt.Errorf("invite: %w", err)
	}
	return pod.Invite(record), nil
}

// DeleteInvite forgets an invite; pod.ErrNotFound when there is none.
func (s *Store) DeleteInvite(ctx context.Context, id string) error {
	return s.update(ctx, "delete invite", func(tx *bbolt.Tx) error {
		if !has(tx, bucketInvites, []byte(id)) {
			return fmt.Errorf("invite: %w", pod.ErrNotFound)
		}
		return tx.Bucket([]byte(bucketInvites)).Delete([]byte(id))
	})
}

// useInvite marks an invite as used by a pod, which may use it again, under any key that
// it had or has. pod.ErrNotFound when it is unknown, expired or another pod's.
func useInvite(tx *bbolt.Tx, id string, by pod.PodID, now time.Time) error {
	invite, err := readInvite(tx, id)
	if err != nil {
		return err
	}
	if !invite.ExpiresAt.After(now) {
		return fmt.Errorf("invite is expired: %w", pod.ErrNotFound)
	}
	switch invite.UsedBy {
	case by:
		return nil
	case "":
		invite.UsedBy = by
		return saveInvite(tx, invite)
	}
	first, err := friendOfKey(tx, invite.UsedBy)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return err
	}
	again, err := friendOfKey(tx, by)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return err
	}
	if first == 0 || first != again {
		return fmt.Errorf("invite was used by another pod: %w", pod.ErrNotFound)
	}
	return nil
}
