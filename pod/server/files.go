package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// uuidLen is how much of a file's name is the UUID of its video.
const uuidLen = 36

// maxRanges is how many ranges one request may ask for; more are taken as none.
const maxRanges = 20

// wanted is a file that the asker may have.
type wanted struct {
	video pod.Video
	file  pod.VideoFile
	open  bool // everybody may
}

// find looks up the video that a file's name begins with. It answers the request itself
// when there is none for the asker: hidden and absent look the same.
func (s *Server) find(w http.ResponseWriter, r *http.Request, name string) (v pod.Video, open, ok bool) {
	if len(name) < uuidLen {
		fail(w, notFound)
		return v, false, false
	}
	uuid, err := pod.ParseUUID(name[:uuidLen])
	if err == nil {
		v, err = s.config.Catalogue.VideoByRef(r.Context(), pod.VideoRef{UUID: uuid})
	}
	if err != nil && !isAbsent(err) {
		s.broken(w, r, err)
		return v, false, false
	}
	open = err == nil && v.Privacy.InTorrent()
	if open || err == nil && s.config.Access.CanRead(r, v) {
		return v, open, true
	}
	if r.URL.Query().Get("videoFileToken") != "" {
		fail(w, badToken) // whether there is such a video or not
	} else {
		fail(w, notFound)
	}
	return v, false, false
}

func isAbsent(err error) bool {
	return errors.Is(err, pod.ErrNotFound) || pod.KindOf(err) == pod.KindNotFound || pod.KindOf(err) == pod.KindInvalid
}

// broken answers and logs a fault of ours.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		fail(w, tooBusy) // the client went away or the pod is closing
		return
	}
	s.log.Error("Request ended in a fault", pod.LogRequest, w.Header().Get(requestIDHeader), pod.LogRoute, r.Pattern, pod.LogErr, err)
	fail(w, internal)
}

// findFile finds a published file by its name in the route.
func (s *Server) findFile(w http.ResponseWriter, r *http.Request, name string) (wanted, bool) {
	v, open, ok := s.find(w, r, name)
	if !ok {
		return wanted{}, false
	}
	f, ok := v.File(name)
	if !ok {
		fail(w, notFound)
		return wanted{}, false
	}
	return wanted{v, f, open}, true
}

// serveVideo sends a published file to be played, whole or in ranges. It is also the web
// seed of its torrent (BEP 19).
func (s *Server) serveVideo(w http.ResponseWriter, r *http.Request) {
	if want, ok := s.findFile(w, r, r.PathValue("file")); ok {
		s.stream(w, r, want, disposition("inline", want.file.Name))
	}
}

// downloadVideo sends a published file to be saved, under the video's title.
func (s *Server) downloadVideo(w http.ResponseWriter, r *http.Request) {
	want, ok := s.findFile(w, r, r.PathValue("file"))
	if !ok {
		return
	}
	if !want.video.DownloadEnabled {
		fail(w, noDownload)
		return
	}
	s.stream(w, r, want, disposition("attachment", fileName(want.video.Name, path.Ext(want.file.Name))))
}

// stream sends the bytes of a file.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, want wanted, disposition string) {
	who := household(r)
	if !s.streams.take(who) {
		fail(w, tooManyStreams)
		return
	}
	defer s.streams.free(who)
	f, err := s.open(want)
	if isAbsentFile(err) && !want.video.IsLocal() {
		s.relay(w, r, want, disposition)
		return
	}
	if isAbsentFile(err) {
		fail(w, notFound)
		return
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	defer func() { _ = f.Close() }() // was only read
	h := w.Header()
	fileHeaders(h, want.open)
	h.Set("Content-Type", mediaType(want.file.MIME))
	h.Set("Content-Disposition", disposition)
	if tag := fileTag(want.file); tag != "" {
		h.Set("ETag", tag)
	}
	sendContent(w, r, want.file.CreatedAt, f)
}

// open opens a file that this pod has whole: its own, or the copy of a friend's.
func (s *Server) open(want wanted) (*os.File, error) {
	if want.video.IsLocal() {
		return s.config.Files.Open(want.file)
	}
	if s.config.Remote == nil {
		return nil, pod.ErrNotFound
	}
	return s.config.Remote.Open(want.file, want.video)
}

