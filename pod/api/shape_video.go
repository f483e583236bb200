package api

import (
	"strconv"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

// VideoShape is a video in a list, as PeerTube's Video.
type VideoShape struct {
	ID                    uint64       `json:"id"`
	UUID                  string       `json:"uuid" format:"uuid"`
	ShortUUID             string       `json:"shortUUID"`
	URL                   string       `json:"url"`
	Name                  string       `json:"name"`
	Category              labelled     `json:"category"`
	Licence               labelled     `json:"licence"`
	Language              labelledText `json:"language"`
	Privacy               labelled     `json:"privacy"`
	NSFW                  bool         `json:"nsfw"`
	NSFWFlags             int          `json:"nsfwFlags"`
	NSFWSummary           string       `json:"nsfwSummary"`
	Description           string       `json:"description"`
	TruncatedDescription  string       `json:"truncatedDescription"`
	Duration              int          `json:"duration" doc:"Seconds."`
	AspectRatio           *float64     `json:"aspectRatio"`
	IsLocal               bool         `json:"isLocal"`
	IsLive                bool         `json:"isLive"`
	ThumbnailPath         string       `json:"thumbnailPath"`
	ThumbnailURL          string       `json:"thumbnailUrl"`
	PreviewPath           string       `json:"previewPath"`
	PreviewURL            string       `json:"previewUrl"`
	EmbedPath             string       `json:"embedPath"`
	EmbedURL              string       `json:"embedUrl"`
	Views                 uint64       `json:"views"`
	Viewers               int          `json:"viewers"`
	Likes                 int          `json:"likes"`
	Dislikes              int          `json:"dislikes"`
	Comments              int          `json:"comments"`
	WaitTranscoding       bool         `json:"waitTranscoding"`
	State                 labelled     `json:"state"`
	Blacklisted           bool         `json:"blacklisted"`
	PublishedAt           string       `json:"publishedAt" format:"date-time"`
	OriginallyPublishedAt *string      `json:"originallyPublishedAt" format:"date-time"`
	CreatedAt             string       `json:"createdAt" format:"date-time"`
	UpdatedAt             string       `json:"updatedAt" format:"date-time"`
	Tags                  []string     `json:"tags" nullable:"false"`
	Account               ActorShape   `json:"account"`
	Channel               ActorShape   `json:"channel"`
	Origin                *originJSON  `json:"origin" doc:"The friend that the video comes from; null for this pod's own."`
}

// originJSON is the pod that a video comes from.
type originJSON struct {
	_    struct{} `nullable:"true"`
	ID   string   `json:"id" doc:"As in /api/v1/pods."`
	Name string   `json:"name"`
	URL  string   `json:"url"`
}

// videoDetailsJSON is one video with all that is known, as PeerTube's VideoDetails.
type videoDetailsJSON struct {
	VideoShape
	Account            accountJSON     `json:"account"`
	Channel            channelJSON     `json:"channel"`
	Support            string          `json:"support"`
	CommentsEnabled    bool            `json:"commentsEnabled"`
	CommentsPolicy     labelled        `json:"commentsPolicy"`
	DownloadEnabled    bool            `json:"downloadEnabled"`
	EmbedPrivacyPolicy labelled        `json:"embedPrivacyPolicy"`
	InputFileUpdatedAt string          `json:"inputFileUpdatedAt" format:"date-time"`
	DescriptionPath    string          `json:"descriptionPath"`
	TrackerURLs        []string        `json:"trackerUrls" nullable:"false"`
	Files              []videoFileJSON `json:"files" nullable:"false"`
	StreamingPlaylists []string        `json:"streamingPlaylists" nullable:"false" doc:"Always empty: files are played as they are."`
	Mirror             *mirrorJSON     `json:"mirror,omitempty" doc:"How far the copy of a friend's video is; told to the owner only."`
}

// videoFileJSON is one file, as PeerTube's VideoFile; infoHash, mimeType, seeders and
// leechers are ours.
type videoFileJSON struct {
	ID                 uint64   `json:"id"`
	Resolution         labelled `json:"resolution"`
	Size               int64    `json:"size" doc:"Bytes."`
	FPS                float64  `json:"fps"`
	Width              int      `json:"width"`
	Height             int      `json:"height"`
	HasAudio           bool     `json:"hasAudio"`
	HasVideo           bool     `json:"hasVideo"`
	TorrentURL         string   `json:"torrentUrl" doc:"Empty when the file is in no torrent."`
	TorrentDownloadURL string   `json:"torrentDownloadUrl"`
	FileURL            string   `json:"fileUrl"`
	FileDownloadURL    string   `json:"fileDownloadUrl"`
	MagnetURI          string   `json:"magnetUri"`
	MetadataURL        string   `json:"metadataUrl"`
	Storage            int      `json:"storage" doc:"0: the pod's own disk."`
	InfoHash           string   `json:"infoHash" doc:"Empty when the file is in no torrent."`
	MimeType           string   `json:"mimeType" doc:"With codecs, as MediaSource wants it."`
	Seeders            int      `json:"seeders"`
	Leechers           int      `json:"leechers"`
}

const truncatedLen = 250 // characters, as in PeerTube

// videoShape builds a video for a list.
func (a *API) videoShape(v *pod.Video, by *credits) VideoShape {
	base, uuid := a.cfg.Links.Base(), v.UUID.String()
	picture := uuid + "-" + strconv.FormatUint(uint64(v.PosterRev), 10) + ".jpg"
	out := VideoShape{
		ID: uint64(v.ID), UUID: uuid, ShortUUID: v.UUID.Short(), URL: by.base + "/videos/watch/" + uuid, Name: v.Name,
		Category: label(pod.Categories, v.Category), Licence: label(pod.Licences, v.Licence),
		Language: languageLabel(v.Language), Privacy: label(pod.Privacies, v.Privacy),
		NSFW: v.NSFW, Description: v.Description, TruncatedDescription: truncate(v.Description),
		Duration: seconds(v.Duration), AspectRatio: aspect(v.Files), IsLocal: v.IsLocal(),
		ThumbnailPath: "/lazy-static/thumbnails/" + picture, PreviewPath: "/lazy-static/previews/" + picture,
		EmbedPath: "/videos/embed/" + uuid, Views: v.Views, WaitTranscoding: v.WaitTranscoding, State: label(pod.States, v.State),
		PublishedAt: stamp(v.PublishedAt), OriginallyPublishedAt: stampPointer(v.OriginallyAt),
		CreatedAt: stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt), Tags: v.Tags,
		Account: by.account.ActorShape, Channel: by.channel.ActorShape, Origin: by.origin,
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	out.ThumbnailURL, out.PreviewURL, out.EmbedURL = base+out.ThumbnailPath, base+out.PreviewPath, base+out.EmbedPath
	return out
}

// detailsShape builds a video with its files.
func (a *API) detailsShape(v *pod.Video, by *credits) videoDetailsJSON {
	out := videoDetailsJSON{
		VideoShape: a.videoShape(v, by),
		Account:    by.account, Channel: by.channel,
		Support: v.Support, CommentsEnabled: v.CommentsPolicy == commentsOn,
		CommentsPolicy: label(commentsPolicies(), v.CommentsPolicy), DownloadEnabled: v.DownloadEnabled,
		EmbedPrivacyPolicy: label(map[int]string{1: "No restriction"}, 1),
		InputFileUpdatedAt: stamp(v.CreatedAt), DescriptionPath: videoPath(v) + "/description",
		TrackerURLs: []string{}, Files: make([]videoFileJSON, 0, len(v.Files)), StreamingPlaylists: []string{},
	}
	if v.Privacy.InTorrent() {
		out.TrackerURLs = append(out.TrackerURLs, a.cfg.Links.TrackersOf(*v)...)
	}
	for _, f := range v.Files {
		out.Files = append(out.Files, a.fileShape(v, f))
	}
	return out
}

// videoPath is where this API answers for a video. Two friends may claim one UUID; the
// number is always the one that is meant.
func videoPath(v *pod.Video) string {
	if v.IsLocal() {
		return "/api/v1/videos/" + v.UUID.String()
	}
	return "/api/v1/videos/" + v.ID.String()
}

// fileShape builds a file. What is known of its insides is asked here: a file's number
// means something on this pod only.
func (a *API) fileShape(v *pod.Video, f pod.VideoFile) videoFileJSON {
	base := a.cfg.Links.FileBase(*v, f)
	height := f.Height
	out := videoFileJSON{
		ID: f.ID, Resolution: labelled{ID: &height, Label: strconv.Itoa(height) + "p"},
		Size: f.SizeBytes, FPS: f.FPS, Width: f.Width, Height: f.Height, HasAudio: f.HasAudio, HasVideo: true,
		FileURL: base + "/static/web-videos/" + f.Name, FileDownloadURL: base + "/download/videos/" + f.Name,
		MetadataURL: a.cfg.Links.Base() + videoPath(v) + "/metadata/" + strconv.FormatUint(f.ID, 10),
		MimeType:    f.MIME,
	}
	if !v.Privacy.InTorrent() {
		return out
	}
	out.TorrentURL = base + "/static/torrents/" + f.Name + ".torrent"
	out.TorrentDownloadURL = base + "/download/torrents/" + f.Name + ".torrent"
	out.MagnetURI, out.InfoHash = a.cfg.Links.MagnetOf(*v, f), f.Infohash.String()
	if a.cfg.Peers != nil {
		counts := a.cfg.Peers.Counts(f.Infohash)
		out.Seeders, out.Leechers = counts.Seeders, counts.Leechers
	}
	return out
}

// Comments policies, as PeerTube numbers them.
const commentsOn = 1

func commentsPolicies() map[int]string {
	return map[int]string{commentsOn: "Enabled", 2: "Disabled", 3: "Requires approval"}
}

// truncate cuts a description for lists, never inside a character.
func truncate(text string) string {
	if utf8.RuneCountInString(text) <= truncatedLen {
		return text
	}
	runes := []rune(text)
	return string(runes[:truncatedLen-3]) + "..."
}

// aspect is width by height of the first file, with four digits.
func aspect(files []pod.VideoFile) *float64 {
	if len(files) == 0 || files[0].Width == 0 || files[0].Height == 0 {
		return nil
	}
	ratio := float64(int(float64(files[0].Width)/float64(files[0].Height)*10_000+0.5)) / 10_000
	return &ratio
}
