package server

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Page is what the templates of the page get.
type Page struct {
	PodName string
	Version string
	URL     string     // of the pod, without a slash at the end
	Video   *PageVideo // nil: a page without a video
}

// PageVideo is a video as its page shows it. URLs are paths on this pod, but for FileURL
// of a friend's video: the file at the pod that published it, if a page can play that and
// no whole copy is here.
type PageVideo struct {
	UUID            string
	ShortUUID       string
	Name            string
	Description     string
	PosterURL       string
	FileURL         string // of the highest file; "" if there is none yet
	MIME            string // of that file, with codecs
	DurationSeconds int
	Width, Height   int
	UploadedAt      string // RFC 3339 UTC

	// Of friends' videos only.
	RelayURL   string // the highest file, by way of this pod
	OriginURL  string // scheme and host of the pod that published it; "" is unknown
	OriginName string // that host
}

// The templates of the page.
const (
	pageIndex    = "index.html"
	pageWatch    = "watch.html"
	pageEmbed    = "embed.html"
	pageNotFound = "notfound.html"
)

// pages are the parsed templates by file name.
type pages map[string]*template.Template

// newPages parses the templates and tries each, so that a wrong word in one stops the
// start and not a visitor.
func newPages(web fs.FS, a *assets) (pages, error) {
	p := pages{}
	funcs := template.FuncMap{"asset": a.link}
	for _, name := range []string{pageIndex, pageWatch, pageEmbed, pageNotFound} {
		text, err := fs.ReadFile(web, name)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		t, err := template.New(name).Funcs(funcs).Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		for _, try := range []Page{{}, {Video: &PageVideo{}}} {
			if err := t.Execute(io.Discard, try); err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
		}
		p[name] = t
	}
	return p, nil
}

// servePage renders a page. For a video that the asker may not see, or that is not there,
// it is the page for what is not there.
func (s *Server) servePage(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := r.PathValue("ref")
		if text == "" {
			s.render(w, r, name, nil)
			return
		}
		v, ok, err := s.shown(r, text)
		switch {
		case err != nil:
			s.broken(w, r, err)
		case ok:
			s.render(w, r, name, s.pageVideo(r, v))
		default:
			s.render(w, r, pageNotFound, nil)
		}
	}
}

// render sends a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, name string, v *PageVideo) {
	var out bytes.Buffer
	page := Page{PodName: s.config.PodName, Version: s.config.Version, URL: s.config.BaseURL, Video: v}
	if err := s.pages[name].Execute(&out, page); err != nil {
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	origin := ""
	if v != nil {
		origin = v.OriginURL
	}
	h.Set("Content-Security-Policy", pagePolicy(name, origin))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	if name == pageNotFound {
		h.Set("Cache-Control", "private, no-store")
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(out.Bytes()) // a client that went away needs no page
}

// shown finds the video of a page's address, if the asker may see it.
func (s *Server) shown(r *http.Request, text string) (v pod.Video, ok bool, err error) {
	ref, err := pod.ParseVideoRef(text)
	if err == nil {
		v, err = s.config.Catalogue.VideoByRef(r.Context(), ref)
	}
	if err != nil {
		if isAbsent(err) {
			err = nil
		}
		return pod.Video{}, false, err
	}
	return v, v.Privacy.InTorrent() || s.config.Access.CanRead(r, v), nil
}

func (s *Server) pageVideo(r *http.Request, v pod.Video) *PageVideo {
	p := &PageVideo{
		UUID: v.UUID.String(), ShortUUID: v.UUID.Short(), Name: v.Name, Description: v.Description,
		PosterURL: "/lazy-static/previews/" + pictureFile(v), DurationSeconds: int(v.Duration.Round(time.Second).Seconds()),
		UploadedAt: v.PublishedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	var best pod.VideoFile
	for _, f := range v.Files {
		if p.FileURL == "" || f.Height > p.Height {
			best = f
			p.FileURL, p.MIME, p.Width, p.Height = "/static/web-videos/"+url.PathEscape(f.Name), f.MIME, f.Width, f.Height
		}
	}
	if !v.IsLocal() {
		s.addOrigin(r, p, v, best)
	}
	return p
}

// addOrigin tells a page where a friend's video comes from.
func (s *Server) addOrigin(r *http.Request, p *PageVideo, v pod.Video, best pod.VideoFile) {
	p.RelayURL = p.FileURL
	if s.config.Remote == nil {
		return
	}
	p.OriginURL = cleanOrigin(s.config.Remote.OriginOf(v))
	_, p.OriginName, _ = strings.Cut(p.OriginURL, "://")
	if p.FileURL == "" {
		return
	}
	if f, err := s.config.Remote.Open(best, v); err == nil {
		_ = f.Close() // was not even read
		return
	}
	if there := s.config.Remote.FileURL(v, best); s.playableFrom(r, there, p.OriginURL) {
		p.FileURL = there
	}
}

// redirectWatch leads PeerTube's long address of a video's page to the short one. It
// looks nothing up, so it tells nothing.
func (s *Server) redirectWatch(w http.ResponseWriter, r *http.Request) {
	text := r.PathValue("ref")
	if ref, err := pod.ParseVideoRef(text); err == nil {
		if ref.ID == 0 {
			text = ref.UUID.Short()
		}
		http.Redirect(w, r, "/w/"+text, http.StatusFound)
		return
	}
	s.notFound(w, r)
}
