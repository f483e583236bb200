package fmp4

import "encoding/binary"

// Track numbers of the files that we write.
const (
	videoID = 1
	audioID = 2
)

// Flags of samples (ISO/IEC 14496-12, 8.8.3.1).
const (
	keySample   = 0x02000000 // depends on no other
	otherSample = 0x01010000 // depends on others, not a sync sample
)

const (
	baseIsMoof = 0x020000 // tfhd
	trunOffset = 0x000001
	trunDelta  = 0x000100
	trunSize   = 0x000200
	trunFlags  = 0x000400
	trunShift  = 0x000800
	trackShown = 0x000007 // tkhd: enabled, in movie, in preview
	inThisFile = 0x000001 // url: no other file
	vmhdFlags  = 0x000001
)

// builder grows the bytes of boxes.
type builder struct{ b []byte }

func (w *builder) u16(v uint16)   { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *builder) u32(v uint32)   { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *builder) u64(v uint64)   { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *builder) raw(b []byte)   { w.b = append(w.b, b...) }
func (w *builder) text(s string)  { w.b = append(w.b, s...) }
func (w *builder) zeros(n int)    { w.b = append(w.b, make([]byte, n)...) }
func (w *builder) empty(k string) { w.full(k, 0, 0, func() { w.u32(0) }) }

// box writes a box around what body writes.
func (w *builder) box(kind string, body func()) {
	at := len(w.b)
	w.u32(0)
	w.text(kind)
	body()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}

// full writes a box with version and flags.
func (w *builder) full(kind string, version uint8, flags uint32, body func()) {
	w.box(kind, func() {
		w.u32(uint32(version)<<24 | flags)
		body()
	})
}

// head writes all that comes before the first fragment.
func (p *plan) head() []byte {
	w := &builder{}
	w.box("ftyp", func() { w.text("iso6\x00\x00\x00\x00iso5iso6isommp41") })
	w.box("moov", func() {
		w.full("mvhd", 1, 0, func() {
			w.zeros(16)
			w.u32(p.video.scale)
			w.u64(0)
			w.u32(1 << 16)
			w.u16(1 << 8)
			w.zeros(10)
			w.text(unityMatrix)
			w.zeros(24)
			w.u32(audioID + 1)
		})
		w.track(&p.video, videoID)
		if p.audio != nil {
			w.track(p.audio, audioID)
		}
		w.box("mvex", func() {
			w.full("mehd", 1, 0, func() { w.u64(uint64(p.end)) })
			w.defaults(videoID, otherSample)
			if p.audio != nil {
				w.defaults(audioID, keySample)
			}
		})
	})
	w.sidx(p)
	return w.b
}

func (w *builder) defaults(id, flags uint32) {
	w.full("trex", 0, 0, func() {
		w.u32(id)
		w.u32(1)
		w.u32(0)
		w.u32(0)
		w.u32(flags)
	})
}

func (w *builder) track(t *track, id uint32) {
	w.box("trak", func() {
		w.full("tkhd", 1, trackShown, func() {
			w.zeros(16)
			w.u32(id)
			w.zeros(4 + 8 + 8 + 4)
			if t.video {
				w.u16(0)
			} else {
				w.u16(1 << 8)
			}
			w.u16(0)
			w.raw(t.matrix)
			w.u32(uint32(t.flatWidth) << 16)
			w.u32(uint32(t.entry.height) << 16)
		})
		if t.skip > 0 {
			w.box("edts", func() {
				w.full("elst", 1, 0, func() {
					w.u32(1)
					w.u64(0) // to the end
					w.u64(uint64(t.skip))
					w.u32(1 << 16)
				})
			})
		}
		w.box("mdia", func() { w.media(t) })
	})
}

func (w *builder) media(t *track) {
	w.full("mdhd", 1, 0, func() {
		w.zeros(16)
		w.u32(t.scale)
		w.u64(0)
		w.u16(0x55c4) // "und"
		w.u16(0)
	})
	handler, name := "soun", "Sound\x00"
	if t.video {
		handler, name = "vide", "Video\x00"
	}
	w.full("hdlr", 0, 0, func() {
		w.u32(0)
		w.text(handler)
		w.zeros(12)
		w.text(name)
	})
	w.box("minf", func() {
		if t.video {
			w.full("vmhd", 0, vmhdFlags, func() { w.zeros(8) })
		} else {
			w.full("smhd", 0, 0, func() { w.zeros(4) })
		}
		w.box("dinf", func() {
			w.full("dref", 0, 0, func() {
				w.u32(1)
				w.full("url ", 0, inThisFile, func() {})
			})
		})
		w.box("stbl", func() {
			w.full("stsd", 0, 0, func() {
				w.u32(1)
				if t.video {
					w.videoEntry(t.entry)
				} else {
					w.audioEntry(t.entry)
				}
			})
			w.empty("stts")
			w.empty("stsc")
			w.full("stsz", 0, 0, func() { w.u64(0) })
			w.empty("stco")
		})
	})
}

func (w *builder) videoEntry(e *entry) {
	w.box(e.format, func() {
		w.zeros(6)
		w.u16(1)
		w.zeros(16)
		w.u16(uint16(e.width))
		w.u16(uint16(e.height))
		w.u32(72 << 16) // dots per inch
		w.u32(72 << 16)
		w.zeros(4)
		w.u16(1)
		w.zeros(32)
		w.u16(24)
		w.u16(0xffff)
		w.box("avcC", func() { w.raw(e.config) })
		if e.aspect != nil {
			w.box("pasp", func() { w.raw(e.aspect) })
		}
		if e.colour != nil {
			w.box("colr", func() { w.raw(e.colour) })
		}
	})
}

func (w *builder) audioEntry(e *entry) {
	w.box("mp4a", func() {
		w.zeros(6)
		w.u16(1)
		w.zeros(8)
		w.u16(e.channels)
		w.u16(16)
		w.zeros(4)
		w.u32(e.rate)
		size := uint8(len(e.config)) // at most 64
		w.full("esds", 0, 0, func() {
			w.raw([]byte{3, 3 + 2 + 13 + 2 + size + 3, 0, 0, 0})
			w.raw([]byte{4, 13 + 2 + size, 0x40, 0x15})
			w.zeros(11) // buffer and bitrates: unknown
			w.raw([]byte{5, size})
			w.raw(e.config)
			w.raw([]byte{6, 1, 2})
		})
	})
}

// sidx lists the fragments; it ends where the first one begins.
func (w *builder) sidx(p *plan) {
	w.full("sidx", 1, 0, func() {
		w.u32(videoID)
		w.u32(p.video.scale)
		w.u64(uint64(p.fragments[0].start))
		w.u64(0)
		w.u16(0)
		w.u16(uint16(len(p.fragments)))
		for i := range p.fragments {
			f := &p.fragments[i]
			w.u32(uint32(p.moofSize(f) + 8 + f.video.bytes + f.audio.bytes))
			w.u32(uint32(f.duration))
			first := uint32(0)
			if f.sap == 1 {
				first = 1
			}
			w.u32(first<<31 | uint32(f.sap)<<28)
		}
	})
}
