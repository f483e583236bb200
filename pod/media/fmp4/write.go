package fmp4

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
)

const (
	groupBytes = 1 << 20  // of the source are read at once
	gapBytes   = 64 << 10 // between samples are read and thrown away
)

// extent is a piece of the source and its place in the fragment's mdat.
type extent struct {
	src, dst, size int64
}

// writer is the state of one Write. Its buffers are used again for each fragment.
type writer struct {
	file    *File
	out     io.Writer
	build   builder
	video   cursor
	audio   cursor
	extents []extent
	group   []byte
}

// Write writes the whole published file to w, front to back. It may be called for a
// File that is Playable and not Fragmented.
func (f *File) Write(ctx context.Context, w io.Writer) error {
	if f.plan == nil {
		return fmt.Errorf("nothing to write: %w", ErrDamaged)
	}
	p := f.plan
	if _, err := w.Write(p.head()); err != nil {
		return fmt.Errorf("write head: %w", err)
	}
	j := &writer{file: f, out: w, group: make([]byte, groupBytes), video: p.video.start()}
	if p.audio != nil {
		j.audio = p.audio.start()
	}
	for i := range p.fragments {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write fragment %d: %w", i, err)
		}
		if err := j.fragment(uint32(i+1), &p.fragments[i]); err != nil {
			return fmt.Errorf("write fragment %d: %w", i, err)
		}
	}
	return nil
}

// start gives a cursor that stands before the first written sample.
func (t *track) start() cursor {
	c := t.table.cursor()
	var s sample
	for c.index < t.first && c.next(&s) {
		continue
	}
	return *c
}

// fragment writes moof and mdat in one piece.
func (j *writer) fragment(number uint32, f *fragment) error {
	p := j.file.plan
	j.extents = j.extents[:0]
	j.build.b = j.build.b[:0]
	head := p.moofSize(f) + 8
	w := &j.build
	w.box("moof", func() {
		w.full("mfhd", 0, 0, func() { w.u32(number) })
		if f.video.count > 0 {
			j.traf(&p.video, &f.video, videoID, 0, head)
		}
		if f.audio.count > 0 {
			j.traf(p.audio, &f.audio, audioID, f.video.bytes, head)
		}
	})
	payload := f.video.bytes + f.audio.bytes
	w.u32(uint32(8 + payload))
	w.text("mdat")
	w.b = slices.Grow(w.b, int(payload))[:head+payload]
	if err := j.copySamples(w.b[head:]); err != nil {
		return err
	}
	_, err := j.out.Write(w.b)
	return err
}

// moofSize is what fragment will write before mdat.
func (p *plan) moofSize(f *fragment) int64 {
	size := int64(8 + 16)
	if f.video.count > 0 {
		size += trafHead + int64(f.video.count)*p.video.entryBytes()
	}
	if f.audio.count > 0 {
		size += trafHead + int64(f.audio.count)*p.audio.entryBytes()
	}
	return size
}

// trafHead is a track's part of moof without its samples: traf, tfhd, tfdt, trun.
const trafHead = 8 + 16 + 20 + 20

// entryBytes is the size of a sample's entry in trun.
func (t *track) entryBytes() int64 {
	switch {
	case !t.video:
		return 8
	case t.offsets:
		return 16
	default:
		return 12
	}
}

// traf lists a track's samples and notes where they lie in the source. Their place in
// mdat begins at dst, and mdat's content at head, counted from the start of moof.
func (j *writer) traf(t *track, r *run, id uint32, dst, head int64) {
	w, c := &j.build, &j.audio
	flags := uint32(trunOffset | trunDelta | trunSize)
	if t.video {
		c = &j.video
		flags |= trunFlags
	}
	if t.offsets {
		flags |= trunShift
	}
	w.box("traf", func() {
		w.full("tfhd", 0, baseIsMoof, func() { w.u32(id) })
		w.full("tfdt", 1, 0, func() { w.u64(uint64(r.dts)) })
		w.full("trun", 0, flags, func() {
			w.u32(r.count)
			w.u32(uint32(head + dst))
			var s sample
			for range r.count {
				if !c.next(&s) {
					return
				}
				w.sample(t, &s)
				j.note(extent{s.off, dst, int64(s.size)})
				dst += int64(s.size)
			}
		})
	})
}

func (w *builder) sample(t *track, s *sample) {
	w.u32(s.delta)
	w.u32(s.size)
	if !t.video {
		return
	}
	if s.key {
		w.u32(keySample)
	} else {
		w.u32(otherSample)
	}
	if t.offsets {
		w.u32(uint32(int64(s.shift) + t.ctsShift))
	}
}

// note remembers a piece to copy; it grows the last one where both lie side by side.
func (j *writer) note(e extent) {
	if n := len(j.extents); n > 0 {
		last := &j.extents[n-1]
		if last.src+last.size == e.src && last.dst+last.size == e.dst {
			last.size += e.size
			return
		}
	}
	j.extents = append(j.extents, e)
}

// copySamples fills mdat. Pieces that lie near each other in the source, as pictures
// and sound do in most files, are read together.
func (j *writer) copySamples(mdat []byte) error {
	slices.SortFunc(j.extents, func(a, b extent) int { return cmp.Compare(a.src, b.src) })
	for rest := j.extents; len(rest) > 0; {
		n, end := 1, rest[0].src+rest[0].size
		for n < len(rest) {
			e := rest[n]
			next := max(end, e.src+e.size)
			if e.src > end+gapBytes || next-rest[0].src > groupBytes {
				break
			}
			end = next
			n++
		}
		if err := j.copyGroup(mdat, rest[:n], end); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func (j *writer) copyGroup(mdat []byte, list []extent, end int64) error {
	first := list[0]
	if len(list) == 1 {
		return j.read(mdat[first.dst:first.dst+first.size], first.src)
	}
	group := j.group[:end-first.src]
	if err := j.read(group, first.src); err != nil {
		return err
	}
	for _, e := range list {
		copy(mdat[e.dst:e.dst+e.size], group[e.src-first.src:])
	}
	return nil
}

func (j *writer) read(b []byte, off int64) error {
	if n, err := j.file.src.ReadAt(b, off); n < len(b) {
		return readFault(err)
	}
	return nil
}
