package fmp4

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/Eyevinn/mp4ff/aac"
)

// entry is a track's first sample description, as far as Peerpod needs it.
type entry struct {
	format     string // the four characters, for example "avc1"
	codec      string // ffmpeg's short name
	codecs     string // RFC 6381; "" if browsers are not known to play it
	playable   bool
	protected  bool
	width      int // coded
	height     int
	sarX, sarY uint32

	config   []byte // avcC, or AudioSpecificConfig
	aspect   []byte // pasp
	colour   []byte // colr of kind nclx
	channels uint16
	rate     uint32 // 16.16
}

// codecNames gives ffmpeg's short name for the four characters of a sample description.
var codecNames = map[string]string{
	"avc1": "h264", "avc2": "h264", "avc3": "h264", "avc4": "h264", "hvc1": "hevc", "hev1": "hevc",
	"dvh1": "hevc", "dvhe": "hevc", "av01": "av1", "vp09": "vp9", "vp08": "vp8", "mp4v": "mpeg4",
	"apcn": "prores", "apch": "prores", "apcs": "prores", "apco": "prores", "ap4h": "prores", "ap4x": "prores",
	"jpeg": "mjpeg", "mjpa": "mjpeg", "mjpb": "mjpeg", "s263": "h263", "h263": "h263", "mp4a": "aac",
	"ac-3": "ac3", "ec-3": "eac3", "Opus": "opus", "fLaC": "flac", "alac": "alac", ".mp3": "mp3",
	"sowt": "pcm", "twos": "pcm", "lpcm": "pcm", "in24": "pcm", "in32": "pcm", "ipcm": "pcm",
	"samr": "amr_nb", "sawb": "amr_wb",
}

func codecName(format string) string {
	if name, ok := codecNames[format]; ok {
		return name
	}
	word := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(format))
	if word == "" {
		return "unknown"
	}
	return word
}

// parseEntry reads the first entry of stsd.
func parseEntry(stsd []byte, video bool) (*entry, error) {
	if len(stsd) < 8 {
		return nil, fmt.Errorf("stsd: %w", ErrDamaged)
	}
	for b := range boxes(stsd[8:]) {
		e := &entry{format: b.kind, codec: codecName(b.kind), sarX: 1, sarY: 1}
		e.protected = b.kind == "encv" || b.kind == "enca" || b.kind == "drmi" || b.kind == "drms"
		if video {
			return e, e.parseVideo(b.body)
		}
		return e, e.parseAudio(b.body)
	}
	return nil, fmt.Errorf("stsd without an entry: %w", ErrDamaged)
}

func (e *entry) parseVideo(body []byte) error {
	r := bytesReader{b: body}
	r.skip(24)
	e.width, e.height = int(r.u16()), int(r.u16())
	r.skip(50)
	if r.bad {
		return fmt.Errorf("video description: %w", ErrDamaged)
	}
	for b := range boxes(r.b) {
		switch {
		case b.kind == "avcC" && e.codec == "h264":
			e.config = b.body
		case b.kind == "pasp" && len(b.body) == 8:
			e.aspect = b.body
			p := bytesReader{b: b.body}
			e.sarX, e.sarY = p.u32(), p.u32()
		case b.kind == "colr":
			e.colour = colour(b.body)
		}
	}
	if e.config != nil {
		return e.parseAVC()
	}
	return nil
}

// colour gives the body of a colr box as ISO files have it; nil for colour profiles.
func colour(body []byte) []byte {
	switch {
	case len(body) >= 11 && string(body[:4]) == "nclx":
		return body[:11]
	case len(body) >= 10 && string(body[:4]) == "nclc": // QuickTime: without the range
		return append([]byte("nclx"), append(bytes.Clone(body[4:10]), 0)...)
	}
	return nil
}

// parseAVC looks whether the H.264 stream is one that every browser plays: 8 bits, 4:2:0.
func (e *entry) parseAVC() error {
	a, err := ParseAVCConfig(e.config)
	if err != nil {
		return err
	}
	e.codecs = e.format + a.Codecs[len("avc1"):]
	e.playable = a.Playable && (e.format == "avc1" || e.format == "avc3")
	if a.sps == nil {
		return nil
	}
	e.width, e.height = int(a.sps.width), int(a.sps.height)
	if e.aspect == nil {
		e.sarX, e.sarY = a.sps.sarX, a.sps.sarY
	}
	return nil
}

