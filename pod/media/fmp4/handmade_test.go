package fmp4_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/peerpod/peerpod/pod/media/fmp4"
)

// avcConfig is that of 320 x 180 pixels, High profile.
const avcConfig = "\x01\x64\x00\x0d\xff\xe1\x00\x1a\x67\x64\x00\x0d\xac\xd9\x41\x41\x9f\x9f\x01\x10\x00\x00" +
	"\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x42\x99\x60\x01\x00\x04\x68\xef\x8f\xcb\xfd\xf8\xf8\x00"

// be writes numbers of 32 bits.
func be(v ...uint32) []byte {
	var b []byte
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// counted writes a version, a count of entries and the entries.
func counted(width int, v ...uint32) []byte {
	return append(be(0, uint32(len(v)/width)), be(v...)...)
}

func mkbox(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(be(uint32(8+len(body))), kind...), body...)
}

// movie is a file with one track of pictures, 10 a second, made by hand: each test sets
// the tables that it is about. Sample i holds sizes[i] bytes of value i.
type movie struct {
	sizes        []uint32
	stsz         []byte // default: stsz with sizes
	stts         []byte // default: 100 units each, of 1000 a second
	ctts         []byte
	stss         []byte
	elst         []byte
	stsc         []byte // default: one sample in a chunk
	perChunk     []int  // default: 1 each; sums to len(sizes)
	offset       int64  // of mdat's content; default: behind moov
	wide         bool   // co64, and a box size of 64 bits for mdat
	openMdat     bool   // mdat's size is 0: to the end of the file
	descriptions int    // of stsd; default: 1
}

// samples gives what mdat holds, and where each chunk begins in it.
func (m *movie) samples() (data []byte, starts []int64) {
	chunks := m.perChunk
	if chunks == nil {
		chunks = slices.Repeat([]int{1}, len(m.sizes))
	}
	i := 0
	for _, n := range chunks {
		starts = append(starts, int64(len(data)))
		for range n {
			data = append(data, bytes.Repeat([]byte{byte(i)}, int(m.sizes[i]))...)
			i++
		}
	}
	return data, starts
}

func either(b, other []byte) []byte {
	if b != nil {
		return b
	}
	return other
}

