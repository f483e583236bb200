package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

const uploadPath = "/api/v1/videos/upload"

var (
	file    = part{"videofile", "the video's bytes", "holiday.MP4"}
	named   = part{"name", "A name", ""}
	channel = part{"channelId", "11", ""}
)

func send(t *testing.T, a *api.API, parts ...part) *httptest.ResponseRecorder {
	t.Helper()
	contentType, body := form(t, parts...)
	return do(t, a, call{method: http.MethodPost, path: uploadPath, token: rootToken, contentType: contentType, body: body})
}

func TestUpload(t *testing.T) {
	full := []part{
		{"name", "  Cafe\u0301  ", ""},
		{"description", "two\nlines", ""},
		{"support", "thanks", ""},
		{"category", "15", ""},
		{"licence", "2", ""},
		{"language", "fr", ""},
		{"privacy", "2", ""},
		{"tags[]", "one", ""},
		{"tags[1]", "two", ""},
		{"tags", "three", ""},
		{"tags[]", "one", ""},
		{"nsfw", "true", ""},
		{"waitTranscoding", "1", ""},
		{"downloadEnabled", "false", ""},
		{"commentsPolicy", "2", ""},
		{"originallyPublishedAt", "2020-02-03T04:05:06Z", ""},
		channel,
		{"thumbnailfile", "picture", "a.jpg"},
		{"previewfile", "other", "b.jpg"},
		{"scheduleUpdate[updateAt]", "2030", ""},
		{"generateTranscription", "true", ""},
		{"role", "0", ""},
	}
	published := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	want := pod.FinishUpload{ChannelID: 11, Thumbnail: []byte("picture"), Meta: pod.VideoMeta{
		Name: "Caf\u00e9", Description: "two\nlines", Support: "thanks", Category: 15, Licence: 2, Language: "fr", Privacy: pod.PrivacyUnlisted,
		Tags: []string{"one", "two", "three"}, NSFW: true, WaitTranscoding: true, CommentsPolicy: 2, OriginallyAt: &published,
	}}
	for name, parts := range map[string][]part{
		"fields first": append(append([]part{}, full...), file),
		"file first":   append([]part{file}, full...),
		"file between": append(append(append([]part{}, full[:5]...), file), full[5:]...),
	} {
		wd := newWorld()
		w := send(t, newAPI(t, wd, nil), parts...)
		if w.Code != http.StatusOK {
			t.Errorf("%s: upload = %d %s, want 200", name, w.Code, w.Body)
			continue
		}
		got := decode[struct {
			Video struct {
				ID              pod.VideoID
				UUID, ShortUUID string
			}
		}](t, w)
		if v := wd.videos[0]; got.Video.ID != v.ID || got.Video.UUID != v.UUID.String() || got.Video.ShortUUID != v.UUID.Short() {
			t.Errorf("%s: answer = %+v, want the video's names", name, got)
		}
		u := wd.uploads[0]
		if diff := cmp.Diff(&want, u.finished); diff != "" {
			t.Errorf("%s: Finish() got (-want +got)\n%s", name, diff)
		}
		if u.data.String() != file.value || u.request.AccountID != 1 || u.request.FileName != "holiday.mp4" || u.request.SizeHint <= int64(len(file.value)) || u.aborted {
			t.Errorf("%s: upload = %+v with %q, want the file whole and not aborted", name, u.request, u.data.String())
		}
	}
}

func TestUploadDefaults(t *testing.T) {
	wd := newWorld()
	if w := send(t, newAPI(t, wd, nil), file, named, channel, part{"tags", "", ""}, part{"category", "", ""}, part{"language", "null", ""}, part{"previewfile", "old", "p.jpg"}); w.Code != http.StatusOK {
		t.Fatalf("upload = %d %s, want 200", w.Code, w.Body)
	}
	meta := pod.DefaultMeta()
	meta.Name = "A name"
	if diff := cmp.Diff(&pod.FinishUpload{ChannelID: 11, Meta: meta, Thumbnail: []byte("old")}, wd.uploads[0].finished); diff != "" {
		t.Errorf("Finish() got (-want +got)\n%s", diff)
	}
}

