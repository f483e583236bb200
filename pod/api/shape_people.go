package api

import (
	"github.com/peerpod/peerpod/pod"
)

// ActorShape is an account or channel inside another answer.
type ActorShape struct {
	ID          uint64  `json:"id"`
	Name        string  `json:"name"`
	DisplayName string  `json:"displayName"`
	URL         string  `json:"url"`
	Host        string  `json:"host"`
	Avatars     []image `json:"avatars" nullable:"false"`
}

// accountJSON is PeerTube's Account.
type accountJSON struct {
	ActorShape
	UserID         uint64 `json:"userId"`
	Description    string `json:"description"`
	FollowingCount int    `json:"followingCount"`
	FollowersCount int    `json:"followersCount"`
	CreatedAt      string `json:"createdAt" format:"date-time"`
	UpdatedAt      string `json:"updatedAt" format:"date-time"`
}

// channelJSON is PeerTube's VideoChannel.
type channelJSON struct {
	ActorShape
	Description    string      `json:"description"`
	Support        string      `json:"support"`
	IsLocal        bool        `json:"isLocal"`
	FollowingCount int         `json:"followingCount"`
	FollowersCount int         `json:"followersCount"`
	Banners        []image     `json:"banners" nullable:"false"`
	OwnerAccount   accountJSON `json:"ownerAccount"`
	CreatedAt      string      `json:"createdAt" format:"date-time"`
	UpdatedAt      string      `json:"updatedAt" format:"date-time"`
}

// host is the part of the pod's address that PeerTube calls host: name and port.
func (a *API) host() string { return hostOf(a.cfg.Links.Base()) }

func (a *API) accountSummary(account *pod.Account) ActorShape {
	return ActorShape{
		ID: uint64(account.ID), Name: account.Name, DisplayName: orElse(account.DisplayName, account.Name),
		URL: a.cfg.Links.Base() + "/accounts/" + account.Name, Host: a.host(), Avatars: []image{},
	}
}

func (a *API) channelSummary(channel *pod.Channel) ActorShape {
	return ActorShape{
		ID: uint64(channel.ID), Name: channel.Name, DisplayName: orElse(channel.DisplayName, channel.Name),
		URL: a.cfg.Links.Base() + "/video-channels/" + channel.Name, Host: a.host(), Avatars: []image{},
	}
}

func (a *API) accountShape(account *pod.Account) accountJSON {
	return accountJSON{
		ActorShape: a.accountSummary(account), UserID: uint64(account.ID), Description: account.Description,
		CreatedAt: stamp(account.CreatedAt), UpdatedAt: stamp(account.UpdatedAt),
	}
}

func (a *API) channelShape(channel *pod.Channel, owner *pod.Account) channelJSON {
	return channelJSON{
		ActorShape: a.channelSummary(channel), Description: channel.Description, Support: channel.Support,
		IsLocal: true, Banners: []image{}, OwnerAccount: a.accountShape(owner),
		CreatedAt: stamp(channel.CreatedAt), UpdatedAt: stamp(channel.UpdatedAt),
	}
}

func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
