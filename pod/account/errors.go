package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func errClient() error {
	return &pod.Error{
		Kind: pod.KindInvalid, Code: "invalid_client", Op: "check client",
		Msg: "The client id or the client secret is not the one of this pod. Read it again from /api/v1/oauth-clients/local.",
	}
}

// errGrant is the one answer to an unknown name, a wrong password and a blocked account.
func errGrant() error {
	return &pod.Error{
		Kind: pod.KindInvalid, Code: "invalid_grant", Op: "log in",
		Msg: "The name or the password is wrong. Check both and try again.",
	}
}

func errRefresh() error {
	return &pod.Error{
		Kind: pod.KindInvalid, Code: "invalid_grant", Op: "refresh session",
		Msg: "This session has ended. Log in again.",
	}
}

func errToken() error {
	return &pod.Error{
		Kind: pod.KindUnauthorized, Code: "invalid_token", Op: "check token",
		Msg: "The access token is missing, wrong or expired. Log in again.",
	}
}

func errTooMany(wait time.Duration) error {
	return &pod.Error{
		Kind: pod.KindTooMany, Code: "too_many_requests", Op: "log in", RetryAfter: wait,
		Msg: "There were too many wrong passwords from this address. Wait some minutes, then try again.",
	}
}

// cancelled tells that the asker went away while waiting for its turn.
func cancelled(ctx context.Context, what string) error {
	return fmt.Errorf("%s: %w", what, errors.Join(pod.ErrCancelled, context.Cause(ctx)))
}
