package pod

import (
	"context"
	"io"
)

// UploadRequest begins an upload: what is known before the first byte.
type UploadRequest struct {
	AccountID AccountID
	FileName  string // as the sender named it: for display, never a path
	SizeHint  int64  // bytes, at least about right; 0 or less is unknown
}

// Upload is one file on its way in. The file's bytes are written to it in order; then
// exactly one of Finish and Abort ends it. Abort after Finish does nothing, so that a
// caller can defer it. One goroutine at a time.
type Upload interface {
	io.Writer
	// Finish looks at the file, publishes it and gives the stored video: KindUnplayable
	// for media that can not be published, KindTooLarge over quota, KindNoSpace. After
	// an error nothing of the upload is left.
	Finish(ctx context.Context, f FinishUpload) (Video, error)
	// Abort drops what was written.
	Abort()
}

// FinishUpload ends an upload: what may be known only after the file's last byte.
type FinishUpload struct {
	ChannelID ChannelID
	Meta      VideoMeta
	Thumbnail []byte // an uploaded picture of any kind that the pod reads; nil: one is made
}

// EditRequest changes a video.
type EditRequest struct {
	Change    func(*VideoMeta) error // nil: the texts stay. Runs in the store's transaction.
	ChannelID ChannelID              // 0: the channel stays
	Thumbnail []byte                 // nil: the picture stays
}
