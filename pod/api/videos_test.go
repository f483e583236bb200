package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
)

type (
	listAnswer struct {
		Total int
		Data  []struct {
			ID   int
			Name string
		}
	}
	anyMap = map[string]any
)

func names(l listAnswer) string {
	var out []string
	for _, v := range l.Data {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

func privacy(p pod.Privacy) func(*pod.Video) { return func(v *pod.Video) { v.Privacy = p } }

func TestListVideos(t *testing.T) {
	wd := newWorld()
	wd.add("alpha", func(v *pod.Video) { v.Tags, v.Category, v.Language = []string{"red"}, 1, "fr" })
	wd.add("beta", func(v *pod.Video) { v.Tags = []string{"green", "blue"} })
	wd.add("gamma", func(v *pod.Video) { v.Origin = 7 })
	wd.add("hidden", privacy(pod.PrivacyPrivate))
	wd.add("unlisted", privacy(pod.PrivacyUnlisted))
	wd.add("internal", privacy(pod.PrivacyInternal))
	wd.add("annas", func(v *pod.Video) { v.Privacy, v.AccountID, v.ChannelID = pod.PrivacyPrivate, 2, 21 })
	a := newAPI(t, wd, nil)
	for _, tt := range []struct {
		query, token, want string
		total              int
	}{
		{"", "", "gamma beta alpha", 3},
		{"sort=name", "", "alpha beta gamma", 3},
		{"sort=-name&count=1", "", "gamma", 3},
		{"sort=name&start=1&count=1", "", "beta", 3},
		{"start=99", "", "", 3},
		{"isLocal=true", "", "beta alpha", 2},
		{"isLocal=false", "", "gamma", 1},
		{"tagsOneOf=red&tagsOneOf=blue", "", "beta alpha", 2},
		{"tagsOneOf[]=red", "", "alpha", 1},
		{"tagsOneOf%5B%5D=blue", "", "beta", 1},
		{"categoryOneOf=1,2", "", "alpha", 1},
		{"languageOneOf[]=fr", "", "alpha", 1},
		{"", userToken, "internal gamma beta alpha", 4},
		{"privacyOneOf=3", "", "", 0},
		{"privacyOneOf=3&privacyOneOf=1", "", "gamma beta alpha", 3},
		{"privacyOneOf=3", userToken, "", 0},
		{"privacyOneOf[]=3&privacyOneOf[]=2", rootToken, "annas unlisted hidden", 3},
		{"search=ALPH", "", "alpha", 1},
		{"search=a&tagsOneOf=green", "", "beta", 1},
		{"search=a&isLocal=true&count=1&start=1", "", "beta", 2},
		{"search=hidden", "", "", 0},
		{"search=internal", userToken, "internal", 1},
		{"nsfw=both&unknown=1&hasHLSFiles=true", "", "gamma beta alpha", 3},
	} {
		got := get[listAnswer](t, a, tt.token, "/api/v1/videos?"+tt.query)
		if names(got) != tt.want || got.Total != tt.total {
			t.Errorf("GET /videos?%s as %.4s = %q of %d, want %q of %d", tt.query, tt.token, names(got), got.Total, tt.want, tt.total)
		}
	}
}

func TestListRefusesBadParameters(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for _, query := range []string{
		"start=-1", "start=x", "start=99999999999999999999", "count=0", "count=-1", "count=101", "count=1000000000", "count=1.5",
		"sort=__proto__", "sort=password", "sort=--name", "sort=%00", "isLocal=maybe", "privacyOneOf=x", "privacyOneOf=99", "categoryOneOf=x",
		"search=" + strings.Repeat("x", 501), "host=" + strings.Repeat("h", 300), strings.Repeat("tagsOneOf=a&", 60),
	} {
		for _, path := range []string{"/api/v1/videos", "/api/v1/search/videos", "/api/v1/accounts/root/videos", "/api/v1/video-channels/second/videos"} {
			w := do(t, a, call{path: path + "?" + query})
			wantProblem(t, w, http.StatusBadRequest, "")
			if t.Failed() {
				t.Fatalf("with query %s on %s", query, path)
			}
		}
	}
	wantProblem(t, do(t, a, call{path: "/api/v1/videos?count=101"}), http.StatusBadRequest, "invalid_count")
	wantProblem(t, do(t, a, call{path: "/api/v1/video-channels?sort=password"}), http.StatusBadRequest, "invalid_sort")
}

func TestEmptyListIsAList(t *testing.T) {
	if w := do(t, newAPI(t, newWorld(), nil), call{path: "/api/v1/videos"}); strings.TrimSpace(w.Body.String()) != `{"total":0,"data":[]}` {
		t.Errorf("empty list = %s, want total 0 and an empty array", w.Body)
	}
}

func TestGetVideo(t *testing.T) {
	wd := newWorld()
	original := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
	v := wd.add("Ünïcode", func(v *pod.Video) {
		v.Description, v.Category, v.Licence, v.Language, v.Tags, v.OriginallyAt, v.Views = strings.Repeat("ä", 300), 15, 2, "de", []string{"one"}, &original, 5
		v.PosterRev = 3
	})
	a := newAPI(t, wd, nil)
	uuid := v.UUID.String()
	for _, ref := range []string{"1", uuid, v.UUID.Short(), strings.ToUpper(uuid)} {
		got := get[anyMap](t, a, "", "/api/v1/videos/"+ref)
		if got["uuid"] != uuid || got["id"] != 1.0 {
			t.Fatalf("GET /videos/%s = %v %v, want the video", ref, got["id"], got["uuid"])
		}
	}
	got := get[anyMap](t, a, "", "/api/v1/videos/1")
	file := got["files"].([]any)[0].(anyMap)
	name := v.Files[0].Name
	want := anyMap{
		"name": "Ünïcode", "shortUUID": v.UUID.Short(), "url": base + "/videos/watch/" + uuid, "duration": 20.0, "isLocal": true, "views": 5.0,
		"category": anyMap{"id": 15.0, "label": "Science & Technology"}, "language": anyMap{"id": "de", "label": "German"},
		"privacy": anyMap{"id": 1.0, "label": "Public"}, "state": anyMap{"id": 1.0, "label": "Published"},
		"truncatedDescription": strings.Repeat("ä", 247) + "...", "thumbnailPath": "/lazy-static/thumbnails/" + uuid + "-3.jpg",
		"previewPath": "/lazy-static/previews/" + uuid + "-3.jpg", "embedPath": "/videos/embed/" + uuid,
		"publishedAt": "2026-05-01T12:01:00.123Z", "originallyPublishedAt": "1999-12-31T00:00:00.000Z", "tags": []any{"one"},
		"commentsEnabled": true, "commentsPolicy": anyMap{"id": 1.0, "label": "Enabled"}, "downloadEnabled": true, "aspectRatio": 1.7778,
		"streamingPlaylists": []any{}, "trackerUrls": []any{base + "/tracker/announce", "ws://pod.test:9000/tracker/socket"},
		"likes": 0.0, "dislikes": 0.0, "comments": 0.0, "nsfw": false, "waitTranscoding": false,
	}
	for key, value := range want {
		if diff := cmp.Diff(value, got[key]); diff != "" {
			t.Errorf("video's %s: (-want +got)\n%s", key, diff)
		}
	}
	wantFile := anyMap{
		"id": 101.0, "resolution": anyMap{"id": 720.0, "label": "720p"}, "size": 1000.0, "fps": 25.0, "width": 1280.0, "height": 720.0,
		"hasAudio": true, "hasVideo": true, "storage": 0.0, "mimeType": v.Files[0].MIME, "infoHash": v.Files[0].Infohash.String(),
		"fileUrl": base + "/static/web-videos/" + name, "fileDownloadUrl": base + "/download/videos/" + name,
		"torrentUrl": base + "/static/torrents/" + name + ".torrent", "torrentDownloadUrl": base + "/download/torrents/" + name + ".torrent",
		"magnetUri": "magnet:?xt=urn:btih:" + v.Files[0].Infohash.String(), "metadataUrl": base + "/api/v1/videos/" + uuid + "/metadata/101",
		"seeders": 2.0, "leechers": 1.0,
	}
	if diff := cmp.Diff(wantFile, file); diff != "" {
		t.Errorf("file: (-want +got)\n%s", diff)
	}
	account, channel := got["account"].(anyMap), got["channel"].(anyMap)
	if account["name"] != "root" || account["host"] != "pod.test:9000" || account["userId"] != 1.0 || channel["name"] != "root_channel" || channel["ownerAccount"].(anyMap)["name"] != "root" {
		t.Errorf("account %v and channel %v, want root's", account, channel)
	}
}

func TestGetVideoNotThere(t *testing.T) {
	wd := newWorld()
	wd.add("there", nil)
	a := newAPI(t, wd, nil)
	for ref, status := range map[string]int{"99": 404, pod.NewUUID().String(): 404, pod.NewUUID().Short(): 404, "0": 400, "-1": 400, "abc": 400, "1e3": 400, "%00": 400, strings.Repeat("9", 60): 400, "1' OR 1=1": 400} {
		wantProblem(t, do(t, a, call{path: "/api/v1/videos/" + ref}), status, "")
	}
}

func TestHiddenVideos(t *testing.T) {
	wd := newWorld()
	wd.add("private", func(v *pod.Video) { v.Privacy, v.AccountID, v.ChannelID = pod.PrivacyPrivate, 2, 21 })
	wd.add("internal", privacy(pod.PrivacyInternal))
	wd.add("unlisted", privacy(pod.PrivacyUnlisted))
	wd.add("roots", privacy(pod.PrivacyPrivate))
	a := newAPI(t, wd, nil)
	for _, tt := range []struct {
		id     int
		token  string
		status int
	}{
		{1, "", 404},
		{1, userToken, 200},
		{1, rootToken, 200},
		{2, "", 404},
		{2, userToken, 200},
		{3, "", 200},
		{4, userToken, 404},
		{4, rootToken, 200},
	} {
		for _, route := range []call{{path: ""}, {path: "/description"}, {path: fmt.Sprintf("/metadata/%d", 100+tt.id)}} {
			path := fmt.Sprintf("/api/v1/videos/%d%s", tt.id, route.path)
			if w := do(t, a, call{path: path, token: tt.token}); w.Code != tt.status {
				t.Errorf("GET %s as %.4s = %d, want %d", path, tt.token, w.Code, tt.status)
			}
		}
	}
	w := do(t, a, call{path: "/api/v1/videos/4"})
	absent := do(t, a, call{path: "/api/v1/videos/77"})
	if w.Body.String() != absent.Body.String() {
		t.Errorf("hidden video answers %s, absent one %s, want the same", w.Body, absent.Body)
	}
	files := get[anyMap](t, a, rootToken, "/api/v1/videos/4")["files"].([]any)
	file := files[0].(anyMap)
	if file["torrentUrl"] != "" || file["magnetUri"] != "" || file["infoHash"] != "" || file["torrentDownloadUrl"] != "" {
		t.Errorf("private video's file = %v, want no torrent", file)
	}
}

func TestDeleteVideo(t *testing.T) {
	wd := newWorld()
	wd.add("mine", func(v *pod.Video) { v.AccountID = 2 })
	wd.add("roots", nil)
	wd.add("friends", func(v *pod.Video) { v.Origin = 3 })
	a := newAPI(t, wd, nil)
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: "/api/v1/videos/2", token: userToken}), http.StatusForbidden, "not_owner")
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: "/api/v1/videos/3", token: rootToken}), http.StatusForbidden, "not_ours")
	wantProblem(t, do(t, a, call{method: http.MethodDelete, path: "/api/v1/videos/9", token: rootToken}), http.StatusNotFound, "not_found")
	for _, id := range []string{"1", "2"} {
		if w := do(t, a, call{method: http.MethodDelete, path: "/api/v1/videos/" + id, token: rootToken}); w.Code != http.StatusNoContent || w.Body.Len() != 0 {
			t.Errorf("DELETE /videos/%s = %d %s, want 204", id, w.Code, w.Body)
		}
	}
	if len(wd.videos) != 1 {
		t.Errorf("%d videos are left, want the friend's", len(wd.videos))
	}
}

