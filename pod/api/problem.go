package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// problem is the body of every error (RFC 9457). Message repeats Detail: PeerTube's
// clients read it.
type problem struct {
	Type    string `json:"type" doc:"Always about:blank: the code tells problems apart." example:"about:blank"`
	Title   string `json:"title" doc:"The status in words." example:"Bad Request"`
	Status  int    `json:"status" doc:"The HTTP status." example:"400"`
	Detail  string `json:"detail" doc:"A sentence for a person: what happened and what to do."`
	Code    string `json:"code" doc:"A stable word for programs." example:"invalid_name"`
	Message string `json:"error" doc:"The same as detail, for PeerTube's clients."`

	header http.Header
}

// GetStatus, Error, GetHeaders and ContentType are what huma asks of an error.
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetHeaders() http.Header   { return p.header }
func (p *problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// challenge tells how to log in (RFC 6750).
const challenge = `Bearer realm="peerpod"`

// kindRows is the one table of kinds, statuses and the words for errors without own ones.
var kindRows = []struct {
	kind   pod.Kind
	status int
	code   string
	detail string
}{
	{pod.KindInternal, http.StatusInternalServerError, "internal", "Something went wrong in the pod. Its log has the reason, under the id in the header X-Request-Id."},
	{pod.KindInvalid, http.StatusBadRequest, "invalid_request", "The request is not well-formed."},
	{pod.KindUnauthorized, http.StatusUnauthorized, "invalid_token", "Please log in: there is no token, or it is not valid any more."},
	{pod.KindForbidden, http.StatusForbidden, "forbidden", "You have no right to do this."},
	{pod.KindNotFound, http.StatusNotFound, "not_found", "There is nothing here, or it is hidden from you."},
	{pod.KindConflict, http.StatusConflict, "conflict", "This contradicts what the pod has already."},
	{pod.KindTooLarge, http.StatusRequestEntityTooLarge, "too_large", "This is larger than the pod allows."},
	{pod.KindUnsupported, http.StatusUnsupportedMediaType, "unsupported_type", "The pod does not read this type of content here."},
	{pod.KindUnplayable, http.StatusUnprocessableEntity, "unplayable", "The pod can not publish this file."},
	{pod.KindTooMany, http.StatusTooManyRequests, "too_many_requests", "Too many requests. Please wait a while."},
	{pod.KindUnavailable, http.StatusServiceUnavailable, "unavailable", "The pod can not do this just now. Please try again soon."},
	{pod.KindNoSpace, http.StatusInsufficientStorage, "no_space", "The pod's disk is full."},
	{pod.KindBadRange, http.StatusRequestedRangeNotSatisfiable, "bad_range", "The range lies beyond the end of the file."},
	{pod.KindExpired, http.StatusGone, "expired", "This is over."},
	{pod.KindMisdirected, http.StatusMisdirectedRequest, "misdirected", "This pod does not answer under that name."},
	{pod.KindMethod, http.StatusMethodNotAllowed, "method_not_allowed", "This address does not take that method; the header Allow lists those it takes."},
	{pod.KindClientTimeout, http.StatusRequestTimeout, "timeout", "The request did not arrive in time."},
	{pod.KindUnreachable, http.StatusBadGateway, "unreachable", "None of the pods that were asked answers. See whether their addresses are right and whether they run."},
	{pod.KindUpgrade, http.StatusUpgradeRequired, "upgrade_required", "This pod speaks another version of the pods' language; the header Peerpod-Api-Versions lists its versions."},
}

// StatusOf gives the HTTP status of a kind of error. Package server uses the same table.
func StatusOf(kind pod.Kind) int {
	for _, row := range kindRows {
		if row.kind == kind {
			return row.status
		}
	}
	return http.StatusInternalServerError
}

// KindOfStatus is StatusOf the other way round; a status without a kind is KindInvalid
// below 500 and KindInternal from there on.
func KindOfStatus(status int) pod.Kind {
	for _, row := range kindRows {
		if row.status == status {
			return row.kind
		}
	}
	if status >= http.StatusInternalServerError {
		return pod.KindInternal
	}
	return pod.KindInvalid
}

// newProblem builds a problem of a kind; empty words are those of the table.
func newProblem(kind pod.Kind, code, detail string) *problem {
	row := kindRows[0]
	for _, r := range kindRows {
		if r.kind == kind {
			row = r
		}
	}
	if code == "" {
		code = row.code
	}
	if detail == "" {
		detail = row.detail
	}
	p := &problem{Type: "about:blank", Title: http.StatusText(row.status), Status: row.status, Detail: detail, Code: code, Message: detail, header: http.Header{}}
	switch kind {
	case pod.KindUnauthorized:
		p.header.Set("WWW-Authenticate", challenge)
	case pod.KindTooMany, pod.KindUnavailable:
		p.header.Set("Retry-After", "10")
	default:
	}
	return p
}

// problemOf turns an error into what the client sees. Errors of the pod itself stop here,
// so they are logged here.
func (a *API) problemOf(ctx context.Context, err error) *problem {
	if ready, ok := errors.AsType[*problem](err); ok {
		return ready
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return newProblem(pod.KindUnavailable, "", "")
	}
	kind := pod.KindOf(err)
	if kind == pod.KindInternal {
		scope := scopeOf(ctx)
		a.log.LogAttrs(ctx, slog.LevelError, "Request ended in a fault of ours",
			slog.String(pod.LogRequest, scope.id), slog.String(pod.LogRoute, scope.route), slog.Any(pod.LogErr, err))
		return newProblem(kind, "", "")
	}
	e, ok := errors.AsType[*pod.Error](err)
	if !ok {
		return newProblem(kind, "", "")
	}
	p := newProblem(kind, e.Code, e.Msg)
	if e.RetryAfter > 0 {
		p.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	return p
}

// fail answers a plain request with an error.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problemOf(r.Context(), err)
	writeProblem(w, p)
	if w.Header().Get("Connection") == "close" && p.Status != http.StatusRequestTimeout {
		a.linger(w, r)
	}
}

// lingerBytes is how much of a refused body is read, to be thrown away.
const lingerBytes = 256 << 20

// linger reads on for a while after an early answer. Most clients send all of their body
// before they read: closing at once would give them a broken connection instead of the
// reason. A client that asked first (Expect) and was not told to go on sends nothing.
func (a *API) linger(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 || r.Header.Get("Expect") != "" {
		return
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil || control.SetReadDeadline(time.Now().Add(a.cfg.Limits.BodyTimeout)) != nil {
		return // not a connection
	}
	_, _ = io.CopyN(io.Discard, r.Body, lingerBytes) // the answer is sent; how this ends matters to nobody
}

func writeProblem(w http.ResponseWriter, p *problem) {
	h := w.Header()
	maps.Copy(h, p.header)
	h.Set("Content-Type", problemType)
	h.Set("Cache-Control", "no-store")
	body, _ := json.Marshal(p) // texts and a number: nothing to fail on
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// fromHuma turns huma's own error (a parameter or body that breaks its schema) into ours.
func fromHuma(m *huma.ErrorModel) *problem {
	kind := KindOfStatus(m.Status)
	if kind == pod.KindUnplayable || kind == pod.KindInternal {
		kind = pod.KindInvalid // 422 is for media; huma uses it for all that is malformed
	}
	if len(m.Errors) == 0 {
		return newProblem(kind, "", "")
	}
	first := m.Errors[0]
	_, field, _ := strings.Cut(first.Location, ".")
	if field == "" {
		return newProblem(kind, "", "The request is not well-formed: "+first.Message+".")
	}
	return newProblem(kind, "invalid_"+codeWord(field), "The value of "+field+" is not valid: "+first.Message+".")
}

// codeWord makes a word for programs of a field's name: commentsPolicy, comments_policy.
func codeWord(field string) string {
	var b strings.Builder
	for _, r := range field {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteByte('_')
			b.WriteRune(r - 'A' + 'a')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// invalid is the fault of one field.
func invalid(field, detail string) error { return pod.Invalid(codeWord(field), detail) }

// missing is the fault of a field that is not there.
func missing(field string) error {
	return &pod.Error{Kind: pod.KindInvalid, Code: "missing_" + codeWord(field), Op: "read request", Msg: "The field " + field + " is missing.", Err: pod.ErrInvalid}
}

func notFound(detail string) error {
	return &pod.Error{Kind: pod.KindNotFound, Op: "find", Msg: detail, Err: pod.ErrNotFound}
}

func forbidden(code, detail string) error {
	return &pod.Error{Kind: pod.KindForbidden, Code: code, Op: "check rights", Msg: detail}
}
