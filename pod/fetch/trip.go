package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"net/netip"
	"sync"
)

// trip follows one request through its transport.
type trip struct {
	caller context.Context // of one request: tells who ended it

	mu       sync.Mutex // guards the fields below: the transport reports from its own goroutines
	at       netip.Addr // who answers
	answered bool       // the first byte of an answer came
}

// trace makes the context that reports to the trip.
func (t *trip) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			at, _ := netip.ParseAddrPort(info.Conn.RemoteAddr().String()) // of TCP it always is one
			t.mu.Lock()
			defer t.mu.Unlock()
			t.at, t.answered = at.Addr().Unmap(), false
		},
		GotFirstResponseByte: func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.answered = true
		},
	})
}

// remote is the address of the connection that was used.
func (t *trip) remote() netip.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// fault sorts what ended a request. limited is its context with our time limits. The
// cause is printed only: our own deadline must not look like one of the caller's context.
func (t *trip) fault(limited context.Context, err error) error {
	if ended := t.caller.Err(); ended != nil {
		return fmt.Errorf("fetch: %w", ended)
	}
	t.mu.Lock()
	answered := t.answered
	t.mu.Unlock()
	switch {
	case errors.Is(err, ErrAddress):
		return err
	case !answered, limited.Err() != nil, isCut(err):
		return fmt.Errorf("%w: %v", ErrUnreachable, err) //nolint:errorlint // see above
	default:
		return fmt.Errorf("%w: %v", ErrBadAnswer, err) //nolint:errorlint // see above
	}
}

// isCut tells whether a connection ended or stood still in the middle of an answer.
func isCut(err error) bool {
	_, isBroken := errors.AsType[*net.OpError](err)
	slow, isNet := errors.AsType[net.Error](err)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isBroken || isNet && slow.Timeout()
}