func TestMetadata(t *testing.T) {
	wd := newWorld()
	wd.add("first", nil)
	a := newAPI(t, wd, nil)
	got := get[struct {
		Streams []struct {
			Type string `json:"codec_type"`
			Tag  string `json:"codec_tag_string"`
		}
		Format struct {
			Name    string `json:"format_name"`
			BitRate int    `json:"bit_rate"`
		}
		Chapters []any
	}](t, a, "", "/api/v1/videos/1/metadata/101")
	if len(got.Streams) != 2 || got.Streams[0].Tag != "avc1.64001f" || got.Streams[1].Type != "audio" || got.Format.Name != "mp4" || got.Format.BitRate != 400 || got.Chapters == nil {
		t.Errorf("metadata = %+v, want one picture and one sound in mp4", got)
	}
	wantProblem(t, do(t, a, call{path: "/api/v1/videos/1/metadata/999"}), http.StatusNotFound, "")
	wantProblem(t, do(t, a, call{path: "/api/v1/videos/1/metadata/x"}), http.StatusBadRequest, "invalid_file_id")
}

func TestViews(t *testing.T) {
	wd := newWorld()
	wd.add("first", nil)
	wd.add("second", nil)
	wd.add("private", privacy(pod.PrivacyPrivate))
	a := newAPI(t, wd, nil)
	view := func(id, body string) int {
		c := call{method: http.MethodPost, path: "/api/v1/videos/" + id + "/views"}
		if body != "" {
			c.body, c.contentType = strings.NewReader(body), "application/json"
		}
		return do(t, a, c).Code
	}
	for _, tt := range []struct {
		id, body string
		status   int
	}{
		{"1", "", 204},
		{"1", `{"currentTime":12,"viewEvent":"seek","sessionId":"x"}`, 204},
		{"2", `{}`, 204},
		{"3", "", 404},
		{"9", "", 404},
		{"1", `{"currentTime":"x"}`, 400},
		{"1", `{"currentTime":-1}`, 400},
		{"1", "null", 400},
		{"1", "[]", 400},
	} {
		if got := view(tt.id, tt.body); got != tt.status {
			t.Errorf("POST /videos/%s/views %s = %d, want %d", tt.id, tt.body, got, tt.status)
		}
	}
	if wd.videos[0].Views != 1 || wd.videos[1].Views != 1 {
		t.Errorf("views = %d and %d, want 1 each: one address counts once", wd.videos[0].Views, wd.videos[1].Views)
	}
	wd.now = wd.now.Add(2 * time.Hour)
	view("1", "")
	if wd.videos[0].Views != 2 {
		t.Errorf("views after two hours = %d, want 2", wd.videos[0].Views)
	}
}

