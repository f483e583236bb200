package fmp4

import (
	"fmt"
	"io"
	"time"
)

// Limits bound what Open accepts.
type Limits struct {
	MaxDuration time.Duration // 0 is no bound
	MaxPixels   int           // of one picture; 0 is no bound
}

// File is an MP4 or QuickTime file whose index was read.
type File struct {
	// Duration is that of the longest track that would be published.
	Duration time.Duration
	// Fragmented tells that the samples are listed in fragments, not in moov. Write
	// does not take such a file.
	Fragmented bool
	// Published tells that the file has the very shape that Write makes.
	Published bool
	Video     *Track
	Audio     *Track // nil is no sound

	src  io.ReaderAt
	size int64
	plan *plan
}

// Open reads the index of a file of that size.
func Open(r io.ReaderAt, size int64, l Limits) (*File, error) {
	top, err := topBoxes(r, size)
	if err != nil {
		return nil, err
	}
	moov, fragments := topBox{}, false
	for _, b := range top {
		switch {
		case b.kind == "moov" && moov.size == 0:
			moov = b
		case b.kind == "moof":
			fragments = true
		}
	}
	if moov.size == 0 {
		return nil, fmt.Errorf("no moov: %w", ErrTruncated)
	}
	index, err := readBody(r, size, moov)
	if err != nil {
		return nil, err
	}
	f := &File{src: r, size: size, Fragmented: fragments}
	if err := f.parseMovie(index); err != nil {
		return nil, err
	}
	if l.MaxPixels > 0 && f.Video.entry.width*f.Video.entry.height > l.MaxPixels {
		return nil, fmt.Errorf("%d x %d pixels: %w", f.Video.entry.width, f.Video.entry.height, ErrTooBig)
	}
	if fragments {
		err = f.lookAtFragments(top, index)
	} else {
		err = f.makePlan()
	}
	if err != nil {
		return nil, err
	}
	if l.MaxDuration > 0 && f.Duration > l.MaxDuration {
		return nil, fmt.Errorf("%v long: %w", f.Duration, ErrTooBig)
	}
	return f, nil
}

// Playable tells whether browsers play picture and sound as they are.
func (f *File) Playable() bool {
	return f.Video.Playable && (f.Audio == nil || f.Audio.Playable)
}

func (f *File) parseMovie(moov []byte) error {
	r := bytesReader{b: find(moov, "mvhd")}
	version := r.u8()
	r.skip(3)
	r.versioned(version)
	r.versioned(version)
	scale := r.u32()
	if r.bad || scale == 0 {
		return fmt.Errorf("mvhd: %w", ErrDamaged)
	}
	for b := range boxes(moov) {
		if b.kind != "trak" {
			continue
		}
		t, err := parseTrack(b.body, scale)
		if err != nil {
			return err
		}
		switch {
		case t == nil || t.table.count == 0 && !f.Fragmented: // an empty track is no track
		case t.video:
			f.Video = better(f.Video, t)
		default:
			f.Audio = better(f.Audio, t)
		}
	}
	if f.Video == nil {
		return ErrNoPicture
	}
	return nil
}

// better keeps the first track that plays, else the first.
func better(have, found *Track) *Track {
	if have == nil || !have.Playable && found.Playable {
		return found
	}
	return have
}

// makePlan checks every sample of the chosen tracks and plans the fragments.
func (f *File) makePlan() error {
	tracks := []*Track{f.Video}
	if f.Audio != nil {
		tracks = append(tracks, f.Audio)
	}
	left := f.size
	for _, t := range tracks {
		used, err := t.check(f.size)
		if err != nil {
			return err
		}
		if left -= used; left < 0 {
			return fmt.Errorf("samples larger than the file: %w", ErrDamaged)
		}
		f.Duration = max(f.Duration, asDuration(t.duration, t.scale))
	}
	if !f.Playable() {
		return nil
	}
	p, err := newPlan(f.Video, f.Audio)
	if err != nil {
		return err
	}
	f.plan, f.Duration = p, asDuration(p.end, f.Video.scale)
	return nil
}

// check goes through a track's samples: all must lie in the file. It gives their sum in
// bytes and notes the time that they take.
func (t *Track) check(size int64) (sum int64, err error) {
	c := t.table.cursor()
	var s sample
	for c.next(&s) {
		if s.off < 0 || s.off > size-int64(s.size) {
			return 0, fmt.Errorf("sample at %d: %w", s.off, ErrTruncated)
		}
		sum += int64(s.size)
	}
	t.duration = c.dts
	if t.duration > 0 {
		t.FPS = float64(t.table.count) * float64(t.scale) / float64(t.duration)
	}
	return sum, c.err
}

func asDuration(units int64, scale uint32) time.Duration {
	return time.Duration(rescale(units, scale, uint32(time.Second)))
}
