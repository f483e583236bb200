package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

const formType = "application/x-www-form-urlencoded"

func postToken(t *testing.T, a *api.API, fields url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, a, call{method: http.MethodPost, path: "/api/v1/users/token", contentType: formType, body: strings.NewReader(fields.Encode())})
}

func login(change url.Values) url.Values {
	fields := url.Values{"client_id": {"client"}, "client_secret": {"secret"}, "grant_type": {"password"}, "username": {"root"}, "password": {"right-password"}, "response_type": {"code"}, "scope": {"upload"}}
	maps.Copy(fields, change)
	return fields
}

func TestToken(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	client := get[map[string]string](t, a, "", "/api/v1/oauth-clients/local")
	if client["client_id"] != "client" || client["client_secret"] != "secret" {
		t.Errorf("client = %v, want id and secret", client)
	}
	w := postToken(t, a, login(nil))
	got := decode[anyMap](t, w)
	for key, want := range map[string]any{"token_type": "Bearer", "access_token": rootToken, "refresh_token": "refresh", "expires_in": 86400.0, "refresh_token_expires_in": 1209600.0} {
		if got[key] != want {
			t.Errorf("token's %s = %v, want %v", key, got[key], want)
		}
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", w.Header().Get("Cache-Control"))
	}
	if w := postToken(t, a, login(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh"}})); w.Code != http.StatusOK {
		t.Errorf("refresh = %d %s, want 200", w.Code, w.Body)
	}
}

func TestTokenRefused(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, tt := range []struct {
		change url.Values
		status int
		code   string
	}{
		{url.Values{"client_id": {"x"}}, 400, "invalid_client"},
		{url.Values{"password": {"x"}}, 400, "invalid_grant"},
		{url.Values{"username": {"nobody"}}, 400, "invalid_grant"},
		{url.Values{"username": {""}}, 400, "invalid_grant"},
		{url.Values{"grant_type": {""}}, 400, "missing_grant_type"},
		{url.Values{"grant_type": {"client_credentials"}}, 400, "unsupported_grant_type"},
		{url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"spent"}}, 400, "invalid_grant"},
		{url.Values{"password": {"right-password", "other"}}, 400, "invalid_password"},
		{url.Values{"password": {"right-password\x00x"}}, 400, "invalid_password"},
		{url.Values{"password": {strings.Repeat("x", 100_000)}}, 413, "too_large"},
		{url.Values{"username": {"busy"}}, 429, "too_many_requests"},
	} {
		wantProblem(t, postToken(t, a, login(tt.change)), tt.status, tt.code)
	}
	if w := postToken(t, a, login(url.Values{"username": {"busy"}})); w.Header().Get("Retry-After") != "90" {
		t.Errorf("Retry-After = %q, want 90", w.Header().Get("Retry-After"))
	}
	unknown, wrong := postToken(t, a, login(url.Values{"username": {"nobody"}})), postToken(t, a, login(url.Values{"password": {"x"}}))
	if unknown.Body.String() != wrong.Body.String() {
		t.Errorf("unknown user answers %s, wrong password %s, want the same", unknown.Body, wrong.Body)
	}
	for contentType, status := range map[string]int{"application/json": 415, "": 415, formType + "; charset=utf-8": 400} {
		w := do(t, a, call{method: http.MethodPost, path: "/api/v1/users/token", contentType: contentType, body: strings.NewReader(`{"grant_type":"password"}`)})
		wantProblem(t, w, status, "")
	}
	wantProblem(t, do(t, a, call{method: http.MethodPost, path: "/api/v1/users/token", contentType: formType, body: strings.NewReader("a=%zz")}), 400, "invalid_form")
	wantProblem(t, do(t, a, call{method: http.MethodPost, path: "/api/v1/users/token", contentType: formType}), 400, "missing_body")
}

func TestRevoke(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	revoke := call{method: http.MethodPost, path: "/api/v1/users/revoke-token", token: rootToken}
	if w := do(t, a, revoke); w.Code != http.StatusOK {
		t.Errorf("revoke = %d %s, want 200", w.Code, w.Body)
	}
	wantProblem(t, do(t, a, revoke), http.StatusUnauthorized, "invalid_token")
	wantProblem(t, do(t, a, call{path: "/api/v1/users/me", token: rootToken}), http.StatusUnauthorized, "invalid_token")
}

func TestRegisterIsClosed(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	w := do(t, a, call{method: http.MethodPost, path: "/api/v1/users/register", contentType: "application/json", body: strings.NewReader(`{"username":"eve","password":"password1","email":"eve@example.com","role":0,"channel":{"name":"c"}}`)})
	wantProblem(t, w, http.StatusForbidden, "signup_closed")
}

