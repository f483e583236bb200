package account_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
	"github.com/peerpod/peerpod/pod/store"
)

var _ account.Store = (*store.Store)(nil)

// pair is what the contract test opens again and again: one file, one clock.
type pair struct {
	dir   string
	clock *clock
}

func (p pair) open(t *testing.T) (*store.Store, *account.Accounts) {
	t.Helper()
	db, err := store.Open(filepath.Join(p.dir, "peerpod.db"), store.Options{Clock: p.clock.Now})
	if err != nil {
		t.Fatalf("store.Open = %v", err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test closes it earlier, too
	accounts, err := account.New(account.Config{
		Store: db, Clock: p.clock.Now, RootPassword: rootPassword, RootPasswordFile: filepath.Join(p.dir, "root-password.txt"),
	})
	if err != nil {
		t.Fatal(err)
	}
	account.Cheapen(accounts)
	if err := accounts.EnsureRoot(t.Context()); err != nil {
		t.Fatalf("EnsureRoot() = %v", err)
	}
	return db, accounts
}

// What the fake promises must be true of the real store, across restarts.
func TestAccountsOnRealStore(t *testing.T) {
	t.Parallel()
	p := pair{dir: t.TempDir(), clock: newClock()}
	db, accounts := p.open(t)
	client, err := accounts.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	enter := account.Login{ClientID: client.ID, ClientSecret: client.Secret, Username: "root", Password: rootPassword, Source: home}
	renew := func(token string) (account.Tokens, error) {
		return accounts.Refresh(t.Context(), account.Refresh{ClientID: client.ID, ClientSecret: client.Secret, RefreshToken: token})
	}
	first, err := accounts.Login(t.Context(), enter)
	if err != nil {
		t.Fatalf("Login = %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db, accounts = p.open(t)
	who, err := accounts.Authenticate(t.Context(), first.Access)
	if err != nil || who.Name != pod.RootName || who.QuotaBytes != -1 {
		t.Fatalf("Authenticate after a restart = %+v, %v", who, err)
	}
	if channels, err := db.Channels(t.Context(), who.ID); err != nil || len(channels) != 1 || channels[0].Name != "root_channel" {
		t.Errorf("Channels = %+v, %v, want root_channel", channels, err)
	}
	second, err := renew(first.Refresh)
	if err != nil {
		t.Fatalf("Refresh = %v", err)
	}
	_, err = renew(first.Refresh)
	wantCode(t, "Refresh(spent)", err, pod.KindInvalid, "invalid_grant")
	_, err = accounts.Authenticate(t.Context(), second.Access)
	wantCode(t, "Authenticate(after theft)", err, pod.KindUnauthorized, "invalid_token")

	third, err := accounts.Login(t.Context(), enter)
	if err != nil {
		t.Fatal(err)
	}
	if err := accounts.Revoke(t.Context(), third.Access); err != nil {
		t.Errorf("Revoke = %v", err)
	}
	wantCode(t, "Revoke(twice)", accounts.Revoke(t.Context(), third.Access), pod.KindUnauthorized, "invalid_token")
	_, err = renew(third.Refresh)
	wantCode(t, "Refresh(revoked)", err, pod.KindInvalid, "invalid_grant")
}

func TestPasswordsOnRealStore(t *testing.T) {
	t.Parallel()
	p := pair{dir: t.TempDir(), clock: newClock()}
	db, accounts := p.open(t)
	client, err := accounts.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	enter := account.Login{ClientID: client.ID, ClientSecret: client.Secret, Username: "root", Password: rootPassword, Source: home}
	tokens, err := accounts.Login(t.Context(), enter)
	if err != nil {
		t.Fatal(err)
	}
	who, err := accounts.Authenticate(t.Context(), tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	check := account.PasswordCheck{AccountID: who.ID, Password: rootPassword, Source: home}
	if err := accounts.ChangePassword(t.Context(), account.PasswordChange{PasswordCheck: check, New: "another password"}); err != nil {
		t.Errorf("ChangePassword = %v", err)
	}
	_, err = accounts.Login(t.Context(), enter)
	wantCode(t, "Login(old password)", err, pod.KindInvalid, "invalid_grant")
	p.clock.Add(30 * 24 * time.Hour)
	enter.Password = "another password"
	if _, err := accounts.Login(t.Context(), enter); err != nil { // sweeps, too
		t.Errorf("Login(new password) = %v", err)
	}
	if _, err := accounts.UpdateProfile(t.Context(), 99, account.ProfileChange{}); !errors.Is(err, pod.ErrNotFound) {
		t.Errorf("UpdateProfile(unknown) = %v, want ErrNotFound", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, err := accounts.Authenticate(t.Context(), tokens.Access); err == nil || pod.KindOf(err) == pod.KindUnauthorized {
		t.Errorf("Authenticate(closed store) = %v, want an error that is no wrong token", err)
	}
}
