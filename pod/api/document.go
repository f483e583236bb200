package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// writeDocument writes the OpenAPI document.
func (a *API) writeDocument() ([]byte, error) {
	data, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("write openapi document: %w", err)
	}
	return data, nil
}

// metaSchema lists the fields that say something about a video.
func metaSchema() map[string]*huma.Schema {
	chars := func(least, most int) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most}
	}
	tags, tagMax := chars(pod.MinTagLen, pod.MaxTagLen), pod.MaxTags
	return map[string]*huma.Schema{
		"name":                  chars(pod.MinNameLen, pod.MaxNameLen),
		"description":           chars(0, pod.MaxDescriptionLen),
		"support":               chars(0, pod.MaxSupportLen),
		"tags":                  {Type: huma.TypeArray, Items: tags, MaxItems: &tagMax, Description: "In a form: tags, tags[] or tags[0], one field each."},
		"channelId":             {Type: huma.TypeInteger},
		"category":              {Type: huma.TypeInteger, Description: "See /api/v1/videos/categories."},
		"licence":               {Type: huma.TypeInteger, Description: "See /api/v1/videos/licences."},
		"language":              {Type: huma.TypeString, Description: "See /api/v1/videos/languages."},
		"privacy":               {Type: huma.TypeInteger, Description: "See /api/v1/videos/privacies."},
		"nsfw":                  {Type: huma.TypeBoolean},
		"waitTranscoding":       {Type: huma.TypeBoolean},
		"downloadEnabled":       {Type: huma.TypeBoolean},
		"commentsPolicy":        {Type: huma.TypeInteger, Description: "1 enabled, 2 disabled, 3 with approval."},
		"originallyPublishedAt": {Type: huma.TypeString, Format: "date-time"},
	}
}

func binarySchema(text string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "binary", Description: text}
}

func pictureSchemas() map[string]*huma.Schema {
	return map[string]*huma.Schema{
		"thumbnailfile": binarySchema("A picture, PNG or JPEG."),
		"previewfile":   binarySchema("The same, from older clients."),
	}
}

func editSchema(form bool) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeObject, Properties: metaSchema(), AdditionalProperties: true}
	if form {
		maps.Copy(schema.Properties, pictureSchemas())
	}
	return schema
}

func uploadSchema() *huma.Schema {
	schema := editSchema(true)
	schema.Properties["videofile"] = binarySchema("The video, once. It may stand before or after the other fields.")
	schema.Required = []string{"videofile", "name", "channelId"}
	return schema
}

// serverRoute is a route that package server answers; it belongs into the document too.
type serverRoute struct {
	id, path, tag, summary, media string
	params                        []string // in the query
}

func serverRoutes() []serverRoute {
	const files, tracker, pages, html, torrent = "Files", "Tracker", "Pages", "text/html", "application/x-bittorrent"
	return []serverRoute{
		{"getVideoFile", "/static/web-videos/{file}", files, "Play a file; takes Range", "video/*", []string{"videoFileToken"}},
		{"downloadVideoFile", "/download/videos/{file}", files, "Save a file; takes Range", "video/*", []string{"videoFileToken"}},
		{"getTorrent", "/static/torrents/{file}", files, "Get a file's torrent", torrent, nil},
		{"downloadTorrent", "/download/torrents/{file}", files, "Save a file's torrent", torrent, nil},
		{"getThumbnail", "/lazy-static/thumbnails/{file}", files, "Get a video's small picture", "image/jpeg", nil},
		{"getPreview", "/lazy-static/previews/{file}", files, "Get a video's large picture", "image/jpeg", nil},
		{"announce", "/tracker/announce", tracker, "BitTorrent announce (BEP 3, 23)", "text/plain", []string{"info_hash", "peer_id", "port", "left", "event", "numwant", "compact"}},
		{"scrape", "/tracker/scrape", tracker, "BitTorrent scrape (BEP 48)", "text/plain", []string{"info_hash"}},
		{"trackerSocket", "/tracker/socket", tracker, "WebTorrent tracker: a WebSocket", "application/json", nil},
		{"homePage", "/", pages, "The pod's page", html, nil},
		{"watchPage", "/w/{shortUUID}", pages, "The page of a video", html, nil},
		{"watchPageLong", "/videos/watch/{uuid}", pages, "The page of a video", html, nil},
		{"embedPage", "/videos/embed/{uuid}", pages, "The player alone, for other pages", html, nil},
		{"asset", "/assets/{path}", pages, "Scripts and styles of the page", "text/plain", nil},
	}
}

func (a *API) describeServerRoutes() {
	delete(a.huma.OpenAPI().Components.Schemas.Map(), "ErrorModel") // huma's own error; ours is Problem
	for _, route := range serverRoutes() {
		op := &huma.Operation{
			OperationID: route.id, Method: http.MethodGet, Path: route.path, Tags: []string{route.tag}, Summary: route.summary,
			Responses: map[string]*huma.Response{
				"200":     {Description: "OK", Content: map[string]*huma.MediaType{route.media: {Schema: &huma.Schema{Type: huma.TypeString}}}},
				"default": a.problemResponse(),
			},
		}
		for _, name := range pathParams(route.path) {
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
		for _, name := range route.params {
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "query", Schema: &huma.Schema{Type: huma.TypeString}})
		}
		if route.id == "trackerSocket" {
			op.Responses["101"] = &huma.Response{Description: "The connection is a WebSocket now."}
			delete(op.Responses, "200")
		}
		a.huma.OpenAPI().AddOperation(op)
	}
}
