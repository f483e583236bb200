package api

import (
	"context"
	"errors"
	"net/url"

	"github.com/peerpod/peerpod/pod"
)

// credits are the people and the pod that a video is from.
type credits struct {
	base    string // of the pod that has the video's page
	account accountJSON
	channel channelJSON
	origin  *originJSON // nil: this pod
}

// cast remembers the people and pods of one answer, so that each is read once.
type cast struct {
	api      *API
	accounts map[pod.AccountID]*pod.Account
	channels map[pod.ChannelID]*pod.Channel
	origins  map[pod.FriendID]*originJSON
}

func (a *API) newCast() *cast {
	return &cast{
		api: a, accounts: map[pod.AccountID]*pod.Account{}, channels: map[pod.ChannelID]*pod.Channel{},
		origins: map[pod.FriendID]*originJSON{},
	}
}

// of gives a video's credits. Where an account or channel is gone, an empty one stands
// for it: a video is worth showing without its author.
func (c *cast) of(ctx context.Context, v *pod.Video) (*credits, error) {
	if !v.IsLocal() {
		return c.ofFriend(v), nil
	}
	if c.accounts[v.AccountID] == nil {
		account, err := c.api.cfg.People.Account(ctx, v.AccountID)
		if err != nil && !errors.Is(err, pod.ErrNotFound) {
			return nil, err
		}
		c.accounts[v.AccountID] = &account
	}
	if c.channels[v.ChannelID] == nil {
		channel, err := c.api.cfg.People.Channel(ctx, v.ChannelID)
		if err != nil && !errors.Is(err, pod.ErrNotFound) {
			return nil, err
		}
		c.channels[v.ChannelID] = &channel
	}
	account := c.accounts[v.AccountID]
	return &credits{
		base: c.api.cfg.Links.Base(), account: c.api.accountShape(account),
		channel: c.api.channelShape(c.channels[v.ChannelID], account),
	}, nil
}

// ofFriend credits the people whom a friend named, at their own pod.
func (c *cast) ofFriend(v *pod.Video) *credits {
	origin := c.origins[v.Origin]
	if origin == nil {
		found := c.api.origin(v.Origin)
		origin = &found
		c.origins[v.Origin] = origin
	}
	account := accountJSON{ // known here since this video was made
		ActorShape: friendsActor(origin.URL, "/accounts/", v.Author.AccountName, v.Author.AccountDisplay),
		CreatedAt:  stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt),
	}
	return &credits{
		base: origin.URL, account: account, origin: origin,
		channel: channelJSON{
			ActorShape: friendsActor(origin.URL, "/video-channels/", v.Author.ChannelName, v.Author.ChannelDisplay),
			Banners:    []image{}, OwnerAccount: account, CreatedAt: account.CreatedAt, UpdatedAt: account.UpdatedAt,
		},
	}
}

// friendsActor is an account or channel of another pod. It has no number here.
func friendsActor(base, under, name, display string) ActorShape {
	return ActorShape{
		Name: name, DisplayName: orElse(display, name), URL: base + under + url.PathEscape(name),
		Host: hostOf(base), Avatars: []image{},
	}
}

// origin is the pod that a friend's video comes from; it is empty when the friendship
// ended a moment ago.
func (a *API) origin(id pod.FriendID) originJSON {
	if a.cfg.Origins == nil {
		return originJSON{}
	}
	name, base, ok := a.cfg.Origins.Origin(id)
	if !ok {
		return originJSON{}
	}
	return originJSON{ID: string(a.cfg.Origins.OriginID(id)), Name: name, URL: base}
}
