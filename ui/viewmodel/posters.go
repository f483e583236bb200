package viewmodel

import (
	"container/list"
	"context"
	"image"

	"github.com/peerpod/peerpod/pod"
)

const (
	// posterCacheBytes bounds the pictures that are kept.
	posterCacheBytes = 32 << 20
	// posterLoads is how many pictures are loaded at the same time.
	posterLoads = 2
	// posterQueue is how many may wait; the oldest are forgotten: they left the sight.
	posterQueue = 64
)

// PosterKey names one version of a video's picture. Two pods may claim one UUID, so the
// origin is a part of it.
type PosterKey struct {
	Video  pod.UUID
	Origin pod.FriendID
	Rev    uint32
}

// KeyOf gives the key of a video's picture.
func KeyOf(v pod.Video) PosterKey { return PosterKey{v.UUID, v.Origin, v.PosterRev} }

// Posters loads and keeps the pictures of videos. Loading, decoding and scaling happen on
// two goroutines; the latest wish comes first, for it is what is in sight.
type Posters struct {
	work     *worker
	pictures Pictures
	onReady  func(PosterKey, image.Image)

	kept    map[PosterKey]*list.Element // of *keptPoster
	order   *list.List                  // front: used last
	bytes   int
	wanted  []pod.Video // last: wished last
	loading map[PosterKey]bool
}

type keptPoster struct {
	key     PosterKey
	picture *image.RGBA // nil: there is none
}

func newPosters(work *worker, pictures Pictures) *Posters {
	return &Posters{
		work: work, pictures: pictures, onReady: func(PosterKey, image.Image) {},
		kept: map[PosterKey]*list.Element{}, order: list.New(), loading: map[PosterKey]bool{},
	}
}

// OnReady names the function that hears of each picture that was loaded.
func (p *Posters) OnReady(f func(PosterKey, image.Image)) { p.onReady = f }

// Get gives the picture of a video, or nil while it is being loaded and where there is none.
func (p *Posters) Get(v pod.Video) image.Image {
	key := KeyOf(v)
	if e, ok := p.kept[key]; ok {
		p.order.MoveToFront(e)
		if k := e.Value.(*keptPoster); k.picture != nil {
			return k.picture
		}
		return nil
	}
	if v.HasPoster && !p.loading[key] {
		p.wish(v)
		p.next()
	}
	return nil
}

func (p *Posters) wish(v pod.Video) {
	for i, w := range p.wanted {
		if KeyOf(w) == KeyOf(v) {
			p.wanted = append(p.wanted[:i], p.wanted[i+1:]...)
			break
		}
	}
	p.wanted = append(p.wanted, v)
	if len(p.wanted) > posterQueue {
		p.wanted = p.wanted[1:]
	}
}

func (p *Posters) next() {
	for len(p.loading) < posterLoads && len(p.wanted) > 0 {
		v := p.wanted[len(p.wanted)-1]
		p.wanted = p.wanted[:len(p.wanted)-1]
		p.loading[KeyOf(v)] = true
		p.work.run(p.work.ctx, func(ctx context.Context) func() {
			// Without a picture, or with one that can not be read, the tile keeps its
			// placeholder; the nil is kept so that nobody asks again.
			var picture *image.RGBA
			if data, err := p.pictures.Thumbnail(ctx, v); err == nil {
				picture = framePoster(data)
			}
			return func() { p.keep(KeyOf(v), picture) }
		})
	}
}

func (p *Posters) keep(key PosterKey, picture *image.RGBA) {
	delete(p.loading, key)
	p.kept[key] = p.order.PushFront(&keptPoster{key, picture})
	p.bytes += sizeOf(picture)
	for p.bytes > posterCacheBytes {
		oldest := p.order.Remove(p.order.Back()).(*keptPoster)
		delete(p.kept, oldest.key)
		p.bytes -= sizeOf(oldest.picture)
	}
	if picture != nil {
		p.onReady(key, picture)
	}
	p.next()
}

func sizeOf(picture *image.RGBA) int {
	if picture == nil {
		return 64
	}
	return len(picture.Pix)
}
