package fmp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// What can be wrong with a file.
var (
	// ErrDamaged means boxes that contradict themselves or each other.
	ErrDamaged = errors.New("damaged MP4")
	// ErrTruncated means that the file ends before what its index speaks of.
	ErrTruncated = errors.New("incomplete MP4")
	// ErrNoPicture means that there is no video track.
	ErrNoPicture = errors.New("no video track")
	// ErrProtected means encrypted samples.
	ErrProtected = errors.New("encrypted MP4")
	// ErrExternal means samples that lie in another file.
	ErrExternal = errors.New("samples in another file")
	// ErrTooBig means more pixels, samples, fragments or time than the limits allow.
	ErrTooBig = errors.New("beyond the limits for MP4")
)

const (
	maxIndexBytes = 256 << 20 // of moov
	maxTopBoxes   = 1 << 20
)

// bytesReader takes numbers from a slice. After a read beyond the end it is bad and
// gives zeros, so that a parser asks once, at its end.
type bytesReader struct {
	b   []byte
	bad bool
}

func (r *bytesReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *bytesReader) skip(n int) { r.take(n) }

func (r *bytesReader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *bytesReader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *bytesReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *bytesReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// versioned reads a number of 32 or 64 bits, by the version of its box.
func (r *bytesReader) versioned(version uint8) uint64 {
	if version == 1 {
		return r.u64()
	}
	return uint64(r.u32())
}

// table takes a count and that many entries of the given width.
func (r *bytesReader) table(width int) []byte {
	n := int64(r.u32()) * int64(width)
	if n > int64(len(r.b)) {
		r.bad = true
		return nil
	}
	return r.take(int(n))
}

// box is one box in memory, without its header.
type box struct {
	kind string
	body []byte
}

// boxes walks the boxes in data and ends at the first that is not whole: QuickTime ends
// some lists with four zero bytes.
func boxes(data []byte) iter.Seq[box] {
	return func(yield func(box) bool) {
		for len(data) >= 8 {
			size, head := uint64(binary.BigEndian.Uint32(data)), uint64(8)
			if size == 1 && len(data) >= 16 {
				size, head = binary.BigEndian.Uint64(data[8:]), 16
			}
			if size < head || size > uint64(len(data)) {
				return
			}
			if !yield(box{string(data[4:8]), data[head:size]}) {
				return
			}
			data = data[size:]
		}
	}
}

// find gives the first box on a path of kinds, nil if there is none.
func find(data []byte, path ...string) []byte {
	for _, kind := range path {
		var next []byte
		for b := range boxes(data) {
			if b.kind == kind {
				next = b.body
				break
			}
		}
		if next == nil {
			return nil
		}
		data = next
	}
	return data
}

// topBox is a box of the file itself.
type topBox struct {
	kind      string
	off, size int64 // with the header; the size may reach beyond the file
	head      int64
}

func (b topBox) end() int64 { return b.off + b.size }

// topBoxes lists the outer boxes of a file. It ends quietly at bytes that are no box.
func topBoxes(r io.ReaderAt, size int64) ([]topBox, error) {
	var list []topBox
	var buf [16]byte
	for off := int64(0); off+8 <= size && len(list) < maxTopBoxes; {
		n, err := r.ReadAt(buf[:min(16, size-off)], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read box at %d: %w", off, err)
		}
		if n < 8 {
			return list, nil
		}
		b := topBox{kind: string(buf[4:8]), off: off, size: int64(binary.BigEndian.Uint32(buf[:])), head: 8}
		switch {
		case b.size == 0:
			b.size = size - off
		case b.size == 1 && n == 16:
			b.size, b.head = int64(binary.BigEndian.Uint64(buf[8:])), 16
		}
		if b.size < b.head || off+b.size < off {
			return list, nil
		}
		list = append(list, b)
		off = b.end()
	}
	return list, nil
}

// readBody reads a whole outer box, without its header, into memory.
func readBody(r io.ReaderAt, size int64, b topBox) ([]byte, error) {
	if b.size > maxIndexBytes {
		return nil, fmt.Errorf("%s of %d bytes: %w", b.kind, b.size, ErrTooBig)
	}
	if b.end() > size {
		return nil, fmt.Errorf("%s: %w", b.kind, ErrTruncated)
	}
	body := make([]byte, b.size-b.head)
	if _, err := r.ReadAt(body, b.off+b.head); err != nil {
		return nil, readFault(err)
	}
	return body, nil
}

// readFault tells a file that became shorter from a disk that does not answer.
func readFault(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("read samples: %w", ErrTruncated)
	}
	return fmt.Errorf("read samples: %w", err)
}