func TestUploadRefused(t *testing.T) {
	long := strings.Repeat("x", pod.MaxNameLen+1)
	manyFields := []part{named, channel}
	for i := range 120 {
		manyFields = append(manyFields, part{fmt.Sprintf("extra%d", i), "x", ""})
	}
	wd := newWorld()
	a := newAPI(t, wd, func(c *api.Config) { c.Limits.PictureBytes, c.Limits.UploadBytes = 1000, 4000 })
	for _, tt := range []struct {
		name, code string
		status     int
		unread     bool // the file must not have been begun
		parts      []part
	}{
		{"no file", "missing_videofile", 400, true, []part{named, channel}},
		{"nothing", "", 400, true, nil},
		{"no name", "missing_name", 400, false, []part{channel, file}},
		{"no channel", "missing_channel_id", 400, false, []part{named, file}},
		{"short name first", "invalid_name", 400, true, []part{channel, {"name", "ab", ""}, file}},
		{"long name last", "invalid_name", 400, false, []part{channel, file, {"name", long, ""}}},
		{"name twice", "invalid_name", 400, true, []part{named, named, file}},
		{"control character", "invalid_name", 400, true, []part{{"name", "a\x00bc", ""}, file}},
		{"not UTF-8", "invalid_name", 400, true, []part{{"name", "abc\xff", ""}, file}},
		{"combining marks", "", 400, true, []part{{"name", "a" + strings.Repeat("\u0301", 30_000), ""}, file}},
		{"huge field", "", 400, true, []part{{"unknown", strings.Repeat("x", 70<<10), ""}, file}},
		{"foreign channel first", "invalid_channel_id", 400, true, []part{named, {"channelId", "21", ""}, file}},
		{"foreign channel last", "invalid_channel_id", 400, false, []part{named, file, {"channelId", "21", ""}}},
		{"channel of words", "invalid_channel_id", 400, true, []part{{"channelId", "mine", ""}, file}},
		{"negative channel", "invalid_channel_id", 400, true, []part{{"channelId", "-1", ""}, file}},
		{"two files", "invalid_videofile", 400, false, []part{named, channel, file, file}},
		{"file as text", "invalid_videofile", 400, true, []part{named, channel, {"videofile", "text", ""}}},
		{"privacy 5", "invalid_privacy", 400, true, []part{{"privacy", "5", ""}, file}},
		{"privacy 9", "invalid_privacy", 400, true, []part{{"privacy", "9", ""}, file}},
		{"no privacy", "invalid_privacy", 400, true, []part{{"privacy", "", ""}, file}},
		{"category 99", "invalid_category", 400, true, []part{{"category", "99", ""}, file}},
		{"language", "invalid_language", 400, true, []part{{"language", "klingon", ""}, file}},
		{"six tags", "invalid_tags", 400, true, []part{{"tags", "t1", ""}, {"tags", "t2", ""}, {"tags", "t3", ""}, {"tags", "t4", ""}, {"tags", "t5", ""}, {"tags", "t6", ""}, file}},
		{"short tag", "invalid_tags", 400, true, []part{{"tags[0]", "x", ""}, file}},
		{"nsfw of words", "invalid_nsfw", 400, true, []part{{"nsfw", "perhaps", ""}, file}},
		{"date", "invalid_originally_published_at", 400, true, []part{{"originallyPublishedAt", "yesterday", ""}, file}},
		{"many fields", "invalid_form", 400, true, append(manyFields, file)},
		{"not a video", "unplayable", 422, false, []part{named, channel, {"videofile", "text, not a film", "x.mp4"}}},
		{"disk full", "no_space", 507, false, []part{named, channel, {"videofile", "DISKFULL", "x.mp4"}}},
		{"large picture", "picture_too_large", 413, true, []part{named, {"thumbnailfile", strings.Repeat("p", 2000), "p.jpg"}, file}},
		{"two pictures", "invalid_thumbnailfile", 400, true, []part{{"thumbnailfile", "p", "p.jpg"}, {"thumbnailfile", "p", "p.jpg"}, file}},
		{"large file", "file_too_large", 413, false, []part{named, channel, {"videofile", strings.Repeat("v", 5000), "x.mp4"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wd.reset()
			wantProblem(t, send(t, a, tt.parts...), tt.status, tt.code)
			if len(wd.videos) != 0 {
				t.Errorf("%d videos stand, want none", len(wd.videos))
			}
			if tt.unread && len(wd.uploads) != 0 {
				t.Error("the file was begun, want it refused before")
			}
			for _, u := range wd.uploads {
				if !u.aborted {
					t.Error("the upload was not aborted")
				}
			}
		})
	}
}

func TestUploadBrokenForms(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	contentType, whole := form(t, named, channel, file)
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"cut off":      {contentType, whole.String()[:whole.Len()-20], 400},
		"cut in file":  {contentType, whole.String()[:whole.Len()-80], 400},
		"no boundary":  {"multipart/form-data", whole.String(), 400},
		"other type":   {"application/octet-stream", whole.String(), 415},
		"no type":      {"", whole.String(), 415},
		"empty":        {contentType, "", 400},
		"wrong bounds": {"multipart/form-data; boundary=other", whole.String(), 400},
		"nameless":     {"multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n", 400},
		"injection":    {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\nSet-Cookie: a=b\r\nbroken header\r\n\r\nx\r\n--b--\r\n", 400},
	} {
		wd.reset()
		w := do(t, a, call{method: http.MethodPost, path: uploadPath, token: rootToken, contentType: c.contentType, body: strings.NewReader(c.body)})
		wantProblem(t, w, c.status, "")
		if t.Failed() {
			t.Fatalf("in the case %q", name)
		}
		for _, u := range wd.uploads {
			if !u.aborted {
				t.Errorf("%s: upload was not aborted", name)
			}
		}
	}
}

// File names are display text only (UPL-11).
func TestUploadFileNames(t *testing.T) {
	wd := newWorld()
	a := newAPI(t, wd, nil)
	for sent, want := range map[string]string{
		"../../etc/passwd": "passwd", `C:\films\a film.MOV`: "a film.mov", "x\r\nSet-Cookie: a=b.mp4": "x__Set-Cookie_ a_b.mp4", strings.Repeat("n", 4096) + ".mp4": strings.Repeat("n", 120) + ".mp4",
	} {
		wd.reset()
		w := send(t, a, named, channel, part{"videofile", "x", sent})
		if w.Code != http.StatusOK {
			t.Errorf("upload of %.20q = %d %s, want 200", sent, w.Code, w.Body)
			continue
		}
		got := wd.uploads[0].request.FileName
		if strings.ContainsAny(got, "/\\\r\n\x00") || (got != want && !strings.Contains(sent, "\r")) {
			t.Errorf("file name of %.20q = %q, want %q", sent, got, want)
		}
	}
}

// Nobody's body is read: the answer comes while the sender waits (AUTH, UPL).
func TestUploadRefusedUnread(t *testing.T) {
	server := httptest.NewServer(newAPI(t, newWorld(), func(c *api.Config) { c.Limits.BodyTimeout = 50 * time.Millisecond }).Handler())
	defer server.Close()
	for name, tt := range map[string]struct {
		header string
		status int
	}{
		"no token":  {"", http.StatusUnauthorized},
		"bad token": {"Authorization: Bearer forged\r\n", http.StatusUnauthorized},
		"bad type":  {"Authorization: Bearer " + rootToken + "\r\nContent-Type: text/plain\r\n", http.StatusUnsupportedMediaType},
		"too large": {"Authorization: Bearer " + rootToken + "\r\nContent-Type: multipart/form-data; boundary=b\r\n", http.StatusRequestEntityTooLarge},
	} {
		answer := raw(t, server, "POST "+uploadPath+" HTTP/1.1\r\nHost: pod.test\r\nContent-Length: 99999999999999\r\n"+tt.header+"\r\n")
		if answer.StatusCode != tt.status || !answer.Close {
			t.Errorf("%s: answer = %d, close %v, want %d and a close", name, answer.StatusCode, answer.Close, tt.status)
		}
	}
}

// A client that sends everything before it reads must see why it was refused.
func TestRefusedClientSeesWhy(t *testing.T) {
	server := httptest.NewServer(newAPI(t, newWorld(), func(c *api.Config) { c.Limits.BodyTimeout = time.Minute }).Handler())
	defer server.Close()
	contentType, body := form(t, part{"name", "ab", ""}, part{"videofile", strings.Repeat("v", 16<<20), "x.mp4"})
	for header, status := range map[string]int{rootToken: http.StatusBadRequest, rootToken + "\r\nExpect: 100-continue": http.StatusBadRequest, "forged": http.StatusUnauthorized} {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: pod.test\r\nContent-Length: %d\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\n\r\n", uploadPath, body.Len(), contentType, header)
		answer := raw(t, server, head+body.String())
		text, err := io.ReadAll(answer.Body)
		if answer.StatusCode != status || err != nil || !strings.Contains(string(text), `"detail"`) {
			t.Errorf("refused upload = %d %q %v, want %d and its reason", answer.StatusCode, text, err, status)
		}
	}
}

// An upload must keep moving; one that stalls is given up (UPL-08).
func TestUploadStalls(t *testing.T) {
	wd := newWorld()
	server := httptest.NewServer(newAPI(t, wd, func(c *api.Config) { c.Limits.UploadStallTimeout = 50 * time.Millisecond }).Handler())
	defer server.Close()
	contentType, body := form(t, named, channel, file)
	half := body.Bytes()[:body.Len()-70]
	answer := raw(t, server, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: pod.test\r\nContent-Length: %d\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\n\r\n%s", uploadPath, body.Len(), contentType, rootToken, half))
	if answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("stalled upload = %d, want 408", answer.StatusCode)
	}
	if len(wd.uploads) != 1 || !wd.uploads[0].aborted {
		t.Error("the stalled upload was not aborted")
	}
}

// The time limit of the body must not end the publishing that follows, which may be long.
func TestUploadKeepsConnection(t *testing.T) {
	wd := newWorld()
	server := httptest.NewServer(newAPI(t, wd, nil).Handler())
	defer server.Close()
	for i := range 2 {
		contentType, body := form(t, named, channel, part{"videofile", strings.Repeat("v", 1<<20), "x.mp4"})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+uploadPath, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+rootToken)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.Close {
			t.Errorf("upload %d = %d, close %v, want 200 on a standing connection", i, answer.StatusCode, answer.Close)
		}
	}
}

