package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/peerpod/peerpod/pod/media/matroska"
)

// The containers, as MediaInfo names them.
const (
	containerMP4      = "mp4"
	containerMOV      = "mov"
	containerWebM     = "webm"
	containerMatroska = "matroska"
	containerAVI      = "avi"
	containerTS       = "mpegts"
	containerOgg      = "ogg"
	containerFLV      = "flv"
)

const sniffBytes = 4 << 10

// sniff tells the container by the first bytes of a file. What it does not know is
// refused: no other program sees it.
func sniff(r io.ReaderAt, size int64) (string, error) {
	if size == 0 {
		return "", refuse(saysEmpty, errors.New("0 bytes"))
	}
	head := make([]byte, min(size, sniffBytes))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return "", fmt.Errorf("read the first bytes: %w", err)
	}
	if c := containerOf(head); c != "" {
		return c, nil
	}
	return "", refuse(saysNotVideo, errors.New("unknown magic bytes"))
}

func containerOf(head []byte) string {
	switch {
	case len(head) < 12:
		return ""
	case bytes.HasPrefix(head, []byte{0x1a, 0x45, 0xdf, 0xa3}):
		if doc := matroska.DocType(head); doc == containerWebM || doc == containerMatroska {
			return doc
		}
		return ""
	case string(head[:4]) == "RIFF" && string(head[8:12]) == "AVI ":
		return containerAVI
	case string(head[:4]) == "OggS":
		return containerOgg
	case string(head[:4]) == "FLV\x01":
		return containerFLV
	case transportStream(head):
		return containerTS
	}
	return isoContainer(head)
}

// isoContainer knows MP4 by its brands and old QuickTime files, which have none, by the
// boxes that these begin with.
func isoContainer(head []byte) string {
	size := binary.BigEndian.Uint32(head)
	if size > 1 && size < 8 {
		return ""
	}
	switch string(head[4:8]) {
	case "ftyp":
		return brandContainer(string(head[8:12]))
	case "moov", "mdat", "wide", "free", "skip", "pnot":
		return containerMOV
	}
	return ""
}

// brandContainer refuses the brands of pictures, which share the boxes of MP4.
func brandContainer(brand string) string {
	switch brand {
	case "qt  ":
		return containerMOV
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis", "crx ", "jp2 ", "jpx ", "jpm ":
		return ""
	}
	return containerMP4
}

// transportStream looks for the sync byte of at least three packets of 188 bytes, or of
// 192 with a time stamp before each.
func transportStream(head []byte) bool {
	for _, p := range []struct{ first, step int }{{0, 188}, {4, 192}} {
		packets := 0
		for at := p.first; at < len(head) && head[at] == 0x47; at += p.step {
			packets++
		}
		if packets >= 3 && p.first+packets*p.step >= len(head) {
			return true
		}
	}
	return false
}
