package library

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/peerpod/peerpod/pod"
)

// upload is a file on its way in. It satisfies pod.Upload.
type upload struct {
	l    *Library
	ctx  context.Context
	end  func()
	req  pod.UploadRequest
	name string // in the data folder
	file *os.File
	size int64
	gone atomic.Bool // set once by Finish or Abort
	once sync.Once
}

// Begin opens a new upload. The space must be there: a pod that fills its disk can not
// even delete. ctx bounds the whole upload. Finish or Abort must follow.
func (l *Library) Begin(ctx context.Context, req pod.UploadRequest) (pod.Upload, error) {
	if req.SizeHint > l.cfg.Limits.UploadBytes {
		return nil, tooLarge(l.cfg.Limits.UploadBytes)
	}
	if err := l.checkSpace(req.SizeHint); err != nil {
		return nil, err
	}
	work, end, err := l.begin(ctx)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dirIncoming, newID()+".part")
	file, err := l.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		end()
		return nil, explain("begin upload", err)
	}
	return &upload{l: l, ctx: work, end: end, req: req, name: name, file: file}, nil
}

// Write appends to the upload. It refuses what is over the limit, or after a cancel.
func (u *upload) Write(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, cancelled(u.ctx)
	}
	if u.size+int64(len(p)) > u.l.cfg.Limits.UploadBytes {
		return 0, tooLarge(u.l.cfg.Limits.UploadBytes)
	}
	n, err := u.file.Write(p)
	u.size += int64(n)
	flushBehind(u.file, u.size-int64(n), u.size)
	return n, explain("write upload", err)
}

// Finish publishes what was written. Whatever the answer, the upload is over.
func (u *upload) Finish(ctx context.Context, f pod.FinishUpload) (pod.Video, error) {
	if u.gone.Swap(true) {
		return pod.Video{}, &pod.Error{Kind: pod.KindConflict, Code: "upload_over", Op: "finish upload", Msg: "This upload has ended already."}
	}
	defer u.cleanUp()
	if err := u.file.Sync(); err != nil {
		return pod.Video{}, explain("save upload", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(u.ctx, cancel)() //nolint:contextcheck // two contexts meet: that of the upload and that of its end
	return u.l.publish(ctx, source{
		path: u.l.path(u.name), name: u.name, owned: true,
		account: u.req.AccountID, channel: f.ChannelID, meta: f.Meta, thumbnail: f.Thumbnail,
	})
}

// Abort gives the upload up and removes what was written. It may follow Finish.
func (u *upload) Abort() {
	if !u.gone.Swap(true) {
		u.cleanUp()
	}
}

func (u *upload) cleanUp() {
	u.once.Do(func() {
		_ = u.file.Close()
		if err := u.l.root.Remove(u.name); err != nil && !errors.Is(err, os.ErrNotExist) {
			u.l.log.Warn("Could not remove an upload's file", pod.LogErr, err)
		}
		u.end()
	})
}

func tooLarge(limit int64) error {
	return &pod.Error{
		Kind: pod.KindTooLarge, Code: "file_too_large", Op: "upload", Err: pod.ErrTooLarge,
		Msg: fmt.Sprintf("The file is too large: this pod takes files of %d MB at most.", limit>>20),
	}
}

// checkSpace refuses bytes that would bring the disk below its reserve.
func (l *Library) checkSpace(sizeBytes int64) error {
	free, err := freeBytes(l.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if free-sizeBytes < l.cfg.Limits.MinFreeBytes {
		return diskFull("check space", pod.ErrNoSpace)
	}
	return nil
}

// newID names a file of ours: 128 random bits in hexadecimal.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
