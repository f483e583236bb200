package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// sweepEvery is how often a login takes the expired sessions away.
const sweepEvery = time.Hour

// Login is what a person and a client send to get in.
type Login struct {
	ClientID, ClientSecret string
	Username, Password     string
	Source                 netip.Addr // whose wrong passwords are counted
}

// Login checks client and password and opens a session. Errors: invalid_client,
// invalid_grant, invalid_password, too_many_requests.
func (a *Accounts) Login(ctx context.Context, l Login) (Tokens, error) {
	if err := a.checkClient(ctx, l.ClientID, l.ClientSecret); err != nil {
		return Tokens{}, err
	}
	if err := checkPassword(l.Password); err != nil {
		return Tokens{}, err
	}
	name := strings.ToLower(l.Username)
	who, err := a.lookUp(ctx, name)
	if err != nil {
		return Tokens{}, err
	}
	ok, err := a.tryPassword(ctx, attempt{name: name, hash: who.PasswordHash, password: l.Password, from: l.Source})
	if err != nil {
		return Tokens{}, fmt.Errorf("log in: %w", err)
	}
	if !ok || who.ID == 0 || who.Blocked {
		return Tokens{}, errGrant()
	}
	a.renewHash(ctx, who, l.Password)
	return a.openSession(ctx, who.ID)
}

func (a *Accounts) checkClient(ctx context.Context, id, secret string) error {
	client, err := a.store.OAuthClient(ctx)
	if err != nil {
		return fmt.Errorf("read client: %w", err)
	}
	sameID := subtle.ConstantTimeCompare([]byte(id), []byte(client.ID))
	sameSecret := subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret))
	if client.ID == "" || sameID&sameSecret != 1 {
		return errClient()
	}
	return nil
}

// lookUp finds the account; for a name that nobody has it gives one without number,
// with a hash that no password fits.
func (a *Accounts) lookUp(ctx context.Context, name string) (pod.Account, error) {
	nobody := pod.Account{PasswordHash: a.hasher.dummy}
	if !pod.ValidAccountName(name) {
		return nobody, nil
	}
	who, err := a.store.AccountByName(ctx, name)
	if errors.Is(err, pod.ErrNotFound) {
		return nobody, nil
	}
	if err != nil {
		return pod.Account{}, fmt.Errorf("read account: %w", err)
	}
	return who, nil
}

// attempt is one password that somebody tries.
type attempt struct {
	name, hash, password string
	from                 netip.Addr
}

// tryPassword compares under the limits. They are asked when the slot is held: of many
// tries at once all but those under the limit are then refused without a hash.
func (a *Accounts) tryPassword(ctx context.Context, t attempt) (bool, error) {
	if wait := a.attempts.wait(t.name, t.from, a.clock()); wait > 0 {
		return false, errTooMany(wait)
	}
	if err := a.hasher.acquire(ctx); err != nil {
		return false, err
	}
	defer a.hasher.release()
	if wait := a.attempts.wait(t.name, t.from, a.clock()); wait > 0 {
		return false, errTooMany(wait)
	}
	ok, err := verify(t.hash, t.password)
	if err != nil {
		return false, err
	}
	if !ok {
		a.attempts.fail(t.name, t.from, a.clock())
		return false, nil
	}
	a.attempts.forgive(t.name, t.from)
	return true, nil
}

// renewHash stores the password with the costs of today. The login stands without it.
func (a *Accounts) renewHash(ctx context.Context, who pod.Account, password string) {
	if !a.hasher.outdated(who.PasswordHash) {
		return
	}
	hash, err := a.hasher.hash(ctx, password)
	if err == nil {
		_, err = a.store.UpdateAccount(ctx, who.ID, func(acc *pod.Account) error {
			if acc.PasswordHash == who.PasswordHash { // else it was changed meanwhile
				acc.PasswordHash = hash
			}
			return nil
		})
	}
	if err != nil {
		a.log.Warn("Password hash was not renewed", pod.LogAccount, who.Name, pod.LogErr, err)
	}
}

func (a *Accounts) openSession(ctx context.Context, id pod.AccountID) (Tokens, error) {
	now := a.clock().UTC()
	tokens := newTokens()
	if _, err := a.store.InsertSession(ctx, tokens.session(id, now)); err != nil {
		return Tokens{}, fmt.Errorf("store session: %w", err)
	}
	a.sweep(ctx, now)
	return tokens, nil
}

// sweep takes expired sessions away, at most once an hour.
func (a *Accounts) sweep(ctx context.Context, now time.Time) {
	last := a.lastSweep.Load()
	if age := now.Unix() - last; age >= 0 && age < int64(sweepEvery/time.Second) || !a.lastSweep.CompareAndSwap(last, now.Unix()) {
		return
	}
	n, err := a.store.DeleteExpiredSessions(ctx, now)
	if err != nil {
		a.log.Warn("Expired sessions were not removed", pod.LogErr, err)
	} else if n > 0 {
		a.log.Debug("Expired sessions removed", pod.LogCount, n)
	}
}
