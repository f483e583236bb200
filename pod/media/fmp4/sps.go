package fmp4

import "fmt"

// sps is what a sequence parameter set of H.264 tells (ISO/IEC 14496-10, 7.3.2.1.1).
type sps struct {
	profile       uint8
	chroma        uint32 // 1 is 4:2:0
	lumaBits      uint32
	chromaBits    uint32
	width, height int64 // in luma samples, cropped
	sarX, sarY    uint32
}

// maxSide is more than any level of H.264 allows.
const maxSide = 1 << 15

// bitReader takes bits from a NAL unit and leaves out its emulation prevention bytes.
type bitReader struct {
	b   []byte
	pos int // in bits
	bad bool
}

func newBitReader(nal []byte) *bitReader {
	plain := make([]byte, 0, len(nal))
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		plain = append(plain, c)
	}
	return &bitReader{b: plain}
}

func (r *bitReader) bits(n int) uint32 {
	var v uint32
	for range n {
		if r.pos >= 8*len(r.b) {
			r.bad = true
			return 0
		}
		v = v<<1 | uint32(r.b[r.pos/8]>>(7-r.pos%8)&1)
		r.pos++
	}
	return v
}

func (r *bitReader) flag() bool { return r.bits(1) == 1 }

// golomb reads an unsigned Exp-Golomb number.
func (r *bitReader) golomb() uint32 {
	zeros := 0
	for !r.bad && !r.flag() {
		zeros++
	}
	if zeros > 31 || r.bad {
		r.bad = true
		return 0
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

func (r *bitReader) signedGolomb() int32 {
	v := r.golomb()
	if v%2 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}

func parseSPS(nal []byte) (*sps, error) {
	if len(nal) < 5 || nal[0]&31 != 7 || len(nal) > 4096 {
		return nil, fmt.Errorf("no sequence parameter set: %w", ErrDamaged)
	}
	s := &sps{profile: nal[1], chroma: 1, lumaBits: 8, chromaBits: 8, sarX: 1, sarY: 1}
	r := newBitReader(nal[4:])
	r.golomb()
	switch s.profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		s.parseHigh(r)
	}
	r.golomb()
	skipOrderCount(r)
	r.golomb()
	r.flag()
	w, h := int64(r.golomb())+1, int64(r.golomb())+1
	fields := int64(1) // in a frame
	if !r.flag() {
		fields = 2
		r.flag()
	}
	s.width, s.height = 16*w, 16*h*fields
	r.flag()
	if r.flag() {
		s.crop(r, fields)
	}
	if r.flag() {
		s.parseAspect(r)
	}
	if r.bad || s.width <= 0 || s.height <= 0 || s.width > maxSide || s.height > maxSide {
		return nil, fmt.Errorf("sequence parameter set: %w", ErrDamaged)
	}
	return s, nil
}

func (s *sps) parseHigh(r *bitReader) {
	s.chroma = r.golomb()
	if s.chroma == 3 {
		r.flag()
	}
	s.lumaBits, s.chromaBits = 8+r.golomb(), 8+r.golomb()
	r.flag()
	if !r.flag() {
		return
	}
	lists := 8
	if s.chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		skipScalingList(r, size)
	}
}

func skipScalingList(r *bitReader, size int) {
	last, next := int32(8), int32(8)
	for range size {
		if next != 0 {
			next = (last + r.signedGolomb() + 256) % 256
		}
		if next != 0 {
			last = next
		}
	}
}

func skipOrderCount(r *bitReader) {
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		r.flag()
		r.golomb()
		r.golomb()
		n := r.golomb()
		if n > 255 {
			r.bad = true
			return
		}
		for range n {
			r.golomb()
		}
	}
}

func (s *sps) crop(r *bitReader, fields int64) {
	unitX, unitY := int64(1), fields
	if s.chroma == 1 || s.chroma == 2 {
		unitX = 2
	}
	if s.chroma == 1 {
		unitY *= 2
	}
	s.width -= unitX * (int64(r.golomb()) + int64(r.golomb()))
	s.height -= unitY * (int64(r.golomb()) + int64(r.golomb()))
}

// pixelAspects are the ratios of table E-1.
var pixelAspects = [...][2]uint32{
	{1, 1},
	{1, 1},
	{12, 11},
	{10, 11},
	{16, 11},
	{40, 33},
	{24, 11},
	{20, 11},
	{32, 11},
	{80, 33},
	{18, 11},
	{15, 11},
	{64, 33},
	{160, 99},
	{4, 3},
	{3, 2},
	{2, 1},
}

func (s *sps) parseAspect(r *bitReader) {
	if !r.flag() {
		return
	}
	idc := r.bits(8)
	if idc == 255 {
		s.sarX, s.sarY = r.bits(16), r.bits(16)
	} else if int(idc) < len(pixelAspects) {
		s.sarX, s.sarY = pixelAspects[idc][0], pixelAspects[idc][1]
	}
}
