package federation

import (
	"context"

	"github.com/peerpod/peerpod/pod"
)

// Store keeps friends and what travels between them. Package store is one.
type Store interface {
	ChangeFriend(ctx context.Context, id pod.PodID, invite string, change func(*pod.Friend) error) (pod.Friend, error)
	ChangeFriends(ctx context.Context, change func(*pod.Friend) bool) error
	Friends(ctx context.Context) ([]pod.Friend, error)
	Friend(ctx context.Context, n pod.FriendID) (pod.Friend, error)
	FriendByPodID(ctx context.Context, id pod.PodID) (pod.Friend, error)
	DeleteFriend(ctx context.Context, n pod.FriendID) error

	InsertInvite(ctx context.Context, i pod.Invite) error
	Invites(ctx context.Context) ([]pod.Invite, error)
	Invite(ctx context.Context, id string) (pod.Invite, error)
	DeleteInvite(ctx context.Context, id string) error

	SeenJTI(ctx context.Context, n pod.FriendID, jti string) (bool, error)
	Receive(ctx context.Context, d pod.Delivery) (pod.Receipt, error)
	InFlight(ctx context.Context, n pod.FriendID) (pod.Frozen, bool, error)
	Freeze(ctx context.Context, m pod.Frozen) error
	Delivered(ctx context.Context, d pod.Delivered) (bool, error)

	OutChanges(ctx context.Context, after pod.Rev, limit int) ([]pod.OutChange, error)
	LastOutRev(ctx context.Context) (pod.Rev, error)
	Signed(ctx context.Context, id pod.VideoID) (pod.SignedVideo, error)
	KeepSigned(ctx context.Context, videos []pod.SignedVideo) error
	ListVideos(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error)
	Channel(ctx context.Context, id pod.ChannelID) (pod.Channel, error)
	Account(ctx context.Context, id pod.AccountID) (pod.Account, error)
}
