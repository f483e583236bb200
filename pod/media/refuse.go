package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/child"
	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/matroska"
)

// What a person reads: what is wrong with the file, and what to do.
const (
	saysNotVideo   = "This file is not a video that Peerpod can read. Choose an MP4, MOV, MKV or WebM file."
	saysEmpty      = "This file is empty. Choose another one, or copy it again."
	saysTruncated  = "This video is incomplete: a part at its end is missing. Copy or download it again."
	saysDamaged    = "This video is damaged, so Peerpod can not read it. Try another copy of it."
	saysNoPicture  = "This file has no picture, and Peerpod shares videos. Choose a file with moving pictures."
	saysProtected  = "This video is protected against copying, so Peerpod can not share it. Choose one without protection."
	saysExternal   = "This file leads to pictures in another file. Export it as one MP4 file and share that."
	saysTooBig     = "This video is larger or longer than this pod takes. Choose a smaller or shorter version of it."
	saysSlow       = "Reading this video took too long, so Peerpod stopped. Try another copy of it."
	saysNeedFFmpeg = "This kind of video needs ffmpeg, which this pod does not have. " +
		"Install ffmpeg on the pod's computer to share MKV, AVI and similar files, or choose an MP4 or WebM file."
	saysNeedTranscode = "Browsers do not play this kind of video, and converting it is not done here. " +
		"Save it as MP4 with H.264 and AAC, or as WebM, and share that."
)

// refuse makes the error for a file that can not be published.
func refuse(says string, cause error) *pod.Error {
	return &pod.Error{
		Kind: pod.KindUnplayable, Code: "unplayable", Op: "inspect video", Msg: says,
		Err: fmt.Errorf("%w: %w", pod.ErrUnplayable, cause),
	}
}

// sentences pairs what the readers say with what a person reads.
func sentences() []struct {
	err  error
	says string
} {
	return []struct {
		err  error
		says string
	}{
		{fmp4.ErrTruncated, saysTruncated},
		{matroska.ErrTruncated, saysTruncated},
		{fmp4.ErrDamaged, saysDamaged},
		{matroska.ErrDamaged, saysDamaged},
		{fmp4.ErrNoPicture, saysNoPicture},
		{matroska.ErrNoPicture, saysNoPicture},
		{fmp4.ErrProtected, saysProtected},
		{matroska.ErrProtected, saysProtected},
		{fmp4.ErrExternal, saysExternal},
		{fmp4.ErrTooBig, saysTooBig},
		{matroska.ErrTooBig, saysTooBig},
	}
}

// explain turns what a reader or a child says into what a person reads. Errors that are
// not the file's fault stay as they are.
func explain(err error) error {
	if _, ok := errors.AsType[*pod.Error](err); ok || err == nil {
		return err
	}
	for _, s := range sentences() {
		if errors.Is(err, s.err) {
			return refuse(s.says, err)
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if f, ok := errors.AsType[*child.ExitError](err); ok {
		if f.Slow {
			return refuse(saysSlow, err)
		}
		return refuse(saysDamaged, err)
	}
	return err
}
