package federation

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// wireVideo is the payload of a video+jws: what an origin says of one of its videos.
// Unknown fields are ignored, so that newer pods can say more.
type wireVideo struct {
	Issuer         pod.PodID  `json:"iss"`
	Rev            pod.Rev    `json:"rev"`
	UUID           pod.UUID   `json:"uuid"`
	Name           string     `json:"name"`
	Description    string     `json:"description,omitempty"`
	Support        string     `json:"support,omitempty"`
	Tags           []string   `json:"tags,omitempty"`
	Category       int        `json:"category,omitempty"`
	Licence        int        `json:"licence,omitempty"`
	Language       string     `json:"language,omitempty"`
	NSFW           bool       `json:"nsfw,omitempty"`
	CommentsPolicy int        `json:"commentsPolicy,omitempty"`
	Download       bool       `json:"downloadEnabled,omitempty"`
	DurationMS     int64      `json:"durationMs"`
	Poster         uint32     `json:"poster,omitempty"` // number of the picture; 0 is none
	Account        wireName   `json:"account"`
	Channel        wireName   `json:"channel"`
	CreatedAt      time.Time  `json:"createdAt"`
	PublishedAt    time.Time  `json:"publishedAt"`
	UpdatedAt      time.Time  `json:"updatedAt"`
	OriginallyAt   *time.Time `json:"originallyPublishedAt,omitempty"`
	Files          []wireFile `json:"files"`
}

type wireName struct {
	Name    string `json:"name"`
	Display string `json:"displayName,omitempty"`
}

type wireFile struct {
	Name        string       `json:"name"`
	Infohash    pod.Infohash `json:"infoHash"`
	SizeBytes   int64        `json:"size"`
	PieceLength int64        `json:"pieceLength"`
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	FPS         float64      `json:"fps,omitempty"`
	MIME        string       `json:"mimeType"`
	HasAudio    bool         `json:"hasAudio,omitempty"`
	CreatedAt   time.Time    `json:"createdAt"`
}

// Bounds of a friend's video besides those of pod.VideoMeta.
const (
	maxFiles       = 20
	maxPixels      = 16_384 // of one side
	maxFileBytes   = 1 << 44
	maxPieceLength = 1 << 28
	maxMIMELen     = 200
	maxFPS         = 1_000
)

// signVideo gives an own video as friends get it. It is signed once for each change; fresh
// tells that it was now.
func (f *Federation) signVideo(ctx context.Context, v pod.Video, key *seal.Key) (s pod.SignedVideo, fresh bool, err error) {
	kept, err := f.store.Signed(ctx, v.ID)
	if err == nil && kept.Rev == v.Rev && kept.Key == key.ID() {
		return kept, false, nil
	}
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return kept, false, err
	}
	w := newWireVideo(v, key.ID())
	if w.Account, w.Channel, err = f.authorOf(ctx, v); err != nil {
		return kept, false, err
	}
	jws, err := seal.Sign(key, seal.TypeVideo, w)
	if err != nil {
		return kept, false, fmt.Errorf("sign video %d: %w", v.ID, err)
	}
	return pod.SignedVideo{Video: v.ID, Rev: v.Rev, Key: key.ID(), JWS: jws}, true, nil
}

// authorOf names the people of an own video; one that is gone has no name.
func (f *Federation) authorOf(ctx context.Context, v pod.Video) (account, channel wireName, err error) {
	a, err := f.store.Account(ctx, v.AccountID)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return account, channel, err
	}
	c, err := f.store.Channel(ctx, v.ChannelID)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return account, channel, err
	}
	return wireName{a.Name, a.DisplayName}, wireName{c.Name, c.DisplayName}, nil
}

func newWireVideo(v pod.Video, issuer pod.PodID) wireVideo {
	w := wireVideo{
		Issuer: issuer, Rev: v.Rev, UUID: v.UUID, Name: v.Name, Description: v.Description, Support: v.Support, Tags: v.Tags,
		Category: v.Category, Licence: v.Licence, Language: v.Language, NSFW: v.NSFW, CommentsPolicy: v.CommentsPolicy,
		Download: v.DownloadEnabled, DurationMS: v.Duration.Milliseconds(), CreatedAt: v.CreatedAt.UTC(),
		PublishedAt: v.PublishedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(), OriginallyAt: v.OriginallyAt, Files: []wireFile{},
	}
	if v.HasPoster {
		w.Poster = v.PosterRev + 1 // 0 is none, and the first picture has the number 0
	}
	for _, f := range v.Files {
		w.Files = append(w.Files, wireFile{
			Name: f.Name, Infohash: f.Infohash, SizeBytes: f.SizeBytes, PieceLength: f.PieceLength, Width: f.Width,
			Height: f.Height, FPS: f.FPS, MIME: f.MIME, HasAudio: f.HasAudio, CreatedAt: f.CreatedAt.UTC(),
		})
	}
	return w
}

// readVideo checks a friend's signed video and gives it as this pod may keep it.
func readVideo(jws string, rec pod.Friend) (pod.Video, error) {
	s, err := seal.PeekStatement([]byte(jws), seal.TypeVideo)
	if err != nil {
		return pod.Video{}, err
	}
	key, err := keyOf(rec, s.KID())
	if err != nil {
		return pod.Video{}, fmt.Errorf("video of another pod: %w", pod.ErrBadSignature)
	}
	payload, err := s.Verify(key)
	if err != nil {
		return pod.Video{}, err
	}
	var w wireVideo
	if err := seal.DecodeLoose(payload, &w); err != nil {
		return pod.Video{}, err
	}
	if w.Issuer != s.KID() || w.Rev == 0 || w.UUID.IsZero() {
		return pod.Video{}, fmt.Errorf("video without owner, number or uuid: %w", pod.ErrInvalid)
	}
	return w.video()
}

