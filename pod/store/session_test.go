package store_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func hash(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// session gives a session whose tokens are named; it can be refreshed for that long.
func session(tokens string, refresh time.Duration) pod.Session {
	return pod.Session{
		AccountID: 1, AccessHash: hash("access " + tokens), RefreshHash: hash("refresh " + tokens),
		AccessExpiresAt: day.Add(time.Hour), RefreshExpiresAt: day.Add(refresh), CreatedAt: day,
	}
}

func TestSessionsSurviveARestart(t *testing.T) {
	s, path := open(t)
	stored, err := s.InsertSession(t.Context(), session("a", 24*time.Hour))
	wantErr(t, "InsertSession()", err, nil)
	want := session("a", 24*time.Hour)
	want.ID = 1
	wantEqual(t, "InsertSession()", stored, want)
	closeStore(t, s)
	s = reopen(t, path)
	got, err := s.SessionByAccess(t.Context(), hash("access a"))
	wantErr(t, "SessionByAccess()", err, nil)
	wantEqual(t, "SessionByAccess()", got, want)
	got, err = s.SessionByRefresh(t.Context(), hash("refresh a"))
	wantErr(t, "SessionByRefresh()", err, nil)
	wantEqual(t, "SessionByRefresh()", got, want)
	_, err = s.SessionByAccess(t.Context(), hash("refresh a"))
	wantErr(t, "SessionByAccess(refresh token)", err, pod.ErrNotFound)
	wantErr(t, "DeleteSession()", s.DeleteSession(t.Context(), 1), nil)
	wantErr(t, "DeleteSession() again", s.DeleteSession(t.Context(), 1), pod.ErrNotFound)
	_, err = s.SessionByAccess(t.Context(), hash("access a"))
	wantErr(t, "SessionByAccess(deleted)", err, pod.ErrNotFound)
	next, err := s.InsertSession(t.Context(), session("a", time.Hour))
	if next.ID != 2 || err != nil {
		t.Errorf("InsertSession() after a removal = %d, %v, want 2, nil", next.ID, err)
	}
	wantSound(t, s, path)
}

func TestRotateSession(t *testing.T) {
	s, path := open(t)
	stored, err := s.InsertSession(t.Context(), session("a", 24*time.Hour))
	wantErr(t, "InsertSession()", err, nil)
	fresh := session("b", 48*time.Hour)
	fresh.AccountID, fresh.CreatedAt = 99, day.Add(time.Hour)
	rotated, err := s.RotateSession(t.Context(), stored.ID, fresh)
	wantErr(t, "RotateSession()", err, nil)
	want := session("b", 48*time.Hour)
	want.ID = stored.ID
	wantEqual(t, "RotateSession()", rotated, want)
	_, err = s.SessionByAccess(t.Context(), hash("access a"))
	wantErr(t, "SessionByAccess(old)", err, pod.ErrNotFound)
	_, err = s.SessionByRefresh(t.Context(), hash("refresh a"))
	wantErr(t, "SessionByRefresh(old)", err, pod.ErrNotFound)
	wantSpent := func(token string, want bool) {
		t.Helper()
		id, ok, err := s.SpentRefresh(t.Context(), hash(token))
		if ok != want || err != nil || (want && id != stored.ID) {
			t.Errorf("SpentRefresh(%s) = %d, %t, %v, want %t, nil", token, id, ok, err, want)
		}
	}
	wantSpent("refresh a", true)
	wantSpent("refresh b", false)
	_, err = s.RotateSession(t.Context(), stored.ID, session("a", time.Hour))
	wantErr(t, "RotateSession(spent token)", err, pod.ErrExists)
	_, err = s.RotateSession(t.Context(), 9, session("c", time.Hour))
	wantErr(t, "RotateSession(9)", err, pod.ErrNotFound)
	_, err = s.RotateSession(t.Context(), stored.ID, session("c", 72*time.Hour))
	wantErr(t, "RotateSession()", err, nil)
	wantSpent("refresh a", true)
	wantSpent("refresh b", true)
	wantSound(t, s, path)
	s = reopen(t, path)

	n, err := s.DeleteExpiredSessions(t.Context(), day.Add(48*time.Hour))
	if n != 0 || err != nil {
		t.Errorf("DeleteExpiredSessions() = %d, %v, want 0, nil", n, err)
	}
	wantSpent("refresh a", false) // its time was over
	wantSpent("refresh b", true)
	wantErr(t, "DeleteSession()", s.DeleteSession(t.Context(), stored.ID), nil)
	wantSpent("refresh b", false)
	wantSound(t, s, path)
}

func TestDeleteExpiredSessions(t *testing.T) {
	s, path := open(t)
	for token, refresh := range map[string]time.Duration{"a": time.Hour, "b": 2 * time.Hour, "c": 3 * time.Hour} {
		_, err := s.InsertSession(t.Context(), session(token, refresh))
		wantErr(t, "InsertSession()", err, nil)
	}
	n, err := s.DeleteExpiredSessions(t.Context(), day.Add(2*time.Hour))
	if n != 2 || err != nil {
		t.Errorf("DeleteExpiredSessions() = %d, %v, want 2, nil", n, err)
	}
	_, err = s.SessionByRefresh(t.Context(), hash("refresh b"))
	wantErr(t, "SessionByRefresh(b)", err, pod.ErrNotFound)
	_, err = s.SessionByRefresh(t.Context(), hash("refresh c"))
	wantErr(t, "SessionByRefresh(c)", err, nil)
	wantSound(t, s, path)
}

func TestInsertSessionRefuses(t *testing.T) {
	s, _ := open(t)
	_, err := s.InsertSession(t.Context(), session("a", time.Hour))
	wantErr(t, "InsertSession()", err, nil)
	_, err = s.InsertSession(t.Context(), session("a", time.Hour))
	wantErr(t, "InsertSession(same tokens)", err, pod.ErrExists)
	_, err = s.InsertSession(t.Context(), pod.Session{AccountID: 1})
	wantErr(t, "InsertSession(no tokens)", err, pod.ErrInvalid)
}
