package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Videos reads the catalogue. Package store is one.
type Videos interface {
	Video(ctx context.Context, id pod.VideoID) (pod.Video, error)
	VideoByRef(ctx context.Context, ref pod.VideoRef) (pod.Video, error)
	ListVideos(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error)
	AddView(ctx context.Context, id pod.VideoID) error
}

// People reads accounts and their channels. Package store is one.
type People interface {
	Account(ctx context.Context, id pod.AccountID) (pod.Account, error)
	AccountByName(ctx context.Context, name string) (pod.Account, error)
	Channels(ctx context.Context, id pod.AccountID) ([]pod.Channel, error)
	Channel(ctx context.Context, id pod.ChannelID) (pod.Channel, error)
	UsedBytes(ctx context.Context, id pod.AccountID) (int64, error)
}

// Login is a person's request for tokens. Its fields stand as package account has them.
type Login struct {
	ClientID, ClientSecret string
	Username, Password     string
	Source                 netip.Addr
}

// Refresh asks for new tokens in exchange for a refresh token.
type Refresh struct {
	ClientID, ClientSecret string
	RefreshToken           string
}

// Tokens is a session's pair of tokens.
type Tokens struct {
	Access, Refresh                   string
	AccessExpiresIn, RefreshExpiresIn time.Duration
}

// Sessions gives and checks tokens. Package account is behind it.
type Sessions interface {
	Client(ctx context.Context) (pod.OAuthClient, error)
	Login(ctx context.Context, l Login) (Tokens, error)
	Refresh(ctx context.Context, r Refresh) (Tokens, error)
	Revoke(ctx context.Context, access string) error
	// Authenticate gives the token's account; KindUnauthorized for a bad token.
	Authenticate(ctx context.Context, access string) (pod.Account, error)
}

// Profile is what an account may change of itself; nil fields stay as they are.
type Profile struct {
	DisplayName, Description, Email *string
}

// PasswordCheck is a password that a logged-in person gives again.
type PasswordCheck struct {
	AccountID pod.AccountID
	Password  string
	Source    netip.Addr // whose wrong passwords are counted
}

// Profiles changes accounts. Package account is behind it.
type Profiles interface {
	UpdateProfile(ctx context.Context, id pod.AccountID, p Profile) (pod.Account, error)
	// CheckPassword is nil if the password is the account's.
	CheckPassword(ctx context.Context, current PasswordCheck) error
	// ChangePassword checks the current password and puts the next in its place.
	ChangePassword(ctx context.Context, current PasswordCheck, next string) error
}

// Library publishes, edits and removes this pod's own videos.
type Library interface {
	Begin(ctx context.Context, r pod.UploadRequest) (pod.Upload, error)
	Edit(ctx context.Context, id pod.VideoID, r pod.EditRequest) (pod.Video, error)
	Delete(ctx context.Context, id pod.VideoID) error
}

// SearchQuery asks the full-text index. Its fields stand as package search has them.
type SearchQuery struct {
	Text         string
	Start, Count int
	Privacies    []pod.Privacy
	Sort         string
}

// SearchResult is one page of matches, best first unless sorted otherwise.
type SearchResult struct {
	Total int
	IDs   []pod.VideoID
}

// Search finds videos by their text. Package search is behind it.
type Search interface {
	Search(ctx context.Context, q SearchQuery) (SearchResult, error)
}

// Links knows how others reach this pod. The answers may change while the pod runs.
type Links interface {
	// Base is the pod's public address, for example http://192.168.1.7:9000, without a
	// slash at its end.
	Base() string
	// TrackersOf are the announce URLs in the torrents and magnets of a video: those of
	// the pod that it comes from.
	TrackersOf(v pod.Video) []string
	// MagnetOf is the magnet URI of a file of a video that is in a torrent. It is the same
	// on every pod; one that holds a copy adds itself as a source.
	MagnetOf(v pod.Video, f pod.VideoFile) string
	// FileBase is the address, in the form of Base, of the pod that serves a file: this
	// one for its own videos and for whole copies, else the one that the video comes from.
	FileBase(v pod.Video, f pod.VideoFile) string
}

// Peers tells how many peers share a file. Package tracker is one.
type Peers interface {
	Counts(ih pod.Infohash) pod.PeerCounts
}

// Info is what the pod says about itself.
type Info struct {
	Name        string // the pod's name, shown to people
	Version     string // of the program
	Description string
	Extensions  []string // of files that an upload may have, with the dot
}

// PodCalls takes the requests of other pods, who prove themselves by their signatures. An
// error is shown as a problem.
type PodCalls interface {
	Introduce(ctx context.Context, in pod.Incoming) (pod.Reply, error)
	Challenge(ctx context.Context, in pod.Incoming) (pod.Reply, error)
	Inbox(ctx context.Context, in pod.Incoming) (pod.Reply, error)
}

// Friendships begins and ends them, for the owner. An unknown pod is pod.ErrNotFound.
type Friendships interface {
	Self(ctx context.Context) (pod.Self, error)
	// List gives the records of all pods, whatever their status.
	List(ctx context.Context) ([]pod.Friend, error)
	// Fingerprint is a pod's ID in words that people compare.
	Fingerprint(id pod.PodID) string
	MakeFriends(ctx context.Context, j pod.Join) (pod.Joined, error)
	QuitAll(ctx context.Context) error
	Accept(ctx context.Context, id pod.PodID) error
	Refuse(ctx context.Context, id pod.PodID) error
	Block(ctx context.Context, id pod.PodID) error
	Restore(ctx context.Context, id pod.PodID) error
	Remove(ctx context.Context, id pod.PodID) error
	// Queue tells what waits for each friend.
	Queue(ctx context.Context) ([]pod.QueueEntry, error)
	RotateKey(ctx context.Context) error
}

// Invites are good for one unknown pod each.
type Invites interface {
	NewInvite(ctx context.Context, ttl time.Duration) (pod.InviteCode, error)
	Invites(ctx context.Context) ([]pod.InviteCode, error)
	DropInvite(ctx context.Context, code string) error
}

// Friends is this pod among others. Package federation is one.
type Friends interface {
	PodCalls
	Friendships
	Invites
}

// Mirrors keeps copies of friends' videos.
type Mirrors interface {
	// Mirror begins to fetch a copy; pod.ErrTooLarge when it would not fit the budget.
	Mirror(ctx context.Context, v pod.Video) error
	// Unmirror lets a copy go; pod.ErrNotFound when there is none.
	Unmirror(ctx context.Context, v pod.Video) error
	MirrorState(v pod.Video) pod.MirrorState
}

// Events tells what changes on the pod.
type Events interface {
	// Follow gives events until ctx ends. The channel is closed then, and when the
	// follower is too slow.
	Follow(ctx context.Context) <-chan pod.Event
}

// Origins knows the pods that friends' videos come from. The answers may change.
type Origins interface {
	// Origin gives the name and the base URL of a friend; ok is false for an unknown one.
	Origin(id pod.FriendID) (name, baseURL string, ok bool)
	// OriginID gives the friend's PodID; "" for an unknown one.
	OriginID(id pod.FriendID) pod.PodID
}
