package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// assetTypes are the kinds of files that the page is made of; others are not served.
var assetTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".ico": "image/x-icon", ".webp": "image/webp",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json",
}

// asset is one static file of the page, in memory.
type asset struct {
	data []byte
	kind string
	etag string
}

// assets are the files under static/ of the page, by their path in URLs.
type assets struct{ files map[string]asset }

func newAssets(web fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	err := fs.WalkDir(web, "static", func(name string, entry fs.DirEntry, err error) error {
		kind, known := assetTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || !known {
			return err
		}
		data, err := fs.ReadFile(web, name)
		if err != nil {
			return fmt.Errorf("asset %s: %w", name, err)
		}
		a.files["/assets/"+strings.TrimPrefix(name, "static/")] = asset{data, kind, etag(data)}
		return nil
	})
	return a, err
}

// link is the URL of an asset with its checksum, which may be kept for ever.
func (a *assets) link(name string) (string, error) {
	url := "/assets/" + name
	file, ok := a.files[url]
	if !ok {
		return "", fmt.Errorf("page names the asset %q, which is not there", name)
	}
	return url + "?v=" + version(file.etag), nil
}

// version is the part of a checksum that stands in URLs.
func version(tag string) string { return strings.Trim(tag, `"`)[:16] }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.URL.Path]
	if !ok {
		fail(w, notFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("ETag", file.etag)
	h.Set("Cache-Control", "public, no-cache")
	if r.URL.Query().Get("v") == version(file.etag) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	sendContent(w, r, time.Time{}, bytes.NewReader(file.data))
}

// etag is a strong one, of the bytes.
func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}
