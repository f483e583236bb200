package node_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
)

func films(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"mp4": podtest.MP4(t), "webm": podtest.WebM(t)}
}

func TestUploadIsListedAndFetched(t *testing.T) {
	p := podtest.New(t, 1)[0]
	for kind, path := range films(t) {
		v := p.Upload(path, podtest.Fields{"name": "Été à Brême " + kind, "description": "Some words", "tags[0]": "summer", "tags[1]": "sea"})
		if v.Name != "Été à Brême "+kind || len(v.Tags) != 2 || !v.IsLocal {
			t.Errorf("video = %+v, want its name, two tags, local", v)
		}
		f := v.Files[0]
		whole := p.Get(f.FileURL)
		if whole.Status != http.StatusOK || int64(len(whole.Body)) != f.Size {
			t.Fatalf("file = %d with %d bytes, want 200 with %d", whole.Status, len(whole.Body), f.Size)
		}
		if kind == "webm" && podtest.SHA256(whole.Body) != podtest.FileSHA256(t, path) {
			t.Error("the WebM was changed, want it as it came")
		}
		part := p.Get(f.FileURL, "Range", "bytes=100-199")
		if part.Status != http.StatusPartialContent || !bytes.Equal(part.Body, whole.Body[100:200]) {
			t.Errorf("range = %d with %d bytes, want 206 with the same 100", part.Status, len(part.Body))
		}
		if a := p.Get(f.FileDownloadURL); !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("download has disposition %q, want attachment", a.Header.Get("Content-Disposition"))
		}
		for _, picture := range []string{v.ThumbnailPath, v.PreviewPath} {
			if a := p.Get(picture); a.Status != http.StatusOK || a.Header.Get("Content-Type") != "image/jpeg" || len(a.Body) < 500 {
				t.Errorf("picture %s = %d %s with %d bytes, want a JPEG", picture, a.Status, a.Header.Get("Content-Type"), len(a.Body))
			}
		}
		if a := p.Get(f.TorrentURL); a.Status != http.StatusOK || !bytes.HasPrefix(a.Body, []byte("d8:announce")) {
			t.Errorf("torrent = %d %.40q, want a bencoded dictionary with announce", a.Status, a.Body)
		}
	}
	if total, videos := p.List("/api/v1/videos"); total != 2 || len(videos) != 2 {
		t.Errorf("list = %d, %d, want 2, 2", total, len(videos))
	}
	for _, text := range []string{"ete", "ÉTÉ", "brem", "summr"} {
		if total, _ := p.List("/api/v1/search/videos?search=" + text); total != 2 {
			t.Errorf("search %q = %d videos, want 2", text, total)
		}
	}
	if total, _ := p.List("/api/v1/search/videos?search=.*("); total != 0 {
		t.Errorf("search of a pattern = %d videos, want 0", total)
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	p := podtest.New(t, 1)[0]
	v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "To be deleted"})
	hash := infohash(t, v.Files[0].MagnetURI)
	if a := announce(p, hash); strings.Contains(string(a.Body), "failure reason") {
		t.Fatalf("announce before the delete = %q, want peers", a.Body)
	}
	if a := p.Do(http.MethodDelete, "/api/v1/videos/"+v.UUID, http.NoBody); a.Status != http.StatusNoContent {
		t.Fatalf("delete = %d %s, want 204", a.Status, a.Body)
	}
	for _, url := range []string{"/api/v1/videos/" + v.UUID, v.Files[0].FileURL, v.Files[0].TorrentURL} {
		if a := p.Get(url); a.Status != http.StatusNotFound {
			t.Errorf("%s after the delete = %d, want 404", url, a.Status)
		}
	}
	if a := announce(p, hash); !strings.Contains(string(a.Body), "failure reason") {
		t.Errorf("announce after the delete = %q, want a failure reason", a.Body)
	}
	if total, _ := p.List("/api/v1/search/videos?search=deleted"); total != 0 {
		t.Errorf("search after the delete = %d, want 0", total)
	}
	wantEmptyDisk(t, p.Dir)
}

