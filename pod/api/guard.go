package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// access says what a route does with a token.
type access int

const (
	accessOpen     access = iota // the Authorization header is not read
	accessOptional               // a token tells who asks; a bad one is refused
	accessRequired               // no answer without a token
	accessOwner                  // no answer without the token of an administrator
)

// scope is what the guard found out about a request. It travels in the context.
type scope struct {
	id     string // of the request, for the log
	route  string
	viewer *pod.Account // nil: nobody is logged in
	token  string       // the viewer's access token
	remote string       // host:port of the asker
}

type scopeKey struct{}

func scopeOf(ctx context.Context) scope {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return *s
	}
	return scope{}
}

// viewerOf tells who asks; nil is nobody in particular.
func viewerOf(ctx context.Context) *pod.Account { return scopeOf(ctx).viewer }

const requestIDHeader = "X-Request-Id"

// requestID gives the id that the server has put on the answer, or puts one there. The
// asker's own header does not count: it could forge log lines.
func requestID(w http.ResponseWriter) string {
	id := w.Header().Get(requestIDHeader)
	if id == "" {
		id = rand.Text()
		w.Header().Set(requestIDHeader, id)
	}
	return id
}

// guard wraps a route: who asks is settled before a byte of the body is read.
func (a *API) guard(op *huma.Operation, next func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	who, _ := op.Metadata[metaAccess].(access)
	readsJSON := op.Metadata[metaPlain] == nil && op.RequestBody != nil
	return func(w http.ResponseWriter, r *http.Request) {
		s := &scope{id: requestID(w), route: op.Method + " " + op.Path, remote: r.RemoteAddr}
		r = r.WithContext(context.WithValue(r.Context(), scopeKey{}, s))
		if err := a.admit(r, s, who); err != nil {
			refuseUnread(w, r)
			a.fail(w, r, err)
			return
		}
		if readsJSON {
			body, err := a.readJSON(w, r, op.RequestBody.Required)
			if err != nil {
				a.fail(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		w.Header().Set("Cache-Control", "no-store")
		next(w, r)
	}
}

// admit finds out who asks, and refuses whom the route is closed to.
func (a *API) admit(r *http.Request, s *scope, who access) error {
	if who == accessOpen {
		return nil
	}
	if err := a.authenticate(r, s); err != nil {
		return err
	}
	switch {
	case who >= accessRequired && s.viewer == nil:
		return newProblem(pod.KindUnauthorized, "", "")
	case who == accessOwner && !isOwner(s.viewer):
		return forbidden("owner_only", "Only the owner of this pod can do this.")
	default:
		return nil
	}
}

// refuseUnread closes the connection after an answer that did not wait for the body.
func refuseUnread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}

// authenticate reads the bearer token, if there is one.
func (a *API) authenticate(r *http.Request, s *scope) error {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 512 {
		return newProblem(pod.KindUnauthorized, "", "")
	}
	account, err := a.account(r.Context(), token)
	if err != nil {
		return err
	}
	s.viewer, s.token = &account, token
	return nil
}

// account gives the account of an access token, if it may log in.
func (a *API) account(ctx context.Context, token string) (pod.Account, error) {
	account, err := a.cfg.Sessions.Authenticate(ctx, token)
	if err != nil {
		return pod.Account{}, err
	}
	if account.Blocked {
		return pod.Account{}, forbidden("account_blocked", "This account is blocked. Ask the owner of the pod.")
	}
	return account, nil
}

// readJSON reads a whole JSON body within its limits and checks its form. An absent body
// is nil, if it may be absent.
func (a *API) readJSON(w http.ResponseWriter, r *http.Request, required bool) ([]byte, error) {
	body, err := a.readBody(w, r, a.cfg.Limits.JSONBytes)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		if required {
			return nil, &pod.Error{Kind: pod.KindInvalid, Code: "missing_body", Op: "read request", Msg: "The request has no body; this address wants JSON."}
		}
		return nil, nil
	}
	if !hasType(r, "application/json") {
		return nil, &pod.Error{Kind: pod.KindUnsupported, Op: "read request", Msg: "This address reads JSON only: send it with Content-Type application/json."}
	}
	return body, checkJSON(body)
}

// readBody reads a small body whole: at most limit bytes, within the time limit.
func (a *API) readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		refuseUnread(w, r)
		return nil, newProblem(pod.KindTooLarge, "", "")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return nil, bodyFault(err)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the handler may take its time
	return body, nil
}

// limitBody gives a body until BodyTimeout to arrive. The limit also ends the reading
// that net/http does after a handler that left its body unread: a sender who promises a
// body and never sends it would hold the connection.
func (a *API) limitBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(a.cfg.Limits.BodyTimeout)) // not every writer has deadlines
	}
}

// bodyFault sorts the ways in which reading a body ends badly: none is a fault of ours.
func bodyFault(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(pod.KindTooLarge, "", "")
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		p := newProblem(pod.KindClientTimeout, "", "")
		p.header.Set("Connection", "close")
		return p
	}
	return &pod.Error{Kind: pod.KindInvalid, Code: "incomplete_body", Op: "read request", Msg: "The body of the request ended too early.", Err: err}
}

func hasType(r *http.Request, want string) bool {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}