func (m *movie) moov(starts []int64) []byte {
	places := be(0, uint32(len(starts)))
	kind := "stco"
	for _, s := range starts {
		if m.wide {
			kind, places = "co64", append(places, be(uint32(s>>32), uint32(s))...)
		} else {
			places = append(places, be(uint32(s))...)
		}
	}
	entry := mkbox("avc1", make([]byte, 6), []byte{0, 1}, make([]byte, 16), []byte{1, 64, 0, 180}, make([]byte, 50), mkbox("avcC", []byte(avcConfig)))
	stsd := append(be(0, uint32(max(1, m.descriptions))), bytes.Repeat(entry, max(1, m.descriptions))...)
	tables := [][]byte{
		mkbox("stsd", stsd),
		mkbox("stts", either(m.stts, counted(2, uint32(len(m.sizes)), 100))),
		mkbox("stsc", either(m.stsc, counted(3, 1, 1, 1))),
		either(m.stsz, mkbox("stsz", be(0, 0, uint32(len(m.sizes))), be(m.sizes...))),
		mkbox(kind, places),
	}
	if m.ctts != nil {
		tables = append(tables, mkbox("ctts", m.ctts))
	}
	if m.stss != nil {
		tables = append(tables, mkbox("stss", m.stss))
	}
	var edits []byte
	if m.elst != nil {
		edits = mkbox("edts", mkbox("elst", m.elst))
	}
	matrix := be(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	return mkbox("moov", mkbox("mvhd", be(0, 0, 0, 1000, 0), make([]byte, 80)), mkbox("trak",
		mkbox("tkhd", be(7, 0, 0, 1, 0, 0, 0, 0, 0, 0), matrix, be(320<<16, 180<<16)), edits,
		mkbox("mdia", mkbox("mdhd", be(0, 0, 0, 1000, 0, 0)), mkbox("hdlr", be(0, 0), []byte("vide"), make([]byte, 13)),
			mkbox("minf", mkbox("stbl", tables...)))))
}

// sparse is a file with a hole.
type sparse struct {
	head, tail []byte
	tailAt     int64
}

func (s sparse) size() int64 { return s.tailAt + int64(len(s.tail)) }

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	n := int(min(int64(len(p)), max(0, s.size()-off)))
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	if from := off - s.tailAt; from >= 0 && from < int64(len(s.tail)) {
		copy(p[:n], s.tail[from:])
	} else if from < 0 && off+int64(n) > s.tailAt {
		copy(p[-from:n], s.tail)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// build lays the movie out: ftyp, moov, mdat.
func (m *movie) build() sparse {
	data, starts := m.samples()
	head := mkbox("ftyp", []byte("isom\x00\x00\x00\x00isom"))
	at := m.offset
	if at == 0 {
		at = int64(len(head)+len(m.moov(starts))) + 16
	}
	for i := range starts {
		starts[i] += at
	}
	head = append(head, m.moov(starts)...)
	size := at + int64(len(data)) - int64(len(head))
	switch {
	case m.openMdat:
		head = append(head, "\x00\x00\x00\x00mdat"...)
	case m.wide:
		head = append(append(head, "\x00\x00\x00\x01mdat"...), be(uint32(size>>32), uint32(size))...)
	default:
		head = append(append(head, be(uint32(size))...), "mdat"...)
	}
	return sparse{head: head, tail: data, tailAt: at}
}

// shown is a sample of the result: presentation and decoding time in milliseconds.
type shown struct {
	pts, dts int64
	value    byte
	size     uint32
	key      bool
}

// writeAndParse publishes the movie and lists what another parser finds in the result.
func writeAndParse(t *testing.T, m *movie) (list []shown, parsed *mp4.File) {
	t.Helper()
	src := m.build()
	f, err := fmp4.Open(src, src.size(), fmp4.Limits{})
	if err != nil || !f.Playable() {
		t.Fatalf("Open() = %+v, %v, want a file that plays", f, err)
	}
	var out bytes.Buffer
	if err := f.Write(t.Context(), &out); err != nil {
		t.Fatalf("Write() = %v, want no error", err)
	}
	parsed, err = mp4.DecodeFile(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatalf("mp4.DecodeFile() = %v, want no error", err)
	}
	skip := int64(0)
	if e := parsed.Moov.Trak.Edts; e != nil {
		skip = e.Elst[0].Entries[0].MediaTime
	}
	for _, segment := range parsed.Segments {
		for _, fragment := range segment.Fragments {
			samples, err := fragment.GetFullSamples(parsed.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range samples {
				v := byte(0)
				if len(s.Data) > 0 {
					v = s.Data[0]
				}
				if !bytes.Equal(s.Data, bytes.Repeat([]byte{v}, len(s.Data))) {
					t.Errorf("sample at %d is mixed of several", s.DecodeTime)
				}
				list = append(list, shown{s.PresentationTime() - skip, int64(s.DecodeTime) - skip, v, s.Size, s.IsSync()})
			}
		}
	}
	return list, parsed
}

func TestTables(t *testing.T) {
	t.Parallel()
	five := []uint32{9, 8, 7, 6, 5}
	plain := []shown{{0, 0, 0, 9, true}, {100, 100, 1, 8, true}, {200, 200, 2, 7, true}, {300, 300, 3, 6, true}, {400, 400, 4, 5, true}}
	with := func(change func(i int, s *shown)) []shown {
		list := slices.Clone(plain)
		for i := range list {
			change(i, &list[i])
		}
		return list
	}
	tests := []struct {
		name string
		m    movie
		want []shown
	}{
		{"plain", movie{sizes: five}, plain},
		{"sizes of 4 bits", movie{sizes: five, stsz: mkbox("stz2", be(0, 4, 5), []byte{0x98, 0x76, 0x50})}, plain},
		{"sizes of 8 bits", movie{sizes: five, stsz: mkbox("stz2", be(0, 8, 5), []byte{9, 8, 7, 6, 5})}, plain},
		{"sizes of 16 bits", movie{sizes: five, stsz: mkbox("stz2", be(0, 16, 5), []byte{0, 9, 0, 8, 0, 7, 0, 6, 0, 5})}, plain},
		{"one size", movie{sizes: []uint32{4, 4, 4, 4, 4}, stsz: mkbox("stsz", be(0, 4, 5))}, with(func(_ int, s *shown) { s.size = 4 })},
		{"beyond 4 GiB", movie{sizes: five, wide: true, offset: 5 << 30}, plain},
		{"to the end of the file", movie{sizes: five, openMdat: true}, plain},
		{"chunks", movie{sizes: five, perChunk: []int{2, 2, 1}, stsc: counted(3, 1, 2, 1, 3, 1, 1)}, plain},
		{"an empty chunk", movie{sizes: five, perChunk: []int{2, 0, 3}, stsc: counted(3, 1, 2, 1, 2, 0, 1, 3, 3, 1)}, plain},
		{"empty entries", movie{sizes: five, stts: counted(2, 0, 7, 5, 100, 0, 9)}, plain},
		{"times end early", movie{sizes: five, stts: counted(2, 2, 100)}, plain},
		{"key frames", movie{sizes: five, stss: counted(1, 1, 4)}, with(func(i int, s *shown) { s.key = i == 0 || i == 3 })},
		{"no key frame", movie{sizes: five, stss: counted(1)}, with(func(_ int, s *shown) { s.key = false })},
		{
			"reordered",
			movie{sizes: five, ctts: counted(2, 1, 100, 1, 200, 1, 0, 2, 100), elst: counted(3, 500, 100, 1<<16)},
			with(func(i int, s *shown) { s.pts, s.dts = []int64{0, 200, 100, 300, 400}[i], s.dts-100 }),
		},
		{
			"negative offsets",
			movie{sizes: five, ctts: counted(2, 1, 0, 1, 100, 1, 1<<32-100, 2, 0)},
			with(func(i int, s *shown) { s.pts, s.dts = []int64{0, 200, 100, 300, 400}[i], s.dts-100 }),
		},
		{"offsets end early", movie{sizes: five, ctts: counted(2, 1, 0)}, plain},
		{"first picture late", movie{sizes: five, elst: counted(3, 2000, 1<<32-1, 1<<16, 500, 0, 1<<16)}, plain},
		{"end cut away", movie{sizes: five, elst: counted(3, 250, 0, 1<<16)}, plain[:3]},
		{"begin cut away at a key frame", movie{sizes: five, elst: counted(3, 300, 200, 1<<16)}, []shown{
			{0, 0, 2, 7, true}, {100, 100, 3, 6, true}, {200, 200, 4, 5, true},
		}},
		{"begin cut away after a key frame", movie{sizes: five, stss: counted(1, 1, 2), elst: counted(3, 300, 200, 1<<16)}, []shown{
			{0, 0, 1, 8, true}, {100, 100, 2, 7, false}, {200, 200, 3, 6, false}, {300, 300, 4, 5, false},
		}},
		{"two pieces that follow", movie{sizes: five, elst: counted(3, 200, 0, 1<<16, 300, 200, 1<<16)}, plain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := writeAndParse(t, &tt.m); !slices.Equal(got, tt.want) {
				t.Errorf("samples =\n%v, want\n%v", got, tt.want)
			}
		})
	}
}

func TestUnplayableTables(t *testing.T) {
	t.Parallel()
	five := []uint32{9, 8, 7, 6, 5}
	tests := []struct {
		name string
		m    movie
	}{
		{"two pieces in another order", movie{sizes: five, elst: counted(3, 200, 300, 1<<16, 300, 0, 1<<16)}},
		{"two pieces with nothing between", movie{sizes: five, elst: counted(3, 200, 0, 1<<16, 100, 1<<32-1, 1<<16, 300, 200, 1<<16)}},
		{"half speed", movie{sizes: five, elst: counted(3, 500, 0, 1<<15)}},
		{"still picture", movie{sizes: five, elst: counted(3, 500, 0, 0)}},
		{"two descriptions", movie{sizes: five, descriptions: 2, stsc: counted(3, 1, 1, 1, 3, 1, 2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := tt.m.build()
			f, err := fmp4.Open(src, src.size(), fmp4.Limits{})
			if err != nil || f.Playable() {
				t.Fatalf("Open() = %+v, %v, want a file that does not play", f, err)
			}
			if err := f.Write(t.Context(), io.Discard); err == nil {
				t.Error("Write() = nil, want an error")
			}
		})
	}
}

// Where fragments begin, and what the index says of it. 10 pictures are a second.
func TestFragments(t *testing.T) {
	t.Parallel()
	type ref struct {
		seconds float64
		sap     byte
	}
	sizes := func(n int, size uint32) []uint32 { return slices.Repeat([]uint32{size}, n) }
	keys := func(step, n uint32) []byte {
		var list []uint32
		for i := uint32(1); i <= n; i += step {
			list = append(list, i)
		}
		return counted(1, list...)
	}
	tests := []struct {
		name string
		m    movie
		want []ref
	}{
		{"a key frame each second", movie{sizes: sizes(50, 5), stss: keys(10, 50)}, []ref{{2, 1}, {2, 1}, {1, 1}}},
		{"a key frame in 3 seconds", movie{sizes: sizes(60, 5), stss: keys(30, 60)}, []ref{{3, 1}, {3, 1}}},
		{"one key frame", movie{sizes: sizes(250, 5), stss: keys(999, 250)}, []ref{{10, 1}, {10, 0}, {5, 0}}},
		{"none", movie{sizes: sizes(120, 5), stss: counted(1)}, []ref{{10, 0}, {2, 0}}},
		{"large pictures", movie{sizes: sizes(10, 3<<20)}, []ref{{0.3, 1}, {0.3, 1}, {0.3, 1}, {0.1, 1}}},
		{"large pictures of one group", movie{sizes: sizes(10, 3<<20), stss: counted(1, 1)}, []ref{{0.5, 1}, {0.5, 0}}},
		{
			"an open group",
			movie{sizes: sizes(42, 5), stss: counted(1, 1, 21), ctts: counted(2, 20, 100, 1, 300, 2, 0, 19, 100)},
			[]ref{{2.1, 1}, {2.1, 3}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, parsed := writeAndParse(t, &tt.m)
			var got []ref
			for _, r := range parsed.Sidx.SidxRefs {
				got = append(got, ref{(time.Duration(r.SubSegmentDuration) * time.Millisecond).Seconds(), r.SAPType})
			}
			if tt.name == "an open group" { // its pictures before the key frame overlap the group before
				if len(got) != 2 || got[1].sap != 3 {
					t.Errorf("references = %v, want two, the second of SAP type 3", got)
				}
				return
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("references = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestOpenGivesTheErrorOfTheReader(t *testing.T) {
	t.Parallel()
	if _, err := fmp4.Open(failing{}, 1000, fmp4.Limits{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Open() = %v, want %v", err, io.ErrNoProgress)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrNoProgress }
