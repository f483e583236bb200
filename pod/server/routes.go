package server

import (
	"net/http"
	"strings"
)

// routes is the table of all that this pod answers.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/static/web-videos/{file}", public(s.serveVideo))
	mux.Handle("/download/videos/{file}", public(s.downloadVideo))
	mux.Handle("/static/torrents/{file}", public(s.short(s.serveTorrent)))
	mux.Handle("/download/torrents/{file}", public(s.short(s.downloadTorrent)))
	mux.Handle("/lazy-static/thumbnails/{file}", public(s.short(s.servePicture(Thumbnail))))
	mux.Handle("/lazy-static/previews/{file}", public(s.short(s.servePicture(Preview))))

	mux.HandleFunc("/tracker/announce", s.config.Tracker.ServeAnnounce)
	mux.HandleFunc("/tracker/scrape", s.config.Tracker.ServeScrape)
	mux.HandleFunc("/tracker/socket", s.config.Tracker.ServeSocket)

	mux.Handle("/{$}", reading(s.short(s.servePage(pageIndex))))
	mux.Handle("/w/{ref}", reading(s.short(s.servePage(pageWatch))))
	mux.Handle("/videos/embed/{ref}", reading(s.short(s.servePage(pageEmbed))))
	mux.Handle("/videos/watch/{ref}", reading(s.redirectWatch))
	mux.Handle("/assets/", reading(s.short(s.assets.serve)))

	api := s.apiRoute()
	mux.Handle("/api/", api)
	mux.Handle("/openapi.json", api)
	mux.Handle("/docs", s.config.API)
	mux.Handle("/docs/", s.config.API)
	mux.HandleFunc("/", s.notFound)
	return mux
}

// apiRoute lets pages of other origins read what needs no login, and bounds how many
// reads run at once. Events stay open for hours, so they do not count.
func (s *Server) apiRoute() http.Handler {
	reads := s.short(s.config.API.ServeHTTP)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isPreflight(r) {
			answerPreflight(w, r)
			return
		}
		if !isRead(r) || r.URL.Path == "/api/v1/events" {
			s.config.API.ServeHTTP(w, r)
			return
		}
		if r.Header.Get("Authorization") == "" && r.Header.Get("Cookie") == "" {
			openToAll(w.Header())
		}
		reads(w, r)
	})
}

// reading lets GET and HEAD through only.
func reading(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !isRead(r) {
			w.Header().Set("Allow", "GET, HEAD")
			fail(w, methodNotAllowed)
			return
		}
		next(w, r)
	}
}

// public is reading, for routes that pages of other origins may use as well. The handler
// opens its own answer, once it knows that what it sends is for everybody.
func public(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if isPreflight(r) {
			answerPreflight(w, r)
			return
		}
		reading(next)(w, r)
	}
}

func isRead(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// isPreflight tells whether a browser asks if a page of another origin may send a request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// answerPreflight allows reading with Range, to everybody and without credentials.
// Whatever else is asked for is not named in the answer, which is a no.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Access-Control-Request-Method")
	switch r.Header.Get("Access-Control-Request-Method") {
	case http.MethodGet, http.MethodHead:
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", "Range")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	default:
		fail(w, crossOrigin)
	}
}

// openToAll lets pages of other origins read the answer, without credentials.
func openToAll(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Range, Content-Length, Accept-Ranges, X-Request-Id")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// notFound answers what no route knows.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if isRead(r) && strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.render(w, r, pageNotFound, nil)
		return
	}
	fail(w, notFound)
}
