package media

import (
	"fmt"
	"strings"

	"github.com/peerpod/peerpod/pod/media/fmp4"
	"github.com/peerpod/peerpod/pod/media/matroska"
)

// stream is what decides about a track of a container that is not MP4.
type stream struct {
	codec  string // ffmpeg's short name
	codecs string // RFC 6381; "" if browsers do not play it
	sarX   int    // shape of a pixel, where the codec knows it and the container does not
	sarY   int
}

// matroskaCodecs gives ffmpeg's short names for the identifiers of Matroska.
var matroskaCodecs = map[string]string{
	"V_VP8": "vp8", "V_VP9": "vp9", "V_AV1": "av1", "V_MPEG4/ISO/AVC": "h264", "V_MPEGH/ISO/HEVC": "hevc",
	"V_MPEG1": "mpeg1video", "V_MPEG2": "mpeg2video", "V_MPEG4/ISO/ASP": "mpeg4", "V_MPEG4/ISO/SP": "mpeg4",
	"V_THEORA": "theora", "V_PRORES": "prores", "V_FFV1": "ffv1", "A_OPUS": "opus", "A_VORBIS": "vorbis",
	"A_AC3": "ac3", "A_EAC3": "eac3", "A_DTS": "dts", "A_FLAC": "flac", "A_MPEG/L3": "mp3", "A_MPEG/L2": "mp2",
	"A_TRUEHD": "truehd", "A_PCM/INT/LIT": "pcm_s16le", "A_PCM/INT/BIG": "pcm_s16be", "A_PCM/FLOAT/IEEE": "pcm_f32le",
}

func matroskaStream(t *matroska.Track) stream {
	s := stream{codec: matroskaCodecs[t.CodecID], sarX: 1, sarY: 1}
	switch {
	case t.CodecID == "A_AAC" || strings.HasPrefix(t.CodecID, "A_AAC/"):
		s.codec, s.codecs = "aac", "mp4a.40.2"
		if len(t.Private) > 0 {
			s.codecs, _ = fmp4.ParseAACConfig(t.Private)
		}
	case s.codec == "h264":
		if a, err := fmp4.ParseAVCConfig(t.Private); err == nil && a.Playable {
			s.codecs, s.sarX, s.sarY = a.Codecs, a.SARX, a.SARY
		}
	case s.codec == "vp9":
		s.codecs = vp9Codecs(t)
	case s.codec == "av1":
		s.codecs = av1Codecs(t.Private)
	case s.codec == "vp8" || s.codec == "opus" || s.codec == "vorbis":
		s.codecs = s.codec
	case s.codec == "":
		s.codec = "unknown"
	}
	return s
}

// isWebM tells whether WebM may hold the codec, so that browsers expect it there.
func isWebM(codec string) bool {
	switch codec {
	case "vp8", "vp9", "av1", "opus", "vorbis":
		return true
	}
	return false
}

// av1Codecs reads the AV1CodecConfigurationRecord. Browsers play the main profile.
func av1Codecs(config []byte) string {
	if len(config) < 4 || config[0] != 0x81 || config[1]>>5 != 0 {
		return ""
	}
	tier, depth := "M", 8
	if config[2]&0x80 != 0 {
		tier = "H"
	}
	if config[2]&0x40 != 0 {
		depth = 10
	}
	return fmt.Sprintf("av01.0.%02d%s.%02d", config[1]&31, tier, depth)
}

// vp9Codecs takes profile, level and depth from the configuration, where there is one,
// else from the first picture's head and the size. Browsers play 4:2:0, profiles 0 and 2.
func vp9Codecs(t *matroska.Track) string {
	profile, depth, ok := vp9Head(t.FirstFrame)
	level := 0
	for b := t.Private; len(b) >= 3 && b[1] == 1; b = b[3:] {
		switch b[0] {
		case 1:
			profile, ok = int(b[2]), true
		case 2:
			level = int(b[2])
		case 3:
			depth = int(b[2])
		}
	}
	if level == 0 {
		level = vp9Level(t.PixelWidth, t.PixelHeight, t.FPS)
	}
	if !ok || profile != 0 && profile != 2 {
		return ""
	}
	return fmt.Sprintf("vp09.%02d.%02d.%02d", profile, level, depth)
}

// vp9Head reads the uncompressed header of a key frame (VP9 bitstream, 6.2).
func vp9Head(frame []byte) (profile, depth int, ok bool) {
	if len(frame) < 5 || frame[0]>>6 != 2 {
		return 0, 8, false
	}
	bit := func(n int) int { return int(frame[n/8] >> (7 - n%8) & 1) }
	profile = bit(2) | bit(3)<<1
	at := 4
	if profile == 3 {
		at++
	}
	if bit(at) == 1 || bit(at+1) == 1 { // shows an earlier frame, or is no key frame
		return profile, 8, profile < 2
	}
	at += 4 + 24 // type, show, resilience, sync code
	depth = 8
	if profile >= 2 {
		depth = 10 + 2*bit(at)
	}
	return profile, depth, true
}

// vp9Levels are the levels of VP9: luma samples a second, and of one picture.
var vp9Levels = []struct {
	level   int
	rate    float64
	picture int
}{
	{10, 829440, 36864},
	{11, 2764800, 73728},
	{20, 4608000, 122880},
	{21, 9216000, 245760},
	{30, 20736000, 552960},
	{31, 36864000, 983040},
	{40, 83558400, 2228224},
	{41, 160432128, 2228224},
	{50, 311951360, 8912896},
	{51, 588251136, 8912896},
	{52, 1176502272, 8912896},
	{60, 1176502272, 35651584},
	{61, 2353004544, 35651584},
	{62, 4706009088, 35651584},
}

func vp9Level(w, h int, fps float64) int {
	for _, l := range vp9Levels {
		if w*h <= l.picture && float64(w*h)*fps <= l.rate {
			return l.level
		}
	}
	return 62
}
