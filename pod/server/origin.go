package server

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The only forms of an origin that are let into a page. A policy can not name an IPv6
// address (CSP level 3 section 2.3.1), so a page can't play from one.
var (
	namedOrigin = regexp.MustCompile(`^https?://[a-z0-9_-]+(\.[a-z0-9_-]+)*(:[0-9]{1,5})?$`)
	ipv6Origin  = regexp.MustCompile(`^https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?$`)
)

// maxOrigin bounds an origin, in bytes.
const maxOrigin = 255

// cleanOrigin gives an origin back in lower case, or nothing if it is not just that.
func cleanOrigin(text string) string {
	text = strings.ToLower(text)
	if len(text) > maxOrigin || !namedOrigin.MatchString(text) && !ipv6Origin.MatchString(text) {
		return ""
	}
	return text
}

// pagePolicy is what a page may do (CSP): run its own scripts, play what scripts put
// together (blob:), talk to this pod and to the trackers of friends (ws:), and load from
// the origin of the video that it shows, "" for none.
func pagePolicy(name, origin string) string {
	source := ""
	if origin = cleanOrigin(origin); namedOrigin.MatchString(origin) {
		source = " " + origin
	}
	ancestors := "'none'"
	if name == pageEmbed {
		ancestors = "*"
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:" + source +
		"; media-src 'self' blob:" + source + "; connect-src 'self' ws: wss:" + source +
		"; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors " + ancestors
}

// playableFrom tells whether a page can play a URL of an origin: the policy can name the
// origin, the URL is of it, and a page that came over TLS loads nothing without it.
func (s *Server) playableFrom(r *http.Request, file, origin string) bool {
	u, err := url.Parse(file)
	if err != nil || u.User != nil || cleanOrigin(u.Scheme+"://"+u.Host) != origin || !namedOrigin.MatchString(origin) {
		return false
	}
	return u.Scheme == "https" || !s.overTLS(r)
}

// overTLS tells whether the asker's browser speaks TLS: to this pod, or to the proxy that
// stands at its public address.
func (s *Server) overTLS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	base, err := url.Parse(s.config.BaseURL)
	return err == nil && base.Scheme == "https" && hostName(base.Host) == hostName(r.Host)
}