func TestSearch(t *testing.T) {
	wd := newWorld()
	for i := range 130 {
		wd.add(fmt.Sprintf("Film %03d", i), func(v *pod.Video) {
			if i >= 120 {
				v.Tags = []string{"late"}
			}
		})
	}
	a := newAPI(t, wd, nil)
	for query, want := range map[string]int{"search=film": 130, "search=film+00": 10, "": 0, "search=": 0, "search=%20": 0, "search=nothing": 0, "search=.*": 0, "search=%00%2F": 0, "search=film&tagsOneOf=late": 10, "search=film&host=pod.test:9000": 130, "search=film&host=other:1": 0} {
		if got := get[listAnswer](t, a, "", "/api/v1/search/videos?"+query); got.Total != want || len(got.Data) != min(want, 15) {
			t.Errorf("search %q = %d of %d, want %d", query, len(got.Data), got.Total, want)
		}
	}
	wd.videos[0].Privacy = pod.PrivacyPrivate // the index may be behind: it is told to give public ones
	if got := get[listAnswer](t, a, "", "/api/v1/search/videos?search=000"); len(got.Data) != 0 {
		t.Errorf("search found %v, want no private video", got.Data)
	}
}

func TestChannelsAndAccounts(t *testing.T) {
	wd := newWorld()
	wd.add("in main", nil)
	wd.add("in second", func(v *pod.Video) { v.ChannelID = 12 })
	a := newAPI(t, wd, nil)
	channels := get[listAnswer](t, a, "", "/api/v1/video-channels?sort=name")
	if names(channels) != "root_channel second" || channels.Total != 2 {
		t.Errorf("channels = %+v, want both of root's", channels)
	}
	if got := names(get[listAnswer](t, a, "", "/api/v1/accounts/root/video-channels?sort=-createdAt&count=1")); got != "second" {
		t.Errorf("newest channel = %q, want second", got)
	}
	for path, want := range map[string]string{"/api/v1/video-channels/second/videos": "in second", "/api/v1/accounts/root/videos?sort=name": "in main in second", "/api/v1/accounts/anna/videos": "", "/api/v1/video-channels/second@pod.test:9000/videos": "in second", "/api/v1/accounts/root/videos?search=main": "in main"} {
		if got := names(get[listAnswer](t, a, "", path)); got != want {
			t.Errorf("GET %s = %q, want %q", path, got, want)
		}
	}
	if got := get[anyMap](t, a, "", "/api/v1/video-channels/second"); got["id"] != 12.0 || got["displayName"] != "second" {
		t.Errorf("channel = %v, want number 12", got)
	}
	if got := get[anyMap](t, a, "", "/api/v1/accounts/root@pod.test:9000"); got["displayName"] != "Owner" {
		t.Errorf("account = %v, want the owner's", got)
	}
	for _, path := range []string{"/api/v1/video-channels/none", "/api/v1/accounts/none", "/api/v1/accounts/root@else.where", "/api/v1/video-channels/second@else.where", "/api/v1/accounts/none/videos", "/api/v1/accounts/none/video-channels", "/api/v1/video-channels/none/videos"} {
		wantProblem(t, do(t, a, call{path: path}), http.StatusNotFound, "not_found")
	}
}

