package node_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

// FED-21, FED-23, NET-12, NET-14, NET-17: of a message with good and bad activities each
// gets its result, and the good ones apply.
func (w world) activities() {
	t, victim, film := w.t, w.victim, w.film
	before := views(t, victim, film.UUID)
	secret := victim.Upload(shortFilm(t), podtest.Fields{"name": "Our secret", "privacy": "3"})
	mallory, other := evil.New(t, 4), evil.New(t, 1)
	f, g := mallory.Befriend(victim.URL), other.Befriend(victim.URL)
	theirs := other.Video("Theirs", 5)
	g.Send(other.Put(theirs))

	with := func(rev uint64, more evil.Fields) evil.Fields {
		return mallory.Put(mallory.Video("Breaks a rule", rev).With(more))
	}
	file := func(more evil.Fields) evil.Fields {
		v := mallory.Video("Breaks a rule", 1)
		uuid, _ := v["uuid"].(pod.UUID)
		v["files"] = []evil.Fields{evil.File(uuid, strings.Repeat("ab", 20)).With(more)}
		return mallory.Put(v)
	}
	view := func(count any) evil.Fields { return evil.View(film.UUID).With(evil.Fields{"count": count}) }
	tags := make([]string, 20_000)
	for i := range tags {
		tags[i] = "tag"
	}
	rows := []struct {
		row      string
		activity any
		code     string // "" is ok
	}{
		{"FED-23 not an object", "x", "invalid"},
		{"FED-23 null", nil, "invalid"},
		{"FED-23 unknown type", evil.Fields{"type": "friend.score", "score": -1000}, "unsupported"},
		{"FED-23 no video", evil.Fields{"type": "video.put"}, "bad_signature"},
		{"FED-21 many tags", with(1, evil.Fields{"tags": tags}), "invalid"},
		{"NET-12 signed by another pod", evil.Fields{"type": "video.put", "rev": 6, "video": other.SignVideo(theirs.With(evil.Fields{"rev": 6, "name": "Stolen"}))}, "bad_signature"},
		{"NET-12 says it is another's", with(1, evil.Fields{"iss": other.ID()}), "invalid"},
		{"NET-12 removes another's", evil.Remove(theirs["uuid"], 1<<40), ""},
		{"NET-12 removes ours", evil.Remove(film.UUID, 1<<40), ""},
		{"NET-14 a billion views", view(1e9), "invalid"},
		{"NET-14 views below 0", view(-5), "invalid"},
		{"NET-14 half a view", view(1.5), "invalid"},
		{"NET-14 0 views", view(0), "invalid"},
		{"NET-14 NaN", view("NaN"), "invalid"},
		{"NET-14 view of nothing", evil.Fields{"type": "view"}, "invalid"},
		{"NET-14 view of an unknown video", evil.View(pod.NewUUID()), "not_found"},
		{"NET-20 view of a private video", evil.View(secret.UUID), "not_found"},
		{"NET-14 view of another's video", evil.View(theirs["uuid"]), "not_found"},
		{"NET-14 first view", evil.View(film.UUID), ""},
		{"NET-14 second view", view(1), ""},
		{"NET-14 third view", evil.View(film.UUID), ""},
		{"NET-17 long title", with(1, evil.Fields{"name": strings.Repeat("x", 121)}), "invalid"},
		{"NET-17 short title", with(1, evil.Fields{"name": "x"}), "invalid"},
		{"NET-17 title with NUL", with(1, evil.Fields{"name": "a\x00bcd"}), "invalid"},
		{"NET-17 long description", with(1, evil.Fields{"description": strings.Repeat("x", 10_001)}), "invalid"},
		{"NET-17 6 tags", with(1, evil.Fields{"tags": []string{"aa", "bb", "cc", "dd", "ee", "ff"}}), "invalid"},
		{"NET-17 unknown category", with(1, evil.Fields{"category": 9999}), "invalid"},
		{"NET-17 language", with(1, evil.Fields{"language": "<b>"}), "invalid"},
		{"number 0", with(0, nil), "invalid"},
		{"number differs", mallory.Put(mallory.Video("Breaks a rule", 1)).With(evil.Fields{"rev": 2}), "invalid"},
		{"no uuid", with(1, evil.Fields{"uuid": "00000000-0000-0000-0000-000000000000"}), "invalid"},
		{"uuid is a path", with(1, evil.Fields{"uuid": "../../../../../../../etc/passwd-----"}), "invalid"},
		{"year 0", with(1, evil.Fields{"publishedAt": "0000-01-01T00:00:00Z"}), "invalid"},
		{"endless", with(1, evil.Fields{"durationMs": int64(1) << 62}), "invalid"},
		{"below 0", with(1, evil.Fields{"durationMs": -1}), "invalid"},
		{"file's name is a path", file(evil.Fields{"name": "../../x-720.mp4"}), "invalid"},
		{"file's name is a page", file(evil.Fields{"name": "x.html"}), "invalid"},
		{"file's type is a page", file(evil.Fields{"mimeType": "text/html"}), "invalid"},
		{"file's type breaks a header", file(evil.Fields{"mimeType": "video/mp4\r\nSet-Cookie: a=b"}), "invalid"},
		{"file's size", file(evil.Fields{"size": -1}), "invalid"},
		{"file's pieces", file(evil.Fields{"pieceLength": 0}), "invalid"},
		{"file's infohash", file(evil.Fields{"infoHash": "abc"}), "invalid"},
		{"file's height", file(evil.Fields{"height": -720}), "invalid"},
		{"file's rate", file(evil.Fields{"fps": 1e300}), "invalid"},
		{"key.rotate without proof", evil.Fields{"type": "key.rotate"}, "bad_signature"},
		{"pod.update without address", evil.Fields{"type": "pod.update", "name": "Evil"}, "invalid"},
		{"FED-23 the good one", mallory.Put(mallory.Video("Good", 9)), ""},
	}
	activities := make([]any, len(rows))
	for i, row := range rows {
		activities[i] = row.activity
	}
	for i, r := range f.Send(activities...) {
		if r.Code != rows[i].code || (r.Status == "ok") != (rows[i].code == "") {
			t.Errorf("%s = %+v, want %q", rows[i].row, r, rows[i].code)
		}
	}
	rest := make([]any, friendViews)
	for i := range rest {
		rest[i] = evil.View(film.UUID)
	}
	for i, r := range f.Send(rest...) {
		if (r.Code == "too_many") != (i >= friendViews-3) {
			t.Errorf("NET-14 view %d of today = %+v, want at most %d", i+4, r, friendViews)
		}
	}
	wantAnswer(t, "NET-14 NaN itself", f.Post(func() *evil.Message {
		m := f.Message(evil.View(film.UUID))
		m.Plain = bytes.Replace(m.Body.JSON(), []byte(`"type":"view"`), []byte(`"type":"view","count":NaN`), 1)
		return m
	}()), http.StatusForbidden, "refused")
	if n := views(t, victim, film.UUID) - before; n != friendViews {
		t.Errorf("%d views were counted, want %d", n, friendViews)
	}
	wantListed(t, victim, mallory.ID(), "parked") // it sent what others did not sign
	if a := victim.Post("/api/v1/pods/"+string(mallory.ID())+"/restore", struct{}{}); a.Status != http.StatusNoContent {
		t.Fatalf("restore = %d %s, want 204", a.Status, a.Body)
	}
	wantUnhurt(t, victim, "Ours", "Theirs", "Good")
	if v := victim.Video(film.UUID); v.Name != "Ours" || !v.IsLocal {
		t.Errorf("our video is %+v, want it as it was", v)
	}
}

