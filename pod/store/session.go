package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// sessionRecord is a session as it is stored. Its JSON is part of the schema.
type sessionRecord struct {
	ID               uint64        `json:"id"`
	Account          pod.AccountID `json:"account"`
	Access           []byte        `json:"access"`  // SHA-256
	Refresh          []byte        `json:"refresh"` // SHA-256
	AccessExpiresAt  time.Time     `json:"accessExpiresAt"`
	RefreshExpiresAt time.Time     `json:"refreshExpiresAt"`
	CreatedAt        time.Time     `json:"createdAt"`
}

// spentRecord is a refresh token that was used. It is forgotten with its session, or
// when the session as it then was can no longer be refreshed.
type spentRecord struct {
	Session uint64    `json:"session"`
	Until   time.Time `json:"until"`
}

func newSessionRecord(s *pod.Session) sessionRecord {
	return sessionRecord{
		ID: s.ID, Account: s.AccountID, Access: s.AccessHash[:], Refresh: s.RefreshHash[:],
		AccessExpiresAt: s.AccessExpiresAt.UTC(), RefreshExpiresAt: s.RefreshExpiresAt.UTC(), CreatedAt: s.CreatedAt.UTC(),
	}
}

func (r *sessionRecord) session() (pod.Session, error) {
	s := pod.Session{
		ID: r.ID, AccountID: r.Account,
		AccessExpiresAt: r.AccessExpiresAt, RefreshExpiresAt: r.RefreshExpiresAt, CreatedAt: r.CreatedAt,
	}
	if copy(s.AccessHash[:], r.Access) != len(r.Access) || copy(s.RefreshHash[:], r.Refresh) != len(r.Refresh) {
		return s, fmt.Errorf("hashes of session %d: %w", r.ID, pod.ErrCorrupt)
	}
	return s, nil
}

// InsertSession stores a new session and gives it with its ID.
func (s *Store) InsertSession(ctx context.Context, session pod.Session) (pod.Session, error) {
	err := s.update(ctx, "insert session", func(tx *bbolt.Tx) error {
		id, err := next(tx, bucketSessions)
		if err != nil {
			return err
		}
		session.ID = id
		session, err = saveSession(tx, nil, session)
		return err
	})
	if err != nil {
		return pod.Session{}, err
	}
	return session, nil
}

// SessionByAccess finds a session by the hash of its access token, expired or not.
func (s *Store) SessionByAccess(ctx context.Context, hash [32]byte) (pod.Session, error) {
	return s.sessionBy(ctx, bucketAccess, hash)
}

// SessionByRefresh finds a session by the hash of its latest refresh token, expired or
// not. Those that it had before are told by SpentRefresh.
func (s *Store) SessionByRefresh(ctx context.Context, hash [32]byte) (pod.Session, error) {
	return s.sessionBy(ctx, bucketRefresh, hash)
}

func (s *Store) sessionBy(ctx context.Context, b bucket, hash [32]byte) (pod.Session, error) {
	var session pod.Session
	err := s.view(ctx, "find session", func(tx *bbolt.Tx) error {
		id, err := get[uint64](tx, b, hash[:])
		if err != nil {
			return err
		}
		record, err := linked[sessionRecord](tx, bucketSessions, idKey(id))
		if err != nil {
			return err
		}
		session, err = record.session()
		return err
	})
	return session, err
}

// RotateSession gives a session the hashes and expiries of next; ID, account and
// CreatedAt stay. The old access token is dead, the old refresh token is known as spent
// until the session ends or its new refresh expiry passes.
func (s *Store) RotateSession(ctx context.Context, id uint64, fresh pod.Session) (pod.Session, error) {
	err := s.update(ctx, "rotate session", func(tx *bbolt.Tx) error {
		old, err := readSession(tx, id)
		if err != nil {
			return err
		}
		fresh.ID, fresh.AccountID, fresh.CreatedAt = old.ID, old.AccountID, old.CreatedAt
		if fresh, err = saveSession(tx, &old, fresh); err != nil {
			return err
		}
		spent, err := spentEntries(old.RefreshHash, spentRecord{Session: id, Until: fresh.RefreshExpiresAt})
		if err != nil {
			return err
		}
		return replace(tx, nil, spent)
	})
	if err != nil {
		return pod.Session{}, err
	}
	return fresh, nil
}

// SpentRefresh tells whether the hash is that of a refresh token that was used already,
// and of which session.
func (s *Store) SpentRefresh(ctx context.Context, hash [32]byte) (sessionID uint64, ok bool, err error) {
	err = s.view(ctx, "find spent token", func(tx *bbolt.Tx) error {
		spent, err := get[spentRecord](tx, bucketSpent, hash[:])
		sessionID = spent.Session
		return err
	})
	if errors.Is(err, pod.ErrNotFound) {
		return 0, false, nil
	}
	return sessionID, err == nil, err
}

