package pod

import "time"

// Privacy says who may see a video. The numbers are PeerTube's; 6 and 7 are ours.
type Privacy int

// The levels of privacy.
const (
	PrivacyPublic   Privacy = 1 // everybody, lists, search, torrent
	PrivacyUnlisted Privacy = 2 // whoever has the link, torrent, but no list
	PrivacyPrivate  Privacy = 3 // its account only
	PrivacyInternal Privacy = 4 // accounts of this pod
	PrivacyPassword Privacy = 5 // whoever has the password
	PrivacyFriends  Privacy = 6 // all friends' pods
	PrivacyChosen   Privacy = 7 // chosen friends' pods
)

// InTorrent tells whether a video of this privacy may be in a torrent at all:
// only public and unlisted ones are (API.md section 5).
func (p Privacy) InTorrent() bool { return p == PrivacyPublic || p == PrivacyUnlisted }

// VideoState says how far a video is. The numbers are PeerTube's.
type VideoState int

// The states of a video.
const (
	StatePublished   VideoState = 1
	StateToTranscode VideoState = 2
)

// Video is one video, of this pod (Origin 0) or of a friend.
type Video struct {
	ID        VideoID
	UUID      UUID
	Origin    FriendID
	AccountID AccountID
	ChannelID ChannelID
	VideoMeta
	State    VideoState
	Duration time.Duration
	Views    uint64
	Files    []VideoFile
	// HasPoster tells that the pod keeps a picture of this video; without it the
	// placeholder is shown. PosterRev changes with the picture.
	HasPoster   bool
	PosterRev   uint32
	CreatedAt   time.Time // when the upload ended
	PublishedAt time.Time // when others could see it first
	UpdatedAt   time.Time
	Rev         Rev // the catalogue's count at the last change

	// Of friends' videos only.
	Author      Author
	OriginRev   Rev    // the origin's count at its last change
	OriginEpoch uint64 // of the friendship in which that was told
	// PosterSource is the number that the origin gave its picture; 0 is none. HasPoster
	// tells whether this pod holds a copy.
	PosterSource uint32
	// Hidden tells that the friend is parked: the video is in no list and not found.
	Hidden bool
}

// Author names the account and the channel of a friend's video.
type Author struct {
	AccountName, AccountDisplay string
	ChannelName, ChannelDisplay string
}

// IsLocal tells whether the video is this pod's own.
func (v *Video) IsLocal() bool { return v.Origin == 0 }

// File finds the file with that name.
func (v *Video) File(name string) (VideoFile, bool) {
	for _, f := range v.Files {
		if f.Name == name {
			return f, true
		}
	}
	return VideoFile{}, false
}

// VideoMeta is what a person says about a video.
type VideoMeta struct {
	Name            string // 3-120 characters, NFC
	Description     string // at most 10,000 characters
	Support         string // at most 1,000 characters
	Tags            []string
	Category        int    // 0 is none; see Categories
	Licence         int    // 0 is none; see Licences
	Language        string // "" is none; ISO 639-1 or -3
	Privacy         Privacy
	NSFW            bool
	CommentsPolicy  int // 1 enabled, 2 disabled, 3 requires approval
	DownloadEnabled bool
	WaitTranscoding bool
	OriginallyAt    *time.Time // when it was first published elsewhere
}

// VideoFile is one file of a video, as it is seeded and served.
type VideoFile struct {
	ID          uint64 // number within the pod, never used twice
	Infohash    Infohash
	Name        string // "{uuid}-{height}.{ext}"; info.name of the torrent and the file's name on disk
	SizeBytes   int64
	PieceLength int64 // bytes
	Height      int
	Width       int
	FPS         float64
	MIME        string // with codecs, for example `video/mp4; codecs="avc1.64001f,mp4a.40.2"`
	HasAudio    bool
	CreatedAt   time.Time
}

// VideoQuery selects and sorts videos for a list.
type VideoQuery struct {
	Start, Count int
	Sort         string // one of SortKeys, with a leading "-" for descending
	Account      AccountID
	Channel      ChannelID
	Privacies    []Privacy // empty: public only
	TagsOneOf    []string  // compared without case
	IsLocal      *bool
	Host         string // origin's host:port; "" is any
	Categories   []int
	Languages    []string
}

// SortKeys are the orders that a list of videos can have.
var sortKeys = map[string]bool{
	"publishedAt": true, "createdAt": true, "updatedAt": true, "name": true, "duration": true,
	"views": true, "likes": true, "trending": true, "hot": true, "best": true, "originallyPublishedAt": true, "match": true,
}

// ValidSort tells whether a list can be sorted by this key; a leading "-" is allowed.
func ValidSort(sort string) bool {
	if len(sort) > 0 && sort[0] == '-' {
		sort = sort[1:]
	}
	return sortKeys[sort]
}

// VideoPage is one page of a list.
type VideoPage struct {
	Total  int // of all that match
	Videos []Video
}

// Change is one step of the catalogue: a video was put, or removed.
type Change struct {
	Rev     Rev
	Video   Video // for a removal: as it last was
	Removed bool
}
