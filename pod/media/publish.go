package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/child"
)

const (
	remuxTime  = 2 * time.Hour
	remuxExtra = 64 << 20 // that another container may need, besides a tenth
)

// Publish writes the published bytes of a file that Inspect looked at, once and front to
// back. For MediaTranscode it gives KindUnplayable. After an error what was written is
// of no use.
func (m *Media) Publish(ctx context.Context, path string, info pod.MediaInfo, w io.Writer) error {
	src, err := openSource(path)
	if err != nil {
		return err
	}
	defer src.close()
	src.container = info.Container
	switch info.Action {
	case pod.MediaKeep:
		return copyAll(ctx, w, src)
	case pod.MediaFragment:
		return m.fragment(ctx, src, w)
	case pod.MediaRemux:
		return m.remux(ctx, src, info, w)
	default:
		return refuse(saysNeedTranscode, fmt.Errorf("%s and %s", info.VideoCodec, info.AudioCodec))
	}
}

func (m *Media) fragment(ctx context.Context, src *source, w io.Writer) error {
	f, err := m.openMP4(src)
	if err != nil {
		return err
	}
	if !f.Playable() || f.Fragmented {
		return refuse(saysDamaged, errors.New("not what was looked at"))
	}
	return explain(f.Write(ctx, w))
}

// remux lets ffmpeg copy the streams to a temporary file of a container that this
// package reads, and publishes that.
func (m *Media) remux(ctx context.Context, src *source, info pod.MediaInfo, w io.Writer) error {
	if m.tools() == nil {
		return refuse(saysNeedFFmpeg, fmt.Errorf("container %s", src.container))
	}
	dir, err := os.MkdirTemp(m.cfg.TempDir, tempPattern)
	if err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	defer m.removeTemp(dir)
	path := filepath.Join(dir, "streams."+info.Extension)
	if err := m.copyStreams(ctx, src, info, path); err != nil {
		return diskFull(dir, err)
	}
	copied, err := openSource(path)
	if err != nil {
		return err
	}
	defer copied.close()
	if info.Extension == extWebM {
		return copyAll(ctx, w, copied)
	}
	return m.fragment(ctx, copied, w)
}

func (m *Media) removeTemp(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		m.log.Warn("Temporary folder stays", pod.LogPath, dir, pod.LogErr, err)
	}
}

func (m *Media) copyStreams(ctx context.Context, src *source, info pod.MediaInfo, path string) error {
	free, err := m.children.take(ctx)
	if err != nil {
		return err
	}
	defer free()
	args := append([]string{"-nostdin", "-v", "error", "-y"}, inputOptions(src.container)...)
	args = append(args, "-i", "file:"+src.path, "-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1",
		"-map_chapters", "-1", "-c", "copy", "-threads", "2")
	if longest := m.cfg.Limits.MaxDuration; longest > 0 {
		args = append(args, "-t", strconv.FormatInt(int64(longest/time.Second), 10))
	}
	args = append(args, "-f", info.Extension, "file:"+path)
	err = child.Run(ctx, child.Command{
		Path: m.tools().ffmpeg, Args: args,
		Limits: child.Limits{
			Wall: remuxTime, CPU: remuxTime, MemoryBytes: childMemory,
			FileBytes: src.size + src.size/10 + remuxExtra,
		},
	})
	if err != nil {
		return explain(fmt.Errorf("copy streams: %w", err))
	}
	return nil
}

// diskFull tells a full disk from a bad file, which ffmpeg's exit code does not: it
// tries whether anything can be written beside the file that ffmpeg left.
func diskFull(dir string, cause error) error {
	trial := filepath.Join(dir, "trial")
	if err := os.WriteFile(trial, make([]byte, copyBytes), 0o600); !errors.Is(err, syscall.ENOSPC) {
		return cause
	}
	return &pod.Error{
		Kind: pod.KindNoSpace, Code: "no_space", Op: "copy streams",
		Msg: "The disk of this pod is full. Free some space and try again.",
		Err: fmt.Errorf("%w: %w", pod.ErrNoSpace, cause),
	}
}
