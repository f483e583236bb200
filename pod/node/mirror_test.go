package node_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
)

// seen waits until a pod lists a video with that name and gives its details.
func seen(t *testing.T, p *podtest.Pod, name string) podtest.Video {
	t.Helper()
	var found []podtest.Video
	podtest.Eventually(t, p.URL+" lists "+name, func() bool {
		_, videos := p.List("/api/v1/videos?count=100")
		for _, v := range videos {
			if v.Name == name {
				found = append(found, v)
			}
		}
		return len(found) > 0
	})
	return p.Video(found[0].UUID)
}

func mirrorState(t *testing.T, p *podtest.Pod, uuid string) string {
	t.Helper()
	var v struct{ Mirror struct{ State string } }
	p.Owner().Get("/api/v1/videos/"+uuid).JSON(t, &v)
	return v.Mirror.State
}

func TestMirrorOutlivesItsOrigin(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly)
	a, b := two[0], two[1]
	wantStatus(t, "makefriends", a.MakeFriends(b.URL), http.StatusOK)
	own := b.Upload(podtest.WebM(t), podtest.Fields{"name": "Worth keeping"})
	want := podtest.SHA256(b.Get(own.Files[0].FileURL).Body)
	v := seen(t, a, "Worth keeping")

	relayed := a.Get("/static/web-videos/" + v.Files[0].FileURL[strings.LastIndex(v.Files[0].FileURL, "/")+1:])
	if podtest.SHA256(relayed.Body) != want {
		t.Errorf("relayed file = %d with %d bytes, want the origin's", relayed.Status, len(relayed.Body))
	}
	path := "/api/v1/videos/" + v.UUID + "/mirror"
	wantStatus(t, "mirror by nobody", podtest.NewClient(t, a.URL).Do(http.MethodPost, path, http.NoBody), http.StatusUnauthorized)
	wantStatus(t, "mirror of an own video", b.Post("/api/v1/videos/"+own.UUID+"/mirror", struct{}{}), http.StatusConflict)
	wantStatus(t, "mirror", a.Post(path, struct{}{}), http.StatusNoContent)
	podtest.Eventually(t, "the copy is whole", func() bool { return mirrorState(t, a, v.UUID) == "whole" })

	kept := a.Video(v.UUID)
	magnet := kept.Files[0].MagnetURI
	hosts := []string{strings.TrimPrefix(a.URL, "http://127.0.0.1:"), strings.TrimPrefix(b.URL, "http://127.0.0.1:")}
	if strings.Count(magnet, hosts[0]) != 3 || strings.Count(magnet, hosts[1]) != 3 {
		t.Errorf("magnet of the copy = %s, want that of the origin with this pod as a second source", magnet)
	}
	b.Stop()
	for round := range 2 {
		if got := a.Get(kept.Files[0].FileURL); podtest.SHA256(got.Body) != want {
			t.Errorf("round %d: file without its origin = %d with %d bytes, want all of it", round, got.Status, len(got.Body))
		}
		if got := fetchByAria2(t, a.Video(v.UUID).Files[0].MagnetURI); podtest.SHA256(got) != want {
			t.Errorf("round %d: magnet without its origin gives other bytes", round)
		}
		if round == 0 {
			a.Stop()
			a.Start()
			podtest.Eventually(t, "the copy is there after a restart", func() bool { return mirrorState(t, a, v.UUID) == "whole" })
		}
	}
	wantStatus(t, "let go", a.Owner().Do(http.MethodDelete, path, http.NoBody), http.StatusNoContent)
	if got := a.Get("/static/web-videos/" + strings.TrimPrefix(kept.Files[0].FileURL, a.URL+"/static/web-videos/")); got.Status != http.StatusBadGateway {
		t.Errorf("file after letting go = %d, want 502: the origin sleeps", got.Status)
	}
}

func TestMirrorKeepsToTheBudget(t *testing.T) {
	two := podtest.New(t, 2, podtest.Friendly, func(c *node.Config) {
		c.Limits = pod.DefaultLimits()
		c.Limits.MirrorBytes = 1000
	})
	wantStatus(t, "makefriends", two[0].MakeFriends(two[1].URL), http.StatusOK)
	two[1].Upload(podtest.WebM(t), podtest.Fields{"name": "Too large"})
	v := seen(t, two[0], "Too large")
	wantStatus(t, "mirror", two[0].Post("/api/v1/videos/"+v.UUID+"/mirror", struct{}{}), http.StatusRequestEntityTooLarge)
}
