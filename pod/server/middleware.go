package server

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// requestIDHeader finds a request's lines in the log.
const requestIDHeader = "X-Request-Id"

// around puts the rules that hold for every request around the routes.
func (s *Server) around(routes http.Handler) http.Handler {
	guarded := s.checkHost(s.checkOrigin(secure(s.boundBody(routes))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header().Set(pod.HeaderAPIVersions, strconv.Itoa(pod.APIVersion))
		}
		s.proxies.setClient(r)
		if !s.enter() {
			fail(w, tooBusy)
			return
		}
		out := newWriter(w, s.patience, s.inflight.Done)
		id := rand.Text()
		out.Header().Set(requestIDHeader, id)
		log := s.log.With(pod.LogRequest, id, pod.LogMethod, r.Method)
		defer func(started time.Time) {
			log.Debug("Request", pod.LogRoute, r.Pattern, pod.LogStatus, out.status, pod.LogTook, time.Since(started))
		}(time.Now())
		defer out.done()
		defer recoverTo(out, log)
		guarded.ServeHTTP(out, r)
	})
}

// recoverTo ends the request of a panicking handler with 500; the pod lives on.
func recoverTo(w *writer, log *slog.Logger) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault) // the way of net/http to cut a connection
	}
	log.Error("Handler panicked", pod.LogErr, fault, pod.LogText, string(debug.Stack()))
	if w.status == 0 {
		fail(w, internal)
		return
	}
	panic(http.ErrAbortHandler) // a half answer must not look like a whole one
}

// hosts are the names that this pod answers to, in lower case. Addresses are allowed
// always: rebinding needs a name.
type hosts map[string]bool

func newHosts(baseURL string, more []string) hosts {
	h := hosts{"localhost": true}
	if name, err := os.Hostname(); err == nil && name != "" {
		first, _, _ := strings.Cut(strings.ToLower(name), ".")
		h[first+".local"] = true
	}
	if u, err := url.Parse(baseURL); err == nil && u.Hostname() != "" {
		h[hostName(u.Hostname())] = true
	}
	for _, name := range more {
		h[hostName(name)] = true
	}
	return h
}

// allow tells whether a Host header is one of ours.
func (h hosts) allow(header string) bool {
	name := hostName(header)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return h[name]
}

// hostName takes port, brackets and a final dot from a Host header.
func hostName(header string) string {
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// checkHost refuses names that are not ours: a foreign page whose name was pointed at
// this machine sends its own name (DNS rebinding).
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hosts.allow(r.Host) {
			fail(w, misdirected)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkOrigin refuses changes that a page of another origin asks for (CSRF). Reading is
// always let through, and so are programs, which send no origin.
func (s *Server) checkOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil && !isPreflight(r) {
			fail(w, crossOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Policies for what a browser may do with an answer (CSP). Pages have their own.
const (
	policyNothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	policyFile    = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)

// secure sets the headers that every answer has; handlers may replace the policy.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", policyNothing)
		if trustworthy(r) { // elsewhere browsers ignore it and complain in the console
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// trustworthy tells whether browsers hold the origin for a secure context: TLS, or this
// machine (https://www.w3.org/TR/secure-contexts/).
func trustworthy(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return r.TLS != nil || host == "localhost" || err == nil && addr.IsLoopback()
}

// household is who a request counts for; headers have no say, but for those of the
// owner's proxies.
func household(r *http.Request) netip.Prefix {
	return householdAt(r.RemoteAddr)
}

func householdAt(addr string) netip.Prefix {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.Prefix{} // all odd ones count together
	}
	return pod.Household(at.Addr())
}