// DeleteSession ends a session and forgets its tokens.
func (s *Store) DeleteSession(ctx context.Context, id uint64) error {
	return s.update(ctx, "delete session", func(tx *bbolt.Tx) error { return deleteSession(tx, id) })
}

// DeleteExpiredSessions removes the sessions that can not be refreshed at that time any
// more and tells how many they were. Spent tokens that need not be known go too.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error) {
	var count int
	err := s.update(ctx, "delete expired sessions", func(tx *bbolt.Tx) error {
		expired, err := expiredSessions(tx, now)
		if err != nil {
			return err
		}
		for _, id := range expired {
			if err := deleteSession(tx, id); err != nil {
				return err
			}
		}
		count = len(expired)
		return forgetSpent(tx, now)
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

func expiredSessions(tx *bbolt.Tx, now time.Time) ([]uint64, error) {
	var expired []uint64
	err := eachKey(tx, bucketSessions, nil, func(key, record []byte) error {
		session, err := unsealJSON[sessionRecord](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketSessions, key, err)
		}
		if !session.RefreshExpiresAt.After(now) {
			expired = append(expired, session.ID)
		}
		return nil
	})
	return expired, err
}

// forgetSpent removes the spent tokens that need not be known after now.
func forgetSpent(tx *bbolt.Tx, now time.Time) error {
	var old []entry
	err := eachKey(tx, bucketSpent, nil, func(key, record []byte) error {
		spent, err := unsealJSON[spentRecord](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketSpent, key, err)
		}
		if spent.Until.After(now) {
			return nil
		}
		both, err := spentEntries([32]byte(key), spent)
		old = append(old, both...)
		return err
	})
	if err != nil {
		return err
	}
	return replace(tx, old, nil)
}

func readSession(tx *bbolt.Tx, id uint64) (pod.Session, error) {
	record, err := get[sessionRecord](tx, bucketSessions, idKey(id))
	if err != nil {
		return pod.Session{}, fmt.Errorf("session %d: %w", id, err)
	}
	return record.session()
}

// saveSession writes the session with its index and gives it as a read will give it.
func saveSession(tx *bbolt.Tx, old *pod.Session, session pod.Session) (pod.Session, error) {
	if err := newHashes(tx, old, &session); err != nil {
		return session, err
	}
	var before []entry
	if old != nil {
		var err error
		if before, err = sessionEntries(old); err != nil {
			return session, err
		}
	}
	after, err := sessionEntries(&session)
	if err != nil {
		return session, err
	}
	if err := put(tx, bucketSessions, idKey(session.ID), newSessionRecord(&session)); err != nil {
		return session, err
	}
	if err := replace(tx, before, after); err != nil {
		return session, err
	}
	return readSession(tx, session.ID)
}

// newHashes refuses tokens that were ever seen, for they are random.
func newHashes(tx *bbolt.Tx, old, session *pod.Session) error {
	if session.AccessHash == [32]byte{} || session.RefreshHash == [32]byte{} {
		return fmt.Errorf("session without token: %w", pod.ErrInvalid)
	}
	access := has(tx, bucketAccess, session.AccessHash[:]) && (old == nil || old.AccessHash != session.AccessHash)
	if access || has(tx, bucketRefresh, session.RefreshHash[:]) || has(tx, bucketSpent, session.RefreshHash[:]) {
		return fmt.Errorf("token of a session: %w", pod.ErrExists)
	}
	return nil
}

func deleteSession(tx *bbolt.Tx, id uint64) error {
	session, err := readSession(tx, id)
	if err != nil {
		return err
	}
	index, err := sessionEntries(&session)
	if err != nil {
		return err
	}
	err = eachKey(tx, bucketSpentBy, idKey(id), func(key, _ []byte) error {
		if len(key) != len(spentKey(0, [32]byte{})) {
			return fmt.Errorf("%s %x: %w", bucketSpentBy, key, pod.ErrCorrupt)
		}
		spent, err := spentEntries([32]byte(key[idKeyLen:]), spentRecord{Session: id})
		index = append(index, spent...)
		return err
	})
	if err != nil {
		return err
	}
	if err := replace(tx, index, nil); err != nil {
		return err
	}
	return tx.Bucket([]byte(bucketSessions)).Delete(idKey(id))
}

func sessionEntries(s *pod.Session) ([]entry, error) {
	var e entries
	e.add(bucketAccess, s.AccessHash[:], s.ID)
	e.add(bucketRefresh, s.RefreshHash[:], s.ID)
	return e.list, e.err
}

// spentEntries gives both records of a spent token. Only their keys tell what to remove.
func spentEntries(hash [32]byte, spent spentRecord) ([]entry, error) {
	var e entries
	e.add(bucketSpent, hash[:], spent)
	e.add(bucketSpentBy, spentKey(spent.Session, hash), spent.Session)
	return e.list, e.err
}