func wantEmptyDisk(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"incoming", "videos", "pictures"} {
		entries, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil || len(entries) != 0 {
			t.Errorf("%s = %v (%v), want it empty", name, entries, err)
		}
	}
}

func TestEditIsSeenEverywhere(t *testing.T) {
	p := podtest.New(t, 1)[0]
	v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "Before"})
	hash := infohash(t, v.Files[0].MagnetURI)
	a := p.Do(http.MethodPut, "/api/v1/videos/"+v.UUID, podtest.Reader(`{"name":"Afterwards","tags":["new tag"],"privacy":3}`), "Content-Type", "application/json")
	if a.Status != http.StatusNoContent {
		t.Fatalf("edit = %d %s, want 204", a.Status, a.Body)
	}
	if got := p.Video(v.UUID); got.Name != "Afterwards" || len(got.Tags) != 1 {
		t.Errorf("video = %+v, want the new name and tag", got)
	}
	stranger := podtest.NewClient(t, p.URL)
	defer stranger.CloseIdle()
	for _, url := range []string{"/api/v1/videos/" + v.UUID, v.Files[0].FileURL, v.Files[0].TorrentURL, "/w/" + v.ShortUUID} {
		if a := stranger.Get(url); a.Status != http.StatusNotFound {
			t.Errorf("private video: %s for a stranger = %d, want 404", url, a.Status)
		}
	}
	if total, _ := stranger.List("/api/v1/videos"); total != 0 {
		t.Errorf("list for a stranger = %d, want 0", total)
	}
	if total, _ := stranger.List("/api/v1/search/videos?search=afterwards"); total != 0 {
		t.Errorf("search for a stranger = %d, want 0", total)
	}
	if a := announce(p, hash); !strings.Contains(string(a.Body), "failure reason") {
		t.Errorf("announce of a private video = %q, want a failure reason", a.Body)
	}
}

func TestBadInputLeavesNothing(t *testing.T) {
	p := podtest.New(t, 1)[0]
	p.Login()
	text := filepath.Join(t.TempDir(), "text.mp4")
	empty := filepath.Join(t.TempDir(), "empty.mp4")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no video. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := podtest.WebM(t)
	channel := p.Channel()
	for _, c := range []struct {
		name, path string
		fields     podtest.Fields
		want       int
	}{
		{"no file", "", podtest.Fields{"name": "A name", "channelId": channel}, http.StatusBadRequest},
		{"empty file", empty, podtest.Fields{"name": "A name", "channelId": channel}, http.StatusUnprocessableEntity},
		{"text named mp4", text, podtest.Fields{"name": "A name", "channelId": channel}, http.StatusUnprocessableEntity},
		{"name of 2", good, podtest.Fields{"name": "ab", "channelId": channel}, http.StatusBadRequest},
		{"name of 121", good, podtest.Fields{"name": strings.Repeat("é", 121), "channelId": channel}, http.StatusBadRequest},
		{"no name", good, podtest.Fields{"channelId": channel}, http.StatusBadRequest},
		{"foreign channel", good, podtest.Fields{"name": "A name", "channelId": "4711"}, http.StatusBadRequest},
		{"six tags", good, podtest.Fields{"name": "A name", "channelId": channel, "tags[0]": "aa", "tags[1]": "bb", "tags[2]": "cc", "tags[3]": "dd", "tags[4]": "ee", "tags[5]": "ff"}, http.StatusBadRequest},
		{"bad privacy", good, podtest.Fields{"name": "A name", "channelId": channel, "privacy": "99"}, http.StatusBadRequest},
	} {
		if a := p.TryUpload(c.path, c.fields); a.Status != c.want || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s = %d %s, want %d as a problem", c.name, a.Status, a.Body, c.want)
		}
	}
	p.Token = "wrong"
	if a := p.TryUpload(good, podtest.Fields{"name": "A name", "channelId": channel}); a.Status != http.StatusUnauthorized {
		t.Errorf("wrong token = %d, want 401", a.Status)
	}
	p.Token = ""
	for path, want := range map[string]int{
		"/api/v1/videos/4711": http.StatusNotFound,
		"/api/v1/videos/9c9de5e8-0a1e-484a-b099-e80766180a6d":             http.StatusNotFound,
		"/api/v1/videos/nonsense":                                         http.StatusBadRequest,
		"/static/web-videos/9c9de5e8-0a1e-484a-b099-e80766180a6d-720.mp4": http.StatusNotFound,
		"/static/web-videos/..%2f..%2fpeerpod.db":                         http.StatusNotFound,
		"/api/v1/videos?count=101":                                        http.StatusBadRequest,
		"/api/v1/videos?sort=password":                                    http.StatusBadRequest,
		"/api/v1/nothing":                                                 http.StatusNotFound,
	} {
		if a := p.Get(path); a.Status != want {
			t.Errorf("GET %s = %d %s, want %d", path, a.Status, a.Body, want)
		}
	}
	if a := announce(p, strings.Repeat("00", 20)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "failure reason") {
		t.Errorf("announce of an unknown infohash = %d %q, want 200 with a failure reason", a.Status, a.Body)
	}
	wantEmptyDisk(t, p.Dir)
	v := p.Upload(good, nil)
	if a := p.Get(v.Files[0].FileURL, "Range", "bytes=99999999999-"); a.Status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range beyond the end = %d, want 416", a.Status)
	}
}

