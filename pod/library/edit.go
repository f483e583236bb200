package library

import (
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
)

// Edit changes what a person says about a video, its channel or its picture. A friend's
// video can not be edited: KindForbidden.
func (l *Library) Edit(ctx context.Context, id pod.VideoID, req pod.EditRequest) (pod.Video, error) {
	work, end, err := l.begin(ctx)
	if err != nil {
		return pod.Video{}, err
	}
	defer end()
	var stored pod.Video
	if req.Thumbnail == nil {
		stored, err = l.cfg.Store.UpdateVideo(work, id, func(v *pod.Video) error { return l.apply(v, req) })
	} else {
		stored, err = l.editWithPoster(work, id, req)
	}
	if err != nil {
		return pod.Video{}, err
	}
	l.cfg.OnChange(pod.Change{Rev: stored.Rev, Video: stored})
	return stored, nil
}

// editWithPoster writes the new picture under its own name before the transaction that
// points to it, so that a crash between leaves the old picture in use.
func (l *Library) editWithPoster(ctx context.Context, id pod.VideoID, req pod.EditRequest) (pod.Video, error) {
	poster, err := l.cfg.Media.Picture(ctx, req.Thumbnail)
	if err != nil {
		return pod.Video{}, err
	}
	l.posters.Lock()
	defer l.posters.Unlock()
	before, err := l.cfg.Store.Video(ctx, id)
	if err != nil {
		return pod.Video{}, err
	}
	if !before.IsLocal() {
		return pod.Video{}, notOurs()
	}
	next := before
	next.PosterRev++
	if err := l.writePoster(next, poster); err != nil {
		return pod.Video{}, err
	}
	stored, err := l.cfg.Store.UpdateVideo(ctx, id, func(v *pod.Video) error {
		v.HasPoster, v.PosterRev = true, next.PosterRev
		return l.apply(v, req)
	})
	if err != nil {
		l.removePictures(next)
		return pod.Video{}, err
	}
	if before.HasPoster {
		l.removePictures(before)
	}
	return stored, nil
}

// apply runs inside the store's transaction: what it refuses is not stored.
func (l *Library) apply(v *pod.Video, req pod.EditRequest) error {
	if !v.IsLocal() {
		return notOurs()
	}
	meta, wasHidden := v.VideoMeta, v.Privacy != pod.PrivacyPublic
	if req.Change != nil {
		if err := req.Change(&meta); err != nil {
			return err
		}
	}
	meta = Clean(meta)
	if err := meta.Validate(); err != nil {
		return err
	}
	v.VideoMeta, v.UpdatedAt = meta, l.cfg.Clock().UTC()
	if wasHidden && meta.Privacy == pod.PrivacyPublic {
		v.PublishedAt = v.UpdatedAt
	}
	if req.ChannelID != 0 {
		v.ChannelID = req.ChannelID
	}
	return nil
}

// Delete removes a video: the record first, so that nobody finds it any more, then its
// files. KindForbidden for a friend's video.
func (l *Library) Delete(ctx context.Context, id pod.VideoID) error {
	_, end, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	v, err := l.cfg.Store.Video(ctx, id)
	if err != nil {
		return err
	}
	if !v.IsLocal() {
		return notOurs()
	}
	gone, err := l.cfg.Store.DeleteVideo(ctx, id)
	if err != nil {
		return err
	}
	l.cfg.OnChange(pod.Change{Rev: gone.Rev, Video: gone, Removed: true})
	for _, f := range gone.Files {
		if err := l.root.RemoveAll(videoDir(f.Infohash)); err != nil {
			// The next start's sweep tries again; the video itself is gone.
			l.log.Warn("Could not remove a deleted video's files", pod.LogErr, fmt.Errorf("remove %s: %w", f.Infohash, err))
		}
	}
	l.removePictures(gone)
	return nil
}

func notOurs() error {
	return &pod.Error{Kind: pod.KindForbidden, Code: "not_ours", Op: "change video", Msg: "This is a friend's video. Only its own pod can change it."}
}
