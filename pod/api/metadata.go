package api

import (
	"context"
	"mime"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// metadataJSON has the form of PeerTube's VideoFileMetadata, with the facts that the pod
// keeps of a file.
type metadataJSON struct {
	Streams  []streamJSON `json:"streams" nullable:"false"`
	Format   formatJSON   `json:"format"`
	Chapters []string     `json:"chapters" nullable:"false"`
}

type streamJSON struct {
	Index     int     `json:"index"`
	CodecType string  `json:"codec_type" enum:"video,audio"`
	CodecTag  string  `json:"codec_tag_string" doc:"As in the MIME type's codecs."`
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	FrameRate float64 `json:"frame_rate,omitempty"`
}

type formatJSON struct {
	Name     string  `json:"format_name"`
	MimeType string  `json:"mime_type"`
	Duration float64 `json:"duration" doc:"Seconds."`
	Size     int64   `json:"size" doc:"Bytes."`
	BitRate  int64   `json:"bit_rate" doc:"Bits per second, over the whole file."`
}

type fileParam struct {
	VideoParam
	FileID uint64 `path:"fileId" doc:"The file's number, as files[].id has it."`
}

func (a *API) getMetadata(ctx context.Context, in *fileParam) (*body[metadataJSON], error) {
	v, err := a.findVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range v.Files {
		if f.ID == in.FileID {
			return answer(metadataShape(&v, f)), nil
		}
	}
	return nil, notFound("The video has no such file.")
}

func metadataShape(v *pod.Video, f pod.VideoFile) metadataJSON {
	container, params, err := mime.ParseMediaType(f.MIME)
	if err != nil {
		container = f.MIME
	}
	out := metadataJSON{
		Streams:  streams(params["codecs"], f),
		Format:   formatJSON{Name: strings.TrimPrefix(container, "video/"), MimeType: f.MIME, Duration: v.Duration.Seconds(), Size: f.SizeBytes},
		Chapters: []string{},
	}
	if v.Duration > 0 {
		out.Format.BitRate = int64(float64(f.SizeBytes) * 8 / v.Duration.Seconds())
	}
	return out
}

// streams reads the codecs of a MIME type: the picture first, then the sound.
func streams(codecs string, f pod.VideoFile) []streamJSON {
	out := []streamJSON{}
	for codec := range strings.SplitSeq(codecs, ",") {
		if codec = strings.TrimSpace(codec); codec == "" {
			continue
		}
		s := streamJSON{Index: len(out), CodecType: "video", CodecTag: codec, Width: f.Width, Height: f.Height, FrameRate: f.FPS}
		if len(out) > 0 {
			s = streamJSON{Index: len(out), CodecType: "audio", CodecTag: codec}
		}
		out = append(out, s)
	}
	return out
}
