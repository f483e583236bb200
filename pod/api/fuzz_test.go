package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

// Whatever JSON comes: an answer below 500, and a video that keeps the rules.
func FuzzEditJSON(f *testing.F) {
	for _, seed := range []string{`{"name":"abc","tags":["one"],"privacy":3}`, `{"tags":null,"category":"1"}`, `{"a":[[[]]]}`, `[]`, `{"name":"\ud800xx"}`, `{"originallyPublishedAt":"9999-12-31T23:59:59-23:59"}`, `{"name":"a","name":"b"}`} {
		f.Add([]byte(seed))
	}
	wd := newWorld()
	a := newAPI(f, wd, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		wd.reset()
		wd.add("first", nil)
		w := do(t, a, call{method: http.MethodPut, path: "/api/v1/videos/1", token: rootToken, contentType: "application/json", body: bytes.NewReader(body)})
		if w.Code >= 500 {
			t.Errorf("PUT %q = %d, want less than 500", body, w.Code)
		}
		checkMeta(t, wd)
	})
}

// Whatever form comes: an answer below 500, nothing half done, and a video that keeps the rules.
func FuzzUploadForm(f *testing.F) {
	for _, seed := range []string{
		"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA name\r\n--b\r\nContent-Disposition: form-data; name=\"channelId\"\r\n\r\n11\r\n--b\r\nContent-Disposition: form-data; name=\"videofile\"; filename=\"x.mp4\"\r\n\r\nbytes\r\n--b--\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"tags[0]\"\r\n\r\none\r\n--b--", "--b--", "", "--b\r\n\r\n\r\n--b\r\n",
	} {
		f.Add([]byte(seed))
	}
	wd := newWorld()
	a := newAPI(f, wd, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		wd.reset()
		w := do(t, a, call{method: http.MethodPost, path: uploadPath, token: rootToken, contentType: "multipart/form-data; boundary=b", body: bytes.NewReader(body)})
		if w.Code >= 500 && !bytes.Contains(body, []byte("DISKFULL")) {
			t.Errorf("upload of %q = %d, want less than 500", body, w.Code)
		}
		if (w.Code == http.StatusOK) != (len(wd.videos) == 1) {
			t.Errorf("upload = %d with %d videos, want 200 and 1, or none", w.Code, len(wd.videos))
		}
		for _, u := range wd.uploads {
			if u.aborted == (u.finished != nil) {
				t.Error("upload is neither finished nor aborted, or both")
			}
		}
		checkMeta(t, wd)
	})
}

func checkMeta(t *testing.T, wd *world) {
	t.Helper()
	for _, v := range wd.videos {
		if err := v.Validate(); err != nil || len(v.Tags) > pod.MaxTags {
			t.Errorf("stored %+v breaks a rule: %v", v.VideoMeta, err)
		}
	}
}

// Whatever the owner's programs ask for: an answer below 500, and only what keeps the limits
// reaches the friendships.
func FuzzMakeFriends(f *testing.F) {
	for _, seed := range []string{`{"hosts":["http://a.test:9001"],"invite":"x"}`, `{"hosts":["\u0000"]}`, `{"HOSTS":["a"],"hosts":[]}`, `{"hosts":null}`, `null`, `{"expiresIn":60}`, ``} {
		f.Add([]byte(seed))
	}
	wd := newWorld()
	a := newAPI(f, wd, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/api/v1/pods/makefriends", "/api/v1/pods/invites"} {
			wd.net.ttl = time.Hour
			w := do(t, a, call{method: http.MethodPost, path: path, token: rootToken, contentType: "application/json", body: bytes.NewReader(body)})
			if w.Code >= 500 {
				t.Errorf("POST %s %q = %d, want less than 500", path, body, w.Code)
			}
			if wd.net.ttl < time.Minute || wd.net.ttl > 30*24*time.Hour {
				t.Errorf("POST %s %q made an invite for %v, want 60 s to 30 days", path, body, wd.net.ttl)
			}
		}
		for _, host := range wd.net.join.Hosts {
			if host == "" || len(wd.net.join.Hosts) > 50 || utf8.RuneCountInString(host) > 2000 || strings.ContainsRune(host, 0) {
				t.Errorf("makefriends %q passed on %d hosts, %.50q", body, len(wd.net.join.Hosts), host)
			}
		}
	})
}
