package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

type openapi struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string
		Parameters  []struct{ Name, In string }
		Responses   map[string]any
		Security    []any
	}
	Components struct{ Schemas map[string]any }
}

// fill puts values in the braces of a path.
func fill(path string) string {
	for _, r := range []struct{ name, value string }{
		{"video-channels/{name}", "video-channels/second"}, {"pods/{id}", "pods/" + string(podID("seven"))}, {"{id}", "1"}, {"{fileId}", "101"}, {"{name}", "root"}, {"{code}", "c0de_-"},
	} {
		path = strings.ReplaceAll(path, r.name, r.value)
	}
	return path
}

// Every route, whatever is sent to it: never a fault of ours (API-01, API-05).
func TestNoRouteFailsOnBadBodies(t *testing.T) {
	bodies := map[string]string{"none": "", "null": "null", "list": "[]", "text": `"x"`, "object": "{}", "broken": "{", "number": "1e999", "zero": "\x00", "hosts": `{"hosts":{},"invite":[]}`, "unknown": `{"admin":true}`, "wrong": `{"name":{"a":[]},"tags":"x","username":[],"displayName":{},"currentTime":"x"}`}
	types := []string{"application/json", "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json; charset=latin1", "application/jose", ";;;"}
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for _, route := range a.Routes() {
		method, path, _ := strings.Cut(route, " ")
		for name, body := range bodies {
			for _, contentType := range types {
				wd.reset()
				wd.add("first", nil)
				w := do(t, a, call{method: method, path: fill(path), token: rootToken, contentType: contentType, body: strings.NewReader(body)})
				if w.Code >= 500 {
					t.Errorf("%s with body %s as %q = %d, want less than 500", route, name, contentType, w.Code)
				}
				if w.Code >= 400 {
					wantProblem(t, w, w.Code, "")
				}
				if method == http.MethodGet && w.Code != http.StatusOK {
					t.Errorf("%s = %d %s, want 200", route, w.Code, w.Body)
				}
			}
		}
	}
}

func TestWrongMethods(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	known := map[string][]string{}
	for _, route := range a.Routes() {
		method, path, _ := strings.Cut(route, " ")
		known[fill(path)] = append(known[fill(path)], method)
	}
	for path, methods := range known {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, "BREW"} {
			if slices.Contains(methods, method) || (method == http.MethodHead && slices.Contains(methods, http.MethodGet)) {
				continue
			}
			w := do(t, a, call{method: method, path: path, token: rootToken})
			wantProblem(t, w, http.StatusMethodNotAllowed, "method_not_allowed")
			for _, allowed := range methods {
				if !strings.Contains(w.Header().Get("Allow"), allowed) {
					t.Errorf("%s %s: Allow = %q, want %s in it", method, path, w.Header().Get("Allow"), allowed)
				}
			}
		}
	}
}

func TestMethodOverrideIsIgnored(t *testing.T) {
	wd := newWorld()
	wd.add("first", nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/videos/1", nil)
	r.Header.Set("X-HTTP-Method-Override", "DELETE")
	r.Header.Set("Authorization", "Bearer "+rootToken)
	w := httptest.NewRecorder()
	newAPI(t, wd, nil).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK || len(wd.videos) != 1 {
		t.Errorf("GET with override = %d and %d videos, want 200 and 1", w.Code, len(wd.videos))
	}
}

// Each route that needs a token is closed without one, and with a bad one (API-13, AUTH-06).
func TestTokens(t *testing.T) {
	wd := newWorld()
	wd.add("first", nil)
	a := newAPI(t, wd, nil)
	closed := 0
	for _, route := range a.Routes() {
		method, path, _ := strings.Cut(route, " ")
		if !a.NeedsToken(route) {
			continue
		}
		closed++
		for _, token := range []string{"", "forged", strings.Repeat("x", 5000), "eyJhbGciOiJub25lIn0.e30."} {
			w := do(t, a, call{method: method, path: fill(path), token: token, body: strings.NewReader("{}"), contentType: "application/json"})
			wantProblem(t, w, http.StatusUnauthorized, "invalid_token")
			if !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: WWW-Authenticate = %q, want a Bearer challenge", route, w.Header().Get("WWW-Authenticate"))
			}
		}
		if w := do(t, a, call{method: method, path: fill(path) + "?access_token=" + rootToken}); w.Code != http.StatusUnauthorized {
			t.Errorf("%s with the token in the query = %d, want 401", route, w.Code)
		}
	}
	if closed < 8 {
		t.Errorf("%d routes need a token, want 8 at least", closed)
	}
	if w := do(t, a, call{path: "/api/v1/videos", token: "forged"}); w.Code != http.StatusUnauthorized {
		t.Errorf("public list with a bad token = %d, want 401", w.Code)
	}
}

