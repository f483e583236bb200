package swarm

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

// info is a single-file v1 info dictionary (BEP 3), the only kind that pods make.
type info struct {
	Name        string
	SizeBytes   int64
	PieceLength int64
	Pieces      []byte // 20 bytes each
}

func (i info) pieceCount() int { return len(i.Pieces) / 20 }

// pieceSize gives the length of a piece; the last one may be shorter.
func (i info) pieceSize(index int) int64 {
	return min(i.PieceLength, i.SizeBytes-int64(index)*i.PieceLength)
}

func hashInfo(raw []byte) pod.Infohash { return sha1.Sum(raw) }

func encodeInfo(i info) []byte {
	b := make([]byte, 0, len(i.Pieces)+len(i.Name)+96)
	b = append(b, 'd')
	b = benInt(benText(b, "length"), i.SizeBytes)
	b = benText(benText(b, "name"), i.Name)
	b = benInt(benText(b, "piece length"), i.PieceLength)
	b = benText(benText(b, "pieces"), i.Pieces)
	return append(b, 'e')
}

// Bounds on a foreign info dictionary.
const (
	leastPieceLength = 16 << 10
	mostPieceLength  = 64 << 20
	mostSizeBytes    = 1 << 42
)

// parseInfo reads an info dictionary that may be hostile. Errors wrap pod.ErrInvalid.
func parseInfo(raw []byte) (info, error) {
	var i info
	if len(raw) > maxInfoBytes {
		return i, fmt.Errorf("info dictionary of %d bytes: %w", len(raw), pod.ErrInvalid)
	}
	r := &benReader{data: raw}
	err := r.eachEntry(func(key string) (err error) {
		var text []byte
		switch key {
		case "length":
			i.SizeBytes, err = r.integer()
		case "piece length":
			i.PieceLength, err = r.integer()
		case "name":
			text, err = r.text()
			i.Name = string(text)
		case "pieces":
			text, err = r.text()
			i.Pieces = bytes.Clone(text)
		case "files", "meta version", "file tree":
			err = fmt.Errorf("only single files of version 1 are taken: %w", errBencode)
		default:
			err = r.skip(1)
		}
		return err
	})
	if err != nil {
		return info{}, fmt.Errorf("info dictionary: %w: %w", err, pod.ErrInvalid)
	}
	if err := i.check(); err != nil {
		return info{}, err
	}
	return i, nil
}

func (i info) check() error {
	switch {
	case i.SizeBytes <= 0 || i.SizeBytes > mostSizeBytes:
		return fmt.Errorf("info dictionary: length %d: %w", i.SizeBytes, pod.ErrInvalid)
	case i.PieceLength < leastPieceLength || i.PieceLength > mostPieceLength:
		return fmt.Errorf("info dictionary: piece length %d: %w", i.PieceLength, pod.ErrInvalid)
	case len(i.Pieces)%20 != 0 || int64(i.pieceCount()) != (i.SizeBytes+i.PieceLength-1)/i.PieceLength:
		return fmt.Errorf("info dictionary: %d bytes of hashes for length %d: %w", len(i.Pieces), i.SizeBytes, pod.ErrInvalid)
	case !safeName(i.Name):
		return fmt.Errorf("info dictionary: name: %w", pod.ErrInvalid)
	}
	return nil
}

// safeName tells whether a name of a torrent is one plain file name on every system.
// Even so it never becomes a path of ours when it comes from elsewhere.
func safeName(name string) bool {
	if name == "" || len(name) > 200 || !utf8.ValidString(name) || strings.ContainsAny(name, `/\:*?"<>|`) {
		return false
	}
	for _, r := range name {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	if name[0] == ' ' || name[0] == '.' || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return false
	}
	return !reservedOnWindows(name)
}

func reservedOnWindows(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}
