package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeMirrors() {
	tags := []string{"Videos"}
	typed(a, huma.Operation{
		OperationID: "mirrorVideo", Method: http.MethodPost, Path: "/api/v1/videos/{id}/mirror", Tags: tags, Summary: "Keep a copy of a friend's video", DefaultStatus: http.StatusNoContent,
		Description: "The copy is fetched in the background and shared like this pod's own videos, so that it plays while the friend is away. mirror.state of the video tells how far it is.",
	}, accessOwner, a.mirror)
	typed(a, huma.Operation{
		OperationID: "unmirrorVideo", Method: http.MethodDelete, Path: "/api/v1/videos/{id}/mirror", Tags: tags, Summary: "Let a copy of a friend's video go", DefaultStatus: http.StatusNoContent,
	}, accessOwner, a.unmirror)
}

// mirrorJSON tells how far a copy of a friend's video is.
type mirrorJSON struct {
	State string `json:"state" enum:"none,fetching,whole"`
}

// mirrorShape is nil for whom it does not concern.
func (a *API) mirrorShape(ctx context.Context, v *pod.Video) *mirrorJSON {
	if a.cfg.Mirrors == nil || v.IsLocal() || !isOwner(viewerOf(ctx)) {
		return nil
	}
	switch state := a.cfg.Mirrors.MirrorState(*v); {
	case !state.Wanted:
		return &mirrorJSON{State: "none"}
	case state.Whole:
		return &mirrorJSON{State: "whole"}
	default:
		return &mirrorJSON{State: "fetching"}
	}
}

// friendsVideo finds the friend's video that a route names.
func (a *API) friendsVideo(ctx context.Context, ref string) (pod.Video, error) {
	if a.cfg.Mirrors == nil {
		return pod.Video{}, notFound("This pod keeps no copies of friends' videos.")
	}
	v, err := a.findVideo(ctx, ref)
	if err == nil && v.IsLocal() {
		err = &pod.Error{Kind: pod.KindConflict, Code: "own_video", Op: "mirror", Msg: "This is a video of this pod itself; only friends' videos are copied."}
	}
	return v, err
}

func (a *API) mirror(ctx context.Context, in *VideoParam) (*struct{}, error) {
	v, err := a.friendsVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = a.cfg.Mirrors.Mirror(ctx, v)
	if _, told := errors.AsType[*pod.Error](err); !told && errors.Is(err, pod.ErrTooLarge) {
		err = &pod.Error{Kind: pod.KindTooLarge, Code: "mirror_budget", Op: "mirror", Msg: "The copies of friends' videos would take more room than the owner allows. Let another copy go first, or raise the limit mirror-bytes.", Err: err}
	}
	return nil, err
}

func (a *API) unmirror(ctx context.Context, in *VideoParam) (*struct{}, error) {
	v, err := a.friendsVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, explainAbsent(a.cfg.Mirrors.Unmirror(ctx, v), "This pod keeps no copy of this video.")
}
