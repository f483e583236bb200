package api

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs
var docFiles embed.FS

// docsPolicy lets the page load what stands beside it, and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (a *API) routeDocs() {
	tags := []string{"Documentation"}
	show := func(id, at, file, media, summary string) {
		op := huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: at, Tags: tags, Summary: summary,
			Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString}}}}},
		}
		a.plain(op, accessOpen, func(w http.ResponseWriter, r *http.Request) error {
			read := a.docs
			if file != "" {
				read = func() ([]byte, error) { return docFiles.ReadFile(path.Join("docs", file)) }
			}
			data, err := read()
			if err != nil {
				return err
			}
			h := w.Header()
			h.Set("Content-Type", media)
			if strings.HasPrefix(media, "text/") {
				h.Set("Content-Type", media+"; charset=utf-8")
			}
			h.Set("Content-Security-Policy", docsPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "no-cache")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
			return nil
		})
	}
	show("openapi", "/openapi.json", "", "application/json", "This document")
	show("docs", "/docs", "index.html", "text/html", "This document for people")
	show("docsScript", "/docs/docs.js", "docs.js", "text/javascript", "The script of the documentation's page")
	show("docsStyle", "/docs/docs.css", "docs.css", "text/css", "The style of the documentation's page")
}

// pathParams lists the names in the braces of a path.
func pathParams(at string) []string {
	var out []string
	for part := range strings.SplitSeq(at, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, strings.TrimSuffix(name, "}"))
		}
	}
	return out
}
