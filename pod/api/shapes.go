package api

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// body is the output of a typed route that answers with JSON.
type body[T any] struct{ Body T }

func answer[T any](v T) *body[T] { return &body[T]{Body: v} }

// page is one page of a list.
type page[T any] struct {
	Total int `json:"total" doc:"Of all entries that match, not of this page."`
	Data  []T `json:"data" nullable:"false"`
}

func newPage[T any](total int, data []T) page[T] {
	if data == nil {
		data = []T{}
	}
	return page[T]{Total: total, Data: data}
}

// labelled is a number with its meaning; a null number is "not said".
type labelled struct {
	ID    *int   `json:"id"`
	Label string `json:"label"`
}

type labelledText struct {
	ID    *string `json:"id"`
	Label string  `json:"label"`
}

// unknownLabel is PeerTube's word for a value that nobody gave.
const unknownLabel = "Unknown"

func label[K ~int](labels map[K]string, id K) labelled {
	text, ok := labels[id]
	if !ok {
		return labelled{Label: unknownLabel}
	}
	n := int(id)
	return labelled{ID: &n, Label: text}
}

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

func stampPointer(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := stamp(*t)
	return &text
}

// seconds rounds a length of time, but never to nothing.
func seconds(d time.Duration) int {
	n := int(d.Round(time.Second) / time.Second)
	if n == 0 && d > 0 {
		n = 1
	}
	return n
}

// image stands in PeerTube's lists of avatars and banners; this pod has none yet.
type image struct {
	Path   string `json:"path"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// schemaOf gives the schema of a type for an operation written by hand.
func schemaOf[T any](a *API, name string) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, name)
}

// part gives the entries of a list that one page shows.
func part[T any](p PageParams, all []T) []T {
	first := min(p.Start, len(all))
	return all[first:min(first+p.Count, len(all))]
}
