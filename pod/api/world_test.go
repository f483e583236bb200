package api_test

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/api"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 123_000_000, time.UTC)

// world is a pod in memory: every part that the api asks for.
type world struct {
	mu       sync.Mutex // guards what follows
	videos   []pod.Video
	accounts []pod.Account
	channels []pod.Channel
	revoked  map[string]bool
	uploads  []*upload
	fault    error // given by the next read of a video
	profile  api.Profile
	password string
	now      time.Time
	net      *network
}

func newWorld() *world {
	return &world{
		now: start, revoked: map[string]bool{}, password: "right-password", net: newNetwork(),
		accounts: []pod.Account{
			{ID: 1, Name: "root", DisplayName: "Owner", Role: pod.RoleAdministrator, QuotaBytes: -1, CreatedAt: start, UpdatedAt: start},
			{ID: 2, Name: "anna", Role: pod.RoleUser, QuotaBytes: 1 << 30, CreatedAt: start, UpdatedAt: start},
		},
		channels: []pod.Channel{
			{ID: 11, AccountID: 1, Name: "root_channel", DisplayName: "Main", CreatedAt: start, UpdatedAt: start},
			{ID: 12, AccountID: 1, Name: "second", CreatedAt: start.Add(time.Hour), UpdatedAt: start},
			{ID: 21, AccountID: 2, Name: "anna_channel", CreatedAt: start, UpdatedAt: start},
		},
	}
}

// reset takes all videos and uploads away, so that one api serves many cases: to build one
// is dear under the race detector.
func (wd *world) reset() {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	wd.videos, wd.uploads, wd.fault, wd.revoked = nil, nil, nil, map[string]bool{}
}

// add puts a video in the world.
func (wd *world) add(name string, change func(*pod.Video)) pod.Video {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	n := len(wd.videos) + 1
	v := pod.Video{
		ID: pod.VideoID(n), UUID: pod.NewUUID(), AccountID: 1, ChannelID: 11, VideoMeta: pod.DefaultMeta(), State: pod.StatePublished,
		Duration: 20 * time.Second, CreatedAt: start.Add(time.Duration(n) * time.Minute),
	}
	v.Name, v.PublishedAt, v.UpdatedAt = name, v.CreatedAt, v.CreatedAt
	v.Files = []pod.VideoFile{{
		ID: uint64(100 + n), Infohash: pod.Infohash{byte(n)}, Name: v.UUID.String() + "-720.mp4", SizeBytes: 1000, Height: 720, Width: 1280,
		FPS: 25, MIME: `video/mp4; codecs="avc1.64001f,mp4a.40.2"`, HasAudio: true, CreatedAt: v.CreatedAt,
	}}
	if change != nil {
		change(&v)
	}
	wd.videos = append(wd.videos, v)
	return v
}

func (wd *world) Video(ctx context.Context, id pod.VideoID) (pod.Video, error) {
	return wd.VideoByRef(ctx, pod.VideoRef{ID: id})
}

func (wd *world) VideoByRef(_ context.Context, ref pod.VideoRef) (pod.Video, error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	if wd.fault != nil {
		return pod.Video{}, wd.fault
	}
	for _, v := range wd.videos {
		if !v.Hidden && (v.ID == ref.ID || (v.UUID == ref.UUID && !ref.UUID.IsZero())) {
			return v, nil
		}
	}
	return pod.Video{}, pod.ErrNotFound
}

func (wd *world) ListVideos(_ context.Context, q pod.VideoQuery) (pod.VideoPage, error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	var out []pod.Video
	for _, v := range wd.videos {
		if wd.fits(v, q) {
			out = append(out, v)
		}
	}
	field, down := strings.CutPrefix(q.Sort, "-")
	slices.SortStableFunc(out, func(x, y pod.Video) int {
		if down {
			x, y = y, x
		}
		if field == "name" {
			return cmp.Compare(x.Name, y.Name)
		}
		return cmp.Compare(x.ID, y.ID)
	})
	first := min(q.Start, len(out))
	return pod.VideoPage{Total: len(out), Videos: out[first:min(first+q.Count, len(out))]}, nil
}

