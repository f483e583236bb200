package viewmodel

import (
	"context"

	"github.com/peerpod/peerpod/pod"
)

// Library is the pod's videos as the window needs them. Its methods may wait and are
// called on goroutines of this package; errors are best *pod.Error.
type Library interface {
	// List gives one page of the videos that the owner may see.
	List(ctx context.Context, q pod.VideoQuery) (pod.VideoPage, error)
	// Search gives one page of what fits the text, best first.
	Search(ctx context.Context, text string, start, count int) (pod.VideoPage, error)
	// Import publishes a file. progress may be called often and from any goroutine,
	// until Import returns. A cancelled ctx leaves nothing behind.
	Import(ctx context.Context, path string, progress func(Progress)) (pod.Video, error)
	// Edit changes what a person said about a video.
	Edit(ctx context.Context, id pod.VideoID, change func(*pod.VideoMeta) error) (pod.Video, error)
	// Delete removes the video and its files.
	Delete(ctx context.Context, id pod.VideoID) error
}

// Pictures gives posters: JPEG or PNG bytes. pod.ErrNotFound means that there is none.
type Pictures interface {
	Thumbnail(ctx context.Context, v pod.Video) ([]byte, error)
}

// Links writes the addresses under which others find the pod and its videos. The methods
// are quick and are called on the main goroutine. An empty text means "there is none".
type Links interface {
	Page(v pod.Video) string   // the watch page
	Magnet(v pod.Video) string // for BitTorrent clients; none for private videos
	File(v pod.Video) string   // what the system's player opens: a file:// or http:// URL
	Home() string              // the pod's page
}

// Events tells of changes in the library and among the friends. The function may be called from any goroutine
// and must not be called after cancel returned.
type Events interface {
	Subscribe(changed func()) (cancel func())
}

// Network is the pod's friends. Methods with a context may wait and are called on
// goroutines of this package; the others are quick and are called on the main goroutine.
type Network interface {
	// Friends gives all records that the owner sees, requests and blocked pods included.
	Friends(ctx context.Context) ([]pod.Friend, error)
	PodSelf(ctx context.Context) (pod.Self, error)
	// MakeFriends asks the pods of an invite or of addresses; it may take a minute.
	MakeFriends(ctx context.Context, join pod.Join) (pod.Joined, error)
	AcceptFriend(ctx context.Context, id pod.PodID) error
	RefuseFriend(ctx context.Context, id pod.PodID) error
	BlockFriend(ctx context.Context, id pod.PodID) error
	// RestoreFriend brings a parked friend back at once, or lifts a block.
	RestoreFriend(ctx context.Context, id pod.PodID) error
	// RemoveFriend ends a friendship, or takes a request back.
	RemoveFriend(ctx context.Context, id pod.PodID) error
	NewInvite(ctx context.Context) (pod.InviteCode, error)
	// FriendWords gives the 12 words that two people compare.
	FriendWords(id pod.PodID) string
	// FriendName names the origin of a video and tells whether it is online; "" is unknown.
	FriendName(origin pod.FriendID) (name string, online bool)
}

// Mirrors keeps copies of friends' videos. KeptState is quick and is called on the main
// goroutine.
type Mirrors interface {
	KeepVideo(ctx context.Context, id pod.VideoID) error
	LetGoVideo(ctx context.Context, id pod.VideoID) error
	KeptState(v pod.Video) pod.MirrorState
}

// Statuses tells how busy the pod is. It is asked about once a second.
type Statuses interface {
	Status(ctx context.Context) (PodStatus, error)
}

// PodStatus is one look at the pod.
type PodStatus struct {
	UploadBPS   int64 // bytes per second, all ways together
	DownloadBPS int64
	Videos      int // in the library
	Awake       int // videos that are being sent right now
}

// Backend is all that the view models ask. All fields but Events must be set.
type Backend struct {
	Library  Library
	Pictures Pictures
	Links    Links
	Statuses Statuses
	Network  Network
	Mirrors  Mirrors
	Events   Events // nil: nothing changes by itself
}

// Stage says which part of an import is going on.
type Stage int

// The stages, in their order.
const (
	StageCopy    Stage = iota // the file is read into the pod
	StageCheck                // its bytes are looked at
	StagePublish              // it is written as it will be served
	StagePoster               // its picture is made
)

// Progress is how far an import is. TotalBytes 0 means that nobody knows.
type Progress struct {
	Stage      Stage
	DoneBytes  int64 // of this stage
	TotalBytes int64 // of this stage
}

// Fraction is the part of the whole import that is done, 0 to 1. Copying and publishing
// count as nearly a half each, for both go through all bytes once.
func (p Progress) Fraction() float64 {
	from := [...]float64{StageCopy: 0, StageCheck: 0.48, StagePublish: 0.5, StagePoster: 0.96}
	to := [...]float64{StageCopy: 0.48, StageCheck: 0.5, StagePublish: 0.96, StagePoster: 1}
	if p.Stage < StageCopy || p.Stage > StagePoster {
		return 0
	}
	part := 0.0
	if p.TotalBytes > 0 {
		part = min(1, max(0, float64(p.DoneBytes)/float64(p.TotalBytes)))
	}
	return from[p.Stage] + part*(to[p.Stage]-from[p.Stage])
}