func edit(t *testing.T, a *api.API, body string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/1", token: rootToken, contentType: "application/json", body: strings.NewReader(body)})
}

func TestEditJSON(t *testing.T) {
	wd := newWorld()
	wd.add("before", func(v *pod.Video) { v.Description, v.Tags, v.Category, v.Language = "kept", []string{"old"}, 3, "de" })
	a := newAPI(t, wd, nil)
	w := edit(t, a, `{"name":"after","tags":["new","newer"],"category":null,"language":null,"privacy":3,"nsfw":true,"commentsEnabled":false,"channelId":12,"licence":"7","id":99,"views":1000,"role":"admin","originallyPublishedAt":"2001-02-03"}`)
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Fatalf("PUT = %d %s, want 204", w.Code, w.Body)
	}
	original := time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)
	want := pod.VideoMeta{Name: "after", Description: "kept", Tags: []string{"new", "newer"}, Privacy: pod.PrivacyPrivate, NSFW: true, CommentsPolicy: 2, Licence: 7, DownloadEnabled: true, OriginallyAt: &original}
	v := wd.videos[0]
	if diff := cmp.Diff(want, v.VideoMeta); diff != "" {
		t.Errorf("after PUT (-want +got)\n%s", diff)
	}
	if v.ChannelID != 12 || v.ID != 1 || v.Views != 0 {
		t.Errorf("after PUT: channel %d, id %d, views %d, want 12, 1, 0", v.ChannelID, v.ID, v.Views)
	}
	if w := edit(t, a, `{"tags":null,"description":null,"commentsEnabled":true}`); w.Code != http.StatusNoContent {
		t.Errorf("PUT of nulls = %d %s, want 204", w.Code, w.Body)
	}
	if v := wd.videos[0]; len(v.Tags) != 0 || v.Description != "" || v.CommentsPolicy != 1 || v.Name != "after" {
		t.Errorf("after PUT of nulls: %+v, want no tags and no description", v.VideoMeta)
	}
	if w := edit(t, a, `{}`); w.Code != http.StatusNoContent {
		t.Errorf("PUT of nothing = %d %s, want 204", w.Code, w.Body)
	}
}

