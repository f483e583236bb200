package fmp4

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// lookAtFragments finds the length of a fragmented file and whether it is one that
// Write made, or could have made: then it is published as it is.
func (f *File) lookAtFragments(top []topBox, moov []byte) error {
	last := top[len(top)-1]
	if last.end() > f.size {
		return fmt.Errorf("%s at %d: %w", last.kind, last.off, ErrTruncated)
	}
	movie := bytesReader{b: find(moov, "mvhd")}
	version := movie.u8()
	movie.skip(3)
	movie.versioned(version)
	movie.versioned(version)
	scale := movie.u32()
	length := movie.versioned(version)
	if mehd := (bytesReader{b: find(moov, "mvex", "mehd")}); len(mehd.b) > 4 {
		version = mehd.u8()
		mehd.skip(3)
		length = max(length, mehd.versioned(version))
	}
	if scale > 0 {
		f.Duration = asDuration(int64(min(length, maxEdit)), scale)
	}
	if len(top) < 5 || !f.Playable() || !plainIndex(moov) || last.end() != f.size {
		return nil
	}
	return f.checkShape(top)
}

// plainIndex tells whether moov holds nothing but what a player needs: no samples, no
// metadata, no other tracks.
func plainIndex(moov []byte) bool {
	tracks := 0
	for b := range boxes(moov) {
		switch b.kind {
		case "mvhd", "mvex":
		case "trak":
			tracks++
			for c := range boxes(b.body) {
				if !slices.Contains([]string{"tkhd", "edts", "mdia"}, c.kind) {
					return false
				}
			}
		default:
			return false
		}
	}
	return tracks == 1 || tracks == 2
}

// checkShape compares the outer boxes with sidx: ftyp, moov, sidx, then moof and mdat
// in turn, each pair or pairs being one reference, up to the end of the file.
func (f *File) checkShape(top []topBox) error {
	if top[0].kind != "ftyp" || top[1].kind != "moov" || top[2].kind != "sidx" || f.Video.table.count > 0 {
		return nil
	}
	body, err := readBody(f.src, f.size, top[2])
	if err != nil {
		return err
	}
	r := bytesReader{b: body}
	version := r.u8()
	r.skip(7)
	scale := r.u32()
	r.versioned(version)
	offset := r.versioned(version)
	r.skip(2)
	count := int(r.u16())
	if r.bad || scale == 0 || offset != 0 || len(r.b) != 12*count {
		return nil
	}
	ends := map[int64]bool{}
	at, total := top[2].end(), int64(0)
	for i := range count {
		size := binary.BigEndian.Uint32(r.b[12*i:])
		if size>>31 != 0 {
			return nil
		}
		at += int64(size)
		ends[at] = true
		total += int64(binary.BigEndian.Uint32(r.b[12*i+4:]))
	}
	if at != f.size || !pairs(top[3:], ends) {
		return nil
	}
	f.Published, f.Duration = true, asDuration(total, scale)
	return f.readRate(top[3])
}

// readRate takes the frame rate from the pictures of a fragment.
func (f *File) readRate(moof topBox) error {
	if moof.size > maxMoofBytes {
		return nil
	}
	body, err := readBody(f.src, f.size, moof)
	if err != nil {
		return err
	}
	for b := range boxes(body) {
		head := bytesReader{b: find(b.body, "tfhd")}
		head.skip(4)
		if b.kind != "traf" || head.u32() != f.Video.id {
			continue
		}
		if count, length := runLength(find(b.body, "trun")); length > 0 {
			f.Video.FPS = float64(count) * float64(f.Video.scale) / float64(length)
		}
	}
	return nil
}

// runLength counts the samples of a trun box and adds their durations up; 0 if it does
// not give them.
func runLength(trun []byte) (count uint32, length int64) {
	r := bytesReader{b: trun}
	flags := r.u32() & 0xffffff
	count = r.u32()
	r.skip(4 * bits.OnesCount32(flags&0xff))
	rest := 4 * (bits.OnesCount32(flags&0xff00) - 1)
	if flags&trunDelta == 0 || int64(count) > int64(len(r.b)) {
		return 0, 0
	}
	for range count {
		length += int64(r.u32())
		r.skip(rest)
	}
	if r.bad {
		return 0, 0
	}
	return count, length
}

const maxMoofBytes = 1 << 20

// pairs tells whether the boxes are moof and mdat in turn, and all ends are those of mdats.
func pairs(list []topBox, ends map[int64]bool) bool {
	for i, b := range list {
		if want := [2]string{"moof", "mdat"}[i%2]; b.kind != want {
			return false
		}
		if i%2 == 1 {
			delete(ends, b.end())
		}
	}
	return len(list)%2 == 0 && len(ends) == 0
}
