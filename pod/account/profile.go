package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
)

// Lengths in characters of what a person says about himself.
const (
	maxDisplayName = 120
	maxDescription = 1000
	maxEmail       = 254
)

// ProfileChange is what an account changes about itself; nil leaves a field as it is.
type ProfileChange struct {
	DisplayName, Description, Email *string
}

// UpdateProfile changes what others see of an account, and its address. Errors:
// invalid_display_name, invalid_description, invalid_email, pod.ErrNotFound. Where the
// address needs the password again, ask CheckPassword first.
func (a *Accounts) UpdateProfile(ctx context.Context, id pod.AccountID, p ProfileChange) (pod.Account, error) {
	if err := p.clean(); err != nil {
		return pod.Account{}, err
	}
	now := a.clock().UTC()
	who, err := a.store.UpdateAccount(ctx, id, func(acc *pod.Account) error {
		set(&acc.DisplayName, p.DisplayName)
		set(&acc.Description, p.Description)
		set(&acc.Email, p.Email)
		acc.UpdatedAt = now
		return nil
	})
	if err != nil {
		return pod.Account{}, fmt.Errorf("update profile: %w", err)
	}
	return who, nil
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

// clean brings the texts to their stored form and checks them.
func (p *ProfileChange) clean() error {
	rules := []struct {
		text        **string
		field, word string
		least, most int
		lines       bool
	}{
		{&p.DisplayName, "display_name", "display name", 1, maxDisplayName, false},
		{&p.Description, "description", "description", 0, maxDescription, true},
		{&p.Email, "email", "e-mail address", 3, maxEmail, false},
	}
	for _, r := range rules {
		if *r.text == nil {
			continue
		}
		text := norm.NFC.String(strings.TrimSpace(**r.text))
		*r.text = &text
		if n := utf8.RuneCountInString(text); n < r.least || n > r.most {
			return pod.Invalid(r.field, fmt.Sprintf("The %s has %d characters; %d to %d are allowed.", r.word, n, r.least, r.most))
		}
		if !utf8.ValidString(text) || strings.IndexFunc(text, func(c rune) bool { return badRune(c, r.lines) }) >= 0 {
			return pod.Invalid(r.field, fmt.Sprintf("The %s has a control character or is not valid UTF-8 text.", r.word))
		}
	}
	if p.Email != nil && !validEmail(*p.Email) {
		return pod.Invalid("email", "The e-mail address is not of the form name@host.")
	}
	return nil
}

func badRune(c rune, lines bool) bool {
	if lines && (c == '\n' || c == '\r' || c == '\t') {
		return false
	}
	return unicode.IsControl(c)
}

func validEmail(text string) bool {
	name, host, ok := strings.Cut(text, "@")
	return ok && name != "" && host != "" && !strings.ContainsAny(host, "@") && strings.IndexFunc(text, unicode.IsSpace) < 0
}

// PasswordCheck is a password that a logged-in person gives again.
type PasswordCheck struct {
	AccountID pod.AccountID
	Password  string
	Source    netip.Addr // whose wrong passwords are counted
}

// CheckPassword asks whether the password is the account's, under the limits of Login:
// whoever stole a token must not find the password by trying. Errors: invalid_grant,
// invalid_password, too_many_requests, pod.ErrNotFound.
func (a *Accounts) CheckPassword(ctx context.Context, c PasswordCheck) error {
	_, err := a.checkAgain(ctx, c)
	return err
}

func (a *Accounts) checkAgain(ctx context.Context, c PasswordCheck) (pod.Account, error) {
	if err := checkPassword(c.Password); err != nil {
		return pod.Account{}, err
	}
	who, err := a.activeAccount(ctx, c.AccountID)
	if err != nil {
		return pod.Account{}, err
	}
	ok, err := a.tryPassword(ctx, attempt{name: who.Name, hash: who.PasswordHash, password: c.Password, from: c.Source})
	if err != nil {
		return pod.Account{}, fmt.Errorf("check password: %w", err)
	}
	if !ok {
		return pod.Account{}, errGrant()
	}
	return who, nil
}

// PasswordChange is the current password and the one that shall follow.
type PasswordChange struct {
	PasswordCheck
	New string
}

var errChangedMeanwhile = errors.New("the password was changed meanwhile")

// ChangePassword replaces the password of an account. The file with the first password
// of the owner goes, for it is wrong from now on. Errors are those of CheckPassword.
func (a *Accounts) ChangePassword(ctx context.Context, c PasswordChange) error {
	if err := checkNewPassword(c.New); err != nil {
		return err
	}
	who, err := a.checkAgain(ctx, c.PasswordCheck)
	if err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, c.New)
	if err != nil {
		return err
	}
	now := a.clock().UTC()
	_, err = a.store.UpdateAccount(ctx, who.ID, func(acc *pod.Account) error {
		if acc.PasswordHash != who.PasswordHash {
			return errChangedMeanwhile
		}
		acc.PasswordHash, acc.UpdatedAt = hash, now
		return nil
	})
	if errors.Is(err, errChangedMeanwhile) {
		return errGrant()
	}
	if err != nil {
		return fmt.Errorf("store password: %w", err)
	}
	if who.Name == pod.RootName {
		a.dropPasswordFile()
	}
	a.log.Info("Password changed", pod.LogAccount, who.Name)
	return nil
}
