package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
)

// source is a file that is to be published.
type source struct {
	path      string
	name      string // in the data folder, for an owned file
	owned     bool   // the library may move the file instead of copying it
	account   pod.AccountID
	channel   pod.ChannelID
	meta      pod.VideoMeta
	thumbnail []byte
	progress  func(done, total int64)
	// verify is asked after the last byte was read: a dropped file may have changed.
	verify func() error
}

// staged is a file that lies ready in its staging folder.
type staged struct {
	dir  string // in the data folder
	info pod.MediaInfo
	meta Metainfo
	name string
}

// publish runs the way of a video from an inspected file to a stored record.
func (l *Library) publish(ctx context.Context, src source) (pod.Video, error) {
	src.meta = Clean(src.meta)
	if err := src.meta.Validate(); err != nil {
		return pod.Video{}, err
	}
	release, err := l.slot(ctx)
	if err != nil {
		return pod.Video{}, err
	}
	defer release()
	info, err := l.cfg.Media.Inspect(ctx, src.path)
	if err != nil {
		return pod.Video{}, err
	}
	if info.Action == pod.MediaTranscode {
		return pod.Video{}, needsTranscode(info)
	}
	v := l.newVideo(src, info)
	st := staged{dir: filepath.Join(dirIncoming, newID()+".pub"), info: info, name: fmt.Sprintf("%s-%d.%s", v.UUID, info.Height, info.Extension)}
	defer func() { _ = l.root.RemoveAll(st.dir) }() // after the rename there is nothing left to remove
	poster, err := l.stage(ctx, src, &st)
	if err != nil {
		return pod.Video{}, errOrCancel(ctx, err)
	}
	v.Files = []pod.VideoFile{videoFile(st, v)}
	return l.place(ctx, v, st, poster)
}

func (l *Library) newVideo(src source, info pod.MediaInfo) pod.Video {
	now := l.cfg.Clock().UTC()
	return pod.Video{
		UUID: pod.NewUUID(), AccountID: src.account, ChannelID: src.channel, VideoMeta: src.meta,
		State: pod.StatePublished, Duration: info.Duration, CreatedAt: now, PublishedAt: now, UpdatedAt: now,
	}
}

func videoFile(st staged, v pod.Video) pod.VideoFile {
	return pod.VideoFile{
		Infohash: st.meta.Infohash, Name: st.name, SizeBytes: st.meta.SizeBytes, PieceLength: st.meta.PieceLength,
		Height: st.info.Height, Width: st.info.Width, FPS: st.info.FPS, MIME: st.info.MIME,
		HasAudio: st.info.AudioCodec != "", CreatedAt: v.CreatedAt,
	}
}

// stage writes the published file and its info dictionary into the staging folder while
// the poster is made beside it.
func (l *Library) stage(ctx context.Context, src source, st *staged) (*Poster, error) {
	if err := l.root.Mkdir(st.dir, 0o700); err != nil {
		return nil, explain("make staging folder", err)
	}
	var poster *Poster
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		poster, err = l.poster(ctx, src, st.info)
		return err
	})
	group.Go(func() (err error) {
		st.meta, err = l.writePublished(ctx, src, *st)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if src.verify != nil {
		if err := src.verify(); err != nil {
			return nil, err
		}
	}
	if src.owned && st.info.Action == pod.MediaKeep {
		if err := l.root.Rename(src.name, filepath.Join(st.dir, st.name)); err != nil {
			return nil, explain("move upload", err)
		}
	}
	if err := l.writeFile(filepath.Join(st.dir, infoName), st.meta.InfoBytes); err != nil {
		return nil, explain("write info dictionary", err)
	}
	return poster, explain("sync staging folder", l.syncDir(st.dir))
}

// writePublished hashes the published bytes while it writes them. An owned file that is
// kept as it is needs no second copy: it is only read.
func (l *Library) writePublished(ctx context.Context, src source, st staged) (Metainfo, error) {
	hasher := l.cfg.NewHasher(st.info.SizeBytes)
	if src.owned && st.info.Action == pod.MediaKeep {
		if err := l.cfg.Media.Publish(ctx, src.path, st.info, &meter{w: hasher, ctx: ctx}); err != nil {
			return Metainfo{}, explain("read upload", err)
		}
		return hasher.Finish(st.name)
	}
	out, err := l.root.OpenFile(filepath.Join(st.dir, st.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Metainfo{}, explain("create published file", err)
	}
	defer func() { _ = out.Close() }()
	w := &meter{ctx: ctx, w: sliced{io.MultiWriter(&behindWriter{file: out}, hasher)}, progress: src.progress, total: st.info.SizeBytes}
	if err := l.cfg.Media.Publish(ctx, src.path, st.info, w); err != nil {
		return Metainfo{}, explain("write published file", err)
	}
	if err := out.Sync(); err != nil {
		return Metainfo{}, explain("save published file", err)
	}
	return hasher.Finish(st.name)
}

// poster takes the uploaded picture, else one of the video. None is not an error: the
// placeholder is shown then.
func (l *Library) poster(ctx context.Context, src source, info pod.MediaInfo) (*Poster, error) {
	if src.thumbnail != nil {
		p, err := l.cfg.Media.Picture(ctx, src.thumbnail)
		return &p, err
	}
	p, err := l.cfg.Media.Poster(ctx, src.path, info)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, pod.ErrNotFound) {
			l.log.Warn("Could not make a poster", pod.LogErr, err)
		}
		return nil, nil //nolint:nilnil // no poster and no error: the placeholder is shown
	}
	return &p, nil
}

