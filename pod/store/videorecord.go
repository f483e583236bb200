package store

import (
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// videoRecord is a video as it is stored. Its JSON is part of the schema.
type videoRecord struct {
	ID           pod.VideoID    `json:"id"`
	UUID         pod.UUID       `json:"uuid"`
	Origin       pod.FriendID   `json:"origin,omitempty"`
	Account      pod.AccountID  `json:"account,omitempty"`
	Channel      pod.ChannelID  `json:"channel,omitempty"`
	Meta         metaRecord     `json:"meta"`
	State        pod.VideoState `json:"state"`
	DurationNano time.Duration  `json:"durationNs"`
	Views        uint64         `json:"views,omitempty"`
	Files        []fileRecord   `json:"files,omitempty"`
	HasPoster    bool           `json:"hasPoster,omitempty"`
	PosterRev    uint32         `json:"posterRev,omitempty"`
	CreatedAt    time.Time      `json:"createdAt"`
	PublishedAt  time.Time      `json:"publishedAt"`
	UpdatedAt    time.Time      `json:"updatedAt"`
	Rev          pod.Rev        `json:"rev"`

	// Since schema 2. Of own videos, the changes with which it was public first, and no more.
	PublicFrom  pod.Rev `json:"publicFrom,omitempty"`
	PublicUntil pod.Rev `json:"publicUntil,omitempty"`
	// Of friends' videos.
	Author       *authorRecord `json:"author,omitempty"`
	OriginRev    pod.Rev       `json:"originRev,omitempty"`
	OriginEpoch  uint64        `json:"originEpoch,omitempty"`
	PosterSource uint32        `json:"posterSource,omitempty"`
	Hidden       bool          `json:"hidden,omitempty"`
}

type authorRecord struct {
	AccountName    string `json:"accountName,omitempty"`
	AccountDisplay string `json:"accountDisplay,omitempty"`
	ChannelName    string `json:"channelName,omitempty"`
	ChannelDisplay string `json:"channelDisplay,omitempty"`
}

type metaRecord struct {
	Name            string      `json:"name"`
	Description     string      `json:"description,omitempty"`
	Support         string      `json:"support,omitempty"`
	Tags            []string    `json:"tags,omitempty"`
	Category        int         `json:"category,omitempty"`
	Licence         int         `json:"licence,omitempty"`
	Language        string      `json:"language,omitempty"`
	Privacy         pod.Privacy `json:"privacy"`
	NSFW            bool        `json:"nsfw,omitempty"`
	CommentsPolicy  int         `json:"commentsPolicy,omitempty"`
	DownloadEnabled bool        `json:"downloadEnabled,omitempty"`
	WaitTranscoding bool        `json:"waitTranscoding,omitempty"`
	OriginallyAt    *time.Time  `json:"originallyAt,omitempty"`
}

type fileRecord struct {
	ID          uint64       `json:"id"`
	Infohash    pod.Infohash `json:"infohash"`
	Name        string       `json:"name"`
	SizeBytes   int64        `json:"sizeBytes"`
	PieceLength int64        `json:"pieceLength"`
	Height      int          `json:"height,omitempty"`
	Width       int          `json:"width,omitempty"`
	FPS         float64      `json:"fps,omitempty"`
	MIME        string       `json:"mime,omitempty"`
	HasAudio    bool         `json:"hasAudio,omitempty"`
	CreatedAt   time.Time    `json:"createdAt"`
}

func newVideoRecord(v *pod.Video) videoRecord {
	r := videoRecord{
		ID: v.ID, UUID: v.UUID, Origin: v.Origin, Account: v.AccountID, Channel: v.ChannelID,
		Meta: newMetaRecord(&v.VideoMeta), State: v.State, DurationNano: v.Duration, Views: v.Views,
		HasPoster: v.HasPoster, PosterRev: v.PosterRev,
		CreatedAt: v.CreatedAt.UTC(), PublishedAt: v.PublishedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(), Rev: v.Rev,
		OriginRev: v.OriginRev, OriginEpoch: v.OriginEpoch, PosterSource: v.PosterSource, Hidden: v.Hidden,
	}
	if v.Author != (pod.Author{}) {
		author := authorRecord(v.Author)
		r.Author = &author
	}
	for i := range v.Files {
		r.Files = append(r.Files, newFileRecord(&v.Files[i]))
	}
	return r
}

// hasFile tells whether one of the files has that number. A nil record has none.
func (r *videoRecord) hasFile(id uint64) bool {
	return r != nil && slices.ContainsFunc(r.Files, func(f fileRecord) bool { return f.ID == id })
}

func newMetaRecord(m *pod.VideoMeta) metaRecord {
	r := metaRecord{
		Name: m.Name, Description: m.Description, Support: m.Support, Tags: m.Tags, Category: m.Category,
		Licence: m.Licence, Language: m.Language, Privacy: m.Privacy, NSFW: m.NSFW, CommentsPolicy: m.CommentsPolicy,
		DownloadEnabled: m.DownloadEnabled, WaitTranscoding: m.WaitTranscoding,
	}
	if m.OriginallyAt != nil {
		at := m.OriginallyAt.UTC()
		r.OriginallyAt = &at
	}
	return r
}

func newFileRecord(f *pod.VideoFile) fileRecord {
	return fileRecord{
		ID: f.ID, Infohash: f.Infohash, Name: f.Name, SizeBytes: f.SizeBytes, PieceLength: f.PieceLength, Height: f.Height,
		Width: f.Width, FPS: f.FPS, MIME: f.MIME, HasAudio: f.HasAudio, CreatedAt: f.CreatedAt.UTC(),
	}
}

// video gives the domain's form of a record that was just read: it may share its slices.
func (r *videoRecord) video() pod.Video {
	v := pod.Video{
		ID: r.ID, UUID: r.UUID, Origin: r.Origin, AccountID: r.Account, ChannelID: r.Channel,
		VideoMeta: r.Meta.meta(), State: r.State, Duration: r.DurationNano, Views: r.Views,
		HasPoster: r.HasPoster, PosterRev: r.PosterRev,
		CreatedAt: r.CreatedAt, PublishedAt: r.PublishedAt, UpdatedAt: r.UpdatedAt, Rev: r.Rev,
		OriginRev: r.OriginRev, OriginEpoch: r.OriginEpoch, PosterSource: r.PosterSource, Hidden: r.Hidden,
	}
	if r.Author != nil {
		v.Author = pod.Author(*r.Author)
	}
	for i := range r.Files {
		v.Files = append(v.Files, r.Files[i].file())
	}
	return v
}

func (r *metaRecord) meta() pod.VideoMeta {
	return pod.VideoMeta{
		Name: r.Name, Description: r.Description, Support: r.Support, Tags: r.Tags, Category: r.Category,
		Licence: r.Licence, Language: r.Language, Privacy: r.Privacy, NSFW: r.NSFW, CommentsPolicy: r.CommentsPolicy,
		DownloadEnabled: r.DownloadEnabled, WaitTranscoding: r.WaitTranscoding, OriginallyAt: r.OriginallyAt,
	}
}

func (r *fileRecord) file() pod.VideoFile {
	return pod.VideoFile{
		ID: r.ID, Infohash: r.Infohash, Name: r.Name, SizeBytes: r.SizeBytes, PieceLength: r.PieceLength, Height: r.Height,
		Width: r.Width, FPS: r.FPS, MIME: r.MIME, HasAudio: r.HasAudio, CreatedAt: r.CreatedAt,
	}
}
