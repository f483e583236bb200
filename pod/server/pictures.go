package server

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// servePicture sends a video's picture, UUID-REV.jpg, or the placeholder. The revision is
// for caches: the current one may be kept for ever, any other shows the current picture.
func (s *Server) servePicture(size PictureSize) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("file")
		if !strings.HasSuffix(name, ".jpg") {
			fail(w, notFound)
			return
		}
		v, open, ok := s.find(w, r, name)
		if !ok {
			return
		}
		h := w.Header()
		fileHeaders(h, open)
		h.Set("Content-Type", "image/jpeg")
		h.Set("Content-Disposition", disposition("inline", v.UUID.String()+".jpg"))
		if !v.HasPoster {
			s.placeholder(w, r, size)
			return
		}
		f, err := s.config.Files.OpenPicture(v, size)
		if isAbsentFile(err) {
			s.placeholder(w, r, size)
			return
		}
		if err != nil {
			s.broken(w, r, err)
			return
		}
		defer func() { _ = f.Close() }() // was only read
		if open && name == pictureFile(v) {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		h.Set("ETag", fmt.Sprintf(`"%s-%d-%d"`, v.UUID, v.PosterRev, size))
		sendContent(w, r, time.Time{}, f)
	}
}

func (s *Server) placeholder(w http.ResponseWriter, r *http.Request, size PictureSize) {
	data := s.config.Placeholders[size]
	if len(data) == 0 {
		fail(w, notFound)
		return
	}
	w.Header().Set("ETag", etag(data))
	sendContent(w, r, time.Time{}, bytes.NewReader(data))
}

// pictureFile is the name of a video's picture in its URLs.
func pictureFile(v pod.Video) string { return fmt.Sprintf("%s-%d.jpg", v.UUID, v.PosterRev) }