func TestEditRefused(t *testing.T) {
	wd := newWorld()
	wd.add("before", nil)
	wd.add("friends", func(v *pod.Video) { v.Origin = 3 })
	wd.add("hidden", privacy(pod.PrivacyPrivate))
	a := newAPI(t, wd, nil)
	deep := strings.Repeat("[", 100_000/4) + strings.Repeat("]", 100_000/4)
	for body, status := range map[string]int{
		`{"name":{"a":1}}`: 400, `{"name":12}`: 400, `{"name":null}`: 400, `{"name":"ab"}`: 400, `{"name":["x"]}`: 400,
		`{"tags":"x"}`: 400, `{"tags":[1]}`: 400, `{"tags":{"a":"b"}}`: 400, `{"tags":["x"]}`: 400, `{"privacy":"x"}`: 400, `{"privacy":null}`: 400, `{"privacy":1.5}`: 400, `{"privacy":[1]}`: 400,
		`{"category":1e99}`: 400, `{"category":true}`: 400, `{"nsfw":"maybe"}`: 400, `{"nsfw":null}`: 400, `{"nsfw":1}`: 400, `{"channelId":21}`: 400, `{"channelId":null}`: 400, `{"commentsPolicy":9}`: 400,
		`{"commentsPolicy":null}`: 400, `{"language":5}`: 400, `{"originallyPublishedAt":5}`: 400,
		`{"name":"abc","name":"def"}`: 400, `{"name":"abc"} {}`: 400, `{"name":"abc"`: 400, `{"name":"ab\xff"}`: 400, `"x"`: 400, `null`: 400, `[]`: 400, ``: 400,
		`{"x":` + deep + `}`: 400, `{"x":"` + strings.Repeat("y", 70<<10) + `"}`: 413,
	} {
		if w := edit(t, a, body); w.Code != status {
			t.Errorf("PUT %.60s = %d %s, want %d", body, w.Code, w.Body, status)
		}
	}
	if wd.videos[0].Name != "before" || wd.videos[0].Privacy != pod.PrivacyPublic {
		t.Errorf("video = %+v, want it unchanged", wd.videos[0].VideoMeta)
	}
	for _, tt := range []struct {
		id, token string
		status    int
		code      string
	}{
		{"2", rootToken, 403, "not_ours"}, {"1", userToken, 403, "not_owner"}, {"3", userToken, 404, ""}, {"99", rootToken, 404, ""}, {"1", "", 401, ""}, {"x", rootToken, 400, ""},
	} {
		w := do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/" + tt.id, token: tt.token, contentType: "application/json", body: strings.NewReader(`{"name":"taken over"}`)})
		wantProblem(t, w, tt.status, tt.code)
	}
	for _, contentType := range []string{"text/plain", "", "application/x-www-form-urlencoded"} {
		w := do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/1", token: rootToken, contentType: contentType, body: strings.NewReader(`{"name":"abc"}`)})
		wantProblem(t, w, http.StatusUnsupportedMediaType, "unsupported_type")
	}
}

