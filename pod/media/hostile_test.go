package media_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/media"
	"github.com/peerpod/peerpod/pod/media/internal/mediatest"
)

// listen counts who calls: no hostile file may make anybody call.
func listen(t *testing.T) (addr string, calls *atomic.Int64) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	calls = new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), calls
}

// script writes a program that notes its start in a file, then does what body says.
func script(t *testing.T, body string) (path, note string) {
	t.Helper()
	dir := t.TempDir()
	path, note = filepath.Join(dir, "ffmpeg"), filepath.Join(dir, "note")
	text := fmt.Sprintf("#!/bin/sh\necho \"$0 $*\" >>%s\n%s\n", note, body)
	for _, name := range []string{path, filepath.Join(dir, "ffprobe")} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return path, note
}

// foreign are files of other kinds that a stranger may call a video.
func foreign(addr, secret string) map[string]string {
	url := "http://" + addr + "/x"
	return map[string]string{
		"empty":               "",
		"one byte":            "\x00",
		"text":                "A day at the sea, with a dog and a ball.\n",
		"playlist of the net": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + url + ".ts\n#EXT-X-ENDLIST\n",
		"playlist of a file":  "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + url + "\n#EXTINF:1,\nfile:" + secret + "\n#EXT-X-ENDLIST\n",
		"master playlist":     "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n" + url + ".m3u8\n",
		"concat":              "ffconcat version 1.0\nfile '" + url + "'\nfile '" + secret + "'\n",
		"sdp":                 "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
		"dash":                `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>` + url + `</BaseURL></MPD>`,
		"imf":                 `<?xml version="1.0"?><CompositionPlaylist><Id>` + url + `</Id></CompositionPlaylist>`,
		"html":                "<!DOCTYPE html><script src=" + url + "></script>" + strings.Repeat(" ", 500),
		"svg":                 `<svg xmlns="http://www.w3.org/2000/svg"><image href="` + url + `"/></svg>`,
		"zip":                 "PK\x03\x04" + strings.Repeat("\x00", 300),
		"program":             "MZ\x90\x00" + strings.Repeat("\x00", 300),
		"png":                 "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x3a\x98\x00\x00\x3a\x98\x08\x02\x00\x00\x00",
		"jpeg":                "\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("\x00", 100),
		"heic":                "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + strings.Repeat("\x00", 100),
		"mp3":                 "ID3\x04\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 300),
		"wave":                "RIFF\x24\x00\x00\x00WAVEfmt " + strings.Repeat("\x00", 100),
		"one packet":          "G" + strings.Repeat("\xff", 187),
		"other EBML":          "\x1a\x45\xdf\xa3\x89\x42\x82\x86secret",
		"box of 4 bytes":      "\x00\x00\x00\x04ftypisom",
	}
}

