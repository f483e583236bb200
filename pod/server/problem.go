package server

import (
	"encoding/json"
	"net/http"
)

// problem is an error as API.md section 2 shows it (RFC 9457); error repeats detail for
// PeerTube's clients.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Error  string `json:"error"`
}

// fault is what the server itself can say no to.
type fault struct {
	status     int
	code       string
	detail     string
	retryAfter string // seconds
}

var (
	notFound         = fault{http.StatusNotFound, "not_found", "There is nothing at this address, or it is not for you.", ""}
	methodNotAllowed = fault{http.StatusMethodNotAllowed, "method_not_allowed", "This address can only be read.", ""}
	badRange         = fault{http.StatusRequestedRangeNotSatisfiable, "bad_range", "The range that was asked for lies beyond the end of the file.", ""}
	preconditionLost = fault{http.StatusPreconditionFailed, "precondition_failed", "The file is not the one that was asked for.", ""}
	misdirected      = fault{http.StatusMisdirectedRequest, "misdirected", "This pod does not answer to the host name that was asked for. Its owner can allow the name in config.toml.", ""}
	crossOrigin      = fault{http.StatusForbidden, "cross_origin", "A page of another site may not do this.", ""}
	badToken         = fault{http.StatusForbidden, "invalid_file_token", "The token does not open this file, or it has expired. Open the video's page again.", ""}
	noDownload       = fault{http.StatusForbidden, "download_disabled", "The owner of this video does not offer it for download.", ""}
	tooManyStreams   = fault{http.StatusTooManyRequests, "too_many_streams", "Too many transfers to your address are under way. Try again when one has ended.", "10"}
	tooBusy          = fault{http.StatusServiceUnavailable, "busy", "This pod is busy. Try again in a moment.", "5"}
	unreachable      = fault{http.StatusBadGateway, "origin_unreachable", "The pod that published this video does not answer just now, or does not have the file any more. Try again later.", ""}
	internal         = fault{http.StatusInternalServerError, "internal", "This pod has a fault. The log has a line with the id in the header X-Request-Id.", ""}
)

// fail sends a fault as application/problem+json.
func fail(w http.ResponseWriter, f fault) {
	body, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(f.status), Status: f.status,
		Detail: f.detail, Code: f.code, Error: f.detail,
	})
	if err != nil {
		return // texts and numbers always marshal
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Encoding", "Accept-Ranges", "ETag", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if f.retryAfter != "" {
		h.Set("Retry-After", f.retryAfter)
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // a client that went away needs no answer
}
