package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
)

// Refresh is what a client sends for the next pair of tokens.
type Refresh struct {
	ClientID, ClientSecret string
	RefreshToken           string
}

// Refresh replaces both tokens of a session. A refresh token that was replaced before
// ends its session, and everybody must log in again. Errors: invalid_client, invalid_grant.
func (a *Accounts) Refresh(ctx context.Context, r Refresh) (Tokens, error) {
	if err := a.checkClient(ctx, r.ClientID, r.ClientSecret); err != nil {
		return Tokens{}, err
	}
	hash, ok := hashToken(r.RefreshToken)
	if !ok {
		return Tokens{}, errRefresh()
	}
	select {
	case a.rotating <- struct{}{}:
		defer func() { <-a.rotating }()
	case <-ctx.Done():
		return Tokens{}, cancelled(ctx, "wait to refresh a session")
	}
	session, err := a.store.SessionByRefresh(ctx, hash)
	if errors.Is(err, pod.ErrNotFound) {
		return Tokens{}, a.endIfSpent(ctx, hash)
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("read session: %w", err)
	}
	return a.rotate(ctx, session)
}

func (a *Accounts) rotate(ctx context.Context, session pod.Session) (Tokens, error) {
	now := a.clock().UTC()
	if !now.Before(session.RefreshExpiresAt) {
		return Tokens{}, errRefresh()
	}
	if _, err := a.activeAccount(ctx, session.AccountID); err != nil {
		if errors.Is(err, pod.ErrNotFound) {
			return Tokens{}, errRefresh()
		}
		return Tokens{}, err
	}
	tokens := newTokens()
	next := tokens.session(session.AccountID, now)
	next.ID, next.CreatedAt = session.ID, session.CreatedAt
	_, err := a.store.RotateSession(ctx, session.ID, next)
	if errors.Is(err, pod.ErrNotFound) { // revoked at this moment
		return Tokens{}, errRefresh()
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("rotate session: %w", err)
	}
	return tokens, nil
}

// endIfSpent ends the session whose replaced refresh token came again: either the
// client or a thief has the newer one, and nobody can tell which.
func (a *Accounts) endIfSpent(ctx context.Context, hash [32]byte) error {
	id, ok, err := a.store.SpentRefresh(ctx, hash)
	if err != nil {
		return fmt.Errorf("read spent token: %w", err)
	}
	if !ok {
		return errRefresh()
	}
	if err := a.store.DeleteSession(ctx, id); err != nil && !errors.Is(err, pod.ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	a.log.Warn("Session ended because a replaced refresh token came again")
	return errRefresh()
}

// Revoke ends the session of an access token, at once and also when it has expired.
// A token that belongs to no session is invalid_token.
func (a *Accounts) Revoke(ctx context.Context, access string) error {
	hash, ok := hashToken(access)
	if !ok {
		return errToken()
	}
	session, err := a.store.SessionByAccess(ctx, hash)
	if errors.Is(err, pod.ErrNotFound) {
		return errToken()
	}
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	if err := a.store.DeleteSession(ctx, session.ID); err != nil && !errors.Is(err, pod.ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Authenticate tells whose access token this is. A missing, unknown, edited, expired or
// revoked token, and that of a blocked account, is invalid_token.
func (a *Accounts) Authenticate(ctx context.Context, access string) (pod.Account, error) {
	hash, ok := hashToken(access)
	if !ok {
		return pod.Account{}, errToken()
	}
	session, err := a.store.SessionByAccess(ctx, hash)
	if errors.Is(err, pod.ErrNotFound) {
		return pod.Account{}, errToken()
	}
	if err != nil {
		return pod.Account{}, fmt.Errorf("read session: %w", err)
	}
	if !a.clock().Before(session.AccessExpiresAt) {
		return pod.Account{}, errToken()
	}
	who, err := a.activeAccount(ctx, session.AccountID)
	if errors.Is(err, pod.ErrNotFound) {
		return pod.Account{}, errToken()
	}
	return who, err
}

// activeAccount reads an account; a blocked one is pod.ErrNotFound.
func (a *Accounts) activeAccount(ctx context.Context, id pod.AccountID) (pod.Account, error) {
	who, err := a.store.Account(ctx, id)
	if err != nil {
		return pod.Account{}, fmt.Errorf("read account: %w", err)
	}
	if who.Blocked {
		return pod.Account{}, fmt.Errorf("account is blocked: %w", pod.ErrNotFound)
	}
	return who, nil
}
