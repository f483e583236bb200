package matroska

import (
	"bytes"
	"fmt"
)

const (
	sampleBlocks    = 64 // pictures whose time stamps give the frame rate
	firstFrameBytes = 64
)

// clusters is what the walk over clusters remembers.
type clusters struct {
	last     element // the last one of known size that was skipped
	skipped  bool
	pictures int
	first    int64 // time stamps of the first pictures, in units
	latest   int64
}

// cluster takes one cluster: it is walked as long as the first pictures are looked for,
// or if only the walk tells where it ends; else it is skipped.
func (f *File) cluster(e element, end int64) (next int64, err error) {
	if e.size == unknownSize {
		return f.walkCluster(e, end)
	}
	if f.clusters.pictures < sampleBlocks {
		_, err = f.walkCluster(e, e.end())
		f.clusters.skipped = false
		return e.end(), err
	}
	f.clusters.last, f.clusters.skipped = e, true
	return e.end(), nil
}

// lastCluster walks the last cluster if it was skipped: its blocks tell the real length.
func (f *File) lastCluster() error {
	if !f.clusters.skipped {
		return nil
	}
	_, err := f.walkCluster(f.clusters.last, f.clusters.last.end())
	return err
}

// walkCluster looks at each block. A cluster without size ends where an element begins
// that belongs beside it.
func (f *File) walkCluster(cluster element, end int64) (next int64, err error) {
	base := int64(0)
	at := cluster.data
	for at < end {
		e, err := f.src.element(at)
		if err != nil {
			return 0, err
		}
		if cluster.size == unknownSize && topLevel(e.id) {
			return at, nil
		}
		if e.size == unknownSize || e.end() > end {
			return 0, fmt.Errorf("element %x at %d: %w", e.id, at, ErrTruncated)
		}
		switch e.id {
		case idTimestamp:
			body, err := f.src.body(e, 8)
			if err != nil {
				return 0, err
			}
			base = int64(item{body: body}.number() & (1<<62 - 1))
		case idSimpleBlock:
			err = f.block(e, base)
		case idBlockGroup:
			err = f.group(e, base)
		}
		if err != nil {
			return 0, err
		}
		at = e.end()
	}
	return at, nil
}

func topLevel(id uint32) bool {
	switch id {
	case idCluster, idCues, idInfo, idTracks, idSeekHead, idTags, idChapters, idAttachments, idSegment, idEBML:
		return true
	}
	return false
}

// group finds the block in a group.
func (f *File) group(g element, base int64) error {
	for at := g.data; at < g.end(); {
		e, err := f.src.element(at)
		if err != nil {
			return err
		}
		if e.size == unknownSize || e.end() > g.end() {
			return fmt.Errorf("element %x at %d: %w", e.id, at, ErrDamaged)
		}
		if e.id == idBlock {
			return f.block(e, base)
		}
		at = e.end()
	}
	return nil
}

// block notes the time stamp of a block.
func (f *File) block(e element, base int64) error {
	head, err := f.src.peek(e.data, int(min(e.size, 8+3+firstFrameBytes)))
	if err != nil {
		return err
	}
	number, n := vint(head, 8, false)
	if n == 0 || len(head) < n+3 {
		return fmt.Errorf("block at %d: %w", e.data, ErrDamaged)
	}
	at := base + int64(int16(uint16(head[n])<<8|uint16(head[n+1])))
	f.last = max(f.last, at)
	if f.Video == nil || number != f.Video.number {
		return nil
	}
	c := &f.clusters
	if c.pictures == 0 {
		f.Video.FirstFrame = bytes.Clone(head[n+3:])
		c.first, c.latest = at, at
	}
	if c.pictures++; c.pictures <= sampleBlocks {
		c.first, c.latest = min(c.first, at), max(c.latest, at)
		f.estimateRate()
	}
	return nil
}

// estimateRate works the frame rate out from the first pictures where no default
// duration was given.
func (f *File) estimateRate() {
	c := &f.clusters
	span := float64(c.latest-c.first) * float64(f.scale) / 1e9
	if span <= 0 || f.Video.declaredRate {
		return
	}
	f.Video.FPS = float64(c.pictures-1) / span
}
