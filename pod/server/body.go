package server

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// boundBody puts a deadline on the body of each request: whole within Limits.BodyTimeout,
// or, for uploads, moving at least every Limits.UploadStallTimeout.
func (s *Server) boundBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := &body{ReadCloser: r.Body, control: http.NewResponseController(w)}
			if isUpload(r) {
				b.stall = s.config.Limits.UploadStallTimeout
			}
			b.extend(max(b.stall, s.config.Limits.BodyTimeout))
			r.Body = b
		}
		next.ServeHTTP(w, r)
	})
}

// isUpload tells whether a request carries a file: a new video, a part of one, or a
// video's edit with a picture.
func isUpload(r *http.Request) bool {
	const videos = "/api/v1/videos/"
	switch r.Method {
	case http.MethodPost:
		return r.URL.Path == videos+"upload"
	case http.MethodPut:
		if r.URL.Path == videos+"upload-resumable" {
			return true
		}
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		return strings.HasPrefix(r.URL.Path, videos) && kind == "multipart/form-data"
	default:
		return false
	}
}

// body is a request's body under a deadline. Without stall the deadline stays where it
// is; with it each read moves it.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	renewed time.Time
}

// Read reads, and takes the deadline away at the end: it would end the request's context
// while the handler still works on what it read.
func (b *body) Read(p []byte) (int, error) {
	if b.stall > 0 && time.Since(b.renewed) > time.Second {
		b.extend(b.stall)
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *body) extend(by time.Duration) {
	b.renewed = time.Now()
	_ = b.control.SetReadDeadline(b.renewed.Add(by)) // a recorder of a test has none
}
