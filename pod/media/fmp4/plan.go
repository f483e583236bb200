package fmp4

import (
	"fmt"
	"math"
)

const (
	fragmentSeconds    = 2 // a key frame after this begins a fragment
	fragmentBytes      = 8 << 20
	fragmentMaxSeconds = 10 // any picture after this does
	fragmentMaxBytes   = 16 << 20
	fragmentMaxSamples = 1 << 14
	soundMaxSeconds    = 12 // sound beside one fragment of pictures
	soundMaxBytes      = 4 << 20
	maxFragments       = 1<<16 - 1 // sidx counts them in 16 bits
	primingSeconds     = 4         // a quarter of a second: 1/primingSeconds
)

// run is one track's part of a fragment.
type run struct {
	count uint32
	bytes int64
	dts   int64 // of its first sample, as written
}

// fragment is one moof with its mdat, and one reference of sidx.
type fragment struct {
	video, audio run
	start        int64 // earliest presentation, in units of the picture
	duration     int64
	sap          uint8 // kind of stream access point at its start; 0 is none
}

// track is what of a Track is written, and the way from its times to those written.
type track struct {
	*Track
	first, end uint32 // samples, by number from 0
	dtsShift   int64  // added to decoding times
	ctsShift   int64  // added to composition offsets
	skip       int64  // media time at which presentation begins, by the written edit list
	offsets    bool   // composition offsets are written
}

// plan says where fragments begin and what each holds.
type plan struct {
	video     track
	audio     *track
	fragments []fragment
	end       int64 // of the last presentation, in units of the picture
}

func newPlan(video, audio *Track) (*plan, error) {
	p := &plan{video: track{Track: video}}
	p.video.trimPictures()
	shown := p.video.shownAt()
	lead := shown // what everything is moved by, so that the first picture is at 0
	if audio != nil {
		p.audio = &track{Track: audio}
		if lead > 0 {
			lead = min(lead, max(0, rescale(audio.shownAt(0), audio.scale, video.scale)))
		}
	}
	if err := p.video.settlePictures(shown - lead); err != nil {
		return nil, err
	}
	if err := p.cutPictures(); err != nil {
		return nil, err
	}
	if p.audio != nil {
		p.audio.settleSound(rescale(lead, video.scale, audio.scale))
		p.spreadSound()
	}
	if len(p.fragments) == 0 || len(p.fragments) > maxFragments {
		return nil, fmt.Errorf("%d fragments: %w", len(p.fragments), ErrTooBig)
	}
	return p, p.settle()
}

// shownAt is the time at which a moment of the media is shown.
func (t *Track) shownAt(media int64) int64 { return media - t.edit.from + t.edit.delay }

// trimPictures finds the key frame that the first shown picture needs, and the last
// sample that is shown.
func (t *track) trimPictures() {
	c := t.table.cursor()
	var s sample
	t.end = t.table.count
	last := uint32(0)
	for c.next(&s) {
		if s.key && s.pts() <= t.edit.from {
			t.first = c.index - 1
		}
		if t.edit.end == 0 || s.pts() < t.edit.end {
			last = c.index
		}
	}
	if last > t.first {
		t.end = last
	}
}

// firstSample gives the first sample that is written.
func (t *track) firstSample() sample {
	c := t.table.cursor()
	var s sample
	for c.next(&s) && c.index <= t.first {
		continue
	}
	return s
}

// shownAt is the time at which the first written picture is shown.
func (t *track) shownAt() int64 {
	s := t.firstSample()
	return t.Track.shownAt(s.pts())
}

// settlePictures lets decoding begin at 0 or later with the first written picture shown
// at start, by an edit list where pictures are decoded long before they are shown.
// Composition offsets become 0 or more: not every demuxer keeps sound and picture
// together where they are negative.
func (t *track) settlePictures(start int64) error {
	low, high := int64(0), int64(0)
	c := t.table.cursor()
	var s sample
	for c.next(&s) {
		low, high = min(low, int64(s.shift)), max(high, int64(s.shift))
	}
	if high-low > math.MaxInt32 {
		return fmt.Errorf("composition offsets from %d to %d: %w", low, high, ErrDamaged)
	}
	t.offsets = high > low
	t.ctsShift = -low
	s = t.firstSample()
	move := start - s.pts()
	t.skip = max(0, t.ctsShift-move-s.dts)
	t.dtsShift = move + t.skip - t.ctsShift
	return nil
}

// settleSound moves sound by lead, drops what a trim cut away and keeps a little from
// before the start: decoders need it to begin.
func (t *track) settleSound(lead int64) {
	keep := -int64(t.scale) / primingSeconds
	c := t.table.cursor()
	var s sample
	begun := false
	for c.next(&s) {
		at := t.Track.shownAt(s.dts) - lead
		if !begun && at+int64(s.delta) > keep {
			begun, t.first = true, c.index-1
			t.skip = max(0, -at)
			t.dtsShift = at + t.skip - s.dts
		}
		if t.edit.end == 0 || s.dts < t.edit.end {
			t.end = c.index
		}
	}
	if !begun {
		t.first, t.end = 0, 0
	}
}

