// Package api is the pod's REST interface: PeerTube's dialect, as API.md sections 2 and 3
// describe it, so that PeerTube's own clients work against a pod.
//
// It owns the routes under /api/v1, their JSON shapes, the table that turns kinds of
// errors into HTTP statuses, the OpenAPI document (/openapi.json) and the page that shows
// it (/docs). It does not own the listener, Host and Origin checks, CORS, security headers
// or the files of videos: package server wraps its Handler and serves those.
//
//	a, err := api.New(api.Config{Videos: store, People: store, …})
//	mux.Handle("/api/v1/", a.Handler())
//
// Typed routes go through huma, which decodes, validates and documents them. An upload, a
// login and an edit are plain handlers whose operations are written by hand: huma spools
// multipart bodies to temporary files, and forms are not its strength. Both kinds pass
// the same guard: request id, token, then the body (size, time, type, strict JSON), so
// that a handler sees only whole and well-formed input.
//
// Errors are application/problem+json (RFC 9457) with the members code and error beside
// the usual ones. What is not an *pod.Error nor a sentinel of package pod is logged with
// the request's id and shown as internal. A validation fault is 400.
//
// A video that the asker may not see is absent: 404. Private and internal videos of
// others therefore look the same as those that never were.
//
// Friendships are the owner's: their routes want the token of an administrator, and refuse
// fields that they do not know. Other pods call three routes without a login; their bodies
// are signed or sealed, are bounded here and go unread to the part behind Friends, which
// writes the answer. A friend's video is shown with the people and the pod it comes from;
// its files are named where they are served, its picture is this pod's own copy.
//
// The package starts no goroutine. An API is safe for concurrent use; its own state is
// the memory of recent views, behind one lock, and the count of those who follow events.
//
// Units: sizes in bytes, durations in seconds, times RFC 3339 in UTC with milliseconds.
//
// Sources: PeerTube's REST reference 8.1
// (https://docs.joinpeertube.org/api-rest-reference.html), RFC 9457, RFC 6750, and for
// events the chapter on server-sent events of the HTML standard.
package api