// What is no video never reaches another program, whatever it is called.
func TestForeignFilesStartNoProcess(t *testing.T) {
	addr, calls := listen(t)
	spy, note := script(t, "exit 1")
	m := newMedia(t, media.Config{FFmpeg: spy})
	for name, content := range foreign(addr, "/etc/passwd") {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "film.mp4")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := m.Inspect(t.Context(), path)
			checkRefused(t, err, "Choose")
		})
	}
	if _, err := os.Stat(note); err == nil {
		t.Error("a program was started for a file that is no video")
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// Files that begin like a video and go on as something else reach a reader, ours or
// ffmpeg's, which must not follow what they say.
func TestFalseVideos(t *testing.T) {
	addr, calls := listen(t)
	temp := t.TempDir()
	m := newMedia(t, media.Config{TempDir: temp})
	const secretText = "the other user's words"
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte(secretText), 0o600); err != nil {
		t.Fatal(err)
	}
	heads := map[string]string{
		"mp4": "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42", "old mov": "\x00\x00\x00\x08wide",
		"matroska": "\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska", "webm": "\x1a\x45\xdf\xa3\x87\x42\x82\x84webm",
		"avi": "RIFF\x00\x10\x00\x00AVI LIST", "ogg": "OggS\x00\x02", "flv": "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00",
		"ts": strings.Repeat("G"+strings.Repeat("\xff", 187), 30),
	}
	for head, magic := range heads {
		// the playlist and the list of files name both a file and an address
		for _, kind := range []string{"html", "playlist of a file", "concat"} {
			t.Run(head+" "+kind, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "film.mp4")
				content := magic + foreign(addr, secret)[kind] + strings.Repeat("\n", 4096)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				info, err := m.Inspect(t.Context(), path)
				if err == nil {
					t.Fatalf("Inspect() = %+v, want a refusal", info)
				}
				checkRefused(t, err, "")
				if kind != "playlist of a file" {
					return
				}
				var out bytes.Buffer
				info = pod.MediaInfo{Action: pod.MediaRemux, Container: "mpegts", Extension: "mp4", Width: 160, Height: 90}
				if err := m.Publish(t.Context(), path, info, &out); err == nil || out.Len() > 0 {
					t.Errorf("Publish() = %v with %d bytes, want an error and none", err, out.Len())
				}
			})
		}
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("%d connections, want none", n)
	}
	checkEmpty(t, temp)
}

// checkEmpty wants no leftovers in the folder for temporary files.
func checkEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary folder holds %v, %v, want nothing", left, err)
	}
}

// Metadata is hostile too: it must not come through.
func TestPublishDropsMetadata(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{})
	for _, name := range []string{"a.mp4", "a.mov", "a.mkv", "a.ts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := mediatest.Make(t, name, mediatest.Inputs("2")+x264+
				"-c:a aac -metadata title=<script>secret -metadata location=+48.2082+016.3738/ -metadata service_name=secret")
			info, err := m.Inspect(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := m.Publish(t.Context(), path, info, &out); err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"secret", "48.2082"} {
				if bytes.Contains(out.Bytes(), []byte(word)) {
					t.Errorf("the published file holds %q", word)
				}
			}
		})
	}
}

func TestInspectOfWhatIsNoFile(t *testing.T) {
	t.Parallel()
	m := newMedia(t, media.Config{FFmpeg: media.NoFFmpeg})
	if _, err := m.Inspect(t.Context(), t.TempDir()); pod.KindOf(err) != pod.KindUnplayable {
		t.Errorf("Inspect(folder) = %v, want %v", err, pod.KindUnplayable)
	}
	if _, err := m.Inspect(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Inspect(nothing) = %v, want an error that says so", err)
	}
	if err := m.Publish(t.Context(), t.TempDir(), pod.MediaInfo{}, io.Discard); err == nil {
		t.Error("Publish(folder) = nil, want an error")
	}
}

// FuzzInspect reads anything, without ffmpeg: it gives an answer that makes sense, or a
// refusal for a person.
func FuzzInspect(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42\x00\x00\x00\x08moov"))
	f.Add([]byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\xff"))
	f.Add([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"))
	f.Add([]byte(strings.Repeat("G"+strings.Repeat("\xff", 187), 4)))
	m := newMedia(f, media.Config{FFmpeg: media.NoFFmpeg})
	path := filepath.Join(f.TempDir(), "film")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := m.Inspect(t.Context(), path)
		if err != nil {
			if pod.KindOf(err) != pod.KindUnplayable {
				t.Fatalf("Inspect() = %v, want %v", err, pod.KindUnplayable)
			}
			return
		}
		if info.Width <= 0 || info.Height <= 0 || info.Duration < 0 || info.Extension == "" || !strings.HasPrefix(info.MIME, "video/") {
			t.Fatalf("Inspect() = %+v", info)
		}
		if info.Action == pod.MediaKeep || info.Action == pod.MediaFragment {
			if err := m.Publish(t.Context(), path, info, io.Discard); err != nil {
				t.Fatalf("Publish(%+v) = %v", info, err)
			}
		}
	})
}