// place moves the staged files to where they stay and stores the record.
func (l *Library) place(ctx context.Context, v pod.Video, st staged, poster *Poster) (pod.Video, error) {
	if poster != nil {
		v.HasPoster, v.PosterRev = true, 1
		if err := l.writePoster(v, *poster); err != nil {
			return pod.Video{}, err
		}
	}
	undo := func() {
		_ = l.root.RemoveAll(videoDir(st.meta.Infohash))
		l.removePictures(v)
	}
	if err := l.root.Rename(st.dir, videoDir(st.meta.Infohash)); err != nil {
		undo()
		return pod.Video{}, explain("place published file", err)
	}
	if err := l.syncDir(dirVideos); err != nil {
		undo()
		return pod.Video{}, explain("place published file", err)
	}
	stored, err := l.cfg.Store.InsertVideo(ctx, v)
	if err != nil {
		undo()
		return pod.Video{}, explain("store video", err)
	}
	l.log.Info("Published a video", pod.LogVideo, stored.UUID.String(), pod.LogSize, stored.Files[0].SizeBytes)
	l.cfg.OnChange(pod.Change{Rev: stored.Rev, Video: stored})
	return stored, nil
}

func (l *Library) writePoster(v pod.Video, p Poster) error {
	err := errors.Join(
		l.writeFile(filepath.Join(dirPictures, pictureName(v.UUID, v.PosterRev, "preview")), p.Preview),
		l.writeFile(filepath.Join(dirPictures, pictureName(v.UUID, v.PosterRev, "thumb")), p.Thumbnail),
	)
	if err == nil {
		err = l.syncDir(dirPictures)
	}
	if err != nil {
		l.removePictures(v)
	}
	return explain("write poster", err)
}

func (l *Library) removePictures(v pod.Video) {
	for _, kind := range []string{"preview", "thumb"} {
		name := filepath.Join(dirPictures, pictureName(v.UUID, v.PosterRev, kind))
		if err := l.root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			l.log.Warn("Could not remove a picture", pod.LogErr, err)
		}
	}
}

// Clean brings the texts of a video into the form that is stored: NFC, trimmed, each
// tag once.
func Clean(m pod.VideoMeta) pod.VideoMeta {
	tidy := func(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }
	m.Name, m.Description, m.Support = tidy(m.Name), tidy(m.Description), tidy(m.Support)
	seen := map[string]bool{}
	var tags []string
	for _, tag := range m.Tags {
		if tag = tidy(tag); tag != "" && !seen[strings.ToLower(tag)] {
			seen[strings.ToLower(tag)] = true
			tags = append(tags, tag)
		}
	}
	m.Tags = tags
	return m
}

func needsTranscode(info pod.MediaInfo) error {
	codec := info.VideoCodec
	if codec == "" {
		codec = "unknown"
	}
	return &pod.Error{
		Kind: pod.KindUnplayable, Code: "needs_transcode", Op: "publish", Err: pod.ErrUnplayable,
		Msg: fmt.Sprintf("Browsers can not play this video (%s, %s), and this version of Peerpod does not convert it. Convert it to MP4 with H.264 and AAC first.", strings.ToUpper(info.Container), strings.ToUpper(codec)),
	}
}

// errOrCancel says "stopped" when the work was stopped, whatever broke because of that.
func errOrCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	return err
}

// meter stops a copy whose context ended and reports how far it is.
type meter struct {
	ctx         context.Context
	w           io.Writer
	done, total int64
	progress    func(done, total int64)
}

func (m *meter) Write(p []byte) (int, error) {
	if m.ctx.Err() != nil {
		return 0, cancelled(m.ctx)
	}
	n, err := m.w.Write(p)
	m.done += int64(n)
	if m.progress != nil {
		m.progress(m.done, max(m.total, m.done))
	}
	return n, err
}

// behindWriter lets the disk begin while the file is still being made, so that the last
// sync has little left to do.
type behindWriter struct {
	file *os.File
	at   int64
}

func (b *behindWriter) Write(p []byte) (int, error) {
	n, err := b.file.Write(p)
	flushBehind(b.file, b.at, b.at+int64(n))
	b.at += int64(n)
	return n, err
}

// sliceBytes is what file and hasher get in turns: with whole fragments of some megabytes
// the hashing cores would stand still while the file is written.
const sliceBytes = 256 << 10

// sliced hands large writes on in small pieces.
type sliced struct{ w io.Writer }

func (s sliced) Write(p []byte) (n int, err error) {
	for part := range slices.Chunk(p, sliceBytes) {
		m, err := s.w.Write(part)
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