func TestMe(t *testing.T) {
	wd := newWorld()
	wd.add("old", func(v *pod.Video) { v.CreatedAt = start.Add(-48 * time.Hour) })
	wd.add("new", func(v *pod.Video) { v.Privacy, v.ChannelID = pod.PrivacyPrivate, 12 })
	wd.add("annas", func(v *pod.Video) { v.AccountID = 2 })
	a := newAPI(t, wd, nil)
	me := get[struct {
		ID            int
		Username      string
		Role          struct{ ID int }
		VideoQuota    int64
		Account       struct{ Name string }
		VideoChannels []struct {
			ID   int
			Name string
		}
	}](t, a, rootToken, "/api/v1/users/me")
	if me.Username != "root" || me.VideoQuota != -1 || len(me.VideoChannels) != 2 || me.VideoChannels[0].ID != 11 || me.Account.Name != "root" || me.Role.ID != 0 {
		t.Errorf("me = %+v, want root with its channels", me)
	}
	if got := names(get[listAnswer](t, a, rootToken, "/api/v1/users/me/videos?sort=name")); got != "new old" {
		t.Errorf("my videos = %q, want both of root's", got)
	}
	if got := names(get[listAnswer](t, a, rootToken, "/api/v1/users/me/videos?channelId=12")); got != "new" {
		t.Errorf("my videos of a channel = %q, want new", got)
	}
	if got := names(get[listAnswer](t, a, rootToken, "/api/v1/users/me/videos?search=ne")); got != "new" {
		t.Errorf("my videos with a text = %q, want new", got)
	}
	quota := get[map[string]int](t, a, rootToken, "/api/v1/users/me/video-quota-used")
	if quota["videoQuotaUsed"] != 2000 || quota["videoQuotaUsedDaily"] != 1000 {
		t.Errorf("quota = %v, want 2000 and 1000 of it today", quota)
	}
}

func TestUpdateMe(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	put := func(body string) *httptest.ResponseRecorder {
		return do(t, a, call{method: http.MethodPut, path: "/api/v1/users/me", token: rootToken, contentType: "application/json", body: strings.NewReader(body)})
	}
	if w := put(`{"displayName":"Cafe\u0301","description":"about","p2pEnabled":true,"role":0}`); w.Code != http.StatusNoContent {
		t.Errorf("PUT users/me = %d %s, want 204", w.Code, w.Body)
	}
	if p := wd.profile; p.DisplayName == nil || *p.DisplayName != "Caf\u00e9" || *p.Description != "about" || p.Email != nil {
		t.Errorf("profile = %+v, want name and description", p)
	}
	for body, status := range map[string]int{
		`{"password":"new-password"}`: 400, `{"password":"new-password","currentPassword":"wrong"}`: 400, `{"password":"short","currentPassword":"right-password"}`: 400,
		`{"password":null}`: 204, `{"displayName":""}`: 400, `{"displayName":5}`: 400, `{"email":"nobody"}`: 400, `{"email":"a@b.example"}`: 400,
		`{"email":"a@b.example","currentPassword":"wrong"}`: 400, `{"email":"a@b.example","currentPassword":"right-password"}`: 204,
		`{"password":"new-password","currentPassword":"right-password"}`: 204, `{}`: 204, `[]`: 400, `{"password":{}}`: 400,
	} {
		wd.password = "right-password"
		if w := put(body); w.Code != status {
			t.Errorf("PUT users/me %s = %d %s, want %d", body, w.Code, w.Body, status)
		}
	}
	wantProblem(t, put(`{"password":"short","currentPassword":"right-password"}`), http.StatusBadRequest, "invalid_password")
}

func TestDeleteMe(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: "/api/v1/users/me", token: rootToken}), http.StatusConflict, "last_administrator")
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: "/api/v1/users/me", token: userToken}), http.StatusForbidden, "forbidden")
}