// Each route of the owner is closed to other accounts, before anything happens (API-13).
func TestOwnerRoutes(t *testing.T) {
	wd := newWorld()
	wd.add("theirs", fromSeven)
	a := newAPI(t, wd, nil)
	closed := 0
	for _, route := range a.Routes() {
		if !a.NeedsOwner(route) {
			continue
		}
		closed++
		method, path, _ := strings.Cut(route, " ")
		for token, status := range map[string]int{"": 401, "forged": 401, userToken: 403} {
			for _, body := range []string{"", "{}", "[", strings.Repeat("x", 100_000)} {
				w := do(t, a, call{method: method, path: fill(path), token: token, body: strings.NewReader(body), contentType: "application/json"})
				wantProblem(t, w, status, map[int]string{401: "invalid_token", 403: "owner_only"}[status])
			}
		}
	}
	if closed < 15 || len(wd.net.calls) > 0 {
		t.Errorf("%d routes are the owner's and did %v, want 15 at least and nothing done", closed, wd.net.calls)
	}
}

// No GET changes anything, whoever asks (AUTH-14).
func TestReadingChangesNothing(t *testing.T) {
	wd := newWorld()
	wd.add("first", nil)
	before := slices.Clone(wd.videos)
	a := newAPI(t, wd, nil)
	for _, route := range a.Routes() {
		_, path, _ := strings.Cut(route, " ")
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			do(t, a, call{method: method, path: fill(path), token: rootToken})
		}
	}
	if len(wd.net.calls)+len(wd.net.taken)+len(wd.uploads)+len(wd.revoked) > 0 || !cmp.Equal(before, wd.videos) || !cmp.Equal(wd.profile, api.Profile{}) {
		t.Errorf("GET did %v and left %+v, want nothing changed", wd.net.calls, wd.videos)
	}
}

func TestBlockedAccount(t *testing.T) {
	wd := newWorld()
	wd.accounts[1].Blocked = true
	wantProblem(t, do(t, newAPI(t, wd, nil), call{path: "/api/v1/users/me", token: userToken}), http.StatusForbidden, "account_blocked")
}

func TestUnrouted(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, path := range []string{"/api/v1/nothing", "/api/v2/videos", "/", "/api/v1/pods/me/nothing", "/api/v1/videos/1/2/3/4", "/docs/../../etc/passwd/x"} {
		if w := do(t, a, call{path: path}); w.Code != http.StatusMovedPermanently && w.Code != http.StatusTemporaryRedirect {
			wantProblem(t, w, http.StatusNotFound, "not_found")
		}
	}
	if w := do(t, a, call{path: "/api/v1/ping/"}); w.Body.String() != "pong" {
		t.Errorf("GET /api/v1/ping/ = %d %s, want pong", w.Code, w.Body)
	}
}

func TestRequestID(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	if w := do(t, a, call{path: "/api/v1/ping"}); len(w.Header().Get("X-Request-Id")) < 16 {
		t.Errorf("X-Request-Id = %q, want an id", w.Header().Get("X-Request-Id"))
	}
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "from-the-server")
	a.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/nothing", nil))
	if got := w.Header().Get("X-Request-Id"); got != "from-the-server" {
		t.Errorf("X-Request-Id = %q, want the server's own", got)
	}
	if strings.Contains(w.Body.String(), "from-the-server") {
		t.Errorf("body %s has the request's id, want it in the header only", w.Body)
	}
}

