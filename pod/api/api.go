package api

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// Config is what an API is made of. Logger, Clock, Peers and FileTokenKey may be absent;
// without Friends, Mirrors, Events or Origins the routes that need them find nothing.
type Config struct {
	Logger *slog.Logger
	Clock  func() time.Time
	Info   Info
	Limits pod.Limits

	Videos   Videos
	People   People
	Sessions Sessions
	Profiles Profiles
	Library  Library
	Search   Search
	Links    Links
	Peers    Peers
	Friends  Friends
	Mirrors  Mirrors
	Events   Events
	Origins  Origins

	// FileTokenKey signs the tokens for files of hidden videos. Without it a random key
	// is made, so that a restart ends those tokens; they live for hours anyway.
	FileTokenKey []byte
}

// API answers the REST routes. Safe for concurrent use.
type API struct {
	cfg    Config
	log    *slog.Logger
	mux    *http.ServeMux
	huma   huma.API
	views  *viewMemory
	tokens fileTokens
	docs   func() ([]byte, error) // the OpenAPI document, written once, when it is wanted

	routes    []*huma.Operation // all that the mux knows; fixed after New
	followers chan struct{}     // who reads /api/v1/events
}

// New builds the API with all its routes.
func New(cfg Config) (*API, error) {
	if cfg.Videos == nil || cfg.People == nil || cfg.Sessions == nil || cfg.Profiles == nil ||
		cfg.Library == nil || cfg.Search == nil || cfg.Links == nil {
		return nil, errors.New("build api: a part is missing in its config")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if len(cfg.FileTokenKey) == 0 {
		cfg.FileTokenKey = make([]byte, 32)
		_, _ = rand.Read(cfg.FileTokenKey) // never fails
	}
	if len(cfg.Info.Extensions) == 0 {
		cfg.Info.Extensions = []string{".mp4", ".m4v", ".mov", ".webm"}
	}
	a := &API{
		cfg: cfg, log: cfg.Logger, mux: http.NewServeMux(),
		views:  newViewMemory(cfg.Clock),
		tokens: fileTokens{key: cfg.FileTokenKey, clock: cfg.Clock}, followers: make(chan struct{}, maxFollowers),
	}
	a.huma = huma.NewAPI(a.humaConfig(), &adapter{api: a})
	a.routeAll()
	a.closeGaps()
	a.describeServerRoutes()
	a.docs = sync.OnceValues(a.writeDocument)
	return a, nil
}

// Handler answers /api/v1/*, /openapi.json and /docs.
func (a *API) Handler() http.Handler { return http.HandlerFunc(a.serve) }

func (a *API) routeAll() {
	a.routeConfig()
	a.routeSessions()
	a.routeMe()
	a.routeVocabulary()
	a.routeVideos()
	a.routeSearch()
	a.routeUpload()
	a.routeEdit()
	a.routeChannels()
	a.routePods()
	a.routeFriendships()
	a.routeInvites()
	a.routePodCalls()
	a.routeMirrors()
	a.routeEvents()
	a.routeDocs()
}

func (a *API) humaConfig() huma.Config {
	config := huma.DefaultConfig("Peerpod", a.cfg.Info.Version)
	config.Info.Description = "The REST interface of a Peerpod. It speaks PeerTube's dialect, and the language between pods, whose versions each answer names in the header " + pod.HeaderAPIVersions + "."
	// huma's own pages load foreign scripts and offer formats that we do not test.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	config.AllowAdditionalPropertiesByDefault = true // PeerTube's clients send many fields; answers may grow
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Transformers = []huma.Transformer{transformFault}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "The access_token that POST /api/v1/users/token gives."},
	}
	return config
}

// schemaName gives a type its name in the document: VideoShape is Video.
func schemaName(t reflect.Type, hint string) string {
	return strings.NewReplacer("JSON", "", "Shape", "").Replace(huma.DefaultSchemaNamer(t, hint))
}

// serve finds the route. The mux's own answers for "no such route" are plain text, so
// they are made anew as problems.
func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	requestID(w)
	w.Header().Set(pod.HeaderAPIVersions, strconv.Itoa(pod.APIVersion))
	a.limitBody(w, r)
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		r = r.Clone(r.Context()) // PeerTube answers with and without the slash at the end
		r.URL.Path, r.URL.RawPath = strings.TrimSuffix(path, "/"), strings.TrimSuffix(r.URL.RawPath, "/")
	}
	if handler, pattern := a.mux.Handler(r); pattern == "" {
		a.unrouted(w, r, handler)
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *API) unrouted(w http.ResponseWriter, r *http.Request, muxAnswer http.Handler) {
	refuseUnread(w, r)
	probe := &headProbe{header: http.Header{}}
	muxAnswer.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		a.fail(w, r, notFound("There is nothing at this address."))
		return
	}
	w.Header().Set("Allow", probe.header.Get("Allow"))
	a.fail(w, r, newProblem(pod.KindMethod, "", ""))
}

// headProbe takes an answer's status and header, and drops its body.
type headProbe struct {
	header http.Header
	status int
}

func (p *headProbe) Header() http.Header { return p.header }
func (p *headProbe) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}
func (p *headProbe) Write(b []byte) (int, error) { return len(b), nil }

// closeGaps makes fixed paths that a pattern such as /videos/{id} covers too answer 405
// for the methods that only the pattern knows.
func (a *API) closeGaps() {
	methods := map[string][]string{}
	for _, op := range a.routes {
		methods[op.Path] = append(methods[op.Path], op.Method)
	}
	for fixed, has := range methods {
		if strings.Contains(fixed, "{") {
			continue
		}
		allow := slices.Clone(has)
		if slices.Contains(has, http.MethodGet) {
			allow = append(allow, http.MethodHead)
		}
		slices.Sort(allow)
		list := strings.Join(allow, ", ")
		for _, method := range coveredMethods(methods, fixed) {
			a.mux.HandleFunc(method+" "+fixed, func(w http.ResponseWriter, r *http.Request) {
				refuseUnread(w, r)
				w.Header().Set("Allow", list)
				a.fail(w, r, newProblem(pod.KindMethod, "", ""))
			})
		}
	}
}

// coveredMethods lists the methods of patterns that cover the path and that it lacks.
func coveredMethods(methods map[string][]string, fixed string) []string {
	var out []string
	for pattern, list := range methods {
		if !covers(pattern, fixed) {
			continue
		}
		for _, m := range list {
			if !slices.Contains(methods[fixed], m) && !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

func covers(pattern, fixed string) bool {
	if !strings.Contains(pattern, "{") {
		return false
	}
	p, f := strings.Split(pattern, "/"), strings.Split(fixed, "/")
	return slices.EqualFunc(p, f, func(p, f string) bool { return p == f || strings.HasPrefix(p, "{") })
}
