package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
)

// fromSeven makes a video one of the friend number 7.
func fromSeven(v *pod.Video) {
	v.Origin, v.AccountID, v.ChannelID, v.PosterRev = 7, 0, 0, 5
	v.Author = pod.Author{AccountName: "sue", AccountDisplay: "Sue S.", ChannelName: "sue/main"}
}

func TestFriendsVideo(t *testing.T) {
	const other = "http://seven.test:9007"
	wd := newWorld()
	v := wd.add("theirs", fromSeven)
	a := newAPI(t, wd, nil)
	uuid, name := v.UUID.String(), v.Files[0].Name
	got := get[anyMap](t, a, "", "/api/v1/videos/1")
	want := anyMap{
		"isLocal": false, "url": other + "/videos/watch/" + uuid, "origin": anyMap{"id": string(podID("seven")), "name": "Seven", "url": other},
		"thumbnailPath": "/lazy-static/thumbnails/" + uuid + "-5.jpg", "thumbnailUrl": base + "/lazy-static/thumbnails/" + uuid + "-5.jpg",
		"embedUrl": base + "/videos/embed/" + uuid, "descriptionPath": "/api/v1/videos/1/description", "trackerUrls": []any{other + "/tracker/announce"}, "mirror": nil,
	}
	for key, value := range want {
		if diff := cmp.Diff(value, got[key]); diff != "" {
			t.Errorf("video's %s: (-want +got)\n%s", key, diff)
		}
	}
	account, channel := got["account"].(anyMap), got["channel"].(anyMap)
	if account["name"] != "sue" || account["displayName"] != "Sue S." || account["host"] != "seven.test:9007" || account["url"] != other+"/accounts/sue" || account["id"] != 0.0 {
		t.Errorf("account = %v, want Sue's at her pod", account)
	}
	if channel["displayName"] != "sue/main" || channel["host"] != "seven.test:9007" || channel["url"] != other+"/video-channels/sue%2Fmain" || channel["isLocal"] != false || channel["ownerAccount"].(anyMap)["name"] != "sue" {
		t.Errorf("channel = %v, want Sue's at her pod", channel)
	}
	file := got["files"].([]any)[0].(anyMap)
	wantFile := anyMap{
		"fileUrl": other + "/static/web-videos/" + name, "fileDownloadUrl": other + "/download/videos/" + name,
		"torrentUrl": other + "/static/torrents/" + name + ".torrent", "torrentDownloadUrl": other + "/download/torrents/" + name + ".torrent",
		"magnetUri": "magnet:?xt=urn:btih:" + v.Files[0].Infohash.String(), "metadataUrl": base + "/api/v1/videos/1/metadata/101",
	}
	for key, value := range wantFile {
		if file[key] != value {
			t.Errorf("file's %s = %v, want %v", key, file[key], value)
		}
	}
	if w := do(t, a, call{path: strings.TrimPrefix(wantFile["metadataUrl"].(string), base)}); w.Code != http.StatusOK {
		t.Errorf("GET metadataUrl = %d, want 200", w.Code)
	}
	wd.net.mirrors[v.ID] = pod.MirrorState{Wanted: true, Whole: true}
	if file := get[anyMap](t, a, "", "/api/v1/videos/1")["files"].([]any)[0].(anyMap); file["fileUrl"] != base+"/static/web-videos/"+name || file["torrentUrl"] != base+"/static/torrents/"+name+".torrent" {
		t.Errorf("mirrored file = %v, want it from this pod", file)
	}
}

