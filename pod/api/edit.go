package api

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeEdit() {
	a.plain(huma.Operation{
		OperationID: "updateVideo", Method: http.MethodPut, Path: "/api/v1/videos/{id}", Tags: []string{"Videos"},
		Summary:    "Change a video's texts, channel or picture",
		Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Description: "The video's number, UUID or short UUID.", Schema: &huma.Schema{Type: huma.TypeString}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":    {Schema: editSchema(false)},
			"multipart/form-data": {Schema: editSchema(true)},
		}},
		Responses: map[string]*huma.Response{"204": {Description: "Changed."}},
	}, accessRequired, a.edit)
}

func (a *API) edit(w http.ResponseWriter, r *http.Request) error {
	v, err := a.editableVideo(r.Context(), r.PathValue("id"))
	if err != nil {
		refuseUnread(w, r)
		return err
	}
	f, picture, err := a.readEdit(w, r)
	if err != nil {
		return err
	}
	if err := a.checkChannel(r.Context(), v.AccountID, f.channelID); err != nil {
		return err
	}
	_, err = a.cfg.Library.Edit(r.Context(), v.ID, pod.EditRequest{Change: f.change, ChannelID: f.channelID, Thumbnail: picture})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readEdit reads either kind of body.
func (a *API) readEdit(w http.ResponseWriter, r *http.Request) (*fields, []byte, error) {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "multipart/") {
		return a.readEditForm(w, r)
	}
	body, err := a.readJSON(w, r, true)
	if err != nil {
		return nil, nil, err
	}
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil || members == nil {
		return nil, nil, jsonFault("an object is wanted", err)
	}
	f := newFields()
	for name, value := range members {
		if name == "tags" {
			err = f.setTags(value)
		} else {
			err = f.set(name, value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return f, nil, nil
}

func (a *API) readEditForm(w http.ResponseWriter, r *http.Request) (*fields, []byte, error) {
	w.Header().Set("Connection", "close")
	boundary, err := boundaryOf(r)
	if err != nil {
		return nil, nil, err
	}
	limit := 2*a.cfg.Limits.PictureBytes + maxOverhead
	if r.ContentLength > limit {
		return nil, nil, newProblem(pod.KindTooLarge, "", "")
	}
	stream := a.steadyBody(w, r, limit)
	body := &multipartBody{reader: multipart.NewReader(stream, boundary), limits: a.cfg.Limits, fields: newFields()}
	if err := body.read(); err != nil {
		return nil, nil, err
	}
	drain(w, stream)
	return body.fields, body.poster(), nil
}
