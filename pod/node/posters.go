package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/server"
)

// dirPosters holds pictures of friends' videos, named by our own numbers.
const dirPosters = "posters"

// Bounds of what is kept of a friend's picture: it was made anew by this pod.
const (
	maxThumbnailBytes = 64 << 10
	maxPreviewBytes   = 512 << 10
	maxPictureBytes   = 8 << 20 // as it comes
)

// posterName is a picture's path inside the data folder.
func posterName(v pod.Video, size server.PictureSize) string {
	kind := "thumb"
	if size == server.Preview {
		kind = "preview"
	}
	return filepath.Join(dirPosters, fmt.Sprintf("%d-%d-%s.jpg", v.ID, v.PosterRev, kind))
}

// posters fetches the pictures of friends' videos, one after the other.
type posters struct {
	pod  *Pod
	seen pod.Rev // changes up to here were looked at
}

func newPosters(p *Pod) *posters { return &posters{pod: p} }

// follow looks at the changes since the last time. A picture that can not be had is tried
// again when its video changes, and at the next start.
func (ps *posters) follow(ctx context.Context) {
	first := ps.seen == 0
	failed := map[pod.FriendID]bool{} // who does not answer is asked once a time
	for ctx.Err() == nil {
		changes, err := ps.pod.store.Changes(ctx, ps.seen, indexStep)
		if err != nil || len(changes) == 0 {
			break
		}
		for i := range changes {
			ps.seen = changes[i].Rev
			v := &changes[i].Video
			switch {
			case v.Origin == 0:
			case changes[i].Removed:
				ps.remove(v.ID, 0)
			case v.PosterSource != 0 && !v.Hidden && !failed[v.Origin] && ps.lacks(*v, first):
				if err := ps.fetch(ctx, *v); err != nil {
					failed[v.Origin] = errors.Is(err, fetch.ErrUnreachable) || errors.Is(err, fetch.ErrAddress)
					ps.pod.log.Debug("A friend's picture could not be had", pod.LogVideo, v.UUID, pod.LogErr, err)
				}
			}
		}
	}
	if first {
		ps.sweep(ctx)
	}
}

// lacks tells whether the picture of a video is not here. Whether its file is, is looked at
// after a start: a restore brings none.
func (ps *posters) lacks(v pod.Video, look bool) bool {
	if !v.HasPoster || v.PosterRev != v.PosterSource {
		return true
	}
	return look && !exists(filepath.Join(ps.pod.cfg.DataDir, posterName(v, server.Thumbnail)))
}

// fetch gets one picture, makes it anew and keeps it.
func (ps *posters) fetch(ctx context.Context, v pod.Video) error {
	rec, ok := ps.pod.origin(v.Origin)
	if !ok || !rec.Verified || rec.Status != pod.StatusFriend {
		return nil
	}
	name := fmt.Sprintf("%s-%d.jpg", v.UUID, v.PosterSource-1)
	res, err := ps.pod.fetch.Do(ctx, fetch.Request{
		Method: http.MethodGet, URL: rec.CallURL + "/lazy-static/previews/" + name, Narrowest: rec.CallClass, MaxBytes: maxPictureBytes,
	})
	if err != nil {
		return err
	}
	if res.Status != http.StatusOK {
		return fmt.Errorf("picture: status %d", res.Status)
	}
	picture, err := ps.pod.media.Picture(ctx, res.Body)
	if err != nil {
		return err
	}
	if len(picture.Thumbnail) > maxThumbnailBytes || len(picture.Preview) > maxPreviewBytes {
		return fmt.Errorf("picture: %w", pod.ErrTooLarge)
	}
	next := v
	next.PosterRev = v.PosterSource
	for size, data := range map[server.PictureSize][]byte{server.Thumbnail: picture.Thumbnail, server.Preview: picture.Preview} {
		if err := writeWhole(filepath.Join(ps.pod.cfg.DataDir, posterName(next, size)), data); err != nil {
			return err
		}
	}
	if err := ps.pod.store.AddRemotePoster(ctx, v.ID, v.PosterSource); err != nil {
		ps.remove(v.ID, 0)
		return err
	}
	ps.remove(v.ID, v.PosterSource)
	ps.pod.remote.nudge()
	return nil
}

// remove takes a video's pictures away, but those of the number keep.
func (ps *posters) remove(id pod.VideoID, keep uint32) {
	names, _ := filepath.Glob(filepath.Join(ps.pod.cfg.DataDir, dirPosters, id.String()+"-*.jpg"))
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), fmt.Sprintf("%d-%d-", id, keep)) && keep != 0 {
			continue
		}
		_ = os.Remove(name) // the next start's sweep tries again
	}
}

// sweep removes pictures of videos that went while the pod did not look.
func (ps *posters) sweep(ctx context.Context) {
	entries, err := os.ReadDir(filepath.Join(ps.pod.cfg.DataDir, dirPosters))
	if err != nil {
		return
	}
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "-")
		n, err := strconv.ParseUint(number, 10, 64)
		if err == nil {
			_, err = ps.pod.store.Video(ctx, pod.VideoID(n))
		}
		if errors.Is(err, pod.ErrNotFound) || errors.Is(err, strconv.ErrSyntax) {
			_ = os.Remove(filepath.Join(ps.pod.cfg.DataDir, dirPosters, e.Name()))
		}
	}
}
