package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeVideos() {
	tags := []string{"Videos"}
	typed(a, huma.Operation{OperationID: "listVideos", Method: http.MethodGet, Path: "/api/v1/videos", Tags: tags, Summary: "List videos"}, accessOptional, a.listVideos)
	typed(a, huma.Operation{OperationID: "getVideo", Method: http.MethodGet, Path: "/api/v1/videos/{id}", Tags: tags, Summary: "Get a video with its files"}, accessOptional, a.getVideo)
	typed(a, huma.Operation{OperationID: "deleteVideo", Method: http.MethodDelete, Path: "/api/v1/videos/{id}", Tags: tags, Summary: "Remove a video", DefaultStatus: http.StatusNoContent}, accessRequired, a.deleteVideo)
	typed(a, huma.Operation{OperationID: "getVideoDescription", Method: http.MethodGet, Path: "/api/v1/videos/{id}/description", Tags: tags, Summary: "Get a video's whole description"}, accessOptional, a.getDescription)
	typed(a, huma.Operation{OperationID: "getVideoFileMetadata", Method: http.MethodGet, Path: "/api/v1/videos/{id}/metadata/{fileId}", Tags: tags, Summary: "Get what is known of a file's container and codecs"}, accessOptional, a.getMetadata)
	typed(a, huma.Operation{OperationID: "addView", Method: http.MethodPost, Path: "/api/v1/videos/{id}/views", Tags: tags, Summary: "Tell that a video is being watched", DefaultStatus: http.StatusNoContent}, accessOptional, a.addView)
	typed(a, huma.Operation{OperationID: "requestVideoToken", Method: http.MethodPost, Path: "/api/v1/videos/{id}/token", Tags: tags, Summary: "Get a short-lived token for a hidden video's files"}, accessRequired, a.requestFileToken)
}

// VideoParam names a video in a route.
type VideoParam struct {
	ID string `path:"id" maxLength:"64" doc:"The video's number, UUID or short UUID."`
}

// findVideo finds the video that a route names, if the asker may see it.
func (a *API) findVideo(ctx context.Context, ref string) (pod.Video, error) {
	parsed, err := pod.ParseVideoRef(ref)
	if err != nil {
		return pod.Video{}, err
	}
	v, err := a.cfg.Videos.VideoByRef(ctx, parsed)
	if errors.Is(err, pod.ErrNotFound) || (err == nil && !maySee(viewerOf(ctx), &v)) {
		return pod.Video{}, notFound("There is no such video, or it is hidden from you.")
	}
	return v, err
}

// editableVideo finds the video that a route names, if the asker may change it.
func (a *API) editableVideo(ctx context.Context, ref string) (pod.Video, error) {
	v, err := a.findVideo(ctx, ref)
	if err != nil {
		return pod.Video{}, err
	}
	if !v.IsLocal() {
		return pod.Video{}, forbidden("not_ours", "This is a friend's video. Only its own pod can change it.")
	}
	if !mayEdit(viewerOf(ctx), &v) {
		return pod.Video{}, forbidden("not_owner", "This video belongs to another account.")
	}
	return v, nil
}

func (a *API) getVideo(ctx context.Context, in *VideoParam) (*body[videoDetailsJSON], error) {
	v, err := a.findVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	by, err := a.newCast().of(ctx, &v)
	if err != nil {
		return nil, err
	}
	out := a.detailsShape(&v, by)
	out.Mirror = a.mirrorShape(ctx, &v)
	return answer(out), nil
}

func (a *API) deleteVideo(ctx context.Context, in *VideoParam) (*struct{}, error) {
	v, err := a.editableVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Library.Delete(ctx, v.ID)
}

type descriptionJSON struct {
	Description string `json:"description"`
}

func (a *API) getDescription(ctx context.Context, in *VideoParam) (*body[descriptionJSON], error) {
	v, err := a.findVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(descriptionJSON{Description: v.Description}), nil
}

func (a *API) listVideos(ctx context.Context, in *ListParams) (*body[page[VideoShape]], error) {
	return a.list(ctx, in, privacyList(viewerOf(ctx), in.query.Privacies), nil)
}

// list answers with one page of the catalogue; narrow may add to the query.
func (a *API) list(ctx context.Context, in *ListParams, privacies []pod.Privacy, narrow func(*pod.VideoQuery)) (*body[page[VideoShape]], error) {
	if len(privacies) == 0 { // only levels that the asker may not see
		return answer(newPage[VideoShape](0, nil)), nil
	}
	q := in.query
	q.Privacies = privacies
	if narrow != nil {
		narrow(&q)
	}
	if in.Search != "" {
		return a.find(ctx, in.Search, q)
	}
	q.Sort = orElse(q.Sort, "-publishedAt")
	found, err := a.cfg.Videos.ListVideos(ctx, q)
	if err != nil {
		return nil, err
	}
	return a.videoPage(ctx, found.Total, found.Videos)
}

func (a *API) videoPage(ctx context.Context, total int, videos []pod.Video) (*body[page[VideoShape]], error) {
	cast, data := a.newCast(), make([]VideoShape, 0, len(videos))
	for i := range videos {
		by, err := cast.of(ctx, &videos[i])
		if err != nil {
			return nil, err
		}
		data = append(data, a.videoShape(&videos[i], by))
	}
	return answer(newPage(total, data)), nil
}
