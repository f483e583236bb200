package mediatest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Packet is one packet as ffprobe lists it.
type Packet struct {
	PTS, DTS int64 // in the stream's time base
	Size     string
	Key      bool
}

// Stream is what ffprobe and ffmpeg say about a stream.
type Stream struct {
	Index    int    `json:"index"`
	Codec    string `json:"codec_name"`
	Kind     string `json:"codec_type"`
	TimeBase string `json:"time_base"`
	Start    string `json:"start_time"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	SideData []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`

	Packets []Packet // in the order of decoding
	Hash    string   // of the bytes of all packets
}

// Look gives the streams of a file by kind, the first of each: "video", "audio".
func Look(tb testing.TB, path string) map[string]*Stream {
	tb.Helper()
	var doc struct {
		Streams []*Stream `json:"streams"`
		Packets []struct {
			Stream int    `json:"stream_index"`
			PTS    int64  `json:"pts"`
			DTS    int64  `json:"dts"`
			Size   string `json:"size"`
			Flags  string `json:"flags"`
		} `json:"packets"`
	}
	text := Run(tb, "ffprobe", "-v", "error", "-show_streams",
		"-show_entries", "packet=stream_index,pts,dts,size,flags", "-of", "json", path)
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		tb.Fatalf("ffprobe %s: %v", path, err)
	}
	found := map[string]*Stream{}
	for _, s := range doc.Streams {
		if found[s.Kind] != nil {
			continue
		}
		found[s.Kind] = s
		for _, p := range doc.Packets {
			if p.Stream == s.Index {
				s.Packets = append(s.Packets, Packet{p.PTS, p.DTS, p.Size, strings.HasPrefix(p.Flags, "K")})
			}
		}
	}
	return found
}

// Hashes sets the hashes of the first streams of both kinds and gives those of the
// decoded pictures, a line each, in the order in which they are shown.
func Hashes(tb testing.TB, path string, streams map[string]*Stream) (pictures string) {
	tb.Helper()
	dir := tb.TempDir()
	frames, copies := filepath.Join(dir, "frames"), filepath.Join(dir, "copies")
	Run(tb, "ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-map", "0:a:0?", "-c", "copy",
		"-f", "streamhash", copies, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", frames)
	for line := range strings.Lines(read(tb, copies)) { // "0,v,SHA256=…"
		part := strings.Split(strings.TrimSpace(line), ",")
		kind := map[string]string{"v": "video", "a": "audio"}[part[1]]
		streams[kind].Hash = part[2]
	}
	var out strings.Builder
	for line := range strings.Lines(read(tb, frames)) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(strings.TrimSpace(line[strings.LastIndex(line, ",")+1:]) + "\n")
		}
	}
	return out.String()
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}
