package account_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
)

func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who, err := w.store.AccountByName(t.Context(), "root")
	if err != nil {
		t.Fatal(err)
	}
	name, text, mail := "  Rene\u0301e ", "two\nlines", "renee@example.org"
	got, err := w.UpdateProfile(t.Context(), who.ID, account.ProfileChange{DisplayName: &name, Description: &text, Email: &mail})
	if err != nil || got.DisplayName != "Ren\u00e9e" || got.Description != text || got.Email != mail || got.Name != "root" {
		t.Errorf("UpdateProfile = %+v, %v", got, err)
	}
	if got, err = w.UpdateProfile(t.Context(), who.ID, account.ProfileChange{}); err != nil || got.DisplayName != "Ren\u00e9e" {
		t.Errorf("UpdateProfile(nothing) = %+v, %v, want no change", got, err)
	}
	if _, err := w.UpdateProfile(t.Context(), 99, account.ProfileChange{}); !errors.Is(err, pod.ErrNotFound) {
		t.Errorf("UpdateProfile(unknown) = %v, want ErrNotFound", err)
	}
}

func TestUpdateProfileRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		change account.ProfileChange
		code   string
	}{
		"empty name":          {account.ProfileChange{DisplayName: p(" ")}, "invalid_display_name"},
		"long name":           {account.ProfileChange{DisplayName: p(strings.Repeat("é", 121))}, "invalid_display_name"},
		"name with a line":    {account.ProfileChange{DisplayName: p("a\nb")}, "invalid_display_name"},
		"name not UTF-8":      {account.ProfileChange{DisplayName: p("a\xff")}, "invalid_display_name"},
		"long description":    {account.ProfileChange{Description: p(strings.Repeat("é", 1001))}, "invalid_description"},
		"description NUL":     {account.ProfileChange{Description: p("a\x00")}, "invalid_description"},
		"e-mail without host": {account.ProfileChange{Email: p("renee@")}, "invalid_email"},
		"e-mail without at":   {account.ProfileChange{Email: p("renee")}, "invalid_email"},
		"e-mail with two":     {account.ProfileChange{Email: p("a@b@c")}, "invalid_email"},
		"e-mail with space":   {account.ProfileChange{Email: p("a b@c")}, "invalid_email"},
	} {
		_, err := w.UpdateProfile(t.Context(), 1, tt.change)
		wantCode(t, "UpdateProfile("+name+")", err, pod.KindInvalid, tt.code)
	}
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := bare(t)
	if err := w.EnsureRoot(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := w.filePassword(t)
	tokens, err := w.Login(t.Context(), login(first))
	if err != nil {
		t.Fatal(err)
	}
	who, err := w.Authenticate(t.Context(), tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	change := func(current, next string) error {
		return w.ChangePassword(t.Context(), account.PasswordChange{
			PasswordCheck: account.PasswordCheck{AccountID: who.ID, Password: current, Source: home}, New: next,
		})
	}
	wantCode(t, "ChangePassword(wrong)", change("wrong password", "new password"), pod.KindInvalid, "invalid_grant")
	wantCode(t, "ChangePassword(short)", change(first, "short"), pod.KindInvalid, "invalid_password")
	wantCode(t, "ChangePassword(NUL)", change("\x00", "new password"), pod.KindInvalid, "invalid_password")
	w.filePassword(t) // still right, still there
	if err := change(first, "new password"); err != nil {
		t.Fatalf("ChangePassword = %v", err)
	}
	if _, err := os.Lstat(w.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file with the old password: %v, want none", err)
	}
	_, err = w.Login(t.Context(), login(first))
	wantCode(t, "Login(old password)", err, pod.KindInvalid, "invalid_grant")
	if _, err := w.Login(t.Context(), login("new password")); err != nil {
		t.Errorf("Login(new password) = %v", err)
	}
}

func TestCheckPasswordHasLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Limits.LoginsPerAccountAddr = 2 })
	check := func(password string) error {
		return w.CheckPassword(t.Context(), account.PasswordCheck{AccountID: 1, Password: password, Source: home})
	}
	if err := check(rootPassword); err != nil {
		t.Errorf("CheckPassword(right) = %v", err)
	}
	for range 2 {
		wantCode(t, "CheckPassword(wrong)", check("wrong"), pod.KindInvalid, "invalid_grant")
	}
	wantCode(t, "CheckPassword(third)", check(rootPassword), pod.KindTooMany, "too_many_requests")
	err := w.CheckPassword(t.Context(), account.PasswordCheck{AccountID: 99, Password: rootPassword, Source: home})
	if !errors.Is(err, pod.ErrNotFound) {
		t.Errorf("CheckPassword(unknown) = %v, want ErrNotFound", err)
	}
}