// video gives the domain's form, if it keeps all rules.
func (w *wireVideo) video() (pod.Video, error) {
	v := pod.Video{
		UUID: w.UUID, OriginRev: w.Rev, State: pod.StatePublished, Duration: time.Duration(w.DurationMS) * time.Millisecond,
		VideoMeta: pod.VideoMeta{
			Name: w.Name, Description: w.Description, Support: w.Support, Tags: w.Tags, Category: w.Category, Licence: w.Licence,
			Language: w.Language, Privacy: pod.PrivacyPublic, NSFW: w.NSFW, CommentsPolicy: w.CommentsPolicy,
			DownloadEnabled: w.Download, OriginallyAt: w.OriginallyAt,
		},
		Author:    pod.Author{AccountName: clip(w.Account.Name), AccountDisplay: clip(w.Account.Display), ChannelName: clip(w.Channel.Name), ChannelDisplay: clip(w.Channel.Display)},
		CreatedAt: w.CreatedAt.UTC(), PublishedAt: w.PublishedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(), PosterSource: w.Poster,
	}
	if err := v.Validate(); err != nil {
		return v, err // a good pod sends what it has cleaned itself
	}
	cleanMeta(&v.VideoMeta)
	if err := v.Validate(); err != nil {
		return v, err
	}
	if w.DurationMS < 0 || w.DurationMS > (365*24*time.Hour).Milliseconds() || len(w.Files) > maxFiles || !plausible(w.CreatedAt, w.PublishedAt, w.UpdatedAt) {
		return v, fmt.Errorf("video out of bounds: %w", pod.ErrInvalid)
	}
	seen := map[pod.Infohash]bool{}
	for _, wf := range w.Files {
		file, err := wf.file(w.UUID)
		if err != nil || seen[file.Infohash] {
			return v, fmt.Errorf("file of video: %w", errors.Join(pod.ErrInvalid, err))
		}
		seen[file.Infohash] = true
		v.Files = append(v.Files, file)
	}
	return v, nil
}

// cleanMeta gives a stranger's texts the form that own ones have, without invisible
// characters in what stands in lists.
func cleanMeta(m *pod.VideoMeta) {
	m.Name = cleanName(m.Name)
	m.Description, m.Support = strings.TrimSpace(norm.NFC.String(m.Description)), strings.TrimSpace(norm.NFC.String(m.Support))
	seen := map[string]bool{}
	tags := make([]string, 0, len(m.Tags))
	for _, tag := range m.Tags {
		tag = cleanName(tag)
		if key := strings.ToLower(tag); tag != "" && !seen[key] {
			seen[key] = true
			tags = append(tags, tag)
		}
	}
	m.Tags = tags
}

// file gives the domain's form of a file. Its name is one that this pod could have made,
// so that it is safe in paths, links and headers.
func (w *wireFile) file(uuid pod.UUID) (pod.VideoFile, error) {
	ext := path.Ext(w.Name)
	within := func(n, least, most int64) bool { return n >= least && n <= most }
	switch {
	case w.Name != fmt.Sprintf("%s-%d%s", uuid, w.Height, ext) || ext != ".mp4" && ext != ".webm":
		return pod.VideoFile{}, errors.New("name of a file")
	case w.Infohash.IsZero() || !within(w.SizeBytes, 1, maxFileBytes) || !within(w.PieceLength, 1, maxPieceLength):
		return pod.VideoFile{}, errors.New("torrent of a file")
	case !within(int64(w.Width), 0, maxPixels) || !within(int64(w.Height), 0, maxPixels) || !(w.FPS >= 0 && w.FPS <= maxFPS):
		return pod.VideoFile{}, errors.New("shape of a file")
	case !validMIME(w.MIME) || !plausible(w.CreatedAt):
		return pod.VideoFile{}, errors.New("type or time of a file")
	}
	return pod.VideoFile{
		Infohash: w.Infohash, Name: w.Name, SizeBytes: w.SizeBytes, PieceLength: w.PieceLength, Height: w.Height, Width: w.Width,
		FPS: w.FPS, MIME: w.MIME, HasAudio: w.HasAudio, CreatedAt: w.CreatedAt.UTC(),
	}, nil
}

// validMIME accepts the types that this pod publishes, with codecs.
func validMIME(mime string) bool {
	if len(mime) > maxMIMELen || !strings.HasPrefix(mime, "video/mp4") && !strings.HasPrefix(mime, "video/webm") {
		return false
	}
	for _, r := range mime {
		if r < ' ' || r > '~' || r == '<' || r == '>' {
			return false
		}
	}
	return true
}

// plausible tells whether times can be stored and printed.
func plausible(times ...time.Time) bool {
	for _, t := range times {
		if t.Year() < 1970 || t.Year() > 9999 {
			return false
		}
	}
	return true
}

// clip bounds a name that is only shown.
func clip(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, text)
	runes := []rune(clean)
	return string(runes[:min(len(runes), pod.MaxNameLen)])
}
