package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeChannels() {
	channels, accounts := []string{"Channels"}, []string{"Accounts"}
	typed(a, huma.Operation{OperationID: "listChannels", Method: http.MethodGet, Path: "/api/v1/video-channels", Tags: channels, Summary: "List the pod's channels"}, accessOptional, a.listChannels)
	typed(a, huma.Operation{OperationID: "getChannel", Method: http.MethodGet, Path: "/api/v1/video-channels/{name}", Tags: channels, Summary: "Get a channel"}, accessOptional, a.getChannel)
	typed(a, huma.Operation{OperationID: "listChannelVideos", Method: http.MethodGet, Path: "/api/v1/video-channels/{name}/videos", Tags: channels, Summary: "List a channel's videos"}, accessOptional, a.listChannelVideos)
	typed(a, huma.Operation{OperationID: "getAccount", Method: http.MethodGet, Path: "/api/v1/accounts/{name}", Tags: accounts, Summary: "Get an account"}, accessOptional, a.getAccount)
	typed(a, huma.Operation{OperationID: "listAccountVideos", Method: http.MethodGet, Path: "/api/v1/accounts/{name}/videos", Tags: accounts, Summary: "List an account's videos"}, accessOptional, a.listAccountVideos)
	typed(a, huma.Operation{OperationID: "listAccountChannels", Method: http.MethodGet, Path: "/api/v1/accounts/{name}/video-channels", Tags: accounts, Summary: "List an account's channels"}, accessOptional, a.listAccountChannels)
}

// HandleParam names an account or channel: name, or name@host with the pod's own host.
type HandleParam struct {
	Name string `path:"name" maxLength:"320" doc:"The name, or name@host."`
}

// local gives the name without the pod's own host; a name at another host is not here.
func (a *API) local(handle string) (string, error) {
	name, host, full := strings.Cut(handle, "@")
	if full && !strings.EqualFold(host, a.host()) {
		return "", notFound("Nobody of that pod is known here.")
	}
	return name, nil
}

func (a *API) findAccount(ctx context.Context, handle string) (*pod.Account, error) {
	name, err := a.local(handle)
	if err != nil {
		return nil, err
	}
	account, err := a.cfg.People.AccountByName(ctx, name)
	if errors.Is(err, pod.ErrNotFound) {
		return nil, notFound("There is no such account.")
	}
	return &account, err
}

// owned is a channel with its account.
type owned struct {
	channel pod.Channel
	owner   *pod.Account
}

// channels lists those of the pod. The root account is the pod's only one, so its
// channels are all there are.
func (a *API) channels(ctx context.Context) ([]owned, error) {
	root, err := a.cfg.People.AccountByName(ctx, pod.RootName)
	if err != nil {
		return nil, err
	}
	return a.channelsOf(ctx, &root)
}

func (a *API) channelsOf(ctx context.Context, owner *pod.Account) ([]owned, error) {
	list, err := a.cfg.People.Channels(ctx, owner.ID)
	if err != nil {
		return nil, err
	}
	out := make([]owned, 0, len(list))
	for _, channel := range list {
		out = append(out, owned{channel: channel, owner: owner})
	}
	return out, nil
}

func (a *API) findChannel(ctx context.Context, handle string) (owned, error) {
	name, err := a.local(handle)
	if err != nil {
		return owned{}, err
	}
	all, err := a.channels(ctx)
	if err != nil {
		return owned{}, err
	}
	for _, o := range all {
		if o.channel.Name == name {
			return o, nil
		}
	}
	return owned{}, notFound("There is no such channel.")
}

// ChannelListParams select and sort channels.
type ChannelListParams struct {
	PageParams
	Sort string `query:"sort" default:"-createdAt" enum:"createdAt,-createdAt,updatedAt,-updatedAt,name,-name" doc:"A field, with a leading - for the opposite direction."`
}

func sortChannels(all []owned, sort string) {
	field, down := strings.CutPrefix(sort, "-")
	slices.SortStableFunc(all, func(x, y owned) int {
		if down {
			x, y = y, x
		}
		switch field {
		case "name":
			return strings.Compare(x.channel.Name, y.channel.Name)
		case "updatedAt":
			return x.channel.UpdatedAt.Compare(y.channel.UpdatedAt)
		default:
			return x.channel.CreatedAt.Compare(y.channel.CreatedAt)
		}
	})
}

func (a *API) channelPage(all []owned, p ChannelListParams) (*body[page[channelJSON]], error) {
	sortChannels(all, p.Sort)
	shown := part(p.PageParams, all)
	data := make([]channelJSON, 0, len(shown))
	for _, o := range shown {
		data = append(data, a.channelShape(&o.channel, o.owner))
	}
	return answer(newPage(len(all), data)), nil
}

func (a *API) listChannels(ctx context.Context, in *ChannelListParams) (*body[page[channelJSON]], error) {
	all, err := a.channels(ctx)
	if err != nil {
		return nil, err
	}
	return a.channelPage(all, *in)
}

func (a *API) getChannel(ctx context.Context, in *HandleParam) (*body[channelJSON], error) {
	o, err := a.findChannel(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return answer(a.channelShape(&o.channel, o.owner)), nil
}

type handleListParams struct {
	HandleParam
	ListParams
}

func (a *API) listChannelVideos(ctx context.Context, in *handleListParams) (*body[page[VideoShape]], error) {
	o, err := a.findChannel(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return a.list(ctx, &in.ListParams, privacyList(viewerOf(ctx), in.query.Privacies), func(q *pod.VideoQuery) { q.Channel = o.channel.ID })
}

func (a *API) getAccount(ctx context.Context, in *HandleParam) (*body[accountJSON], error) {
	account, err := a.findAccount(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return answer(a.accountShape(account)), nil
}

func (a *API) listAccountVideos(ctx context.Context, in *handleListParams) (*body[page[VideoShape]], error) {
	account, err := a.findAccount(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return a.list(ctx, &in.ListParams, privacyList(viewerOf(ctx), in.query.Privacies), func(q *pod.VideoQuery) { q.Account = account.ID })
}

type handlePageParams struct {
	HandleParam
	ChannelListParams
}

func (a *API) listAccountChannels(ctx context.Context, in *handlePageParams) (*body[page[channelJSON]], error) {
	account, err := a.findAccount(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	all, err := a.channelsOf(ctx, account)
	if err != nil {
		return nil, err
	}
	return a.channelPage(all, in.ChannelListParams)
}
