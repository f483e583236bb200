package fmp4

import (
	"encoding/binary"
	"fmt"
)

const (
	maxSamples     = 32 << 20 // of one track: 24 hours of 240 pictures a second are 20 million
	maxSampleBytes = 64 << 20
)

// sampleTable is the index of a track, each table where it lies in moov.
type sampleTable struct {
	count    uint32
	times    []byte // stts: count, delta
	offsets  []byte // ctts: count, offset; QuickTime has them signed in version 0 too
	chunks   []byte // stsc: first chunk, samples, description
	places   []byte // stco or co64
	wide     bool   // places are 64 bits
	sizes    []byte // stsz or stz2
	sizeBits int    // of an entry of sizes
	oneSize  uint32 // of every sample, if not 0
	keys     []byte // stss
	allKeys  bool   // there is no stss
}

func parseTables(stbl []byte) (*sampleTable, error) {
	t := &sampleTable{allKeys: true}
	for b := range boxes(stbl) {
		r := bytesReader{b: b.body}
		r.skip(4)
		switch b.kind {
		case "stts":
			t.times = r.table(8)
		case "ctts":
			t.offsets = r.table(8)
		case "stsc":
			t.chunks = r.table(12)
		case "stco":
			t.places = r.table(4)
		case "co64":
			t.places, t.wide = r.table(8), true
		case "stss":
			t.keys, t.allKeys = r.table(4), false
		case "stsz":
			t.parseSizes(&r)
		case "stz2":
			t.parseSmallSizes(&r)
		}
		if r.bad {
			return nil, fmt.Errorf("table %q: %w", b.kind, ErrDamaged)
		}
	}
	if t.count > maxSamples {
		return nil, fmt.Errorf("%d samples: %w", t.count, ErrTooBig)
	}
	return t, nil
}

func (t *sampleTable) parseSizes(r *bytesReader) {
	t.oneSize, t.sizeBits = r.u32(), 32
	if t.oneSize != 0 {
		t.count = r.u32()
		return
	}
	t.sizes = r.table(4)
	t.count = uint32(len(t.sizes) / 4)
}

func (t *sampleTable) parseSmallSizes(r *bytesReader) {
	r.skip(3)
	bits, n := int(r.u8()), int64(r.u32())
	if bits != 4 && bits != 8 && bits != 16 {
		r.bad = true
		return
	}
	need := (n*int64(bits) + 7) / 8
	if need > int64(len(r.b)) {
		r.bad = true
		return
	}
	t.sizes, t.sizeBits, t.count = r.take(int(need)), bits, uint32(n)
}

func (t *sampleTable) sizeOf(i uint32) uint32 {
	switch {
	case t.oneSize != 0:
		return t.oneSize
	case t.sizeBits == 32:
		return binary.BigEndian.Uint32(t.sizes[4*i:])
	case t.sizeBits == 16:
		return uint32(binary.BigEndian.Uint16(t.sizes[2*i:]))
	case t.sizeBits == 8:
		return uint32(t.sizes[i])
	case i%2 == 0:
		return uint32(t.sizes[i/2] >> 4)
	default:
		return uint32(t.sizes[i/2] & 15)
	}
}

// oneDescription tells whether all samples use the first sample description.
func (t *sampleTable) oneDescription() bool {
	for i := 8; i < len(t.chunks); i += 12 {
		if binary.BigEndian.Uint32(t.chunks[i:]) != 1 {
			return false
		}
	}
	return true
}

// sample is one picture or one packet of sound.
type sample struct {
	off   int64
	size  uint32
	delta uint32 // duration
	dts   int64  // in the track's time scale, from 0
	shift int32  // presentation is at dts + shift
	key   bool
}

func (s *sample) pts() int64 { return s.dts + int64(s.shift) }

// cursor goes through the samples of a table, in order, without allocating.
type cursor struct {
	t     *sampleTable
	index uint32 // of the next sample
	dts   int64
	err   error

	time, timeLeft     int // byte position in times, samples left of that entry
	delta              uint32
	offset, offsetLeft int
	shift              int32
	key                int
	chunk              int // number of the next chunk, from 0
	chunkEntry         int // byte position in chunks of the entry that holds for chunk
	inChunk            uint32
	pos                int64 // of the next sample in the file
}

func (t *sampleTable) cursor() *cursor { return &cursor{t: t} }

// next gives the next sample; false at the end or, with err set, at a contradiction.
func (c *cursor) next(s *sample) bool {
	if c.index >= c.t.count || c.err != nil {
		return false
	}
	if c.inChunk == 0 && !c.nextChunk() {
		return false
	}
	c.stepTimes()
	s.off, s.size = c.pos, c.t.sizeOf(c.index)
	s.dts, s.delta, s.shift = c.dts, c.delta, c.shift
	s.key = c.t.allKeys || c.isKey()
	if s.size > maxSampleBytes {
		c.err = fmt.Errorf("sample of %d bytes: %w", s.size, ErrTooBig)
		return false
	}
	c.pos += int64(s.size)
	c.inChunk--
	c.index++
	c.dts += int64(c.delta)
	return true
}

// stepTimes sets delta and shift of the next sample. A table that is too short leaves
// the last delta, as players do, and no shift.
func (c *cursor) stepTimes() {
	for c.timeLeft == 0 && c.time+8 <= len(c.t.times) {
		c.timeLeft = int(binary.BigEndian.Uint32(c.t.times[c.time:]))
		c.delta = binary.BigEndian.Uint32(c.t.times[c.time+4:])
		c.time += 8
	}
	if c.timeLeft > 0 {
		c.timeLeft--
	}
	for c.offsetLeft == 0 && c.offset+8 <= len(c.t.offsets) {
		c.offsetLeft = int(binary.BigEndian.Uint32(c.t.offsets[c.offset:]))
		c.shift = int32(binary.BigEndian.Uint32(c.t.offsets[c.offset+4:]))
		c.offset += 8
	}
	if c.offsetLeft > 0 {
		c.offsetLeft--
	} else {
		c.shift = 0
	}
}

func (c *cursor) isKey() bool {
	number := c.index + 1
	for c.key+4 <= len(c.t.keys) {
		k := binary.BigEndian.Uint32(c.t.keys[c.key:])
		if k > number {
			return false
		}
		c.key += 4
		if k == number {
			return true
		}
	}
	return false
}

func (c *cursor) nextChunk() bool {
	width := 4
	if c.t.wide {
		width = 8
	}
	for c.inChunk == 0 {
		if c.chunk*width+width > len(c.t.places) || len(c.t.chunks) < 12 {
			c.err = fmt.Errorf("fewer chunks than samples: %w", ErrDamaged)
			return false
		}
		for c.chunkEntry+24 <= len(c.t.chunks) &&
			int64(binary.BigEndian.Uint32(c.t.chunks[c.chunkEntry+12:])) <= int64(c.chunk)+1 {
			c.chunkEntry += 12
		}
		c.inChunk = binary.BigEndian.Uint32(c.t.chunks[c.chunkEntry+4:])
		if c.t.wide {
			c.pos = int64(binary.BigEndian.Uint64(c.t.places[c.chunk*8:]))
		} else {
			c.pos = int64(binary.BigEndian.Uint32(c.t.places[c.chunk*4:]))
		}
		c.chunk++
	}
	return true
}