// cutPictures divides the pictures among fragments.
func (p *plan) cutPictures() error {
	t := &p.video
	shortest := t.span(fragmentSeconds)
	if total := t.duration / (maxFragments / 2); total > shortest {
		shortest = total
	}
	c := t.table.cursor()
	var s sample
	var f fragment
	var opened int64 // presentation of the sample that began f
	for c.next(&s) && c.index <= t.end {
		if c.index <= t.first {
			continue
		}
		dts := s.dts + t.dtsShift
		pts := dts + int64(s.shift) + t.ctsShift - t.skip
		if t.cutBefore(&f, &s, dts, shortest) {
			p.fragments = append(p.fragments, f)
			f = fragment{}
		}
		if f.video.count == 0 {
			f.video.dts, f.start, opened = dts, pts, pts
			if s.key {
				f.sap = 1
			}
		}
		if f.start = min(f.start, pts); f.start < opened && f.sap == 1 {
			f.sap = 3
		}
		f.video.count++
		f.video.bytes += int64(s.size)
		p.end = max(p.end, pts+int64(s.delta))
	}
	if f.video.count > 0 {
		p.fragments = append(p.fragments, f)
	}
	return c.err
}

func (t *Track) span(seconds int64) int64 { return seconds * int64(t.scale) }

// cutBefore tells whether a fragment ends before the sample.
func (t *track) cutBefore(f *fragment, s *sample, dts, shortest int64) bool {
	if f.video.count == 0 {
		return false
	}
	length := dts - f.video.dts
	if s.key && (length >= shortest || f.video.bytes >= fragmentBytes) {
		return true
	}
	return length >= max(shortest, t.span(fragmentMaxSeconds)) ||
		f.video.bytes+int64(s.size) > fragmentMaxBytes || f.video.count >= fragmentMaxSamples
}

// spreadSound puts the sound beside the pictures of the same time. Sound for which a
// fragment of pictures has no room gets fragments of its own.
func (p *plan) spreadSound() {
	pictures := p.fragments
	p.fragments = make([]fragment, 0, len(pictures)+1)
	m := &mixer{plan: p, cursor: p.audio.table.cursor()}
	m.advance()
	if pictures[0].start > p.video.span(fragmentSeconds) {
		m.fill(fragment{}, p.toSound(pictures[0].start))
	}
	for i, f := range pictures {
		until := int64(math.MaxInt64)
		if i+1 < len(pictures) {
			until = p.toSound(pictures[i+1].start)
		}
		m.fill(f, until)
	}
}

func (p *plan) toSound(at int64) int64 { return rescale(at, p.video.scale, p.audio.scale) }

// mixer hands the sound's samples out, in order.
type mixer struct {
	plan   *plan
	cursor *cursor
	s      sample
	more   bool
}

// advance goes to the next sample that is written.
func (m *mixer) advance() {
	t := m.plan.audio
	for {
		m.more = m.cursor.next(&m.s) && m.cursor.index <= t.end
		if !m.more || m.cursor.index > t.first {
			return
		}
	}
}

// fill adds f with the sound that is heard before until, and after it as many fragments
// of sound alone as are needed.
func (m *mixer) fill(f fragment, until int64) {
	t := m.plan.audio
	for m.more {
		dts := m.s.dts + t.dtsShift
		if dts-t.skip >= until {
			break
		}
		full := f.audio.bytes+int64(m.s.size) > soundMaxBytes || f.audio.count >= fragmentMaxSamples ||
			dts-f.audio.dts >= t.span(soundMaxSeconds)
		if f.audio.count > 0 && full {
			m.plan.fragments = append(m.plan.fragments, f)
			f = fragment{}
		}
		if f.audio.count == 0 {
			f.audio.dts = dts
			if f.video.count == 0 {
				f.start = max(0, rescale(dts-t.skip, t.scale, m.plan.video.scale))
			}
		}
		f.audio.count++
		f.audio.bytes += int64(m.s.size)
		end := rescale(dts+int64(m.s.delta)-t.skip, t.scale, m.plan.video.scale)
		m.plan.end = max(m.plan.end, end)
		m.advance()
	}
	if f.video.count+f.audio.count > 0 {
		m.plan.fragments = append(m.plan.fragments, f)
	}
}

// settle gives each fragment the time until the next.
func (p *plan) settle() error {
	at := max(0, p.fragments[0].start)
	for i := range p.fragments {
		f := &p.fragments[i]
		f.start = at
		next := p.end
		if i+1 < len(p.fragments) {
			next = p.fragments[i+1].start
		}
		at = max(at, next)
		f.duration = at - f.start
		if f.duration > math.MaxUint32 {
			return fmt.Errorf("fragment of %d units: %w", f.duration, ErrTooBig)
		}
	}
	return nil
}
