package fmp4

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// Track is one track with pictures or sound.
type Track struct {
	Codec  string // ffmpeg's short name, for example "h264"
	Codecs string // RFC 6381, for example "avc1.64001f"; "" if not Playable
	// Playable tells that browsers play the track: H.264 of 8 bits 4:2:0, or AAC.
	Playable      bool
	Width, Height int // as shown: pixel shape and rotation applied
	FPS           float64

	id        uint32
	video     bool
	scale     uint32 // units per second
	duration  int64  // of all samples, in units
	matrix    []byte // 36 bytes of tkhd
	flatWidth int    // as shown, before rotation
	entry     *entry
	table     *sampleTable
	edit      edit
	simpleCut bool // the edit list shows one piece
}

// edit is what the edit list shows of a track, in units of the track.
type edit struct {
	delay int64 // nothing is shown before
	from  int64 // media time of the first picture or sound shown
	end   int64 // media time; 0 is all
}

// maxEdit is far beyond any real time and far from overflow.
const maxEdit = 1 << 50

const unityMatrix = "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00"

// parseTrack reads a trak box; nil for tracks of other kinds (text, time code …).
func parseTrack(trak []byte, movieScale uint32) (*Track, error) {
	mdia := find(trak, "mdia")
	handler := find(mdia, "hdlr")
	if len(handler) < 12 {
		return nil, nil
	}
	kind := string(handler[8:12])
	if kind != "vide" && kind != "soun" {
		return nil, nil
	}
	t := &Track{video: kind == "vide", matrix: []byte(unityMatrix)}
	if err := t.parseHeaders(trak, mdia); err != nil {
		return nil, err
	}
	stbl := find(mdia, "minf", "stbl")
	var err error
	if t.table, err = parseTables(stbl); err != nil {
		return nil, err
	}
	if t.entry, err = parseEntry(find(stbl, "stsd"), t.video); err != nil {
		return nil, err
	}
	if t.entry.protected {
		return nil, ErrProtected
	}
	if external(find(mdia, "minf", "dinf", "dref")) {
		return nil, ErrExternal
	}
	t.parseEdits(find(trak, "edts", "elst"), movieScale)
	t.Codec, t.Codecs = t.entry.codec, t.entry.codecs
	t.Playable = t.entry.playable && t.simpleCut && t.table.oneDescription()
	t.shownSize()
	return t, nil
}

func (t *Track) parseHeaders(trak, mdia []byte) error {
	r := bytesReader{b: find(trak, "tkhd")}
	version := r.u8()
	r.skip(3)
	r.versioned(version)
	r.versioned(version)
	t.id = r.u32()
	r.skip(4)
	r.versioned(version)
	r.skip(16)
	matrix := r.take(36)
	m := bytesReader{b: find(mdia, "mdhd")}
	version = m.u8()
	m.skip(3)
	m.versioned(version)
	m.versioned(version)
	t.scale = m.u32()
	if r.bad || m.bad || t.scale == 0 || t.scale > 1e9 {
		return fmt.Errorf("track header: %w", ErrDamaged)
	}
	t.matrix = matrix
	return nil
}

// external tells whether a data reference leads out of the file.
func external(dref []byte) bool {
	if len(dref) < 8 {
		return false
	}
	for b := range boxes(dref[8:]) {
		if len(b.body) < 4 || b.body[3]&1 == 0 {
			return true
		}
	}
	return false
}

// parseEdits reduces the edit list to a delay and one piece. A list of several pieces
// that follow each other in the media is one piece.
func (t *Track) parseEdits(elst []byte, movieScale uint32) {
	t.simpleCut = true
	r := bytesReader{b: elst}
	version := r.u8()
	r.skip(3)
	seen, gap := false, false
	for range r.u32() {
		length := rescale(int64(min(r.versioned(version), maxEdit)), movieScale, t.scale)
		from := int64(r.versioned(version))
		if version == 0 {
			from = int64(int32(from))
		}
		rate := r.u32()
		if r.bad {
			return
		}
		last := t.edit.end
		switch {
		case length > maxEdit || from > maxEdit || rate != 1<<16:
			t.simpleCut = false
		case from < 0 && !seen:
			t.edit.delay = min(t.edit.delay+length, maxEdit)
		case from < 0: // nothing is shown, unless a piece comes later
			gap = true
		case !seen:
			seen = true
			t.edit.from, t.edit.end = from, from+length
			if length == 0 {
				t.edit.end = 0
			}
		case gap || from < last-t.tick(movieScale) || from > last+t.tick(movieScale):
			t.simpleCut = false
		default:
			t.edit.end = from + length
		}
	}
}

// tick is one unit of the movie in units of the track, rounded up: edit lists are not
// more exact than this.
func (t *Track) tick(movieScale uint32) int64 {
	return (int64(t.scale) + int64(movieScale) - 1) / int64(max(movieScale, 1))
}

// shownSize sets the size as a player shows it.
func (t *Track) shownSize() {
	w, h := t.entry.width, t.entry.height
	x, y := t.entry.sarX, t.entry.sarY
	if x > 0 && y > 0 && x < 1<<16 && y < 1<<16 && x/y < 8 && y/x < 8 {
		w = min(int((int64(w)*int64(x)+int64(y)/2)/int64(y)), math.MaxUint16)
	}
	t.flatWidth = w
	a := binary.BigEndian.Uint32(t.matrix)
	b := binary.BigEndian.Uint32(t.matrix[4:])
	if a == 0 && b != 0 {
		w, h = h, w
	}
	t.Width, t.Height = w, h
}

// rescale turns units of one time scale into those of another, rounding to the nearest;
// what does not fit becomes the largest number.
func rescale(v int64, from, to uint32) int64 {
	if v < 0 {
		return -rescale(-v, from, to)
	}
	if from == to || from == 0 {
		return v
	}
	hi, lo := bits.Mul64(uint64(v), uint64(to))
	lo, carry := bits.Add64(lo, uint64(from)/2, 0)
	hi += carry
	if hi >= uint64(from) {
		return 1<<62 - 1
	}
	q, _ := bits.Div64(hi, lo, uint64(from))
	return int64(min(q, 1<<62-1))
}
