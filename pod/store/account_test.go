package store_test

import (
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func account(name string) (pod.Account, pod.Channel) {
	return pod.Account{
			Name: name, DisplayName: "D", Email: "a@example.org", Description: "about", Role: pod.RoleUser, QuotaBytes: -1,
			PasswordHash: "argon2id", Blocked: true, CreatedAt: day, UpdatedAt: day,
		}, pod.Channel{
			Name: name + "_channel", DisplayName: "C", Description: "about", Support: "tea", CreatedAt: day, UpdatedAt: day,
		}
}

func TestAccounts(t *testing.T) {
	s, path := open(t)
	givenA, givenC := account("root")
	a, c, err := s.InsertAccount(t.Context(), givenA, givenC)
	wantErr(t, "InsertAccount()", err, nil)
	givenA.ID, givenC.ID, givenC.AccountID = 1, 1, 1
	wantEqual(t, "InsertAccount() account", a, givenA)
	wantEqual(t, "InsertAccount() channel", c, givenC)
	closeStore(t, s)
	s = reopen(t, path)
	got, err := s.Account(t.Context(), a.ID)
	wantErr(t, "Account()", err, nil)
	wantEqual(t, "Account()", got, a)
	got, err = s.AccountByName(t.Context(), "ROOT")
	wantErr(t, "AccountByName()", err, nil)
	wantEqual(t, "AccountByName()", got, a)
	channels, err := s.Channels(t.Context(), a.ID)
	wantErr(t, "Channels()", err, nil)
	wantEqual(t, "Channels()", channels, []pod.Channel{c})
	channel, err := s.Channel(t.Context(), c.ID)
	wantErr(t, "Channel()", err, nil)
	wantEqual(t, "Channel()", channel, c)

	_, err = s.Account(t.Context(), 9)
	wantErr(t, "Account(9)", err, pod.ErrNotFound)
	_, err = s.AccountByName(t.Context(), "nobody")
	wantErr(t, "AccountByName(nobody)", err, pod.ErrNotFound)
	_, err = s.Channel(t.Context(), 9)
	wantErr(t, "Channel(9)", err, pod.ErrNotFound)
	channels, err = s.Channels(t.Context(), 9)
	wantErr(t, "Channels(9)", err, nil)
	wantEqual(t, "Channels(9)", len(channels), 0)
	wantSound(t, s, path)
}

func TestInsertAccountRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		account, channel string
		want             error
	}{
		"account exists":      {"root", "other_channel", pod.ErrExists},
		"account, other case": {"Root", "other_channel", pod.ErrExists},
		"channel exists":      {"other", "root_channel", pod.ErrExists},
		"account empty":       {"", "other_channel", pod.ErrInvalid},
		"channel empty":       {"other", "", pod.ErrInvalid},
		"both new":            {"other", "other_channel", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			a, c := account("root")
			if _, _, err := s.InsertAccount(t.Context(), a, c); err != nil {
				t.Fatalf("InsertAccount(root) = %v, want nil", err)
			}
			_, _, err := s.InsertAccount(t.Context(), pod.Account{Name: tt.account}, pod.Channel{Name: tt.channel})
			wantErr(t, "InsertAccount()", err, tt.want)
			_, err = s.AccountByName(t.Context(), "other")
			wantErr(t, "AccountByName(other)", err, map[bool]error{true: nil, false: pod.ErrNotFound}[tt.want == nil])
			wantSound(t, s, path)
		})
	}
}

func TestUpdateAccount(t *testing.T) {
	s, path := open(t)
	a, _, err := s.InsertAccount(t.Context(), pod.Account{Name: "root"}, pod.Channel{Name: "root_channel"})
	wantErr(t, "InsertAccount()", err, nil)
	updated, err := s.UpdateAccount(t.Context(), a.ID, func(a *pod.Account) error {
		a.PasswordHash, a.UpdatedAt = "new", day.In(time.FixedZone("west", -3600))
		return nil
	})
	wantErr(t, "UpdateAccount()", err, nil)
	a.PasswordHash, a.UpdatedAt = "new", day
	wantEqual(t, "UpdateAccount()", updated, a)
	for name, tt := range map[string]struct {
		id     pod.AccountID
		change func(*pod.Account) error
		want   error
	}{
		"unknown":        {9, func(*pod.Account) error { return nil }, pod.ErrNotFound},
		"caller's error": {a.ID, func(a *pod.Account) error { a.Email = "x"; return errStop }, errStop},
		"other name":     {a.ID, func(a *pod.Account) error { a.Name = "x"; return nil }, pod.ErrInvalid},
		"other id":       {a.ID, func(a *pod.Account) error { a.ID = 4; return nil }, pod.ErrInvalid},
	} {
		_, err := s.UpdateAccount(t.Context(), tt.id, tt.change)
		wantErr(t, "UpdateAccount("+name+")", err, tt.want)
	}
	got, err := s.Account(t.Context(), a.ID)
	wantErr(t, "Account()", err, nil)
	wantEqual(t, "Account()", got, a)
	wantSound(t, s, path)
}

func TestOAuthClientIsMadeOnce(t *testing.T) {
	s, path := open(t)
	first, err := s.OAuthClient(t.Context())
	wantErr(t, "OAuthClient()", err, nil)
	if len(first.ID) != 32 || len(first.Secret) != 32 || first.ID == first.Secret {
		t.Errorf("OAuthClient() = %d and %d characters, want two texts of 32", len(first.ID), len(first.Secret))
	}
	closeStore(t, s)
	again, err := reopen(t, path).OAuthClient(t.Context())
	wantErr(t, "OAuthClient()", err, nil)
	wantEqual(t, "OAuthClient() after a restart", again, first)
	other, _ := open(t)
	if c, err := other.OAuthClient(t.Context()); err != nil || c == first {
		t.Errorf("OAuthClient() of another store = the same pair, want a new one (err %v)", err)
	}
}
