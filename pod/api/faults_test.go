package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

// A fault of the store is a fault, not "not found"; its text stays in the log.
func TestStoreFaultIsInternal(t *testing.T) {
	wd := newWorld()
	wd.add("there", nil)
	wd.fault = fmt.Errorf("read /home/someone/peerpod.db: %w", pod.ErrCorrupt)
	w := do(t, newAPI(t, wd, nil), call{path: "/api/v1/videos/1"})
	wantProblem(t, w, http.StatusInternalServerError, "internal")
	if strings.Contains(w.Body.String(), "someone") {
		t.Errorf("answer %s has a path of the machine", w.Body)
	}
}

// A part that fails makes an internal fault everywhere, never an empty or missing answer.
func TestFaultsAreNotHidden(t *testing.T) {
	wd := newWorld()
	wd.add("there", nil)
	broken := func(c *api.Config) { c.People = brokenPeople{wd} }
	a := newAPI(t, wd, broken)
	for _, path := range []string{"/api/v1/videos", "/api/v1/videos/1", "/api/v1/search/videos?search=there", "/api/v1/video-channels", "/api/v1/video-channels/second", "/api/v1/accounts/root", "/api/v1/accounts/root/videos", "/api/v1/users/me", "/api/v1/users/me/video-quota-used"} {
		wantProblem(t, do(t, a, call{path: path, token: rootToken}), http.StatusInternalServerError, "internal")
	}
	contentType, body := form(t, named, channel, file)
	wantProblem(t, do(t, a, call{method: http.MethodPost, path: uploadPath, token: rootToken, contentType: contentType, body: body}), http.StatusInternalServerError, "internal")
}

var errBroken = errors.New("the disk is on fire")

// brokenPeople fails at each read.
type brokenPeople struct{ *world }

func (brokenPeople) Account(context.Context, pod.AccountID) (pod.Account, error) {
	return pod.Account{}, errBroken
}

func (brokenPeople) AccountByName(context.Context, string) (pod.Account, error) {
	return pod.Account{}, errBroken
}

func (brokenPeople) Channels(context.Context, pod.AccountID) ([]pod.Channel, error) {
	return nil, errBroken
}

func (brokenPeople) UsedBytes(context.Context, pod.AccountID) (int64, error) { return 0, errBroken }

// Errors of parts keep their status, and say when to come back.
func TestErrorsOfParts(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, tt := range []struct {
		err    error
		status int
		retry  string
	}{
		{pod.ErrNoSpace, 507, ""},
		{fmt.Errorf("read: %w", pod.ErrCancelled), 503, "10"},
		{context.Canceled, 503, "10"},
		{&pod.Error{Kind: pod.KindUnavailable, Msg: "Busy.", RetryAfter: 1500 * time.Millisecond}, 503, "2"},
		{&pod.Error{Kind: pod.KindInternal, Msg: "Something of ours.", Err: errBroken}, 500, ""},
		{errBroken, 500, ""},
	} {
		wd.fault = tt.err
		w := do(t, a, call{path: "/api/v1/videos/1"})
		wantProblem(t, w, tt.status, "")
		if got := w.Header().Get("Retry-After"); got != tt.retry {
			t.Errorf("%v: Retry-After = %q, want %q", tt.err, got, tt.retry)
		}
		if strings.Contains(w.Body.String(), "fire") {
			t.Errorf("%v: answer %s has the cause", tt.err, w.Body)
		}
	}
}

func TestStatusTable(t *testing.T) {
	for kind := pod.KindInternal; kind <= pod.KindUpgrade; kind++ {
		if got := api.KindOfStatus(api.StatusOf(kind)); got != kind {
			t.Errorf("KindOfStatus(StatusOf(%d)) = %d, want the same", kind, got)
		}
	}
	if api.KindOfStatus(418) != pod.KindInvalid || api.KindOfStatus(599) != pod.KindInternal || api.StatusOf(999) != 500 {
		t.Error("unknown kinds and statuses have no place in the table")
	}
}
