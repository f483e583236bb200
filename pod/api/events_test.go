package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func TestFollowEvents(t *testing.T) {
	video := pod.UUID{1, 2, 3}
	wd := newWorld()
	wd.net.events = feed(
		pod.Event{Kind: pod.EventVideo, Action: "put", Video: video, At: start},
		pod.Event{Kind: pod.EventFriend, Action: "fri\nend", Friend: podID("seven"), At: start},
	)
	w := do(t, newAPI(t, wd, nil), call{path: "/api/v1/events", token: rootToken})
	want := "retry: 3000\n\n" +
		`event: video` + "\n" + `data: {"action":"put","uuid":"` + video.String() + `","at":"2026-05-01T12:00:00.123Z"}` + "\n\n" +
		`event: friend` + "\n" + `data: {"action":"fri\nend","pod":"` + string(podID("seven")) + `","at":"2026-05-01T12:00:00.123Z"}` + "\n\n"
	if w.Body.String() != want || w.Header().Get("Content-Type") != "text/event-stream" || w.Header().Get("X-Accel-Buffering") != "no" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("events = %v\n%s, want\n%s", w.Header(), w.Body, want)
	}
	if w := do(t, newAPI(t, wd, nil), call{method: http.MethodHead, path: "/api/v1/events", token: rootToken}); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD = %d %q, want 200 and nothing", w.Code, w.Body)
	}
}

// While nothing happens a comment keeps the connection; a token that is dead ends it.
func TestEventsHeartbeat(t *testing.T) {
	wd := newWorld()
	wd.net.events = silence
	a := newAPI(t, wd, nil)
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		time.AfterFunc(35*time.Second, func() { _ = wd.Revoke(t.Context(), rootToken) })
		w := do(t, a, call{path: "/api/v1/events", token: rootToken})
		if w.Body.String() != "retry: 3000\n\n:\n\n:\n\n" || time.Since(started) != 45*time.Second {
			t.Errorf("events = %q in %v, want two comments and the end after 45 s", w.Body, time.Since(started))
		}
	})
}

// At most 20 follow at once; who goes makes room.
func TestFollowersAreBounded(t *testing.T) {
	wd := newWorld()
	wd.net.events = silence
	server := httptest.NewServer(newAPI(t, wd, nil).Handler())
	t.Cleanup(server.Close)
	request := "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + rootToken + "\r\n\r\n"
	defer server.CloseClientConnections() // before raw closes the bodies, which reads them to their ends
	for range 20 {
		if got := raw(t, server, request).StatusCode; got != http.StatusOK {
			t.Fatalf("follower = %d, want 200", got)
		}
	}
	refused := raw(t, server, request)
	if refused.StatusCode != http.StatusServiceUnavailable || refused.Header.Get("Retry-After") == "" {
		t.Errorf("follower 21 = %d, want 503 with Retry-After", refused.StatusCode)
	}
	server.CloseClientConnections()
	deadline := time.After(10 * time.Second)
	for raw(t, server, request).StatusCode != http.StatusOK {
		select {
		case <-deadline:
			t.Fatal("no room after 20 followers have gone")
		default:
		}
	}
}
