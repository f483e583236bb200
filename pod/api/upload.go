package api

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeUpload() {
	a.plain(huma.Operation{
		OperationID: "uploadVideo", Method: http.MethodPost, Path: "/api/v1/videos/upload", Tags: []string{"Videos"},
		Summary:     "Publish a video",
		Description: "The file is streamed: the fields may stand before or after it. The answer comes when the video can be fetched.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: uploadSchema()}}},
		Responses:   jsonResponse(schemaOf[uploadedJSON](a, "Uploaded")),
	}, accessRequired, a.upload)
}

type uploadedJSON struct {
	Video struct {
		ID        uint64 `json:"id"`
		UUID      string `json:"uuid" format:"uuid"`
		ShortUUID string `json:"shortUUID"`
	} `json:"video"`
}

// copyBuffer is what moves from the connection to the library at once.
const copyBuffer = 256 << 10

// incoming is one upload on its way.
type incoming struct {
	api    *API
	ctx    context.Context // of the request: the upload lives no longer
	sender *pod.Account
	body   *multipartBody
	size   int64 // of the whole request, 0 or less if unknown
	upload pod.Upload
}

func (a *API) upload(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Connection", "close") // taken back when the whole body was read
	boundary, err := boundaryOf(r)
	if err != nil {
		return err
	}
	limit := a.cfg.Limits.UploadBytes + 2*a.cfg.Limits.PictureBytes + maxOverhead
	if r.ContentLength > limit {
		return newProblem(pod.KindTooLarge, "file_too_large", "")
	}
	stream := a.steadyBody(w, r, limit)
	in := &incoming{api: a, ctx: r.Context(), sender: viewerOf(r.Context()), size: r.ContentLength}
	in.body = &multipartBody{reader: multipart.NewReader(stream, boundary), limits: a.cfg.Limits, fields: newFields(), video: in.receive}
	defer in.abort()
	if err := in.body.read(); err != nil {
		return err
	}
	drain(w, stream)
	v, err := in.finish()
	if err != nil {
		return err
	}
	var out uploadedJSON
	out.Video.ID, out.Video.UUID, out.Video.ShortUUID = uint64(v.ID), v.UUID.String(), v.UUID.Short()
	return writeJSON(w, out)
}

// receive streams the video to the library. What the fields before it say was checked
// when they came; the channel is checked here, before a byte is stored.
func (in *incoming) receive(part *multipart.Part) error {
	if err := in.api.checkChannel(in.ctx, in.sender.ID, in.body.fields.channelID); err != nil {
		return err
	}
	upload, err := in.api.cfg.Library.Begin(in.ctx, pod.UploadRequest{
		AccountID: in.sender.ID, FileName: displayName(part.FileName()), SizeHint: in.size,
	})
	if err != nil {
		return err
	}
	in.upload = upload
	buffer := make([]byte, copyBuffer)
	var sum int64
	for {
		n, readErr := part.Read(buffer)
		if sum += int64(n); sum > in.api.cfg.Limits.UploadBytes {
			return newProblem(pod.KindTooLarge, "file_too_large", "")
		}
		if n > 0 {
			if _, err := upload.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if readErr == io.EOF { //nolint:errorlint // a Reader gives io.EOF as it is
			return nil
		}
		if readErr != nil {
			return formFault(readErr)
		}
	}
}

// finish publishes what was received.
func (in *incoming) finish() (pod.Video, error) {
	f := in.body.fields
	switch {
	case !in.body.sawVideo:
		return pod.Video{}, missing("videofile")
	case !f.seen["name"]:
		return pod.Video{}, missing("name")
	case f.channelID == 0:
		return pod.Video{}, missing("channelId")
	}
	if err := in.api.checkChannel(in.ctx, in.sender.ID, f.channelID); err != nil {
		return pod.Video{}, err
	}
	if err := f.meta.Validate(); err != nil {
		return pod.Video{}, err
	}
	return in.upload.Finish(in.ctx, pod.FinishUpload{ChannelID: f.channelID, Meta: f.meta, Thumbnail: in.body.poster()})
}

func (in *incoming) abort() {
	if in.upload != nil {
		in.upload.Abort() // does nothing once finished
	}
}

// checkChannel refuses a channel that is not the account's; 0 is "not said yet".
func (a *API) checkChannel(ctx context.Context, owner pod.AccountID, id pod.ChannelID) error {
	if id == 0 {
		return nil
	}
	channels, err := a.cfg.People.Channels(ctx, owner)
	if err != nil {
		return err
	}
	for _, c := range channels {
		if c.ID == id {
			return nil
		}
	}
	return invalid("channelId", "The channelId is not the number of a channel of this account.")
}

// displayName makes a sender's file name harmless: its last element, printable, short.
func displayName(name string) string {
	return pod.NameFromFile(name) + strings.ToLower(shortExtension(name))
}

func shortExtension(name string) string {
	ext := path.Ext(name)
	for _, r := range strings.TrimPrefix(ext, ".") {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return ""
		}
	}
	if len(ext) > 8 {
		return ""
	}
	return ext
}