func TestTwoPodsDoNotNoticeEachOther(t *testing.T) {
	pods := podtest.New(t, 2)
	a, b := pods[0], pods[1]
	v := a.Upload(podtest.WebM(t), podtest.Fields{"name": "Only on the first"})
	if total, _ := b.List("/api/v1/videos"); total != 0 {
		t.Errorf("list of the other pod = %d, want 0", total)
	}
	if got := b.Get("/api/v1/videos/" + v.UUID); got.Status != http.StatusNotFound {
		t.Errorf("video on the other pod = %d, want 404", got.Status)
	}
	if got := announce(b, infohash(t, v.Files[0].MagnetURI)); !strings.Contains(string(got.Body), "failure reason") {
		t.Errorf("announce to the other pod = %q, want a failure reason", got.Body)
	}
	b.Token = a.Token
	if got := b.Get("/api/v1/users/me"); got.Status != http.StatusUnauthorized {
		t.Errorf("the first pod's token on the other = %d, want 401", got.Status)
	}
	b.Token = ""
	b.Stop()
	if got := a.Get("/api/v1/ping"); got.Status != http.StatusOK {
		t.Errorf("ping after the other stopped = %d, want 200", got.Status)
	}
	w := a.Upload(podtest.MP4(t), podtest.Fields{"name": "Still publishing"})
	if got := fetchByAria2(t, w.Files[0].MagnetURI); podtest.SHA256(got) != podtest.SHA256(a.Get(w.Files[0].FileURL).Body) {
		t.Error("after the other pod stopped, a BitTorrent client got other bytes")
	}
}

func TestSameBytesTwiceAreTwoVideos(t *testing.T) {
	p := podtest.New(t, 1)[0]
	one, two := p.Upload(podtest.WebM(t), nil), p.Upload(podtest.WebM(t), nil)
	if infohash(t, one.Files[0].MagnetURI) == infohash(t, two.Files[0].MagnetURI) {
		t.Error("two uploads share an infohash")
	}
	if a := p.Do(http.MethodDelete, "/api/v1/videos/"+one.UUID, http.NoBody); a.Status != http.StatusNoContent {
		t.Fatalf("delete = %d, want 204", a.Status)
	}
	if a := p.Get(two.Files[0].FileURL); a.Status != http.StatusOK {
		t.Errorf("the other video's file = %d, want 200", a.Status)
	}
}
