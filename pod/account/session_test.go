package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	other := newWorld(t).mustLogin(t)
	last := tokens.Access[:42]
	edited := last + string(tokens.Access[42]^1)
	for name, token := range map[string]string{
		"empty": "", "refresh token": tokens.Refresh, "cut": last, "longer": tokens.Access + "A", "edited": edited,
		"other case": strings.ToUpper(tokens.Access), "padded": last + "=", "of another pod": other.Access,
		"JWT without signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.", "huge": strings.Repeat("A", 1<<20), "NUL": strings.Repeat("\x00", 43),
	} {
		_, err := w.Authenticate(t.Context(), token)
		wantCode(t, "Authenticate("+name+")", err, pod.KindUnauthorized, "invalid_token")
		wantCode(t, "Revoke("+name+")", w.Revoke(t.Context(), token), pod.KindUnauthorized, "invalid_token")
	}
	if _, err := w.Authenticate(t.Context(), tokens.Access); err != nil {
		t.Errorf("Authenticate(right) = %v", err)
	}
}

func TestAccessExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	w.clock.Add(24*time.Hour - time.Second)
	if _, err := w.Authenticate(t.Context(), tokens.Access); err != nil {
		t.Errorf("Authenticate(a second before) = %v", err)
	}
	w.clock.Add(time.Second)
	_, err := w.Authenticate(t.Context(), tokens.Access)
	wantCode(t, "Authenticate(a day old)", err, pod.KindUnauthorized, "invalid_token")
	w.clock.Add(-time.Hour) // a clock that was wrong for a while costs nobody his session
	if _, err := w.Authenticate(t.Context(), tokens.Access); err != nil {
		t.Errorf("Authenticate(clock set back) = %v", err)
	}
}

func TestTokensSurviveRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	again := w.build(t)
	if err := again.EnsureRoot(t.Context()); err != nil {
		t.Fatalf("EnsureRoot() = %v", err)
	}
	if who, err := again.Authenticate(t.Context(), tokens.Access); err != nil || who.Name != "root" {
		t.Errorf("Authenticate after a restart = %q, %v, want root", who.Name, err)
	}
}

func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	for _, s := range w.store.sessions {
		if strings.Contains(tokens.Access+tokens.Refresh, string(s.AccessHash[:])) || s.AccessHash == s.RefreshHash {
			t.Error("a session holds a token, want hashes only")
		}
	}
	for _, secret := range []string{tokens.Access, tokens.Refresh, rootPassword} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("the log holds a secret")
		}
	}
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.mustLogin(t)
	w.clock.Add(13 * 24 * time.Hour)
	second, err := w.Refresh(t.Context(), refresh(first.Refresh))
	if err != nil {
		t.Fatalf("Refresh = %v", err)
	}
	if second.Access == first.Access || second.Refresh == first.Refresh {
		t.Error("Refresh gave the same tokens again")
	}
	_, err = w.Authenticate(t.Context(), first.Access)
	wantCode(t, "Authenticate(replaced)", err, pod.KindUnauthorized, "invalid_token")
	w.clock.Add(13 * 24 * time.Hour)
	third, err := w.Refresh(t.Context(), refresh(second.Refresh))
	if err != nil {
		t.Fatalf("second Refresh = %v", err)
	}
	if _, err := w.Authenticate(t.Context(), third.Access); err != nil {
		t.Errorf("Authenticate(third) = %v", err)
	}
	if n := w.store.sessionCount(); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	wrongClient := refresh(tokens.Refresh)
	wrongClient.ClientSecret = "x"
	_, err := w.Refresh(t.Context(), wrongClient)
	wantCode(t, "Refresh(wrong client)", err, pod.KindInvalid, "invalid_client")
	for name, token := range map[string]string{"empty": "", "access token": tokens.Access, "huge": strings.Repeat("A", 1<<20)} {
		_, err := w.Refresh(t.Context(), refresh(token))
		wantCode(t, "Refresh("+name+")", err, pod.KindInvalid, "invalid_grant")
	}
	if _, err := w.Authenticate(t.Context(), tokens.Access); err != nil {
		t.Errorf("Authenticate after refused refreshes = %v", err)
	}
	w.clock.Add(14 * 24 * time.Hour)
	_, err = w.Refresh(t.Context(), refresh(tokens.Refresh))
	wantCode(t, "Refresh(expired)", err, pod.KindInvalid, "invalid_grant")
}