func TestConfig(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	if w := do(t, a, call{path: "/api/v1/ping"}); w.Body.String() != "pong" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("ping = %q as %s, want pong as text", w.Body, w.Header().Get("Content-Type"))
	}
	config := get[struct {
		ServerVersion string
		Instance      struct{ Name string }
		Signup        struct{ Allowed bool }
		Video         struct {
			File struct{ Extensions []string }
		}
		Limits struct{ UploadBytes int64 }
	}](t, a, "", "/api/v1/config")
	if config.ServerVersion != "1.2.3" || config.Instance.Name != "Test pod" || config.Signup.Allowed || !slices.Contains(config.Video.File.Extensions, ".mp4") || config.Limits.UploadBytes != pod.DefaultLimits().UploadBytes {
		t.Errorf("config = %+v, want name, version, extensions and limits", config)
	}
	if about := get[struct{ Instance struct{ Name string } }](t, a, "", "/api/v1/config/about"); about.Instance.Name != "Test pod" {
		t.Errorf("about = %+v, want the name", about)
	}
}

func TestVocabulary(t *testing.T) {
	a := newAPI(t, newWorld(), nil)
	for path, want := range map[string]struct {
		key, label string
		least      int
	}{
		"categories": {"15", "Science & Technology", 18}, "licences": {"7", "Public Domain Dedication", 7}, "privacies": {"2", "Unlisted", 4}, "languages": {"fr", "French", 150},
	} {
		got := get[map[string]string](t, a, "", "/api/v1/videos/"+path)
		if got[want.key] != want.label || len(got) < want.least {
			t.Errorf("%s: %d entries, %s = %q, want %d with %q", path, len(got), want.key, got[want.key], want.least, want.label)
		}
		for key, label := range got {
			if label == "" || (path == "languages" && label == key) {
				t.Errorf("%s: %s has no label", path, key)
			}
		}
	}
}

