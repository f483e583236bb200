package swarm

import (
	"crypto/sha1"
	"fmt"
	"runtime"
	"sync"

	"github.com/peerpod/peerpod/pod"
)

const (
	// minPieceLength is what the page's player asks for; see notes on BitTorrent.
	minPieceLength = 256 << 10
	// maxPieces bounds the info dictionary: 20 bytes a piece.
	maxPieces = 16384
	// hasherMemory bounds the pieces that are being hashed, in bytes.
	hasherMemory = 64 << 20
)

// pieceLengthFor gives the piece length for a file of about that many bytes: 256 KiB up
// to 4 GiB, then the power of two that keeps the pieces at 16,384 or fewer.
func pieceLengthFor(sizeBytes int64) int64 {
	length := int64(minPieceLength)
	for (sizeBytes+length-1)/length > maxPieces {
		length *= 2
	}
	return length
}

// PieceHasher makes the info dictionary of a file that is written through it. Pieces are
// hashed on all cores; memory is bounded. It is for one goroutine, and a hasher that is
// given up needs no Close.
type PieceHasher struct {
	pieceLength int64
	free        chan []byte // buffers that may be filled
	piece       []byte      // the one being filled
	sums        []*[20]byte // by piece
	sizeBytes   int64
	pending     sync.WaitGroup
}

// NewPieceHasher prepares for a file of about sizeHint bytes; 0 is unknown.
func NewPieceHasher(sizeHint int64) *PieceHasher {
	h := &PieceHasher{pieceLength: pieceLengthFor(sizeHint)}
	buffers := min(runtime.GOMAXPROCS(0)+2, max(3, int(hasherMemory/h.pieceLength)))
	h.free = make(chan []byte, buffers)
	for range buffers {
		h.free <- nil // made when first used
	}
	return h
}

// Write takes the next bytes of the file. It never fails.
func (h *PieceHasher) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if h.piece == nil {
			if h.piece = <-h.free; h.piece == nil {
				h.piece = make([]byte, 0, h.pieceLength)
			}
		}
		room := min(int(h.pieceLength)-len(h.piece), len(p))
		h.piece = append(h.piece, p[:room]...)
		p = p[room:]
		if len(h.piece) == int(h.pieceLength) {
			h.flush()
		}
	}
	h.sizeBytes += int64(n)
	return n, nil
}

// flush hands the filled piece to a goroutine, which ends by itself.
func (h *PieceHasher) flush() {
	piece, sum := h.piece, new([20]byte)
	h.piece = nil
	h.sums = append(h.sums, sum)
	h.pending.Go(func() {
		*sum = sha1.Sum(piece)
		h.free <- piece[:0]
	})
}

// Metainfo is what the hasher found out about a file.
type Metainfo struct {
	Infohash    pod.Infohash
	InfoBytes   []byte // bencoded info dictionary (BEP 3)
	PieceLength int64
	SizeBytes   int64
}

// Finish ends the file and names it: name becomes info.name, one file name without a
// folder. The error wraps pod.ErrInvalid for an empty file or a bad name.
func (h *PieceHasher) Finish(name string) (Metainfo, error) {
	if len(h.piece) > 0 {
		h.flush()
	}
	h.pending.Wait()
	if h.sizeBytes == 0 {
		return Metainfo{}, fmt.Errorf("hash pieces of an empty file: %w", pod.ErrInvalid)
	}
	if !safeName(name) {
		return Metainfo{}, fmt.Errorf("name of the torrent: %w", pod.ErrInvalid)
	}
	pieces := make([]byte, 0, len(h.sums)*20)
	for _, sum := range h.sums {
		pieces = append(pieces, sum[:]...)
	}
	raw := encodeInfo(info{Name: name, SizeBytes: h.sizeBytes, PieceLength: h.pieceLength, Pieces: pieces})
	return Metainfo{
		Infohash: hashInfo(raw), InfoBytes: raw, PieceLength: h.pieceLength,
		SizeBytes: h.sizeBytes,
	}, nil
}
