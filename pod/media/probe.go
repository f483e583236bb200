package media

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod/media/child"
	"github.com/peerpod/peerpod/pod/media/fmp4"
)

const (
	probeTime  = 30 * time.Second
	probeBytes = 1 << 20 // of JSON
)

// probed is what ffprobe tells.
type probed struct {
	Streams []probedStream `json:"streams"`
	Format  struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

type probedStream struct {
	CodecName   string `json:"codec_name"`
	CodecType   string `json:"codec_type"`
	Profile     string `json:"profile"`
	Level       int    `json:"level"`
	PixFmt      string `json:"pix_fmt"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Aspect      string `json:"sample_aspect_ratio"`
	Rate        string `json:"avg_frame_rate"`
	Duration    string `json:"duration"`
	Extradata   string `json:"extradata"` // as a hex dump
	Disposition struct {
		AttachedPic int `json:"attached_pic"`
	} `json:"disposition"`
	SideData []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// probe runs ffprobe on a file whose magic bytes were looked at.
func (m *Media) probe(ctx context.Context, src *source) (*probed, error) {
	free, err := m.children.take(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	args := append([]string{"-v", "error"}, inputOptions(src.container)...)
	args = append(args,
		"-show_data", "-show_entries",
		"stream=codec_name,codec_type,profile,level,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,duration,extradata"+
			":stream_disposition=attached_pic:stream_side_data=rotation:format=duration",
		"-of", "json", "-i", "file:"+src.path)
	out := &capped{limit: probeBytes}
	err = child.Run(ctx, child.Command{
		Path: m.tools().ffprobe, Args: args, Stdout: out,
		Limits: child.Limits{Wall: probeTime, CPU: probeTime, MemoryBytes: childMemory, FileBytes: strayBytes},
	})
	if err != nil {
		return nil, explain(fmt.Errorf("probe video: %w", err))
	}
	var p probed
	if err := json.Unmarshal(out.b, &p); err != nil {
		return nil, refuse(saysDamaged, fmt.Errorf("read what ffprobe says: %w", err))
	}
	return &p, nil
}

// first gives the first stream of a kind; covers are no pictures.
func (p *probed) first(kind string) *probedStream {
	for i := range p.Streams {
		if s := &p.Streams[i]; s.CodecType == kind && s.Disposition.AttachedPic == 0 {
			return s
		}
	}
	return nil
}

func (p *probed) duration() time.Duration {
	longest := number(p.Format.Duration)
	for _, s := range p.Streams {
		longest = max(longest, number(s.Duration))
	}
	return seconds(longest)
}

// number reads a decimal number; what is none is 0.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v != v {
		return 0
	}
	return v
}

// ratio reads "30000/1001" or "4:3"; what is none is 0.
func ratio(s, sep string) float64 {
	above, below, _ := strings.Cut(s, sep)
	if d := number(below); d > 0 {
		return number(above) / d
	}
	return 0
}

func (s *probedStream) fps() float64 { return sensibleFPS(ratio(s.Rate, "/")) }

func (s *probedStream) shownSize() (w, h int) {
	w, h = s.Width, s.Height
	if aspect := ratio(s.Aspect, ":"); aspect > 0.1 && aspect < 10 {
		w = int(float64(w)*aspect + 0.5)
	}
	for _, d := range s.SideData {
		if int(d.Rotation)%180 != 0 {
			w, h = h, w
		}
	}
	return w, h
}

// h264Codecs gives the RFC 6381 name; "" if browsers do not play the stream.
func (s *probedStream) h264Codecs() string {
	if s.CodecName != "h264" || s.PixFmt != "yuv420p" && s.PixFmt != "yuvj420p" {
		return ""
	}
	data := hexDump(s.Extradata)
	if len(data) > 0 && data[0] == 1 {
		a, err := fmp4.ParseAVCConfig(data)
		if err == nil && a.Playable {
			return a.Codecs
		}
		return ""
	}
	for nal := range bytes.SplitSeq(data, []byte{0, 0, 1}) {
		if len(nal) > 0 && nal[0]&31 == 7 {
			a, err := fmp4.ParseAVCParameterSet(nal)
			if err == nil && a.Playable {
				return a.Codecs
			}
		}
	}
	return ""
}

// aacCodecs gives the RFC 6381 name; "" if browsers do not play the stream. In MPEG-TS
// HE-AAC is signalled inside AAC-LC, and so it will be in MP4.
func (s *probedStream) aacCodecs() string {
	if s.CodecName != "aac" {
		return ""
	}
	if data := hexDump(s.Extradata); len(data) > 0 {
		codecs, _ := fmp4.ParseAACConfig(data)
		return codecs
	}
	switch s.Profile {
	case "LC", "HE-AAC", "HE-AACv2":
		return "mp4a.40.2"
	}
	return ""
}

// hexDump reads ffprobe's way to print bytes: lines of an offset, groups of hexadecimal
// digits, two blanks and the bytes as text.
func hexDump(text string) []byte {
	var out []byte
	for line := range strings.Lines(text) {
		_, line, found := strings.Cut(strings.TrimSpace(line), ": ")
		if !found {
			continue
		}
		digits, _, _ := strings.Cut(line, "  ")
		b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			return nil
		}
		out = append(out, b...)
	}
	return out
}

// capped keeps what a child writes, up to a limit. It has Write only: a bytes.Buffer
// would also offer ReadFrom, which knows no limit.
type capped struct {
	b     []byte
	limit int
}

var errTooMuch = errors.New("the program wrote more than is kept")

func (c *capped) Write(p []byte) (int, error) {
	if len(c.b)+len(p) > c.limit {
		return 0, errTooMuch
	}
	c.b = append(c.b, p...)
	return len(p), nil
}
