package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeInvites() {
	tags := []string{"Invites"}
	typed(a, huma.Operation{
		OperationID: "createInvite", Method: http.MethodPost, Path: "/api/v1/pods/invites", Tags: tags, Summary: "Make an invite for one pod",
		Description: "Whoever has the code becomes a friend without waiting for the owner, once. It works also when only one of both pods can be reached.",
	}, accessOwner, a.createInvite)
	typed(a, huma.Operation{
		OperationID: "listInvites", Method: http.MethodGet, Path: "/api/v1/pods/invites", Tags: tags, Summary: "List the invites",
	}, accessOwner, a.listInvites)
	typed(a, huma.Operation{
		OperationID: "deleteInvite", Method: http.MethodDelete, Path: "/api/v1/pods/invites/{code}", Tags: tags, Summary: "Take an invite back", DefaultStatus: http.StatusNoContent,
		Description: "A friendship that it has made already stays.",
	}, accessOwner, a.deleteInvite)
}

// inviteLife is how long an invite is good when nobody says otherwise.
const inviteLife = 7 * 24 * time.Hour

// newInviteParams say how long an invite is good.
type newInviteParams struct {
	Body *newInviteJSON
}

type newInviteJSON struct {
	_         struct{} `additionalProperties:"false"`
	ExpiresIn *int     `json:"expiresIn,omitempty" minimum:"60" maximum:"2592000" doc:"Seconds; without it a week."`
}

// InviteShape is an invite as its owner hands it on.
type InviteShape struct {
	Code      string `json:"code"`
	URL       string `json:"url" doc:"The same as a link."`
	ExpiresAt string `json:"expiresAt" format:"date-time"`
}

type inviteEntryJSON struct {
	InviteShape
	Used bool `json:"used" doc:"A pod became a friend with it; it is good for no other one."`
}

func inviteShape(i pod.InviteCode) InviteShape {
	return InviteShape{Code: i.Code, URL: i.URL, ExpiresAt: stamp(i.ExpiresAt)}
}

func (a *API) createInvite(ctx context.Context, in *newInviteParams) (*body[InviteShape], error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	life := inviteLife
	if in.Body != nil && in.Body.ExpiresIn != nil {
		life = time.Duration(*in.Body.ExpiresIn) * time.Second
	}
	invite, err := friends.NewInvite(ctx, life)
	if err != nil {
		return nil, err
	}
	return answer(inviteShape(invite)), nil
}

func (a *API) listInvites(ctx context.Context, in *PageParams) (*body[page[inviteEntryJSON]], error) {
	if a.cfg.Friends == nil {
		return answer(newPage[inviteEntryJSON](0, nil)), nil
	}
	all, err := a.cfg.Friends.Invites(ctx)
	if err != nil {
		return nil, err
	}
	data := make([]inviteEntryJSON, 0, in.Count)
	for _, i := range part(*in, all) {
		data = append(data, inviteEntryJSON{InviteShape: inviteShape(i), Used: i.Used})
	}
	return answer(newPage(len(all), data)), nil
}

type codeParam struct {
	Code string `path:"code" maxLength:"4000" doc:"The code of the invite."`
}

func (a *API) deleteInvite(ctx context.Context, in *codeParam) (*struct{}, error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	return nil, explainAbsent(friends.DropInvite(ctx, in.Code), "There is no such invite.")
}
