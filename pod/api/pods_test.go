package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

func TestOwnPod(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	w := do(t, a, call{path: "/api/v1/pods/me"})
	want := anyMap{
		"id": string(podID("self")), "name": "Test pod", "url": base, "fingerprint": "one two", "apiVersions": []any{1.0}, "status": nil, "score": nil,
		"lastSeenAt": nil, "videoCount": 4.0, "isLocal": true, "publicKey": "-----BEGIN PUBLIC KEY-----\n", "mustUpdate": false, "verified": true, "vouchedBy": nil, "callsNobody": false,
	}
	if diff := cmp.Diff(want, decode[anyMap](t, w)); diff != "" {
		t.Errorf("GET /pods/me: (-want +got)\n%s", diff)
	}
}

// Each answer names the versions of the pods' language, also a refusal.
func TestAPIVersions(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, c := range []call{{path: "/api/v1/ping"}, {path: "/api/v1/nothing"}, {path: "/api/v1/users/me"}, {method: http.MethodPut, path: "/api/v1/pods"}, {method: http.MethodPost, path: "/api/v1/pods/inbox"}} {
		if got := do(t, a, c).Header().Get("Peerpod-Api-Versions"); got != "1" {
			t.Errorf("%s %s: Peerpod-Api-Versions = %q, want 1", c.method, c.path, got)
		}
	}
}

type podList struct {
	Total int
	Data  []anyMap
}