func (wd *world) fits(v pod.Video, q pod.VideoQuery) bool {
	origin := base
	if f, ok := wd.net.find(v.Origin); ok {
		origin = f.URL
	}
	if v.Hidden || (q.Host != "" && !strings.HasSuffix(origin, "//"+q.Host)) {
		return false
	}
	people := (q.Account == 0 || q.Account == v.AccountID) && (q.Channel == 0 || q.Channel == v.ChannelID) && (q.IsLocal == nil || *q.IsLocal == v.IsLocal())
	words := (len(q.Categories) == 0 || slices.Contains(q.Categories, v.Category)) && (len(q.Languages) == 0 || slices.Contains(q.Languages, v.Language))
	tagged := slices.ContainsFunc(v.Tags, func(t string) bool { return slices.Contains(q.TagsOneOf, t) })
	return slices.Contains(q.Privacies, v.Privacy) && people && words && (tagged || len(q.TagsOneOf) == 0)
}

func (wd *world) AddView(_ context.Context, id pod.VideoID) error {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	for i := range wd.videos {
		if wd.videos[i].ID == id {
			wd.videos[i].Views++
		}
	}
	return nil
}

func find[T any](list []T, match func(T) bool) (T, error) {
	if i := slices.IndexFunc(list, match); i >= 0 {
		return list[i], nil
	}
	var zero T
	return zero, pod.ErrNotFound
}

func (wd *world) Account(_ context.Context, id pod.AccountID) (pod.Account, error) {
	return find(wd.accounts, func(a pod.Account) bool { return a.ID == id })
}

func (wd *world) AccountByName(_ context.Context, name string) (pod.Account, error) {
	return find(wd.accounts, func(a pod.Account) bool { return a.Name == name })
}

func (wd *world) Channels(_ context.Context, id pod.AccountID) ([]pod.Channel, error) {
	return slices.DeleteFunc(slices.Clone(wd.channels), func(c pod.Channel) bool { return c.AccountID != id }), nil
}

func (wd *world) Channel(_ context.Context, id pod.ChannelID) (pod.Channel, error) {
	return find(wd.channels, func(c pod.Channel) bool { return c.ID == id })
}

func (wd *world) UsedBytes(_ context.Context, id pod.AccountID) (sum int64, err error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	for _, v := range wd.videos {
		for _, f := range v.Files {
			if v.AccountID == id {
				sum += f.SizeBytes
			}
		}
	}
	return sum, nil
}

func (wd *world) Client(context.Context) (pod.OAuthClient, error) {
	return pod.OAuthClient{ID: "client", Secret: "secret"}, nil
}

func grantFault() error {
	return &pod.Error{Kind: pod.KindInvalid, Code: "invalid_grant", Msg: "The name or the password is wrong."}
}

func (wd *world) Login(_ context.Context, l api.Login) (api.Tokens, error) {
	switch {
	case l.ClientID != "client" || l.ClientSecret != "secret":
		return api.Tokens{}, &pod.Error{Kind: pod.KindInvalid, Code: "invalid_client", Msg: "The client is not known."}
	case l.Username == "busy":
		return api.Tokens{}, &pod.Error{Kind: pod.KindTooMany, Code: "too_many_requests", Msg: "Too many wrong passwords.", RetryAfter: 90 * time.Second}
	case l.Username != "root" || l.Password != wd.password || !l.Source.IsValid():
		return api.Tokens{}, grantFault()
	}
	return api.Tokens{Access: rootToken, Refresh: "refresh", AccessExpiresIn: 24 * time.Hour, RefreshExpiresIn: 14 * 24 * time.Hour}, nil
}

func (wd *world) Refresh(_ context.Context, r api.Refresh) (api.Tokens, error) {
	if r.RefreshToken != "refresh" {
		return api.Tokens{}, grantFault()
	}
	return api.Tokens{Access: rootToken, Refresh: "refresh2"}, nil
}

func (wd *world) Revoke(_ context.Context, access string) error {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	wd.revoked[access] = true
	return nil
}

func (wd *world) Authenticate(_ context.Context, access string) (pod.Account, error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	switch {
	case wd.revoked[access]:
	case access == rootToken:
		return wd.accounts[0], nil
	case access == userToken:
		return wd.accounts[1], nil
	}
	return pod.Account{}, &pod.Error{Kind: pod.KindUnauthorized, Code: "invalid_token", Msg: "The token is not valid any more."}
}

func (wd *world) UpdateProfile(_ context.Context, _ pod.AccountID, p api.Profile) (pod.Account, error) {
	wd.profile = p
	return wd.accounts[0], nil
}

