package account_test

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// fakeStore keeps everything in memory. Each error set in fail is what that method gives.
type fakeStore struct {
	mu       sync.Mutex // guards all below
	client   pod.OAuthClient
	accounts map[pod.AccountID]pod.Account
	channels []pod.Channel
	sessions map[uint64]pod.Session
	spent    map[[32]byte]uint64
	next     uint64
	fail     map[string]error
	slow     bool // each find of a session takes a second of a synctest bubble
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		client:   pod.OAuthClient{ID: "client", Secret: "secret"},
		accounts: map[pod.AccountID]pod.Account{},
		sessions: map[uint64]pod.Session{},
		spent:    map[[32]byte]uint64{},
		fail:     map[string]error{},
	}
}

func (s *fakeStore) lock(method string) (func(), error) {
	s.mu.Lock()
	return s.mu.Unlock, s.fail[method]
}

func (s *fakeStore) failWith(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[method] = err
}

func (s *fakeStore) OAuthClient(context.Context) (pod.OAuthClient, error) {
	unlock, err := s.lock("OAuthClient")
	defer unlock()
	return s.client, err
}

func (s *fakeStore) InsertAccount(_ context.Context, a pod.Account, c pod.Channel) (pod.Account, pod.Channel, error) {
	unlock, err := s.lock("InsertAccount")
	defer unlock()
	if err != nil {
		return a, c, err
	}
	for _, other := range s.accounts {
		if other.Name == a.Name {
			return a, c, pod.ErrExists
		}
	}
	s.next++
	a.ID, c.ID, c.AccountID = pod.AccountID(s.next), pod.ChannelID(s.next), pod.AccountID(s.next)
	s.accounts[a.ID] = a
	s.channels = append(s.channels, c)
	return a, c, nil
}

func (s *fakeStore) UpdateAccount(_ context.Context, id pod.AccountID, change func(*pod.Account) error) (pod.Account, error) {
	unlock, err := s.lock("UpdateAccount")
	defer unlock()
	a, ok := s.accounts[id]
	switch {
	case err != nil:
		return a, err
	case !ok:
		return a, pod.ErrNotFound
	}
	if err := change(&a); err != nil {
		return a, err
	}
	s.accounts[id] = a
	return a, nil
}

func (s *fakeStore) Account(_ context.Context, id pod.AccountID) (pod.Account, error) {
	unlock, err := s.lock("Account")
	defer unlock()
	a, ok := s.accounts[id]
	if err == nil && !ok {
		err = pod.ErrNotFound
	}
	return a, err
}

func (s *fakeStore) AccountByName(_ context.Context, name string) (pod.Account, error) {
	unlock, err := s.lock("AccountByName")
	defer unlock()
	for _, a := range s.accounts {
		if a.Name == name {
			return a, err
		}
	}
	if err == nil {
		err = pod.ErrNotFound
	}
	return pod.Account{}, err
}

func (s *fakeStore) InsertSession(_ context.Context, session pod.Session) (pod.Session, error) {
	unlock, err := s.lock("InsertSession")
	defer unlock()
	if err != nil {
		return session, err
	}
	s.next++
	session.ID = s.next
	s.sessions[session.ID] = session
	return session, nil
}

func (s *fakeStore) findSession(method string, fits func(pod.Session) bool) (pod.Session, error) {
	unlock, err := s.lock(method)
	defer unlock()
	if err != nil {
		return pod.Session{}, err
	}
	for _, session := range s.sessions {
		if fits(session) {
			if s.slow {
				s.mu.Unlock()
				<-time.After(time.Second)
				s.mu.Lock()
			}
			return session, nil
		}
	}
	return pod.Session{}, pod.ErrNotFound
}

func (s *fakeStore) SessionByAccess(_ context.Context, hash [32]byte) (pod.Session, error) {
	return s.findSession("SessionByAccess", func(o pod.Session) bool { return o.AccessHash == hash })
}

func (s *fakeStore) SessionByRefresh(_ context.Context, hash [32]byte) (pod.Session, error) {
	return s.findSession("SessionByRefresh", func(o pod.Session) bool { return o.RefreshHash == hash })
}

func (s *fakeStore) RotateSession(_ context.Context, id uint64, next pod.Session) (pod.Session, error) {
	unlock, err := s.lock("RotateSession")
	defer unlock()
	old, ok := s.sessions[id]
	switch {
	case err != nil:
		return next, err
	case !ok:
		return next, pod.ErrNotFound
	}
	s.spent[old.RefreshHash] = id
	s.sessions[id] = next
	return next, nil
}

func (s *fakeStore) SpentRefresh(_ context.Context, hash [32]byte) (uint64, bool, error) {
	unlock, err := s.lock("SpentRefresh")
	defer unlock()
	id, ok := s.spent[hash]
	return id, ok, err
}

func (s *fakeStore) DeleteSession(_ context.Context, id uint64) error {
	unlock, err := s.lock("DeleteSession")
	defer unlock()
	if err != nil {
		return err
	}
	if _, ok := s.sessions[id]; !ok {
		return pod.ErrNotFound
	}
	delete(s.sessions, id)
	maps.DeleteFunc(s.spent, func(_ [32]byte, owner uint64) bool { return owner == id })
	return nil
}

func (s *fakeStore) DeleteExpiredSessions(_ context.Context, now time.Time) (int, error) {
	unlock, err := s.lock("DeleteExpiredSessions")
	defer unlock()
	before := len(s.sessions)
	maps.DeleteFunc(s.sessions, func(_ uint64, o pod.Session) bool { return err == nil && !now.Before(o.RefreshExpiresAt) })
	return before - len(s.sessions), err
}

func (s *fakeStore) sessionCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// setRoot changes the owner's account behind the back of the package.
func (s *fakeStore) setRoot(change func(*pod.Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.accounts {
		change(&a)
		s.accounts[id] = a
	}
}

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