func TestDocument(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	w := do(t, a, call{path: "/openapi.json"})
	doc := decode[openapi](t, w)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("document is OpenAPI %q as %q, want 3.1 as application/json", doc.OpenAPI, w.Header().Get("Content-Type"))
	}
	for _, route := range a.Routes() {
		method, path, _ := strings.Cut(route, " ")
		op, ok := doc.Paths[path][strings.ToLower(method)]
		if !ok {
			t.Errorf("document lacks %s", route)
		}
		if a.NeedsToken(route) != (len(op.Security) > 0) {
			t.Errorf("%s: document's security = %v, want it as the route asks", route, op.Security)
		}
	}
	for _, path := range []string{"/static/web-videos/{file}", "/tracker/announce", "/w/{shortUUID}", "/api/v1/videos/upload"} {
		if len(doc.Paths[path]) == 0 {
			t.Errorf("document lacks %s", path)
		}
	}
	if text := w.Body.String(); strings.Contains(text, "ErrorModel") || !strings.Contains(text, "#/components/schemas/Problem") {
		t.Errorf("document names huma's errors, or not ours")
	}
	checkReferences(t, w.Body.Bytes())
}

func TestDocumentOperations(t *testing.T) {
	ids := map[string]string{}
	for path, item := range decode[openapi](t, do(t, newAPI(t, newWorld(), nil), call{path: "/openapi.json"})).Paths {
		for method, op := range item {
			if op.OperationID == "" || ids[op.OperationID] != "" {
				t.Errorf("%s %s: operationId %q is missing or used twice", method, path, op.OperationID)
			}
			ids[op.OperationID] = path
			for piece := range strings.SplitSeq(path, "/") {
				name, ok := strings.CutPrefix(piece, "{")
				if ok && !slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.In == "path" && p.Name+"}" == name }) {
					t.Errorf("%s %s: parameter %s is not described", method, path, name)
				}
			}
		}
	}
}

func TestDocumentSchemas(t *testing.T) {
	doc := decode[openapi](t, do(t, newAPI(t, newWorld(), nil), call{path: "/openapi.json"}))
	details, _ := json.Marshal(doc.Components.Schemas["VideoDetails"])
	if !strings.Contains(string(details), `"account":{"$ref":"#/components/schemas/Account"`) {
		t.Errorf("schema VideoDetails has not the whole account: %s", details)
	}
	for name, members := range map[string][]string{"Video": {"uuid", "thumbnailPath", "account"}, "VideoDetails": {"uuid", "files", "account"}, "Account": {"id", "userId"}, "Pod": {"id", "status", "vouchedBy"}, "Self": {"id", "publicKey"}, "PodLink": {"url"}, "Origin": {"url"}, "Event": {"action"}} {
		schema, _ := doc.Components.Schemas[name].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for _, member := range members {
			if properties[member] == nil {
				t.Errorf("schema %s lacks %s", name, member)
			}
		}
	}
}

// checkReferences follows every $ref of a document.
func checkReferences(t *testing.T, data []byte) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(node any)
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if ref, ok := n["$ref"].(string); ok {
				at := doc
				for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					m, _ := at.(map[string]any)
					at = m[step]
				}
				if at == nil {
					t.Errorf("document's reference %s leads nowhere", ref)
				}
			}
			for _, child := range n {
				walk(child)
			}
		case []any:
			for _, child := range n {
				walk(child)
			}
		}
	}
	walk(doc)
}

func TestDocsPageLoadsNothingForeign(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for path, media := range map[string]string{"/docs": "text/html", "/docs/docs.js": "text/javascript", "/docs/docs.css": "text/css"} {
		w := do(t, a, call{path: path})
		text := w.Body.String()
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), media) {
			t.Errorf("GET %s = %d %s, want 200 %s", path, w.Code, w.Header().Get("Content-Type"), media)
		}
		if strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(text, "innerHTML") || strings.Contains(text, " style=") {
			t.Errorf("GET %s names a foreign address or writes HTML", path)
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: policy = %q, want a strict one", path, w.Header().Get("Content-Security-Policy"))
		}
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := api.New(api.Config{Limits: pod.DefaultLimits()}); err == nil {
		t.Error("New() of an empty config = no error, want one")
	}
}
