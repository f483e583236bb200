package matroska

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// Kinds of tracks.
const (
	typeVideo = 1
	typeAudio = 2
)

// Track is one track with pictures or sound.
type Track struct {
	CodecID       string // for example "V_VP9"
	Private       []byte // the codec's own configuration
	PixelWidth    int    // as coded
	PixelHeight   int
	Width, Height int // as shown
	FPS           float64
	// Encoded tells that blocks are compressed once more, which browsers do not undo.
	Encoded bool
	// FirstFrame holds the first bytes of the first block.
	FirstFrame []byte

	declaredRate bool
	number       uint64
	kind         uint64
}

// File is a Matroska or WebM file whose elements were read.
type File struct {
	DocType  string // "webm" or "matroska"
	Duration time.Duration
	// Timed tells that the file itself gives its length.
	Timed bool
	// HasCues tells that the file has an index for seeking.
	HasCues bool
	// Trailing tells that bytes follow the segment. They are not looked at.
	Trailing bool
	Video    *Track // the first one
	Audio    *Track // the first one; nil is no sound

	src      *source
	scale    uint64 // nanoseconds of a unit
	length   float64
	last     int64 // time stamp of the last block, in units
	clusters clusters
}

// Open reads the elements of a file of that size.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{src: &source{r: r, size: size}, scale: 1e6}
	segment, err := f.readHead()
	if err != nil {
		return nil, err
	}
	if err := f.walkSegment(segment); err != nil {
		return nil, err
	}
	if f.Video == nil {
		return nil, ErrNoPicture
	}
	if err := f.lastCluster(); err != nil {
		return nil, err
	}
	return f, f.settle()
}

// DocType reads the kind of document from the first bytes of a file; "" if they are no
// EBML.
func DocType(head []byte) string {
	id, n := vint(head, 4, true)
	size, m := vint(head[n:], 8, false)
	if id != idEBML || m == 0 {
		return ""
	}
	body := head[n+m:]
	for i := range items(body[:min(size, uint64(len(body)))]) {
		if i.id == idDocType {
			return i.text()
		}
	}
	return ""
}

// readHead reads the EBML header and finds the segment.
func (f *File) readHead() (element, error) {
	head, err := f.src.element(0)
	if err != nil {
		return element{}, err
	}
	body, err := f.src.body(head, maxBodyBytes)
	if err != nil || head.id != idEBML {
		return element{}, fmt.Errorf("EBML header: %w", ErrDamaged)
	}
	for i := range items(body) {
		if i.id == idDocType {
			f.DocType = i.text()
		}
	}
	segment, err := f.src.element(head.end())
	if err != nil {
		return element{}, err
	}
	if segment.id != idSegment {
		return element{}, fmt.Errorf("no segment: %w", ErrDamaged)
	}
	if segment.size != unknownSize && segment.end() > f.src.size {
		return element{}, fmt.Errorf("segment: %w", ErrTruncated)
	}
	return segment, nil
}

func (f *File) walkSegment(segment element) error {
	end := f.src.size
	if segment.size != unknownSize {
		end = segment.end()
		f.Trailing = end < f.src.size
	}
	for at := segment.data; at < end; {
		e, err := f.src.element(at)
		if err != nil {
			return err
		}
		if e.size != unknownSize && e.end() > end {
			return fmt.Errorf("element %x at %d: %w", e.id, at, ErrTruncated)
		}
		if at, err = f.child(e, end); err != nil {
			return err
		}
	}
	return nil
}

// child takes one element of the segment and tells where the next one begins.
func (f *File) child(e element, end int64) (next int64, err error) {
	switch e.id {
	case idInfo:
		err = f.readInfo(e)
	case idTracks:
		err = f.readTracks(e)
	case idCues:
		f.HasCues = true
	case idCluster:
		return f.cluster(e, end)
	}
	if err == nil && e.size == unknownSize {
		err = fmt.Errorf("element %x without size: %w", e.id, ErrDamaged)
	}
	return e.end(), err
}

func (f *File) readInfo(e element) error {
	body, err := f.src.body(e, maxBodyBytes)
	if err != nil {
		return err
	}
	for i := range items(body) {
		switch i.id {
		case idTimestampScale:
			f.scale = max(1, i.number())
		case idDuration:
			f.length = max(0, i.float())
		}
	}
	return nil
}

func (f *File) readTracks(e element) error {
	body, err := f.src.body(e, maxTrackBytes)
	if err != nil {
		return err
	}
	for i := range items(body) {
		if i.id != idTrackEntry {
			continue
		}
		t, err := parseTrack(i.body)
		if err != nil {
			return err
		}
		switch {
		case t.kind == typeVideo && f.Video == nil:
			f.Video = t
		case t.kind == typeAudio && f.Audio == nil:
			f.Audio = t
		}
	}
	return nil
}

func parseTrack(body []byte) (*Track, error) {
	t := &Track{}
	for i := range items(body) {
		switch i.id {
		case idTrackNumber:
			t.number = i.number()
		case idTrackType:
			t.kind = i.number()
		case idCodecID:
			t.CodecID = i.text()
		case idCodecPrivate:
			t.Private = bytes.Clone(i.body[:min(len(i.body), 1<<16)])
		case idDefaultDuration:
			if ns := i.number(); ns > 0 {
				t.FPS, t.declaredRate = float64(time.Second)/float64(ns), true
			}
		case idVideo:
			t.parseVideo(i.body)
		case idEncodings:
			t.Encoded = true
			for encoding := range items(i.body) {
				for part := range items(encoding.body) {
					if encoding.id == idEncoding && part.id == idEncryption {
						return nil, ErrProtected
					}
				}
			}
		}
	}
	t.CodecID = strings.ToUpper(t.CodecID)
	return t, nil
}

func (t *Track) parseVideo(body []byte) {
	var showX, showY, unit uint64
	for i := range items(body) {
		switch i.id {
		case idPixelWidth:
			t.PixelWidth = side(i.number())
		case idPixelHeight:
			t.PixelHeight = side(i.number())
		case idDisplayWidth:
			showX = i.number()
		case idDisplayHeight:
			showY = i.number()
		case idDisplayUnit:
			unit = i.number()
		}
	}
	t.Width, t.Height = t.PixelWidth, t.PixelHeight
	if showX == 0 || showY == 0 || showX > maxSide || showY > maxSide {
		return
	}
	if unit == 0 {
		t.Width, t.Height = int(showX), int(showY)
		return
	}
	t.Width = side((uint64(t.Height)*showX + showY/2) / showY)
}

// maxSide is more than any codec allows; it keeps products of two sides small.
const maxSide = 1 << 16

func side(v uint64) int { return int(min(v, maxSide)) }

// settle compares the length that the file claims with the blocks that are there.
func (f *File) settle() error {
	unit := float64(f.scale)
	seen := clampDuration(float64(f.last) * unit)
	f.Duration, f.Timed = clampDuration(f.length*unit), f.length > 0
	if f.Duration-seen > tornAfter {
		return fmt.Errorf("%v of %v: %w", seen, f.Duration, ErrTruncated)
	}
	if !f.Timed {
		f.Duration = seen
		if f.Video.FPS > 0 {
			f.Duration += time.Duration(float64(time.Second) / f.Video.FPS)
		}
	}
	if f.clusters.pictures == 0 {
		return ErrNoPicture
	}
	return nil
}

// tornAfter is how much earlier than its claimed length a file may end.
const tornAfter = 10 * time.Second

func clampDuration(ns float64) time.Duration {
	return time.Duration(min(ns, float64(1<<62)))
}
