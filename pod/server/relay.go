package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// relayBuffer is how much of a friend's file is on its way through this pod at once.
const relayBuffer = 64 << 10

// Remote knows where friends' videos are. All strings are checked before they are used.
type Remote interface {
	// FileURL is the URL of a file at the pod that published it, "" if it is not known.
	FileURL(v pod.Video, f pod.VideoFile) string
	// OriginOf is the scheme and host of that pod, "" if it is not known.
	OriginOf(v pod.Video) string
	// Open opens a copy that this pod holds whole; pod.ErrNotFound if there is none.
	Open(f pod.VideoFile, v pod.Video) (*os.File, error)
	// Relay asks the pod that published a file for it. rangeHeader is "" or one range. The
	// server closes the body.
	Relay(ctx context.Context, v pod.Video, f pod.VideoFile, rangeHeader string) (RemoteFile, error)
}

// RemoteFile is a friend's answer, with its body still to come.
type RemoteFile struct {
	Status int
	Header http.Header
	Body   io.ReadCloser
}

// span is the part of a file that is sent.
type span struct{ start, length int64 }

// relay passes a friend's file on: for browsers that can't reach the friend themselves.
// What the friend says is taken only as far as it fits what it told of the file before.
func (s *Server) relay(w http.ResponseWriter, r *http.Request, want wanted, disposition string) {
	who := household(r)
	if !s.relays.take(who) {
		fail(w, tooManyStreams)
		return
	}
	defer s.relays.free(who)
	size := want.file.SizeBytes
	if s.config.Remote == nil || size <= 0 {
		fail(w, notFound)
		return
	}
	h, tag := w.Header(), fileTag(want.file)
	fileHeaders(h, want.open)
	h.Set("Content-Disposition", disposition)
	if tag != "" && strings.Contains(r.Header.Get("If-None-Match"), tag) {
		h.Set("ETag", tag)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	part, ranged, ok := askedSpan(r, tag, size)
	if !ok {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		fail(w, badRange)
		return
	}
	header := ""
	if ranged {
		header = fmt.Sprintf("bytes=%d-%d", part.start, part.start+part.length-1)
	}
	answer, err := s.config.Remote.Relay(r.Context(), want.video, want.file, header)
	if err != nil {
		s.noRelay(w, r, err)
		return
	}
	defer func() { _ = answer.Body.Close() }() // was only read
	s.passOn(w, r, want.file, part, answer)
}

// noRelay answers when the friend does not.
func (s *Server) noRelay(w http.ResponseWriter, r *http.Request, err error) {
	s.log.Debug("A friend's file can't be passed on", pod.LogRequest, w.Header().Get(requestIDHeader), pod.LogErr, err)
	switch kind := pod.KindOf(err); {
	case kind == pod.KindNotFound:
		fail(w, notFound)
	case r.Context().Err() != nil, kind == pod.KindTooMany, kind == pod.KindUnavailable:
		fail(w, tooBusy)
	default:
		fail(w, unreachable)
	}
}

// passOn sends what the friend answered, if it is the file that it told us of.
func (s *Server) passOn(w http.ResponseWriter, r *http.Request, file pod.VideoFile, asked span, answer RemoteFile) {
	h := w.Header()
	if answer.Status == http.StatusRequestedRangeNotSatisfiable {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", file.SizeBytes))
		fail(w, badRange)
		return
	}
	got, ok := givenSpan(answer, asked, file.SizeBytes)
	if !ok {
		s.log.Debug("A friend's file is not the one that it told of", pod.LogStatus, answer.Status, pod.LogName, file.Name)
		fail(w, unreachable)
		return
	}
	h.Set("Content-Type", mediaType(file.MIME))
	h.Set("Content-Length", strconv.FormatInt(got.length, 10))
	copyHeaders(h, answer.Header)
	if answer.Status == http.StatusPartialContent {
		h.Set("Accept-Ranges", "bytes")
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", got.start, got.start+got.length-1, file.SizeBytes))
	}
	w.WriteHeader(answer.Status)
	if r.Method == http.MethodHead {
		return
	}
	_ = http.NewResponseController(w).Flush() // the first bytes may take their time
	// Only Write: each renews its deadline, while a slow friend may take its time between
	// two. Fewer bytes than announced cut the connection, more are not sent.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(answer.Body, got.length), make([]byte, relayBuffer))
	if n < got.length {
		s.log.Debug("A friend's file ended early", pod.LogSize, n, pod.LogName, file.Name, pod.LogErr, err)
	}
}

// askedSpan reads the Range of a request. Several ranges, other units and ranges of
// another file are taken as none, as RFC 9110 section 14.2 allows; ok is false for what
// lies beyond the end.
func askedSpan(r *http.Request, tag string, size int64) (part span, ranged, ok bool) {
	whole := span{0, size}
	text, isBytes := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !isBytes || strings.Contains(text, ",") {
		return whole, false, true
	}
	if of := r.Header.Get("If-Range"); of != "" && of != tag {
		return whole, false, true
	}
	part, ok = parseSpan(strings.TrimSpace(text), size)
	return part, ok, ok
}

// parseSpan reads "first-last", "first-" or "-count" for a file of that size.
func parseSpan(text string, size int64) (part span, ok bool) {
	first, last, isRange := strings.Cut(text, "-")
	if isRange && first == "" {
		n, err := strconv.ParseUint(last, 10, 63)
		count := min(int64(n), size)
		return span{size - count, count}, err == nil && count > 0
	}
	start, err := strconv.ParseUint(first, 10, 63)
	if !isRange || err != nil || int64(start) >= size {
		return span{}, false
	}
	end := uint64(size) - 1
	if last != "" {
		n, err := strconv.ParseUint(last, 10, 63)
		if err != nil || n < start {
			return span{}, false
		}
		end = min(end, n)
	}
	return span{int64(start), int64(end-start) + 1}, true
}

// contentRange is the only form of Content-Range that is understood.
var contentRange = regexp.MustCompile(`^bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)$`)

// givenSpan tells which part of the file an answer holds: the whole one, or the beginning
// of what was asked for at least. Anything else is no answer.
func givenSpan(answer RemoteFile, asked span, size int64) (got span, ok bool) {
	switch answer.Status {
	case http.StatusOK:
		got = span{0, size}
	case http.StatusPartialContent:
		m := contentRange.FindStringSubmatch(answer.Header.Get("Content-Range"))
		if m == nil || m[3] != "*" && m[3] != strconv.FormatInt(size, 10) {
			return span{}, false
		}
		first, _ := strconv.ParseInt(m[1], 10, 64) // 18 digits always fit
		last, _ := strconv.ParseInt(m[2], 10, 64)
		got = span{first, last - first + 1}
		if first != asked.start || got.length < 1 || got.length > asked.length {
			return span{}, false
		}
	default:
		return span{}, false
	}
	told := answer.Header.Get("Content-Length")
	return got, told == "" || told == strconv.FormatInt(got.length, 10)
}

// entityTag is an ETag that is short and plain enough to be passed on (RFC 9110 section 8.8.3).
var entityTag = regexp.MustCompile(`^(W/)?"[!#-~]{0,100}"$`)

// copyHeaders takes over what a friend says about its copy, once it is in order.
func copyHeaders(to, from http.Header) {
	if tag := from.Get("ETag"); entityTag.MatchString(tag) {
		to.Set("ETag", tag)
	}
	if changed, err := http.ParseTime(from.Get("Last-Modified")); err == nil {
		to.Set("Last-Modified", changed.UTC().Format(http.TimeFormat))
	}
	if unit := from.Get("Accept-Ranges"); unit == "bytes" || unit == "none" {
		to.Set("Accept-Ranges", unit)
	}
}

// fileTag is the ETag of a file: its infohash stands for the bytes and their name.
func fileTag(f pod.VideoFile) string {
	if f.Infohash.IsZero() {
		return ""
	}
	return `"` + f.Infohash.String() + `"`
}
