package store

import (
	"context"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// accountRecord is an account as it is stored. Its JSON is part of the schema.
type accountRecord struct {
	ID           pod.AccountID `json:"id"`
	Name         string        `json:"name"`
	DisplayName  string        `json:"displayName,omitempty"`
	Email        string        `json:"email,omitempty"`
	Description  string        `json:"description,omitempty"`
	Role         pod.Role      `json:"role"`
	QuotaBytes   int64         `json:"quotaBytes"`
	PasswordHash string        `json:"passwordHash"`
	Blocked      bool          `json:"blocked,omitempty"`
	CreatedAt    time.Time     `json:"createdAt"`
	UpdatedAt    time.Time     `json:"updatedAt"`
}

func newAccountRecord(a *pod.Account) accountRecord {
	r := accountRecord(*a)
	r.CreatedAt, r.UpdatedAt = a.CreatedAt.UTC(), a.UpdatedAt.UTC()
	return r
}

// InsertAccount stores a new account and its first channel, both or none, and gives
// them with their IDs. pod.ErrExists when an account, or a channel, has the name;
// names that differ in case only are the same.
func (s *Store) InsertAccount(ctx context.Context, a pod.Account, c pod.Channel) (pod.Account, pod.Channel, error) {
	err := s.update(ctx, "insert account", func(tx *bbolt.Tx) error {
		if a.Name == "" {
			return fmt.Errorf("account without name: %w", pod.ErrInvalid)
		}
		if has(tx, bucketAccountName, nameKey(a.Name)) {
			return fmt.Errorf("account %s: %w", a.Name, pod.ErrExists)
		}
		id, err := next(tx, bucketAccounts)
		if err != nil {
			return err
		}
		a.ID = pod.AccountID(id)
		if a, err = saveAccount(tx, a); err != nil {
			return err
		}
		c.AccountID = a.ID
		c, err = insertChannel(tx, c)
		return err
	})
	if err != nil {
		return pod.Account{}, pod.Channel{}, err
	}
	return a, c, nil
}

// UpdateAccount changes an account in one transaction and gives it as stored. An error
// of change undoes it and is returned, wrapped. ID and Name can not change. change must
// not call the store.
func (s *Store) UpdateAccount(ctx context.Context, id pod.AccountID, change func(*pod.Account) error) (pod.Account, error) {
	var a pod.Account
	err := s.update(ctx, "update account", func(tx *bbolt.Tx) error {
		old, err := readAccount(tx, id)
		if err != nil {
			return err
		}
		a = old
		if err := change(&a); err != nil {
			return err
		}
		if a.ID != old.ID || a.Name != old.Name {
			return fmt.Errorf("identity of account %d changed: %w", id, pod.ErrInvalid)
		}
		a, err = saveAccount(tx, a)
		return err
	})
	if err != nil {
		return pod.Account{}, err
	}
	return a, nil
}

// Account reads an account by its number.
func (s *Store) Account(ctx context.Context, id pod.AccountID) (pod.Account, error) {
	var a pod.Account
	err := s.view(ctx, "read account", func(tx *bbolt.Tx) (err error) {
		a, err = readAccount(tx, id)
		return err
	})
	return a, err
}

// AccountByName reads an account by its name, without regard to case.
func (s *Store) AccountByName(ctx context.Context, name string) (pod.Account, error) {
	var a pod.Account
	err := s.view(ctx, "find account", func(tx *bbolt.Tx) error {
		id, err := get[pod.AccountID](tx, bucketAccountName, nameKey(name))
		if err != nil {
			return err
		}
		record, err := linked[accountRecord](tx, bucketAccounts, idKey(id))
		a = pod.Account(record)
		return err
	})
	return a, err
}

func readAccount(tx *bbolt.Tx, id pod.AccountID) (pod.Account, error) {
	record, err := get[accountRecord](tx, bucketAccounts, idKey(id))
	if err != nil {
		return pod.Account{}, fmt.Errorf("account %d: %w", id, err)
	}
	return pod.Account(record), nil
}

// saveAccount writes the account with its index and gives it as a read will give it.
func saveAccount(tx *bbolt.Tx, a pod.Account) (pod.Account, error) {
	if err := put(tx, bucketAccounts, idKey(a.ID), newAccountRecord(&a)); err != nil {
		return a, err
	}
	index, err := accountEntries(&a)
	if err != nil {
		return a, err
	}
	if err := replace(tx, nil, index); err != nil {
		return a, err
	}
	return readAccount(tx, a.ID)
}

func accountEntries(a *pod.Account) ([]entry, error) {
	var e entries
	e.add(bucketAccountName, nameKey(a.Name), a.ID)
	return e.list, e.err
}
