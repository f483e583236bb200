package library

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/peerpod/peerpod/pod"
)

// Import is a file of this machine that the owner dropped on the window.
type Import struct {
	Path      string
	AccountID pod.AccountID
	ChannelID pod.ChannelID
	Meta      *pod.VideoMeta                    // nil: public, under the file's name
	Progress  func(doneBytes, totalBytes int64) // may be nil; called often, from the working goroutine
}

// Import publishes a file where it lies: it is read once and never changed. Only regular
// files are taken. A file that changes while it is read is refused and leaves nothing.
func (l *Library) Import(ctx context.Context, in Import) (pod.Video, error) {
	work, end, err := l.begin(ctx)
	if err != nil {
		return pod.Video{}, err
	}
	defer end()
	before, err := regular(in.Path)
	if err != nil {
		return pod.Video{}, err
	}
	if before.Size() > l.cfg.Limits.UploadBytes {
		return pod.Video{}, tooLarge(l.cfg.Limits.UploadBytes)
	}
	if err := l.checkSpace(before.Size()); err != nil {
		return pod.Video{}, err
	}
	meta := pod.DefaultMeta()
	if in.Meta != nil {
		meta = *in.Meta
	} else {
		meta.Name = pod.NameFromFile(in.Path)
	}
	return l.publish(work, source{
		path: in.Path, account: in.AccountID, channel: in.ChannelID, meta: meta, progress: in.Progress,
		verify: func() error { return unchanged(in.Path, before) },
	})
}

// regular refuses folders, links, devices and pipes: opening a pipe would hang.
func regular(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &pod.Error{Kind: pod.KindNotFound, Code: "no_file", Op: "import", Msg: "The file is not there any more.", Err: err}
	}
	if err != nil {
		return nil, &pod.Error{Kind: pod.KindForbidden, Code: "no_file", Op: "import", Msg: "Peerpod can not read this file.", Err: err}
	}
	if !info.Mode().IsRegular() {
		return nil, &pod.Error{Kind: pod.KindUnplayable, Code: "no_regular_file", Op: "import", Msg: "This is not a file but a folder, a link or a device. Choose the video file itself.", Err: pod.ErrUnplayable}
	}
	return info, nil
}

func unchanged(path string, before fs.FileInfo) error {
	after, err := os.Lstat(path)
	if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) {
		return &pod.Error{Kind: pod.KindConflict, Code: "file_changed", Op: "import", Msg: "The file changed while Peerpod read it. Add it again when it is finished.", Err: err}
	}
	return nil
}