// AVC is what an AVCDecoderConfigurationRecord (ISO/IEC 14496-15) tells.
type AVC struct {
	Codecs        string // RFC 6381, for example "avc1.64001f"
	Playable      bool   // 8 bits and 4:2:0 in a profile that browsers decode
	Width, Height int    // 0 if the record has no parameter set
	SARX, SARY    int    // shape of a pixel; 1, 1 is square

	sps *sps
}

// ParseAVCConfig reads an AVCDecoderConfigurationRecord, as in avcC of MP4 and in the
// codec's private data of Matroska and FLV.
func ParseAVCConfig(config []byte) (AVC, error) {
	r := bytesReader{b: config}
	r.skip(1)
	ids := r.take(3)
	lengthSize := r.u8()&3 + 1
	sets := r.u8() & 31
	if r.bad || lengthSize == 3 {
		return AVC{}, fmt.Errorf("avcC: %w", ErrDamaged)
	}
	a := AVC{Codecs: fmt.Sprintf("avc1.%02x%02x%02x", ids[0], ids[1], ids[2]), SARX: 1, SARY: 1}
	if sets == 0 {
		return a, nil
	}
	nal := r.take(int(r.u16()))
	if r.bad {
		return AVC{}, fmt.Errorf("avcC: %w", ErrDamaged)
	}
	s, err := parseSPS(nal)
	if err != nil {
		return AVC{}, err
	}
	a.fill(s)
	return a, nil
}

// ParseAVCParameterSet reads a sequence parameter set, a NAL unit without start code.
func ParseAVCParameterSet(nal []byte) (AVC, error) {
	s, err := parseSPS(nal)
	if err != nil {
		return AVC{}, err
	}
	a := AVC{Codecs: fmt.Sprintf("avc1.%02x%02x%02x", nal[1], nal[2], nal[3])}
	a.fill(s)
	return a, nil
}

func (a *AVC) fill(s *sps) {
	a.sps, a.Width, a.Height = s, int(s.width), int(s.height)
	a.SARX, a.SARY = int(s.sarX), int(s.sarY)
	known := s.profile == 66 || s.profile == 77 || s.profile == 100
	a.Playable = known && s.chroma == 1 && s.lumaBits == 8 && s.chromaBits == 8
}

func (e *entry) parseAudio(body []byte) error {
	r := bytesReader{b: body}
	r.skip(8)
	version := r.u16()
	r.skip(6)
	e.channels = r.u16()
	r.skip(6)
	e.rate = r.u32()
	switch version { // QuickTime's longer descriptions
	case 1:
		r.skip(16)
	case 2:
		r.skip(36)
	}
	if r.bad {
		return fmt.Errorf("audio description: %w", ErrDamaged)
	}
	if e.format != "mp4a" {
		return nil
	}
	esds := find(r.b, "esds")
	if esds == nil {
		esds = find(r.b, "wave", "esds")
	}
	e.parseESDS(esds)
	return nil
}

// parseESDS finds kind and configuration of the stream in the descriptors of an esds
// box (ISO/IEC 14496-1, 7.2.6). What it does not understand is not playable.
func (e *entry) parseESDS(esds []byte) {
	e.codec = "mp4a"
	r := bytesReader{b: esds}
	r.skip(4)
	es := descriptor(&r, 3)
	es.skip(2)
	flags := es.u8()
	if flags&0x80 != 0 {
		es.skip(2)
	}
	if flags&0x40 != 0 {
		es.skip(int(es.u8()))
	}
	if flags&0x20 != 0 {
		es.skip(2)
	}
	dec := descriptor(&es, 4)
	kind := dec.u8()
	dec.skip(12)
	if dec.bad {
		return
	}
	switch kind {
	case 0x40, 0x67:
		e.codec = "aac"
		e.config = descriptor(&dec, 5).b
		e.codecs, e.playable = ParseAACConfig(e.config)
	case 0x69, 0x6b:
		e.codec = "mp3"
	}
}

// descriptor takes the next descriptor, which must have that tag.
func descriptor(r *bytesReader, tag uint8) bytesReader {
	if r.u8() != tag {
		return bytesReader{bad: true}
	}
	size := 0
	for range 4 {
		c := r.u8()
		size = size<<7 | int(c&127)
		if c < 128 {
			break
		}
	}
	if r.bad || size > len(r.b) { // some writers count too much
		size = len(r.b)
	}
	return bytesReader{b: r.take(size)}
}

// ParseAACConfig reads an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) and tells the
// RFC 6381 name and whether browsers play it: AAC-LC and HE-AAC.
func ParseAACConfig(config []byte) (codecs string, playable bool) {
	if len(config) < 2 || len(config) > 64 {
		return "", false
	}
	c, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(config))
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("mp4a.40.%d", c.ObjectType), true
}