func (wd *world) CheckPassword(_ context.Context, c api.PasswordCheck) error {
	if c.Password != wd.password {
		return grantFault()
	}
	return nil
}

func (wd *world) ChangePassword(ctx context.Context, c api.PasswordCheck, next string) error {
	if err := wd.CheckPassword(ctx, c); err != nil {
		return err
	}
	wd.password = next
	return nil
}

// Search finds videos whose name has the text.
func (wd *world) Search(_ context.Context, q api.SearchQuery) (api.SearchResult, error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	var ids []pod.VideoID
	for _, v := range wd.videos {
		if strings.Contains(strings.ToLower(v.Name), strings.ToLower(q.Text)) && slices.Contains(q.Privacies, v.Privacy) {
			ids = append(ids, v.ID)
		}
	}
	first := min(q.Start, len(ids))
	return api.SearchResult{Total: len(ids), IDs: ids[first:min(first+q.Count, len(ids))]}, nil
}

func (wd *world) Base() string { return base }

func (wd *world) TrackersOf(v pod.Video) []string {
	if _, other, ok := wd.net.Origin(v.Origin); ok {
		return []string{other + "/tracker/announce"}
	}
	return []string{base + "/tracker/announce", "ws://pod.test:9000/tracker/socket"}
}

func (wd *world) MagnetOf(_ pod.Video, f pod.VideoFile) string {
	return "magnet:?xt=urn:btih:" + f.Infohash.String()
}

func (wd *world) FileBase(v pod.Video, _ pod.VideoFile) string {
	if _, other, ok := wd.net.Origin(v.Origin); ok && !wd.net.MirrorState(v).Whole {
		return other
	}
	return base
}

func (wd *world) Counts(pod.Infohash) pod.PeerCounts {
	return pod.PeerCounts{Seeders: 2, Leechers: 1}
}

// upload is a pod.Upload in memory.
type upload struct {
	wd       *world
	request  pod.UploadRequest
	data     bytes.Buffer
	finished *pod.FinishUpload
	aborted  bool
}

func (wd *world) Begin(_ context.Context, r pod.UploadRequest) (pod.Upload, error) {
	u := &upload{wd: wd, request: r}
	wd.mu.Lock()
	defer wd.mu.Unlock()
	wd.uploads = append(wd.uploads, u)
	return u, nil
}

func (u *upload) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("DISKFULL")) {
		return 0, &pod.Error{Kind: pod.KindNoSpace, Code: "no_space", Msg: "The disk is full."}
	}
	return u.data.Write(p)
}

func (u *upload) Abort() {
	if u.finished == nil {
		u.aborted = true
	}
}

func (u *upload) Finish(_ context.Context, f pod.FinishUpload) (pod.Video, error) {
	if strings.HasPrefix(u.data.String(), "text") {
		return pod.Video{}, &pod.Error{Kind: pod.KindUnplayable, Code: "unplayable", Msg: "This is not a video.", Err: pod.ErrUnplayable}
	}
	u.finished = &f
	return u.wd.add(f.Meta.Name, func(v *pod.Video) {
		v.VideoMeta, v.ChannelID, v.AccountID = f.Meta, f.ChannelID, u.request.AccountID
		v.Files[0].SizeBytes = int64(u.data.Len())
	}), nil
}

func (wd *world) Edit(_ context.Context, id pod.VideoID, r pod.EditRequest) (pod.Video, error) {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	for i := range wd.videos {
		v := &wd.videos[i]
		if v.ID != id {
			continue
		}
		meta := v.VideoMeta
		if err := r.Change(&meta); err != nil {
			return pod.Video{}, err
		}
		v.VideoMeta, v.HasPoster = meta, v.HasPoster || len(r.Thumbnail) > 0
		if r.ChannelID != 0 {
			v.ChannelID = r.ChannelID
		}
		return *v, nil
	}
	return pod.Video{}, pod.ErrNotFound
}

func (wd *world) Delete(_ context.Context, id pod.VideoID) error {
	wd.mu.Lock()
	defer wd.mu.Unlock()
	wd.videos = slices.DeleteFunc(wd.videos, func(v pod.Video) bool { return v.ID == id })
	return nil
}

func (wd *world) clock() time.Time { return wd.now }
