package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Stream is an answer whose body is still to come. The caller closes Body.
type Stream struct {
	Status int
	Header http.Header
	Body   io.ReadCloser
	Class  pod.AddrClass // of the address that answers
	Remote netip.Addr    // that address
}

// Stream sends a request and returns when the header of the answer is here. Reading the
// body may take hours, but not stand still; ctx ends it. MaxBytes does not apply.
func (c *Client) Stream(ctx context.Context, r Request) (*Stream, error) {
	limited, cancel := context.WithCancel(ctx)
	t := &trip{caller: ctx}
	watch := time.AfterFunc(c.config.Timeout, cancel)
	answer, err := c.send(limited, t, c.streams[class(r.Narrowest)], r) //nolint:bodyclose // by Close of streamBody
	if err != nil {
		watch.Stop()
		cancel()
		return nil, err
	}
	remote := t.remote()
	body := &streamBody{ReadCloser: answer.Body, trip: t, limited: limited, cancel: cancel, watch: watch, idle: c.config.IdleTimeout}
	if !watch.Stop() { // the time was up just now
		_ = body.Close()
		return nil, fmt.Errorf("%w: too slow", ErrUnreachable)
	}
	return &Stream{Status: answer.StatusCode, Header: answer.Header, Body: body, Class: pod.ClassOf(remote), Remote: remote}, nil
}

// streamBody ends a body that stands still. Time counts while somebody reads only: a
// slow reader is not the sender's fault.
type streamBody struct {
	io.ReadCloser
	trip    *trip
	limited context.Context // of this one answer, ended by Close
	cancel  context.CancelFunc
	watch   *time.Timer
	idle    time.Duration
}

// Read reads what has come. Errors are sorted as those of Do.
func (b *streamBody) Read(p []byte) (int, error) {
	b.watch.Reset(b.idle)
	n, err := b.ReadCloser.Read(p)
	b.watch.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // a bare io.EOF is the end, a wrapped one is not
		err = b.trip.fault(b.limited, err)
	}
	return n, err
}

// Close ends the answer, wherever it is.
func (b *streamBody) Close() error {
	b.watch.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