func TestEditForm(t *testing.T) {
	wd := newWorld()
	wd.add("before", func(v *pod.Video) { v.Tags = []string{"old"} })
	a := newAPI(t, wd, func(c *api.Config) { c.Limits.PictureBytes = 100 })
	put := func(parts ...part) *httptest.ResponseRecorder {
		contentType, body := form(t, parts...)
		return do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/1", token: rootToken, contentType: contentType, body: body})
	}
	if w := put(part{"name", "after", ""}, part{"tags", "new", ""}, part{"thumbnailfile", "picture", "p.png"}); w.Code != http.StatusNoContent {
		t.Errorf("PUT of a form = %d %s, want 204", w.Code, w.Body)
	}
	if v := wd.videos[0]; v.Name != "after" || !v.HasPoster || len(v.Tags) != 1 || v.Tags[0] != "new" {
		t.Errorf("after PUT of a form: %+v, want name, tag and picture", v)
	}
	wantProblem(t, put(file), http.StatusBadRequest, "invalid_videofile")
	wantProblem(t, put(part{"thumbnailfile", strings.Repeat("x", 101), "p.png"}), http.StatusRequestEntityTooLarge, "picture_too_large")
	wantProblem(t, put(part{"name", "x", ""}), http.StatusBadRequest, "invalid_name")
	w := do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/1", token: rootToken, contentType: "multipart/form-data; boundary=b", body: bytes.NewReader(make([]byte, 3<<20))})
	wantProblem(t, w, http.StatusRequestEntityTooLarge, "")
}