// A refresh token that comes twice was copied: nobody keeps the session.
func TestSpentRefreshEndsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bystander := w.mustLogin(t)
	first := w.mustLogin(t)
	second, err := w.Refresh(t.Context(), refresh(first.Refresh))
	if err != nil {
		t.Fatal(err)
	}
	third, err := w.Refresh(t.Context(), refresh(second.Refresh))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Refresh(t.Context(), refresh(first.Refresh))
	wantCode(t, "Refresh(spent)", err, pod.KindInvalid, "invalid_grant")
	_, err = w.Authenticate(t.Context(), third.Access)
	wantCode(t, "Authenticate(after theft)", err, pod.KindUnauthorized, "invalid_token")
	_, err = w.Refresh(t.Context(), refresh(third.Refresh))
	wantCode(t, "Refresh(after theft)", err, pod.KindInvalid, "invalid_grant")
	if _, err := w.Authenticate(t.Context(), bystander.Access); err != nil {
		t.Errorf("Authenticate(another session) = %v", err)
	}
}

// Each find takes a second here, so that all would find the token unspent if they could.
func TestRefreshInParallelGivesOnePair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tokens := w.mustLogin(t)
		w.store.slow = true
		var group sync.WaitGroup
		var won atomic.Int64
		for range 20 {
			group.Go(func() {
				if _, err := w.Refresh(t.Context(), refresh(tokens.Refresh)); err == nil {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 20 uses of one refresh token succeeded, want 1", won.Load())
		}
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens, other := w.mustLogin(t), w.mustLogin(t)
	if err := w.Revoke(t.Context(), tokens.Access); err != nil {
		t.Fatalf("Revoke = %v", err)
	}
	_, err := w.Authenticate(t.Context(), tokens.Access)
	wantCode(t, "Authenticate(revoked)", err, pod.KindUnauthorized, "invalid_token")
	_, err = w.Refresh(t.Context(), refresh(tokens.Refresh))
	wantCode(t, "Refresh(revoked)", err, pod.KindInvalid, "invalid_grant")
	wantCode(t, "Revoke(twice)", w.Revoke(t.Context(), tokens.Access), pod.KindUnauthorized, "invalid_token")
	w.clock.Add(48 * time.Hour)
	if err := w.Revoke(t.Context(), other.Access); err != nil {
		t.Errorf("Revoke(expired) = %v, want nil: the refresh token must die", err)
	}
	if n := w.store.sessionCount(); n != 0 {
		t.Errorf("%d sessions, want none", n)
	}
}

func TestBlockedOrMissingAccountHasNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	check := func(name string) {
		_, err := w.Authenticate(t.Context(), tokens.Access)
		wantCode(t, "Authenticate("+name+")", err, pod.KindUnauthorized, "invalid_token")
		_, err = w.Refresh(t.Context(), refresh(tokens.Refresh))
		wantCode(t, "Refresh("+name+")", err, pod.KindInvalid, "invalid_grant")
	}
	w.store.setRoot(func(a *pod.Account) { a.Blocked = true })
	check("blocked")
	w.store.mu.Lock()
	clear(w.store.accounts)
	w.store.mu.Unlock()
	check("missing")
}

func TestSessionsTellStoreErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := w.mustLogin(t)
	calls := map[string]func() error{
		"Authenticate": func() error { _, err := w.Authenticate(t.Context(), tokens.Access); return err },
		"Refresh":      func() error { _, err := w.Refresh(t.Context(), refresh(tokens.Refresh)); return err },
		"Spent":        func() error { _, err := w.Refresh(t.Context(), refresh(tokens.Access)); return err },
		"Revoke":       func() error { return w.Revoke(t.Context(), tokens.Access) },
	}
	for _, tt := range []struct{ call, method string }{
		{"Authenticate", "SessionByAccess"},
		{"Authenticate", "Account"},
		{"Refresh", "OAuthClient"},
		{"Refresh", "SessionByRefresh"},
		{"Refresh", "Account"},
		{"Refresh", "RotateSession"},
		{"Spent", "SpentRefresh"},
		{"Revoke", "SessionByAccess"},
		{"Revoke", "DeleteSession"},
	} {
		w.store.failWith(tt.method, errDisk)
		if err := calls[tt.call](); !errors.Is(err, errDisk) || pod.KindOf(err) != pod.KindInternal {
			t.Errorf("%s with a broken %s = %v, want the store's error", tt.call, tt.method, err)
		}
		w.store.failWith(tt.method, nil)
	}
	w.store.failWith("RotateSession", pod.ErrNotFound)
	wantCode(t, "Refresh(revoked meanwhile)", calls["Refresh"](), pod.KindInvalid, "invalid_grant")
}

func TestRefreshEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tokens := w.mustLogin(t)
		w.store.slow = true
		done := make(chan error)
		go func() { // ends with the read below
			_, err := w.Refresh(t.Context(), refresh(tokens.Refresh))
			done <- err
		}()
		synctest.Wait() // the first is within
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.Refresh(ctx, refresh(tokens.Refresh)); !errors.Is(err, pod.ErrCancelled) {
			t.Errorf("Refresh(cancelled while another runs) = %v, want ErrCancelled", err)
		}
		if err := <-done; err != nil {
			t.Errorf("first Refresh = %v", err)
		}
	})
}