// Lists and searches hold friends' videos beside own ones, and know whose they are.
func TestFriendsVideosInLists(t *testing.T) {
	wd := newWorld()
	wd.add("film own", nil)
	wd.add("film theirs", fromSeven)
	wd.add("film hidden", func(v *pod.Video) { fromSeven(v); v.Hidden = true })
	a := newAPI(t, wd, nil)
	for query, want := range map[string]string{
		"videos?sort=name":                                   "film own film theirs",
		"videos?host=seven.test:9007":                        "film theirs",
		"videos?host=pod.test:9000":                          "film own",
		"videos?host=nobody.test":                            "",
		"search/videos?search=film":                          "film own film theirs", // the index still has what is hidden
		"search/videos?search=film&host=Seven.test:9007":     "film theirs",
		"search/videos?search=film&host=pod.test:9000":       "film own",
		"search/videos?search=film&isLocal=false":            "film theirs",
		"search/videos?search=hidden":                        "",
		"accounts/root/videos?sort=name":                     "film own",
		"search/videos?search=film&host=seven.test":          "",
		"search/videos?search=film&host=nine.test:9009":      "",
		"videos?sort=name&isLocal=false&host=pod.test:9000":  "",
		"videos?sort=name&isLocal=0&privacyOneOf=1&search=f": "film theirs",
	} {
		if got := names(get[listAnswer](t, a, "", "/api/v1/"+query)); got != want {
			t.Errorf("GET %s = %q, want %q", query, got, want)
		}
	}
	list := get[struct{ Data []anyMap }](t, a, "", "/api/v1/videos?sort=name").Data
	if list[0]["origin"] != nil || list[0]["isLocal"] != true || list[1]["origin"].(anyMap)["name"] != "Seven" || list[1]["account"].(anyMap)["host"] != "seven.test:9007" {
		t.Errorf("list = %v, want origins", list)
	}
	wantProblem(t, do(t, a, call{path: "/api/v1/videos/3", token: rootToken}), http.StatusNotFound, "not_found")
}

// What is a friend's stays as it is; that somebody watches it counts here.
func TestFriendsVideosAreNotOurs(t *testing.T) {
	wd := newWorld()
	wd.add("theirs", fromSeven)
	a := newAPI(t, wd, nil)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		for _, token := range []string{userToken, rootToken} {
			w := do(t, a, call{method: method, path: "/api/v1/videos/1", token: token, contentType: "application/json", body: strings.NewReader(`{"name":"ours now"}`)})
			wantProblem(t, w, http.StatusForbidden, "not_ours")
		}
	}
	if w := do(t, a, call{method: http.MethodPost, path: "/api/v1/videos/1/views"}); w.Code != http.StatusNoContent || wd.videos[0].Views != 1 || wd.videos[0].Name != "theirs" {
		t.Errorf("view = %d and video %+v, want one view", w.Code, wd.videos[0])
	}
}

func TestMirrors(t *testing.T) {
	wd := newWorld()
	wd.add("own", nil)
	wd.add("theirs", fromSeven)
	a := newAPI(t, wd, nil)
	change := func(method string, id int) call {
		return call{method: method, path: fmt.Sprintf("/api/v1/videos/%d/mirror", id), token: rootToken}
	}
	state := func(token string) any {
		mirror, _ := get[anyMap](t, a, token, "/api/v1/videos/2")["mirror"].(anyMap)
		return mirror["state"]
	}
	if got := state(rootToken); got != "none" {
		t.Errorf("mirror.state = %v, want none", got)
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		wantProblem(t, do(t, a, change(method, 1)), http.StatusConflict, "own_video")
		wantProblem(t, do(t, a, change(method, 99)), http.StatusNotFound, "not_found")
	}
	wantProblem(t, do(t, a, change(http.MethodDelete, 2)), http.StatusNotFound, "not_found")
	wd.net.fault = fmt.Errorf("mirror 2: %w", pod.ErrTooLarge)
	wantProblem(t, do(t, a, change(http.MethodPost, 2)), http.StatusRequestEntityTooLarge, "mirror_budget")
	wd.net.fault = pod.ErrNoSpace
	wantProblem(t, do(t, a, change(http.MethodPost, 2)), http.StatusInsufficientStorage, "no_space")
	if w := do(t, a, change(http.MethodPost, 2)); w.Code != http.StatusNoContent || state(rootToken) != "fetching" {
		t.Errorf("POST mirror = %d, state %v, want 204 and fetching", w.Code, state(rootToken))
	}
	wd.net.mirrors[2] = pod.MirrorState{Wanted: true, Whole: true}
	if state(rootToken) != "whole" || state(userToken) != nil || state("") != nil {
		t.Errorf("mirror.state = %v for the owner, %v and %v for others, want it for the owner only", state(rootToken), state(userToken), state(""))
	}
	if w := do(t, a, change(http.MethodDelete, 2)); w.Code != http.StatusNoContent || state(rootToken) != "none" {
		t.Errorf("DELETE mirror = %d, state %v, want 204 and none", w.Code, state(rootToken))
	}
	if got := get[anyMap](t, a, rootToken, "/api/v1/videos/1"); got["mirror"] != nil || got["origin"] != nil {
		t.Errorf("own video has mirror %v and origin %v, want none", got["mirror"], got["origin"])
	}
}