// A file token opens one video, for four hours, for nothing else (AUTH-07, AUTH-08).
func TestFileTokens(t *testing.T) {
	wd := newWorld()
	mine := wd.add("mine", privacy(pod.PrivacyPrivate))
	other := wd.add("other", privacy(pod.PrivacyPrivate))
	inside := wd.add("inside", privacy(pod.PrivacyInternal))
	a := newAPI(t, wd, nil)
	ask := func(id, token string) (string, int) {
		w := do(t, a, call{method: http.MethodPost, path: "/api/v1/videos/" + id + "/token", token: token})
		if w.Code != http.StatusOK {
			return "", w.Code
		}
		return decode[struct{ Files struct{ Token string } }](t, w).Files.Token, w.Code
	}
	token, _ := ask("1", rootToken)
	annas, _ := ask("3", userToken)
	for _, denied := range []struct {
		id, token string
		status    int
	}{{"1", "", 401}, {"1", userToken, 404}, {"99", rootToken, 404}, {"1", token, 401}} {
		if _, got := ask(denied.id, denied.token); got != denied.status {
			t.Errorf("token of video %s = %d, want %d", denied.id, got, denied.status)
		}
	}
	check := func(name string, v *pod.Video, token string, want pod.Kind, ok bool) {
		t.Helper()
		err := a.CheckFileToken(t.Context(), v, token)
		if (err == nil) != ok || (err != nil && pod.KindOf(err) != want) {
			t.Errorf("CheckFileToken(%s) = %v, want ok %v", name, err, ok)
		}
	}
	check("its video", &mine, token, 0, true)
	check("another video", &other, token, pod.KindForbidden, false)
	check("nothing", &mine, "", pod.KindForbidden, false)
	check("an access token", &mine, rootToken, pod.KindForbidden, false)
	check("a forged one", &mine, token[:len(token)-2]+"AA", pod.KindForbidden, false)
	check("anna's", &inside, annas, 0, true)
	inside.Privacy = pod.PrivacyPrivate
	check("anna's after it became private", &inside, annas, pod.KindForbidden, false)
	wd.now = wd.now.Add(5 * time.Hour)
	check("an old one", &mine, token, pod.KindForbidden, false)
	again := newAPI(t, wd, nil)
	if err := again.CheckFileToken(t.Context(), &mine, token); err == nil {
		t.Error("another pod takes the token, want it refused")
	}
	for token, ok := range map[string]bool{rootToken: true, userToken: false, "": false, "forged": false} {
		if err := a.MaySee(t.Context(), &mine, token); (err == nil) != ok {
			t.Errorf("MaySee(%.4s) = %v, want ok %v", token, err, ok)
		}
	}
}

func TestCanRead(t *testing.T) {
	wd := newWorld()
	hidden, open := wd.add("hidden", privacy(pod.PrivacyPrivate)), wd.add("open", privacy(pod.PrivacyUnlisted))
	a := newAPI(t, wd, nil)
	token := decode[struct{ Files struct{ Token string } }](t, do(t, a, call{method: http.MethodPost, path: "/api/v1/videos/1/token", token: rootToken})).Files.Token
	for _, tt := range []struct {
		name, query, header string
		v                   pod.Video
		want                bool
	}{
		{"open to all", "", "", open, true},
		{"hidden from all", "", "", hidden, false},
		{"its file token", "?videoFileToken=" + token, "", hidden, true},
		{"bad file token", "?videoFileToken=x", "Bearer " + rootToken, hidden, false},
		{"access token", "", "Bearer " + rootToken, hidden, true},
		{"another account's token", "", "Bearer " + userToken, hidden, false},
		{"access token in the query", "?videoFileToken=" + rootToken, "", hidden, false},
		{"another scheme", "", "Basic " + rootToken, hidden, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/static/web-videos/x.mp4"+tt.query, nil)
		r.Header.Set("Authorization", tt.header)
		if got := a.CanRead(r, tt.v); got != tt.want {
			t.Errorf("CanRead with %s = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A small body must be whole in time.
func TestSlowBody(t *testing.T) {
	server := httptest.NewServer(newAPI(t, newWorld(), func(c *api.Config) { c.Limits.BodyTimeout = 50 * time.Millisecond }).Handler())
	defer server.Close()
	answer := raw(t, server, "POST /api/v1/users/token HTTP/1.1\r\nHost: pod.test\r\nContent-Length: 50\r\nContent-Type: "+formType+"\r\n\r\nclient_id=")
	if answer.StatusCode != http.StatusRequestTimeout || !answer.Close {
		t.Errorf("slow body = %d, close %v, want 408 and a close", answer.StatusCode, answer.Close)
	}
}

// A promised body that never comes must not hold the connection after the answer.
func TestPromisedBody(t *testing.T) {
	server := httptest.NewServer(newAPI(t, newWorld(), func(c *api.Config) { c.Limits.BodyTimeout = 50 * time.Millisecond }).Handler())
	defer server.Close() // waits for the connections
	for _, request := range []string{"PUT /api/v1/users/me", "GET /api/v1/ping", "POST /api/v1/nothing", "POST /api/v1/ping", "DELETE /api/v1/videos/1"} {
		raw(t, server, request+" HTTP/1.1\r\nHost: pod.test\r\nContent-Length: 50\r\nContent-Type: application/json\r\n\r\n")
	}
}