// NET-17: texts of friends come back as they are, as JSON strings.
func (w world) texts() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 0)
	mallory.Name = `<img src=x onerror=alert(1)>`
	f := mallory.Befriend(victim.URL)
	const html = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	v := mallory.Video(html, 1).With(evil.Fields{
		"description": html, "support": html, "tags": []string{"<b>x</b>", "javascript:x"},
		"account": evil.Fields{"name": html, "displayName": html}, "channel": evil.Fields{"name": html, "displayName": html},
	})
	if r := f.Send(mallory.Put(v))[0]; r.Status != "ok" {
		t.Fatalf("put = %+v, want ok", r)
	}
	uuid, _ := v["uuid"].(pod.UUID)
	for _, path := range []string{"/api/v1/videos/" + uuid.String(), "/api/v1/videos", "/api/v1/search/videos?search=alert", "/api/v1/pods"} {
		a := victim.Get(path)
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") || a.Header.Get("X-Content-Type-Options") != "nosniff" || !json.Valid(a.Body) {
			t.Errorf("GET %s = %d %v, want JSON that is not sniffed", path, a.Status, a.Header)
		}
	}
	if got := victim.Video(uuid.String()); got.Name != html || got.Description != html {
		t.Errorf("the video is %+v, want the texts as they were sent", got)
	}
	for _, path := range []string{"/w/" + uuid.Short(), "/feeds/videos.rss", "/feeds/videos.atom", "/services/oembed?url=" + victim.URL + "/w/" + uuid.Short()} {
		if a := victim.Get(path); bytes.Contains(a.Body, []byte("<script>alert")) || bytes.Contains(a.Body, []byte("<img src=x")) {
			t.Errorf("GET %s has a friend's tag in it: %s", path, a.Body)
		}
	}
	wantUnhurt(t, victim, "Ours", html)
}
