package media

import (
	"encoding/json"
	"time"

	"github.com/peerpod/peerpod/pod/media/matroska"
)

// What tests ask that no caller does.

func ContainerOf(head []byte) string                  { return containerOf(head) }
func PosterMoment(length time.Duration) time.Duration { return posterMoment(length) }
func HexDump(text string) []byte                      { return hexDump(text) }
func InputOptions(container string) []string          { return inputOptions(container) }
func MatroskaCodecs(t *matroska.Track) (string, string) {
	s := matroskaStream(t)
	return s.codec, s.codecs
}

// Probed is the part of ffprobe's answer that decides.
type Probed struct {
	Video, Audio  string // RFC 6381
	Width, Height int
	FPS           float64
	Duration      time.Duration
}

// ReadProbe reads an answer of ffprobe.
func ReadProbe(text string) (Probed, error) {
	var p probed
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Probed{}, err
	}
	out := Probed{Duration: p.duration()}
	if v := p.first("video"); v != nil {
		out.Video, out.FPS = v.h264Codecs(), v.fps()
		out.Width, out.Height = v.shownSize()
	}
	if a := p.first("audio"); a != nil {
		out.Audio = a.aacCodecs()
	}
	return out, nil
}