func isAbsentFile(err error) bool {
	return errors.Is(err, pod.ErrNotFound) || errors.Is(err, os.ErrNotExist)
}

// fileHeaders are those of everything that people uploaded: it runs nothing, and only
// what is for everybody may be kept by caches and read by other origins.
func fileHeaders(h http.Header, open bool) {
	h.Set("Content-Security-Policy", policyFile)
	if !open {
		h.Set("Cache-Control", "private, no-store")
		return
	}
	openToAll(h)
	h.Set("Cache-Control", "public, no-cache") // may be hidden or deleted tomorrow
}

// mediaType is the type of a file without its codecs; only what the pod publishes is
// named, so that no file is anything else to a browser.
func mediaType(mime string) string {
	kind, _, _ := strings.Cut(mime, ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "video/mp4", "video/webm":
		return kind
	default:
		return "application/octet-stream"
	}
}

// sendContent is http.ServeContent with errors in our own shape. Range units that we do
// not know and floods of ranges are ignored, as RFC 9110 section 14.2 allows.
func sendContent(w http.ResponseWriter, r *http.Request, changed time.Time, content io.ReadSeeker) {
	if ranges := r.Header.Get("Range"); !strings.HasPrefix(ranges, "bytes=") || strings.Count(ranges, ",") >= maxRanges {
		r.Header.Del("Range")
	}
	http.ServeContent(&contentWriter{ResponseWriter: w}, r, "", changed, content)
}

// contentWriter replaces the plain errors of http.ServeContent by problems.
type contentWriter struct {
	http.ResponseWriter
	failed bool
}

// Unwrap lets http.ResponseController find the writer below.
func (w *contentWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends a good status, or the problem that belongs to a bad one.
func (w *contentWriter) WriteHeader(status int) {
	if status < http.StatusBadRequest {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.failed = true
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		fail(w.ResponseWriter, badRange)
	case http.StatusPreconditionFailed:
		fail(w.ResponseWriter, preconditionLost)
	default:
		fail(w.ResponseWriter, internal)
	}
}

// Write sends bytes, but not the text of an error that was replaced.
func (w *contentWriter) Write(data []byte) (int, error) {
	if w.failed {
		return len(data), nil
	}
	return w.ResponseWriter.Write(data)
}

// ReadFrom passes a file on to the writer below.
func (w *contentWriter) ReadFrom(src io.Reader) (int64, error) {
	if below, ok := w.ResponseWriter.(io.ReaderFrom); ok && !w.failed {
		return below.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{w}, src)
}

// torrentSuffix follows a file's name in the name of its torrent.
const torrentSuffix = ".torrent"

func (s *Server) serveTorrent(w http.ResponseWriter, r *http.Request) {
	s.torrent(w, r, func(_ pod.Video, f pod.VideoFile) string { return disposition("inline", f.Name+torrentSuffix) })
}

func (s *Server) downloadTorrent(w http.ResponseWriter, r *http.Request) {
	s.torrent(w, r, func(v pod.Video, _ pod.VideoFile) string {
		return disposition("attachment", fileName(v.Name, torrentSuffix))
	})
}

// torrent sends a .torrent file. Hidden videos have none, for nobody.
func (s *Server) torrent(w http.ResponseWriter, r *http.Request, name func(pod.Video, pod.VideoFile) string) {
	file, ok := strings.CutSuffix(r.PathValue("file"), torrentSuffix)
	if !ok {
		fail(w, notFound)
		return
	}
	want, ok := s.findFile(w, r, file)
	if !ok {
		return
	}
	if !want.open {
		fail(w, notFound)
		return
	}
	data, err := s.config.Files.Torrent(r.Context(), want.file)
	if isAbsentFile(err) {
		fail(w, notFound)
		return
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	fileHeaders(h, true)
	h.Set("Content-Type", "application/x-bittorrent")
	h.Set("Content-Disposition", name(want.video, want.file))
	h.Set("ETag", etag(data))
	sendContent(w, r, want.file.CreatedAt, bytes.NewReader(data))
}
