package matroska

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"
)

// What can be wrong with a file.
var (
	// ErrDamaged means elements that contradict themselves.
	ErrDamaged = errors.New("damaged Matroska")
	// ErrTruncated means that the file ends before its last element or its length does.
	ErrTruncated = errors.New("incomplete Matroska")
	// ErrNoPicture means that there is no video track.
	ErrNoPicture = errors.New("no video track")
	// ErrProtected means encrypted tracks.
	ErrProtected = errors.New("encrypted Matroska")
	// ErrTooBig means more elements or bytes than are read.
	ErrTooBig = errors.New("beyond the limits for Matroska")
)

// Identifiers of elements (RFC 9559, section 5).
const (
	idEBML            = 0x1A45DFA3
	idDocType         = 0x4282
	idSegment         = 0x18538067
	idInfo            = 0x1549A966
	idTimestampScale  = 0x2AD7B1
	idDuration        = 0x4489
	idTracks          = 0x1654AE6B
	idTrackEntry      = 0xAE
	idTrackNumber     = 0xD7
	idTrackType       = 0x83
	idCodecID         = 0x86
	idCodecPrivate    = 0x63A2
	idDefaultDuration = 0x23E383
	idVideo           = 0xE0
	idPixelWidth      = 0xB0
	idPixelHeight     = 0xBA
	idDisplayWidth    = 0x54B0
	idDisplayHeight   = 0x54BA
	idDisplayUnit     = 0x54B2
	idEncodings       = 0x6D80
	idEncoding        = 0x6240
	idEncryption      = 0x5035
	idCues            = 0x1C53BB6B
	idCluster         = 0x1F43B675
	idTimestamp       = 0xE7
	idSimpleBlock     = 0xA3
	idBlockGroup      = 0xA0
	idBlock           = 0xA1
	idSeekHead        = 0x114D9B74
	idTags            = 0x1254C367
	idChapters        = 0x1043A770
	idAttachments     = 0x1941A469
)

const (
	maxElements   = 32 << 20
	maxBodyBytes  = 1 << 20
	maxTrackBytes = 16 << 20
	unknownSize   = -1
	windowBytes   = 4 << 10
	maxHeadBytes  = 12 // identifier of 4 bytes, size of 8
)

// element is the head of an element.
type element struct {
	id   uint32
	data int64 // offset of its body
	size int64 // of its body; unknownSize in live recordings
}

func (e element) end() int64 { return e.data + e.size }

// source reads heads of elements through a small window.
type source struct {
	r      io.ReaderAt
	size   int64
	window [windowBytes]byte
	at     int64 // offset of the window
	have   int
	count  int // elements read so far
}

// peek gives up to n bytes at off; fewer at the end of the file.
func (s *source) peek(off int64, n int) ([]byte, error) {
	n = int(min(int64(n), s.size-off))
	if n <= 0 {
		return nil, nil
	}
	if off < s.at || off+int64(n) > s.at+int64(s.have) {
		want := min(int64(len(s.window)), s.size-off)
		got, err := s.r.ReadAt(s.window[:want], off)
		if int64(got) < want {
			return nil, readFault(err)
		}
		s.at, s.have = off, got
	}
	from := int(off - s.at)
	return s.window[from : from+n], nil
}

func readFault(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("read: %w", ErrTruncated)
	}
	return fmt.Errorf("read: %w", err)
}

// element reads the head at off.
func (s *source) element(off int64) (element, error) {
	if s.count++; s.count > maxElements {
		return element{}, fmt.Errorf("more than %d elements: %w", maxElements, ErrTooBig)
	}
	b, err := s.peek(off, maxHeadBytes)
	if err != nil {
		return element{}, err
	}
	id, n := vint(b, 4, true)
	size, m := vint(b[n:], 8, false)
	if n == 0 || m == 0 {
		if len(b) < maxHeadBytes {
			return element{}, fmt.Errorf("element at %d: %w", off, ErrTruncated)
		}
		return element{}, fmt.Errorf("element at %d: %w", off, ErrDamaged)
	}
	e := element{id: uint32(id), data: off + int64(n+m), size: int64(size)}
	if size == 1<<(7*m)-1 {
		e.size = unknownSize
	}
	if e.size != unknownSize && e.end() < e.data {
		return element{}, fmt.Errorf("element at %d: %w", off, ErrDamaged)
	}
	return e, nil
}

// body reads the body of e into memory.
func (s *source) body(e element, limit int64) ([]byte, error) {
	switch {
	case e.size == unknownSize:
		return nil, fmt.Errorf("element %x without size: %w", e.id, ErrDamaged)
	case e.size > limit:
		return nil, fmt.Errorf("element %x of %d bytes: %w", e.id, e.size, ErrTooBig)
	case e.end() > s.size:
		return nil, fmt.Errorf("element %x: %w", e.id, ErrTruncated)
	}
	b := make([]byte, e.size)
	if n, err := s.r.ReadAt(b, e.data); n < len(b) {
		return nil, readFault(err)
	}
	return b, nil
}

// vint reads a number of variable length (RFC 8794, section 4), with or without the
// bits that tell its length. It gives a length of 0 if there is none.
func vint(b []byte, longest int, marked bool) (v uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > longest || n > len(b) {
		return 0, 0
	}
	v = uint64(b[0])
	if !marked {
		v &= 1<<(8-n) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// item is an element in memory.
type item struct {
	id   uint32
	body []byte
}

// items walks the elements in a body and ends at the first that is not whole.
func items(b []byte) iter.Seq[item] {
	return func(yield func(item) bool) {
		for len(b) > 0 {
			id, n := vint(b, 4, true)
			size, m := vint(b[n:], 8, false)
			if n == 0 || m == 0 || size > uint64(len(b)-n-m) {
				return
			}
			end := n + m + int(size)
			if !yield(item{uint32(id), b[n+m : end]}) {
				return
			}
			b = b[end:]
		}
	}
}

// number reads an unsigned integer of up to 8 bytes.
func (i item) number() uint64 {
	var v uint64
	for _, c := range i.body[:min(8, len(i.body))] {
		v = v<<8 | uint64(c)
	}
	return v
}

// float reads a floating point number; 0 for what is none.
func (i item) float() float64 {
	var v float64
	switch len(i.body) {
	case 4:
		v = float64(math.Float32frombits(binary.BigEndian.Uint32(i.body)))
	case 8:
		v = math.Float64frombits(binary.BigEndian.Uint64(i.body))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// text reads a string, without the zeros that may end it.
func (i item) text() string {
	b := i.body[:min(64, len(i.body))]
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return string(b)
}
