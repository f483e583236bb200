package pod

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts errors by what a caller can do about them. The api package maps kinds
// to HTTP status codes, ui maps them to pictures.
type Kind int

// The kinds of errors, with the HTTP status that API.md gives them.
const (
	KindInternal      Kind = iota // 500: a fault of ours
	KindInvalid                   // 400: malformed input
	KindUnauthorized              // 401: no or bad token
	KindForbidden                 // 403: no right
	KindNotFound                  // 404: absent or hidden
	KindConflict                  // 409
	KindTooLarge                  // 413: too big or over quota
	KindUnsupported               // 415: wrong content type
	KindUnplayable                // 422: media refused
	KindTooMany                   // 429: rate limit
	KindUnavailable               // 503: passing cause
	KindNoSpace                   // 507: disk full
	KindBadRange                  // 416: range beyond the end
	KindExpired                   // 410
	KindMisdirected               // 421: Host header that is not ours
	KindMethod                    // 405
	KindClientTimeout             // 408: the body did not arrive in time
	KindUnreachable               // 502: no other pod that was asked answers
	KindUpgrade                   // 426: the other side speaks no version of ours
)

// Sentinels: what a caller tests with errors.Is.
var (
	// ErrNotFound means that the record does not exist or is hidden from the asker.
	ErrNotFound = errors.New("not found")
	// ErrExists means that a record with this name or key stands already.
	ErrExists = errors.New("exists already")
	// ErrInvalid means input that breaks a rule of this package.
	ErrInvalid = errors.New("invalid")
	// ErrNoSpace means that the disk or the owner's budget is full.
	ErrNoSpace = errors.New("no space left")
	// ErrCancelled means that the person or a closing pod stopped the work.
	ErrCancelled = errors.New("cancelled")
	// ErrInUse means that another process holds the data folder.
	ErrInUse = errors.New("data folder is in use")
	// ErrCorrupt means that stored bytes fail their checksum.
	ErrCorrupt = errors.New("stored data is damaged")
	// ErrNewerSchema means that a newer Peerpod wrote the data folder.
	ErrNewerSchema = errors.New("data folder was written by a newer version")
	// ErrUnplayable means media that this pod can not publish.
	ErrUnplayable = errors.New("media can not be published")
	// ErrBadSignature means a message that its sender did not sign, or not as it should.
	ErrBadSignature = errors.New("bad signature")
	// ErrNotFriend means that the other pod is no friend, or is none any more.
	ErrNotFriend = errors.New("not a friend")
	// ErrNotYet means that one side has not answered the introduction yet.
	ErrNotYet = errors.New("not a friend yet")
	// ErrReplay means a message that was taken before.
	ErrReplay = errors.New("message was seen before")
	// ErrGap means that messages between the last one and this one are missing.
	ErrGap = errors.New("messages are missing")
	// ErrEpoch means a message of another friendship than the standing one.
	ErrEpoch = errors.New("another epoch of the friendship")
	// ErrTooLarge means more bytes or items than a limit allows.
	ErrTooLarge = errors.New("too large")
)

// Error is an error that a person will read.
type Error struct {
	Kind       Kind
	Code       string        // stable word for programs, for example "quota_reached"
	Op         string        // what was being done, for the log
	Msg        string        // a sentence for the person: what happened, what to do
	RetryAfter time.Duration // for KindTooMany and KindUnavailable; 0 is unknown
	Err        error         // the cause, for the log only; may be nil
}

// Error prints operation, sentence and cause, for the log.
func (e *Error) Error() string {
	text := e.Msg
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Err != nil {
		return fmt.Sprintf("%s (%v)", text, e.Err)
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

var kindOfSentinel = []struct {
	err  error
	kind Kind
}{
	{ErrNotFound, KindNotFound},
	{ErrExists, KindConflict},
	{ErrInvalid, KindInvalid},
	{ErrNoSpace, KindNoSpace},
	{ErrCancelled, KindUnavailable},
	{ErrInUse, KindConflict},
	{ErrUnplayable, KindUnplayable},
	{ErrTooLarge, KindTooLarge},
}

// KindOf tells the kind of an error: that of the first *Error in its chain, else that
// of the sentinel in it, else KindInternal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	for _, s := range kindOfSentinel {
		if errors.Is(err, s.err) {
			return s.kind
		}
	}
	return KindInternal
}

// Invalid builds the error for one field that breaks a rule. msg is a whole sentence.
func Invalid(field, msg string) *Error {
	return &Error{Kind: KindInvalid, Code: "invalid_" + field, Op: "check " + field, Msg: msg, Err: ErrInvalid}
}
