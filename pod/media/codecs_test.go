package media_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media"
	"github.com/peerpod/peerpod/pod/media/matroska"
)

func TestContainerOf(t *testing.T) {
	t.Parallel()
	packet := "G" + strings.Repeat("\xff", 187)
	timed := "\x00\x00\x00\x00" + packet
	tests := []struct{ name, head, want string }{
		{"mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "mp4"},
		{"mp4 of a phone", "\x00\x00\x00\x18ftypmp42\x00\x00\x02\x00", "mp4"},
		{"3gp", "\x00\x00\x00\x18ftyp3gp4\x00\x00\x02\x00", "mp4"},
		{"mov", "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00", "mov"},
		{"old mov", "\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "mov"},
		{"old mov with the index first", "\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", "mov"},
		{"old mov of more than 4 GiB", "\x00\x00\x00\x01mdat\x00\x00\x00\x02\x00\x00\x00\x00", "mov"},
		{"avif", "\x00\x00\x00\x18ftypavif\x00\x00\x02\x00", ""},
		{"webm", "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm", "webm"},
		{"matroska", "\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska", "matroska"},
		{"other EBML", "\x1a\x45\xdf\xa3\x86\x42\x82\x83dna????", ""},
		{"avi", "RIFF\x00\x00\x00\x00AVI LIST", "avi"},
		{"wave", "RIFF\x00\x00\x00\x00WAVEfmt ", ""},
		{"ogg", "OggS\x00\x02\x00\x00\x00\x00\x00\x00", "ogg"},
		{"flv", "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", "flv"},
		{"ts", packet + packet + packet, "mpegts"},
		{"long ts", strings.Repeat(packet, 30)[:4096], "mpegts"},
		{"ts of two packets", packet + packet, ""},
		{"ts that loses its step", packet + packet + packet + "x" + packet, ""},
		{"m2ts", timed + timed + timed, "mpegts"},
		{"text with a G", "Good morning, how are you today?", ""},
		{"short", "ftyp", ""},
		{"box too small", "\x00\x00\x00\x02moov\x00\x00\x00\x00", ""},
	}
	for _, tt := range tests {
		if got := media.ContainerOf([]byte(tt.head)); got != tt.want {
			t.Errorf("containerOf(%s) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzContainerOf(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00"))
	f.Add([]byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"))
	known := []string{"", "mp4", "mov", "webm", "matroska", "avi", "mpegts", "ogg", "flv"}
	f.Fuzz(func(t *testing.T, head []byte) {
		got := media.ContainerOf(head)
		if !slices.Contains(known, got) {
			t.Fatalf("containerOf(%x) = %q", head, got)
		}
		for _, foreign := range []string{"#EXTM3U", "ffconcat", "v=0", "<", "\x89PNG", "PK\x03\x04", "%PDF"} {
			if got != "" && bytes.HasPrefix(head, []byte(foreign)) {
				t.Fatalf("containerOf(%x) = %q, want nothing for %q", head, got, foreign)
			}
		}
	})
}

func TestMatroskaCodecs(t *testing.T) {
	t.Parallel()
	vp9 := func(w, h int, fps float64, private, frame string) *matroska.Track {
		return &matroska.Track{CodecID: "V_VP9", PixelWidth: w, PixelHeight: h, FPS: fps, Private: []byte(private), FirstFrame: []byte(frame)}
	}
	const (
		key8   = "\x82\x49\x83\x42\x00"         // profile 0, key frame
		key10  = "\x92\x49\x83\x42\x00"         // profile 2, 10 bits
		key12  = "\x92\x49\x83\x42\x80"         // profile 2, 12 bits
		key444 = "\xa2\x49\x83\x42\x00"         // profile 1
		av1    = "\x81\x08\x0c\x00"             // main, level 4.0, 8 bits
		avc    = "\x01\x64\x00\x1f\xff\xe0\x00" // without a parameter set
	)
	tests := []struct {
		name          string
		track         *matroska.Track
		codec, codecs string
	}{
		{"vp8", &matroska.Track{CodecID: "V_VP8"}, "vp8", "vp8"},
		{"vp9 1080p30", vp9(1920, 1080, 30, "", key8), "vp9", "vp09.00.40.08"},
		{"vp9 1080p60", vp9(1920, 1080, 60, "", key8), "vp9", "vp09.00.41.08"},
		{"vp9 720p30", vp9(1280, 720, 30, "", key8), "vp9", "vp09.00.31.08"},
		{"vp9 8K", vp9(7680, 4320, 30, "", key8), "vp9", "vp09.00.60.08"},
		{"vp9 beyond all", vp9(60000, 60000, 30, "", key8), "vp9", "vp09.00.62.08"},
		{"vp9 10 bits", vp9(1280, 720, 30, "", key10), "vp9", "vp09.02.31.10"},
		{"vp9 12 bits", vp9(1280, 720, 30, "", key12), "vp9", "vp09.02.31.12"},
		{"vp9 4:4:4", vp9(1280, 720, 30, "", key444), "vp9", ""},
		{"vp9 with features", vp9(1280, 720, 30, "\x01\x01\x02\x02\x01\x29\x03\x01\x0a", ""), "vp9", "vp09.02.41.10"},
		{"vp9 without a picture", vp9(1280, 720, 30, "", ""), "vp9", ""},
		{"av1", &matroska.Track{CodecID: "V_AV1", Private: []byte(av1)}, "av1", "av01.0.08M.08"},
		{"av1 10 bits high tier", &matroska.Track{CodecID: "V_AV1", Private: []byte("\x81\x0d\xcc\x00")}, "av1", "av01.0.13H.10"},
		{"av1 4:4:4", &matroska.Track{CodecID: "V_AV1", Private: []byte("\x81\x28\x00\x00")}, "av1", ""},
		{"av1 without configuration", &matroska.Track{CodecID: "V_AV1"}, "av1", ""},
		{"h264 without a set", &matroska.Track{CodecID: "V_MPEG4/ISO/AVC", Private: []byte(avc)}, "h264", ""},
		{"hevc", &matroska.Track{CodecID: "V_MPEGH/ISO/HEVC"}, "hevc", ""},
		{"opus", &matroska.Track{CodecID: "A_OPUS"}, "opus", "opus"},
		{"aac", &matroska.Track{CodecID: "A_AAC", Private: []byte{0x11, 0x90}}, "aac", "mp4a.40.2"},
		{"old aac", &matroska.Track{CodecID: "A_AAC/MPEG4/LC"}, "aac", "mp4a.40.2"},
		{"aac main", &matroska.Track{CodecID: "A_AAC", Private: []byte{0x09, 0x90}}, "aac", ""},
		{"unheard of", &matroska.Track{CodecID: "V_<SCRIPT>"}, "unknown", ""},
	}
	for _, tt := range tests {
		if codec, codecs := media.MatroskaCodecs(tt.track); codec != tt.codec || codecs != tt.codecs {
			t.Errorf("%s = %s, %q, want %s, %q", tt.name, codec, codecs, tt.codec, tt.codecs)
		}
	}
}

func TestReadProbe(t *testing.T) {
	t.Parallel()
	const avcc = `"\n00000000: 0164 000d ffe1 001a 6764 000d acd9 4141  .d......gd....AA\n00000010: 9f9f 0110 0000 0300 1000 0003 03c0 f142  ...............B\n00000020: 9960 0100 0468 ef8f cbfd f8f8 00         .` + "`" + `...h.......\n"`
	const annexB = `"\n00000000: 0000 0001 6764 000d acd9 4141 9f9f 0110  ....gd....AA....\n00000010: 0000 0300 1000 0003 03c0 f142 9960 0000  ...........B....\n00000020: 0001 68ef 8fcb  ..h...\n"`
	stream := func(more string) string {
		return `{"streams":[{"codec_type":"video","codec_name":"h264","pix_fmt":"yuv420p","width":320,"height":180,"avg_frame_rate":"30000/1001"` + more + `}],"format":{"duration":"12.5"}}`
	}
	base := media.Probed{Width: 320, Height: 180, FPS: 30000.0 / 1001, Duration: 12500 * time.Millisecond}
	with := func(change func(p *media.Probed)) media.Probed { p := base; change(&p); return p }
	avc := func(p *media.Probed) { p.Video = "avc1.64000d" }
	tests := []struct {
		name, text string
		want       media.Probed
	}{
		{"configuration of MP4", stream(`,"extradata":` + avcc), with(avc)},
		{"parameter sets", stream(`,"extradata":` + annexB), with(avc)},
		{"nothing", stream(``), base},
		{"rubbish", stream(`,"extradata":"\n00000000: zz  zz\n"`), base},
		{"10 bits", stream(`,"pix_fmt":"yuv420p10le","extradata":` + avcc), base},
		{"turned", stream(`,"side_data_list":[{"rotation":-90}]`), with(func(p *media.Probed) { p.Width, p.Height = 180, 320 })},
		{"pixels not square", stream(`,"sample_aspect_ratio":"4:3"`), with(func(p *media.Probed) { p.Width = 427 })},
		{"pixels of no shape", stream(`,"sample_aspect_ratio":"0:1"`), base},
		{"no rate", stream(`,"avg_frame_rate":"0/0"`), with(func(p *media.Probed) { p.FPS = 0 })},
		{"mad rate", stream(`,"avg_frame_rate":"90000/1"`), with(func(p *media.Probed) { p.FPS = 0 })},
		{"a longer stream", stream(`,"duration":"13"`), with(func(p *media.Probed) { p.Duration = 13 * time.Second })},
		{"no time", `{"streams":[],"format":{"duration":"N/A"}}`, media.Probed{}},
		{"mad time", `{"streams":[],"format":{"duration":"1e300"}}`, media.Probed{}},
		{"no number", `{"streams":[],"format":{"duration":"NaN"}}`, media.Probed{}},
		{"a cover", `{"streams":[{"codec_type":"video","codec_name":"h264","width":9,"height":9,"disposition":{"attached_pic":1}}]}`, media.Probed{}},
		{"aac", `{"streams":[{"codec_type":"audio","codec_name":"aac","profile":"LC"}]}`, media.Probed{Audio: "mp4a.40.2"}},
		{"aac configuration", `{"streams":[{"codec_type":"audio","codec_name":"aac","extradata":"\n00000000: 2b11 8800  +...\n"}]}`, media.Probed{Audio: "mp4a.40.5"}},
		{"aac main", `{"streams":[{"codec_type":"audio","codec_name":"aac","profile":"Main"}]}`, media.Probed{}},
		{"mp3", `{"streams":[{"codec_type":"audio","codec_name":"mp3"}]}`, media.Probed{}},
	}
	for _, tt := range tests {
		if got, err := media.ReadProbe(tt.text); err != nil || got != tt.want {
			t.Errorf("%s = %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func FuzzReadProbe(f *testing.F) {
	f.Add(`{"streams":[{"codec_type":"video","codec_name":"h264","pix_fmt":"yuv420p","extradata":"\n00000000: 0164  .d\n"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := media.ReadProbe(text); err == nil && (p.Duration < 0 || p.FPS < 0 || p.FPS > 1000) {
			t.Fatalf("ReadProbe(%q) = %+v", text, p)
		}
	})
}

func TestHexDump(t *testing.T) {
	t.Parallel()
	const text = "\n00000000: 0164 000d 3a20 2020 2020 2020 2020 2041  .d..:          A\n00000010: 9f                                       .\n"
	want := []byte("\x01\x64\x00\x0d:          A\x9f")
	if got := media.HexDump(text); !bytes.Equal(got, want) {
		t.Errorf("hexDump() = %x, want %x", got, want)
	}
}

func TestPosterMoment(t *testing.T) {
	t.Parallel()
	tests := []struct{ length, want time.Duration }{
		{0, 0},
		{500 * time.Millisecond, 250 * time.Millisecond},
		{time.Second, 500 * time.Millisecond},
		{3 * time.Second, time.Second},
		{time.Minute, 6 * time.Second},
		{10 * time.Hour, 5 * time.Minute},
	}
	for _, tt := range tests {
		if got := media.PosterMoment(tt.length); got != tt.want {
			t.Errorf("posterMoment(%v) = %v, want %v", tt.length, got, tt.want)
		}
	}
}

// The options that keep ffmpeg to one file and one reader must all be there.
func TestInputOptions(t *testing.T) {
	t.Parallel()
	for container, reader := range map[string]string{
		"mp4": "mov", "mov": "mov", "webm": "matroska", "matroska": "matroska",
		"avi": "avi", "mpegts": "mpegts", "ogg": "ogg", "flv": "flv",
	} {
		got := strings.Join(media.InputOptions(container), " ")
		want := "-protocol_whitelist file -format_whitelist mov,matroska,avi,mpegts,ogg,flv -max_alloc 268435456 -max_pixels 33177600 -f " + reader
		if got != want {
			t.Errorf("inputOptions(%s) = %s, want %s", container, got, want)
		}
	}
}
