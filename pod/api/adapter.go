package api

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Keys of an operation's metadata, which the document does not show.
const (
	metaAccess = "access"
	metaPlain  = "plain"
)

// adapter connects huma to the mux through the guard.
type adapter struct{ api *API }

// Handle adds a route of huma's.
func (ad *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	ad.api.mount(op, func(w http.ResponseWriter, r *http.Request) {
		handler(&typedContext{humaContext: humago.NewContext(op, r, w)})
	})
}

// ServeHTTP answers a request.
func (ad *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { ad.api.serve(w, r) }

func (a *API) mount(op *huma.Operation, next func(http.ResponseWriter, *http.Request)) {
	a.routes = append(a.routes, op)
	a.mux.HandleFunc(op.Method+" "+op.Path, a.guard(op, next))
}

// humaContext is huma.Context under a name that does not hide its method Context.
type humaContext huma.Context

// typedContext is huma's view of a request, with its errors in our words.
type typedContext struct {
	humaContext
	status int // of a fault, once it was put into our words
}

// Header hides Accept: there is one format, whatever is asked for.
func (c *typedContext) Header(name string) string {
	if http.CanonicalHeaderKey(name) == "Accept" {
		return ""
	}
	return c.humaContext.Header(name)
}

// SetStatus replaces huma's status of a fault with ours: 400 for 422.
func (c *typedContext) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.humaContext.SetStatus(status)
}

// BodyWriter forgets failures: huma panics when a client has gone.
func (c *typedContext) BodyWriter() io.Writer { return deafWriter{c.humaContext.BodyWriter()} }

type deafWriter struct{ w io.Writer }

func (d deafWriter) Write(p []byte) (int, error) {
	_, _ = d.w.Write(p) // the client has gone; nobody is left to be told
	return len(p), nil
}

// transformFault puts huma's own faults into our words, just before they are written.
func transformFault(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := fromHuma(model)
	if c, ok := ctx.(*typedContext); ok {
		c.status = p.Status
	}
	return p, nil
}

// typed adds a route whose input and output are structs that huma decodes, validates and
// documents.
func typed[I, O any](a *API, op huma.Operation, who access, handle func(context.Context, *I) (*O, error)) {
	a.describe(&op, who)
	op.MaxBodyBytes, op.BodyReadTimeout = -1, -1 // the guard has read the body within our limits
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// plain adds a route that reads its request itself.
func (a *API) plain(op huma.Operation, who access, handle func(http.ResponseWriter, *http.Request) error) {
	a.describe(&op, who)
	op.Metadata[metaPlain] = true
	a.huma.OpenAPI().AddOperation(&op)
	a.mount(&op, func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			a.fail(w, r, err)
		}
	})
}

// describe fills in what all operations share.
func (a *API) describe(op *huma.Operation, who access) {
	op.Metadata = map[string]any{metaAccess: who}
	if who >= accessRequired {
		op.Security = []map[string][]string{{"token": {}}}
	}
	if who == accessOwner {
		op.Description = strings.TrimSpace(op.Description + " Only for the owner of the pod: it needs the token of an administrator.")
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = a.problemResponse()
}

// problemResponse documents the body of every error.
func (a *API) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "An error (RFC 9457).",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schemaOf[problem](a, "Problem")}},
	}
}

// writeJSON answers a plain request with 200 and a value.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return huma.DefaultJSONFormat.Marshal(deafWriter{w}, v)
}
