package media

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/child"
	"github.com/peerpod/peerpod/pod/media/picture"
)

const (
	posterTime  = 30 * time.Second
	posterBytes = 16 << 20 // of one PNG
	posterFirst = time.Second
	posterLast  = 5 * time.Minute
)

// Poster takes a picture at a tenth of the video, not before its first second. Without
// ffmpeg, or if no picture can be had, the error is pod.ErrNotFound, wrapped: Placeholder
// is then the picture.
func (m *Media) Poster(ctx context.Context, path string, info pod.MediaInfo) (Poster, error) {
	if m.tools() == nil {
		return Poster{}, fmt.Errorf("take poster without ffmpeg: %w", pod.ErrNotFound)
	}
	src, err := openSource(path)
	if err != nil {
		return Poster{}, err
	}
	defer src.close()
	if src.container, err = sniff(src, src.size); err != nil {
		return Poster{}, err
	}
	p, err := m.posterAt(ctx, src, info, posterMoment(info.Duration))
	if err != nil && ctx.Err() == nil { // the end of a damaged video may not decode
		p, err = m.posterAt(ctx, src, info, 0)
	}
	if ctx.Err() != nil {
		return Poster{}, fmt.Errorf("take poster: %w", ctx.Err())
	}
	if err != nil {
		m.log.Warn("No picture could be taken from a video", pod.LogErr, err)
		return Poster{}, fmt.Errorf("take poster: %w: %w", pod.ErrNotFound, err)
	}
	return p, nil
}

// posterMoment is where in a video the picture is taken.
func posterMoment(length time.Duration) time.Duration {
	at := min(max(length/10, posterFirst), posterLast)
	if at >= length {
		return length / 2
	}
	return at
}

func (m *Media) posterAt(ctx context.Context, src *source, info pod.MediaInfo, at time.Duration) (Poster, error) {
	free, err := m.children.take(ctx)
	if err != nil {
		return Poster{}, err
	}
	defer free()
	w, h := picture.Fit(info.Width, info.Height, picture.PreviewSide)
	args := append([]string{"-nostdin", "-v", "error"}, inputOptions(src.container)...)
	args = append(args, "-threads", "2", "-ss", strconv.FormatFloat(at.Seconds(), 'f', 3, 64), "-i", "file:"+src.path,
		"-map", "0:V:0", "-map_metadata", "-1", "-frames:v", "1", "-threads", "2",
		"-vf", fmt.Sprintf("scale=%d:%d,format=rgb24", w, h), "-c:v", "png", "-f", "image2pipe", "pipe:1")
	out := &capped{limit: posterBytes}
	err = child.Run(ctx, child.Command{
		Path: m.tools().ffmpeg, Args: args, Stdout: out,
		Limits: child.Limits{Wall: posterTime, CPU: 2 * posterTime, MemoryBytes: childMemory, FileBytes: strayBytes},
	})
	if err != nil {
		return Poster{}, fmt.Errorf("take a frame: %w", err)
	}
	if len(out.b) == 0 {
		return Poster{}, errors.New("ffmpeg gave no frame")
	}
	return m.poster(ctx, out.b)
}

// Picture re-encodes a picture that a person sent: JPEG, PNG, GIF or WebP of at most 20
// million pixels. Others give a *pod.Error of KindInvalid.
func (m *Media) Picture(ctx context.Context, data []byte) (Poster, error) {
	if limit := m.cfg.Limits.PictureBytes; limit > 0 && int64(len(data)) > limit {
		return Poster{}, pod.Invalid("thumbnail", "This picture is too large. Choose a smaller one.")
	}
	p, err := m.poster(ctx, data)
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		return Poster{}, badPicture("This picture has too many pixels. Choose one with at most 20 million.", err)
	case errors.Is(err, picture.ErrFormat):
		return Poster{}, badPicture("This file is not a picture that Peerpod can read. Choose a JPEG, PNG, GIF or WebP file.", err)
	}
	return p, err
}

func badPicture(says string, cause error) *pod.Error {
	e := pod.Invalid("thumbnail", says)
	e.Err = fmt.Errorf("%w: %w", pod.ErrInvalid, cause)
	return e
}

// poster decodes a picture and brings it to both sizes.
func (m *Media) poster(ctx context.Context, data []byte) (Poster, error) {
	free, err := m.pictures.take(ctx)
	if err != nil {
		return Poster{}, err
	}
	defer free()
	img, err := picture.Decode(data)
	if err != nil {
		return Poster{}, err
	}
	p, err := picture.Make(img)
	return Poster(p), err
}
