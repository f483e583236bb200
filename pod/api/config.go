package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeConfig() {
	tags := []string{"Config"}
	typed(a, huma.Operation{
		OperationID: "ping", Method: http.MethodGet, Path: "/api/v1/ping", Tags: tags, Summary: "See whether the pod answers",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{"pong"}}}}}},
	}, accessOpen, ping)
	typed(a, huma.Operation{OperationID: "getConfig", Method: http.MethodGet, Path: "/api/v1/config", Tags: tags, Summary: "Get what a client must know of the pod"}, accessOpen, a.getConfig)
	typed(a, huma.Operation{OperationID: "getAbout", Method: http.MethodGet, Path: "/api/v1/config/about", Tags: tags, Summary: "Get what the pod says about itself"}, accessOpen, a.getAbout)
}

type pong struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func ping(context.Context, *struct{}) (*pong, error) {
	return &pong{ContentType: "text/plain; charset=utf-8", Body: []byte("pong")}, nil
}

type enabled struct {
	Enabled bool `json:"enabled"`
}

type sizeLimit struct {
	Max int64 `json:"max" doc:"Bytes."`
}

type fileRules struct {
	Size       *sizeLimit `json:"size,omitempty"`
	Extensions []string   `json:"extensions" nullable:"false"`
}

// configJSON is the part of PeerTube's ServerConfig that means something here; the
// switches of what a pod does not do are off.
type configJSON struct {
	ServerVersion string           `json:"serverVersion"`
	Instance      instanceJSON     `json:"instance"`
	Signup        signupJSON       `json:"signup"`
	Transcoding   transcodingJSON  `json:"transcoding"`
	Video         videoRulesJSON   `json:"video"`
	User          userRulesJSON    `json:"user"`
	Search        searchRulesJSON  `json:"search"`
	Import        importRulesJSON  `json:"import"`
	Defaults      defaultsJSON     `json:"defaults"`
	Email         enabled          `json:"email"`
	ContactForm   enabled          `json:"contactForm"`
	Live          enabled          `json:"live"`
	VideoStudio   enabled          `json:"videoStudio"`
	Tracker       enabled          `json:"tracker"`
	Federation    enabled          `json:"federation"`
	Homepage      enabled          `json:"homepage"`
	Plugin        registrationJSON `json:"plugin"`
	Theme         registrationJSON `json:"theme"`
	Limits        limitsJSON       `json:"limits" doc:"Peerpod's own: how long and how large things may be."`
}

type instanceJSON struct {
	Name              string `json:"name"`
	ShortDescription  string `json:"shortDescription"`
	DefaultNSFWPolicy string `json:"defaultNSFWPolicy"`
	IsNSFW            bool   `json:"isNSFW"`
	ClientRoute       string `json:"defaultClientRoute"`
	DefaultLanguage   string `json:"defaultLanguage"`
}

type signupJSON struct {
	Allowed                   bool `json:"allowed"`
	AllowedForCurrentIP       bool `json:"allowedForCurrentIP"`
	RequiresEmailVerification bool `json:"requiresEmailVerification"`
	RequiresApproval          bool `json:"requiresApproval"`
	MinimumAge                int  `json:"minimumAge"`
}

type transcodingJSON struct {
	HLS                enabled `json:"hls"`
	WebVideos          enabled `json:"web_videos"`
	EnabledResolutions []int   `json:"enabledResolutions" nullable:"false"`
}

type videoRulesJSON struct {
	Image fileRules `json:"image"`
	File  fileRules `json:"file"`
}

type userRulesJSON struct {
	VideoQuota      int64 `json:"videoQuota" doc:"Bytes; -1 is without limit."`
	VideoQuotaDaily int64 `json:"videoQuotaDaily"`
}

type searchRulesJSON struct {
	RemoteURI struct {
		Users     bool `json:"users"`
		Anonymous bool `json:"anonymous"`
	} `json:"remoteUri"`
	SearchIndex enabled `json:"searchIndex"`
}

type importRulesJSON struct {
	Videos struct {
		HTTP    enabled `json:"http"`
		Torrent enabled `json:"torrent"`
	} `json:"videos"`
}

type defaultsJSON struct {
	Publish struct {
		DownloadEnabled bool `json:"downloadEnabled"`
		CommentsPolicy  int  `json:"commentsPolicy"`
		Privacy         int  `json:"privacy"`
	} `json:"publish"`
	P2P struct {
		Webapp enabled `json:"webapp"`
		Embed  enabled `json:"embed"`
	} `json:"p2p"`
}

type registrationJSON struct {
	Registered []string `json:"registered" nullable:"false"`
}

type limitsJSON struct {
	UploadBytes       int64 `json:"uploadBytes"`
	PictureBytes      int64 `json:"pictureBytes"`
	MaxDuration       int   `json:"maxDuration" doc:"Of one video, in seconds."`
	NameLength        int   `json:"nameLength" doc:"Characters."`
	DescriptionLength int   `json:"descriptionLength"`
	Tags              int   `json:"tags"`
}

func (a *API) getConfig(context.Context, *struct{}) (*body[configJSON], error) {
	info, limits := a.cfg.Info, a.cfg.Limits
	out := configJSON{
		ServerVersion: info.Version,
		Instance:      instanceJSON{Name: info.Name, ShortDescription: info.Description, DefaultNSFWPolicy: "display", ClientRoute: "/", DefaultLanguage: "en"},
		Transcoding:   transcodingJSON{EnabledResolutions: []int{}},
		Video: videoRulesJSON{
			Image: fileRules{Size: &sizeLimit{Max: limits.PictureBytes}, Extensions: []string{".png", ".jpg", ".jpeg"}},
			File:  fileRules{Extensions: info.Extensions},
		},
		User:    userRulesJSON{VideoQuota: -1, VideoQuotaDaily: -1},
		Tracker: enabled{Enabled: true},
		Plugin:  registrationJSON{Registered: []string{}}, Theme: registrationJSON{Registered: []string{}},
		Limits: limitsJSON{
			UploadBytes: limits.UploadBytes, PictureBytes: limits.PictureBytes, MaxDuration: seconds(limits.MaxDuration),
			NameLength: pod.MaxNameLen, DescriptionLength: pod.MaxDescriptionLen, Tags: pod.MaxTags,
		},
	}
	meta := pod.DefaultMeta()
	out.Defaults.Publish.DownloadEnabled, out.Defaults.Publish.CommentsPolicy, out.Defaults.Publish.Privacy = meta.DownloadEnabled, meta.CommentsPolicy, int(meta.Privacy)
	out.Defaults.P2P.Webapp.Enabled, out.Defaults.P2P.Embed.Enabled = true, true
	return answer(out), nil
}

type aboutJSON struct {
	Instance struct {
		Name             string   `json:"name"`
		ShortDescription string   `json:"shortDescription"`
		Description      string   `json:"description"`
		Terms            string   `json:"terms"`
		Languages        []string `json:"languages" nullable:"false"`
		Categories       []int    `json:"categories" nullable:"false"`
	} `json:"instance"`
}

func (a *API) getAbout(context.Context, *struct{}) (*body[aboutJSON], error) {
	var out aboutJSON
	out.Instance.Name = a.cfg.Info.Name
	out.Instance.ShortDescription, out.Instance.Description = a.cfg.Info.Description, a.cfg.Info.Description
	out.Instance.Languages, out.Instance.Categories = []string{}, []int{}
	return answer(out), nil
}