func podNames(l podList) string {
	var out []string
	for _, p := range l.Data {
		name, _ := p["name"].(string)
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestListPods(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, tt := range []struct {
		query, token, want string
		total              int
	}{
		{"", "", "Seven", 1},
		{"", userToken, "Seven", 1},
		{"?sort=-name", "", "Seven", 1},
		{"?start=1", "", "", 1},
		{"", rootToken, "eight Nine Seven Ten Twelve", 5},
		{"?count=2&start=1", rootToken, "Nine Seven", 5},
		{"?sort=-name&count=1", rootToken, "Twelve", 5},
		{"?sort=-score&count=2", rootToken, "Seven eight", 5},
		{"?sort=-lastSeenAt&count=1", rootToken, "Seven", 5},
		{"?sort=-createdAt&count=1", rootToken, "eight", 5},
		{"?sort=status&count=1", rootToken, "Twelve", 5},
	} {
		got := get[podList](t, a, tt.token, "/api/v1/pods"+tt.query)
		if podNames(got) != tt.want || got.Total != tt.total {
			t.Errorf("GET /pods%s as %.4s = %q of %d, want %q of %d", tt.query, tt.token, podNames(got), got.Total, tt.want, tt.total)
		}
	}
	for _, tt := range []struct{ query, token string }{{"sort=score", ""}, {"sort=-lastSeenAt", userToken}, {"sort=x", rootToken}, {"count=101", ""}, {"start=-1", rootToken}} {
		wantProblem(t, do(t, a, call{path: "/api/v1/pods?" + tt.query, token: tt.token}), http.StatusBadRequest, "")
	}
	wantProblem(t, do(t, a, call{path: "/api/v1/pods", token: "forged"}), http.StatusUnauthorized, "invalid_token")
}

// What everybody sees of a friend is three fields; the owner sees the rest.
func TestPodShapes(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	link := anyMap{"id": string(podID("seven")), "name": "Seven", "url": "http://seven.test:9007"}
	if diff := cmp.Diff(link, get[podList](t, a, userToken, "/api/v1/pods").Data[0]); diff != "" {
		t.Errorf("friend as everybody sees it: (-want +got)\n%s", diff)
	}
	whole := maps.Clone(link)
	maps.Copy(whole, anyMap{
		"fingerprint": "words of " + string(podID("seven")[:4]), "apiVersions": []any{1.0}, "status": "friend", "score": 110.0, "lastSeenAt": "2026-05-01T12:00:00.123Z",
		"videoCount": 3.0, "isLocal": false, "createdAt": "2026-05-01T12:00:00.123Z", "mustUpdate": false, "verified": true, "vouchedBy": string(podID("eight")), "callsNobody": false,
	})
	list := get[podList](t, a, rootToken, "/api/v1/pods?sort=-score").Data
	if diff := cmp.Diff(whole, list[0]); diff != "" {
		t.Errorf("friend as the owner sees it: (-want +got)\n%s", diff)
	}
	if second := list[1]; second["lastSeenAt"] != nil || second["mustUpdate"] != true || second["verified"] != false || second["callsNobody"] != true || second["vouchedBy"] != nil || second["apiVersions"] == nil {
		t.Errorf("second friend = %v, want what is kept of it", second)
	}
}

func TestOnePod(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, tt := range []struct{ method, path, want string }{
		{http.MethodPost, "/accept", "accept"},
		{http.MethodPost, "/refuse", "refuse"},
		{http.MethodPost, "/block", "block"},
		{http.MethodPost, "/restore", "restore"},
		{http.MethodDelete, "", "remove"},
	} {
		request := func(id string) call {
			return call{method: tt.method, path: "/api/v1/pods/" + id + tt.path, token: rootToken}
		}
		wd.net.calls = nil
		if w := do(t, a, request(string(podID("ten")))); w.Code != http.StatusNoContent || !slices.Equal(wd.net.calls, []string{tt.want}) {
			t.Errorf("%s = %d, calls %v, want 204 and %s", tt.want, w.Code, wd.net.calls, tt.want)
		}
		wantProblem(t, do(t, a, request(string(podID("nobody")))), http.StatusNotFound, "not_found")
		for _, bad := range []string{"1", strings.ToUpper(string(podID("ten"))), string(podID("ten")) + "a", strings.Repeat("b", 52), strings.Repeat("x", 500), "'", "%00"} {
			wantProblem(t, do(t, a, request(bad)), http.StatusBadRequest, "invalid_id")
		}
		wd.net.fault = &pod.Error{Kind: pod.KindConflict, Code: "not_waiting", Msg: "This pod does not wait for an answer."}
		wantProblem(t, do(t, a, request(string(podID("ten")))), http.StatusConflict, "not_waiting")
	}
	for path, want := range map[string]string{"/api/v1/pods/quitfriends": "quit all", "/api/v1/pods/me/rotate": "rotate"} {
		wd.net.calls = nil
		if w := do(t, a, call{method: http.MethodPost, path: path, token: rootToken}); w.Code != http.StatusNoContent || !slices.Equal(wd.net.calls, []string{want}) {
			t.Errorf("POST %s = %d, calls %v, want 204 and %s", path, w.Code, wd.net.calls, want)
		}
	}
}

// postJSON sends a body as the owner.
func postJSON(path, body string) call {
	c := call{method: http.MethodPost, path: path, token: rootToken}
	if body != "" {
		c.body, c.contentType = strings.NewReader(body), "application/json"
	}
	return c
}

func TestMakeFriends(t *testing.T) {
	const path = "/api/v1/pods/makefriends"
	wd := newWorld()
	wd.net.joined = pod.Joined{Friends: wd.net.friends[:1], Waiting: wd.net.friends[3:4], Refused: []pod.RefusedHost{{URL: "http://no.test", Code: "blocked", Reason: "It said no."}}}
	a := newAPI(t, wd, nil)
	for _, tt := range []struct {
		body   string
		status int
		want   pod.Join
	}{
		{"", 200, pod.Join{}},
		{"{}", 200, pod.Join{}},
		{`{"hosts":[],"invite":""}`, 200, pod.Join{Hosts: []string{}}},
		{`{"hosts":["http://a.test:9001","b.test"],"invite":"peerpod:x"}`, 200, pod.Join{Hosts: []string{"http://a.test:9001", "b.test"}, Invite: "peerpod:x"}},
		{`{"hosts":["` + strings.Repeat("h", 2001) + `"]}`, 400, pod.Join{}},
		{`{"hosts":["a"` + strings.Repeat(`,"a"`, 50) + `]}`, 400, pod.Join{}},
		{`{"hosts":[""]}`, 400, pod.Join{}},
		{`{"hosts":["http://a\u0000.test"]}`, 400, pod.Join{}},
		{`{"hosts":["http://a.test\r\nX: y"]}`, 400, pod.Join{}},
		{`{"hosts":"http://a.test"}`, 400, pod.Join{}},
		{`{"hosts":[{"url":"x"}]}`, 400, pod.Join{}},
		{`{"hosts":["a"],"hosts":["b"]}`, 400, pod.Join{}},
		{`{"invite":"` + strings.Repeat("i", 4001) + `"}`, 400, pod.Join{}},
		{`{"invite":"a\u001b[2J"}`, 400, pod.Join{}},
		{`{"invite":7}`, 400, pod.Join{}},
		{`{"role":"admin"}`, 400, pod.Join{}},
		{`{"hosts":["a"],"url":"b"}`, 400, pod.Join{}},
	} {
		wd.net.calls, wd.net.join = nil, pod.Join{}
		w := do(t, a, postJSON(path, tt.body))
		if w.Code != tt.status || !cmp.Equal(wd.net.join, tt.want) || (len(wd.net.calls) == 1) != (tt.status == 200) {
			t.Errorf("makefriends %.60s = %d with %+v after %v, want %d with %+v", tt.body, w.Code, wd.net.join, wd.net.calls, tt.status, tt.want)
		}
	}
	got := decode[struct{ Friends, Waiting, Refused []anyMap }](t, do(t, a, postJSON(path, "{}")))
	if len(got.Friends) != 1 || got.Friends[0]["fingerprint"] == "" || len(got.Waiting) != 1 || got.Waiting[0]["status"] != "waiting" {
		t.Errorf("makefriends = %+v, want one friend and one that waits", got)
	}
	if diff := cmp.Diff([]anyMap{{"url": "http://no.test", "code": "blocked", "reason": "It said no."}}, got.Refused); diff != "" {
		t.Errorf("refused: (-want +got)\n%s", diff)
	}
	wd.net.joined = pod.Joined{}
	if w := do(t, a, postJSON(path, "")); strings.TrimSpace(w.Body.String()) != `{"friends":[],"waiting":[],"refused":[]}` {
		t.Errorf("makefriends without result = %s, want three empty arrays", w.Body)
	}
	for kind, status := range map[pod.Kind]int{pod.KindUnreachable: 502, pod.KindConflict: 409, pod.KindUpgrade: 426, pod.KindInvalid: 400} {
		wd.net.fault = &pod.Error{Kind: kind, Msg: "It did not work."}
		wantProblem(t, do(t, a, postJSON(path, "{}")), status, "")
	}
}

func TestInvites(t *testing.T) {
	const path = "/api/v1/pods/invites"
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for body, want := range map[string]time.Duration{"": 7 * 24 * time.Hour, "{}": 7 * 24 * time.Hour, `{"expiresIn":60}`: time.Minute, `{"expiresIn":2592000}`: 30 * 24 * time.Hour} {
		got := decode[anyMap](t, do(t, a, postJSON(path, body)))
		wantInvite := anyMap{"code": "c0de_-", "url": "peerpod:invite/c0de_-", "expiresAt": start.Add(want).Format("2006-01-02T15:04:05.000Z")}
		if wd.net.ttl != want || !cmp.Equal(got, wantInvite) {
			t.Errorf("POST %s %s = %v for %v, want %v for %v", path, body, got, wd.net.ttl, wantInvite, want)
		}
	}
	wd.net.calls = nil
	for _, body := range []string{`{"expiresIn":59}`, `{"expiresIn":2592001}`, `{"expiresIn":-1}`, `{"expiresIn":1.5e3}x`, `{"expiresIn":"60"}`, `{"expiresIn":99999999999999999999}`, `{"uses":5}`, `[]`, `null`} {
		wantProblem(t, do(t, a, postJSON(path, body)), http.StatusBadRequest, "")
	}
	if len(wd.net.calls) > 0 {
		t.Errorf("bad bodies made %d invites, want none", len(wd.net.calls))
	}
	wd.net.invites = []pod.InviteCode{{Code: "one", URL: "u1", ExpiresAt: start, Used: true}, {Code: "two", URL: "u2", ExpiresAt: start}}
	want := podList{Total: 2, Data: []anyMap{{"code": "one", "url": "u1", "expiresAt": "2026-05-01T12:00:00.123Z", "used": true}}}
	if diff := cmp.Diff(want, get[podList](t, a, rootToken, path+"?count=1")); diff != "" {
		t.Errorf("invites: (-want +got)\n%s", diff)
	}
	if w := do(t, a, call{method: http.MethodDelete, path: path + "/two", token: rootToken}); w.Code != http.StatusNoContent {
		t.Errorf("DELETE invite = %d, want 204", w.Code)
	}
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: path + "/three", token: rootToken}), http.StatusNotFound, "not_found")
}

