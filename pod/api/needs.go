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
	// Trackers are the announce URLs that go into torrents and magnets.
	Trackers() []string
	// Magnet is the magnet URI of a file that is in a torrent.
	Magnet(f pod.VideoFile) string
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
