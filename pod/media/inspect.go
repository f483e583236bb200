package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/matroska"
)

const (
	extMP4  = "mp4"
	extWebM = "webm"
	maxFPS  = 1000
)

// inspectMP4 reads MP4 and QuickTime files, for which no other program is needed.
func (m *Media) inspectMP4(ctx context.Context, src *source) (pod.MediaInfo, error) {
	f, err := m.openMP4(src)
	if err != nil {
		return pod.MediaInfo{}, err
	}
	info := pod.MediaInfo{
		Extension: extMP4, Duration: f.Duration, Width: f.Video.Width, Height: f.Video.Height,
		FPS: sensibleFPS(f.Video.FPS), VideoCodec: f.Video.Codec,
	}
	codecs := []string{f.Video.Codecs}
	if f.Audio != nil {
		info.AudioCodec = f.Audio.Codec
		codecs = append(codecs, f.Audio.Codecs)
	}
	switch {
	case !f.Playable():
		return needTranscode(info), nil
	case f.Published:
		info.Action = pod.MediaKeep
	case f.Fragmented:
		info.Action = pod.MediaRemux
		if err := m.measure(ctx, src, &info); err != nil {
			return pod.MediaInfo{}, err
		}
	default:
		info.Action = pod.MediaFragment
	}
	info.MIME = mimeOf(info.Extension, codecs)
	return info, nil
}

func (m *Media) openMP4(src *source) (*fmp4.File, error) {
	f, err := fmp4.Open(src, src.size, fmp4.Limits{MaxDuration: m.cfg.Limits.MaxDuration, MaxPixels: maxPixels})
	return f, explain(err)
}

// needTranscode fills what is known about the result of a transcode, which is not much.
func needTranscode(info pod.MediaInfo) pod.MediaInfo {
	info.Action, info.Extension, info.MIME = pod.MediaTranscode, extMP4, "video/mp4"
	return info
}

// measure lets ffprobe tell what the head of a file does not say.
func (m *Media) measure(ctx context.Context, src *source, info *pod.MediaInfo) error {
	if m.tools() == nil {
		return refuse(saysNeedFFmpeg, errors.New("fragments without an index"))
	}
	p, err := m.probe(ctx, src)
	if err != nil {
		return err
	}
	info.Duration = max(info.Duration, p.duration())
	if v := p.first("video"); v != nil && info.FPS == 0 {
		info.FPS = v.fps()
	}
	return nil
}

// inspectMatroska reads Matroska and WebM files. WebM that is whole stays as it is.
func (m *Media) inspectMatroska(src *source) (pod.MediaInfo, error) {
	f, err := matroska.Open(src, src.size)
	if err != nil {
		return pod.MediaInfo{}, explain(err)
	}
	v := matroskaStream(f.Video)
	info := pod.MediaInfo{
		Extension: extMP4, Duration: f.Duration, Width: f.Video.Width, Height: f.Video.Height,
		FPS: sensibleFPS(f.Video.FPS), VideoCodec: v.codec,
	}
	if f.Video.PixelWidth*f.Video.PixelHeight > maxPixels {
		return pod.MediaInfo{}, refuse(saysTooBig, fmt.Errorf("%d x %d pixels", f.Video.PixelWidth, f.Video.PixelHeight))
	}
	codecs := []string{v.codecs}
	web, classic := isWebM(v.codec), v.codec == "h264"
	if f.Audio != nil {
		a := matroskaStream(f.Audio)
		info.AudioCodec = a.codec
		codecs = append(codecs, a.codecs)
		web, classic = web && isWebM(a.codec), classic && a.codec == "aac"
	}
	if slices.Contains(codecs, "") || !web && !classic {
		return needTranscode(info), nil
	}
	if web {
		info.Extension = extWebM
	}
	info.MIME = mimeOf(info.Extension, codecs)
	return m.keepOrRemux(f, info)
}

// keepOrRemux keeps WebM that is whole. One without length or index, as browsers record
// it, plays too, but ffmpeg makes it better where there is one.
func (m *Media) keepOrRemux(f *matroska.File, info pod.MediaInfo) (pod.MediaInfo, error) {
	encoded := f.Video.Encoded || f.Audio != nil && f.Audio.Encoded
	plain := info.Extension == extWebM && f.DocType == containerWebM && !encoded && !f.Trailing
	info.Action = pod.MediaKeep
	if plain && (f.HasCues && f.Timed || m.tools() == nil) {
		return info, nil
	}
	if m.tools() == nil {
		return pod.MediaInfo{}, refuse(saysNeedFFmpeg, fmt.Errorf("%s with %s", f.DocType, info.VideoCodec))
	}
	info.Action = pod.MediaRemux
	return info, nil
}

// inspectForeign lets ffprobe read the containers that this package does not know.
func (m *Media) inspectForeign(ctx context.Context, src *source) (pod.MediaInfo, error) {
	if m.tools() == nil {
		return pod.MediaInfo{}, refuse(saysNeedFFmpeg, fmt.Errorf("container %s", src.container))
	}
	p, err := m.probe(ctx, src)
	if err != nil {
		return pod.MediaInfo{}, err
	}
	v, a := p.first("video"), p.first("audio")
	if v == nil {
		return pod.MediaInfo{}, refuse(saysNoPicture, errors.New("no video stream"))
	}
	info := pod.MediaInfo{Duration: p.duration(), FPS: v.fps(), VideoCodec: v.CodecName, Extension: extMP4}
	info.Width, info.Height = v.shownSize()
	codecs := []string{v.h264Codecs()}
	if a != nil {
		info.AudioCodec = a.CodecName
		codecs = append(codecs, a.aacCodecs())
	}
	// AVI has no time stamps for pictures that are shown in another order.
	if src.container != containerTS && src.container != containerFLV {
		return needTranscode(info), nil
	}
	if slices.Contains(codecs, "") {
		return needTranscode(info), nil
	}
	info.Action, info.MIME = pod.MediaRemux, mimeOf(extMP4, codecs)
	return info, nil
}

// mimeOf gives the type of a published file as RFC 6381 wants it.
func mimeOf(extension string, codecs []string) string {
	return fmt.Sprintf("video/%s; codecs=%q", extension, strings.Join(codecs, ","))
}

// sensibleFPS drops rates that no camera has: they come from broken clocks.
func sensibleFPS(fps float64) float64 {
	if fps > 0 && fps <= maxFPS {
		return fps
	}
	return 0
}

// seconds turns a number of seconds into a duration.
func seconds(s float64) time.Duration {
	if s <= 0 || s > 1e9 {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