func TestSearchFilters(t *testing.T) {
	wd := newWorld()
	wd.add("film one", func(v *pod.Video) { v.Category, v.Language, v.Tags = 1, "fr", []string{"Red"} })
	wd.add("film two", func(v *pod.Video) { v.Origin = 4 })
	wd.add("film three", func(v *pod.Video) { v.ChannelID = 12 })
	a := newAPI(t, wd, nil)
	for path, want := range map[string]string{
		"/api/v1/search/videos?search=film&categoryOneOf=1":             "film one",
		"/api/v1/search/videos?search=film&languageOneOf=fr,de":         "film one",
		"/api/v1/search/videos?search=film&tagsOneOf=red":               "film one",
		"/api/v1/search/videos?search=film&isLocal=0":                   "film two",
		"/api/v1/search/videos?search=film&isLocal=1&start=1&count=5":   "film three",
		"/api/v1/video-channels/second/videos?search=film":              "film three",
		"/api/v1/search/videos?search=film&start=50&tagsOneOf=red":      "",
		"/api/v1/search/videos?search=film&host=POD.test:9000&count=1":  "film one",
		"/api/v1/search/videos?search=film&sort=name&privacyOneOf[]=3":  "",
		"/api/v1/search/videos?search=film&privacyOneOf=1&tagsOneOf=no": "",
	} {
		if got := names(get[listAnswer](t, a, "", path)); got != want {
			t.Errorf("GET %s = %q, want %q", path, got, want)
		}
	}
}