func TestQueue(t *testing.T) {
	wd := newWorld()
	wd.net.queue = []pod.QueueEntry{
		{Friend: wd.net.friends[0], Waiting: 3, InFlight: true, NextTryAt: start},
		{Friend: wd.net.friends[4], Waiting: 1},
	}
	want := podList{Total: 2, Data: []anyMap{
		{"pod": anyMap{"id": string(podID("seven")), "name": "Seven", "url": "http://seven.test:9007", "status": "friend"}, "waiting": 3.0, "inFlight": true, "nextTryAt": "2026-05-01T12:00:00.123Z"},
		{"pod": anyMap{"id": string(podID("eleven")), "name": "Eleven", "url": "http://eleven.test:9011", "status": "former"}, "waiting": 1.0, "inFlight": false, "nextTryAt": nil},
	}}
	if diff := cmp.Diff(want, get[podList](t, newAPI(t, wd, nil), rootToken, "/api/v1/pods/queue")); diff != "" {
		t.Errorf("queue: (-want +got)\n%s", diff)
	}
}

// A pod that is not wired to others has empty lists, and nothing else.
func TestAlone(t *testing.T) {
	wd := newWorld()
	wd.add("film", func(v *pod.Video) { v.Origin = 7 })
	a := newAPI(t, wd, func(c *api.Config) { c.Friends, c.Mirrors, c.Events, c.Origins = nil, nil, nil, nil })
	for _, path := range []string{"/api/v1/pods", "/api/v1/pods/invites", "/api/v1/pods/queue"} {
		if w := do(t, a, call{path: path, token: rootToken}); strings.TrimSpace(w.Body.String()) != `{"total":0,"data":[]}` {
			t.Errorf("GET %s = %s, want an empty list", path, w.Body)
		}
	}
	for _, route := range a.Routes() {
		method, path, _ := strings.Cut(route, " ")
		friendly := strings.HasPrefix(path, "/api/v1/pods") || strings.HasSuffix(path, "/events") || strings.HasSuffix(path, "/mirror")
		if !friendly || (method == http.MethodGet && strings.Count(path, "/") < 5 && path != "/api/v1/pods/me" && path != "/api/v1/events") {
			continue
		}
		wantProblem(t, do(t, a, call{method: method, path: fill(path), token: rootToken}), http.StatusNotFound, "not_found")
	}
	if got := get[anyMap](t, a, rootToken, "/api/v1/videos/1"); !cmp.Equal(got["origin"], any(anyMap{"id": "", "name": "", "url": ""})) || got["mirror"] != nil {
		t.Errorf("friend's video of an unknown pod = %v %v, want it without names", got["origin"], got["mirror"])
	}
}
