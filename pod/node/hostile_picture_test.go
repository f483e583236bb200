package node_test

import (
	"bytes"
	"hash/crc32"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
)

// pngHead is the beginning of a picture of that many pixels, with its true checksum.
func pngHead(side uint32) []byte {
	be := func(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }
	chunk := slices.Concat([]byte("IHDR"), be(side), be(side), []byte{8, 6, 0, 0, 0})
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), be(13), chunk, be(crc32.ChecksumIEEE(chunk)), []byte("\x00\x00\x00\x00IDAT"))
}

// NET-15: of a friend's picture only what this pod could make anew is kept.
func (w world) pictures() {
	t, victim := w.t, w.victim
	var good bytes.Buffer
	if err := jpeg.Encode(&good, image.NewGray(image.Rect(0, 0, 640, 360)), nil); err != nil {
		t.Fatal(err)
	}
	pictures := []struct {
		row  string
		data []byte
	}{
		{"NET-15 20 MiB", append(good.Bytes(), make([]byte, 20<<20)...)},
		{"NET-15 SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		{"NET-15 30,000 x 30,000", pngHead(30_000)},
		{"NET-15 page", []byte("<html><script>alert(1)</script>")},
		{"NET-15 nothing", nil},
		{"NET-15 half", good.Bytes()[:good.Len()/2]},
		{"good", good.Bytes()},
	}
	mallory := evil.New(t, 0)
	byPath, puts := map[string][]byte{}, []any{}
	ids := map[string]string{}
	for i, p := range pictures {
		v := mallory.Video(p.row, uint64(i+1)).With(evil.Fields{"poster": 1})
		uuid, _ := v["uuid"].(pod.UUID)
		byPath["/lazy-static/previews/"+uuid.String()+"-0.jpg"] = p.data
		ids[p.row] = uuid.String()
		puts = append(puts, mallory.Put(v))
	}
	mallory.On(evil.Other, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(byPath[r.URL.Path])
	})
	f := mallory.Befriend(victim.URL)
	f.Send(puts...)
	stored := func() []string {
		names, _ := filepath.Glob(filepath.Join(victim.Dir, "posters", "*"))
		return names
	}
	podtest.Eventually(t, "the good picture is kept", func() bool { return len(stored()) >= 2 })
	if n := mallory.Hits(evil.Other); n < len(pictures) {
		t.Errorf("%d pictures were asked for, want all %d", n, len(pictures))
	}
	if got := stored(); len(got) != 2 {
		t.Errorf("NET-15 the pod keeps %q, want the two of the good picture", got)
	}
	for _, name := range stored() {
		info, err := os.Stat(name)
		if err != nil || strings.HasSuffix(name, "-thumb.jpg") && info.Size() > 64<<10 {
			t.Errorf("NET-15 %s has %d bytes, want 64 KiB at most", name, info.Size())
		}
	}
	for row, id := range ids {
		v := victim.Video(id)
		a := victim.Get(v.ThumbnailPath)
		if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "image/jpeg" || len(a.Body) > 64<<10 {
			t.Errorf("%s: thumbnail = %d %s with %d bytes, want a small JPEG of ours", row, a.Status, a.Header.Get("Content-Type"), len(a.Body))
		}
	}
}
