package viewmodel_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func jpegOf(t *testing.T, w, h int, c color.Color) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPostersLoad(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		picture := jpegOf(t, 480, 270, color.RGBA{R: 200, A: 255})
		b.thumbnail = func(v pod.Video) ([]byte, error) {
			if v.ID == 2 {
				return nil, pod.ErrNotFound
			}
			return picture, nil
		}
		var ready []viewmodel.PosterKey
		b.model.Posters.OnReady(func(k viewmodel.PosterKey, p image.Image) {
			ready = append(ready, k)
			if p.Bounds().Dx() != viewmodel.PosterWidth || p.Bounds().Dy() != viewmodel.PosterHeight {
				t.Errorf("size = %v, want the frame's", p.Bounds())
			}
		})
		without := video(3)
		without.HasPoster = false
		for range 2 {
			for _, v := range []pod.Video{video(1), video(2), without} {
				if b.model.Posters.Get(v) != nil {
					t.Errorf("Get(%d) = a picture at once, want nil", v.ID)
				}
			}
		}
		b.drain()
		if len(ready) != 1 || ready[0] != viewmodel.KeyOf(video(1)) || len(b.asked) != 2 {
			t.Errorf("ready = %v after %v, want the first only", ready, b.asked)
		}
		if b.model.Posters.Get(video(1)) == nil || b.model.Posters.Get(video(2)) != nil {
			t.Error("Get after loading is wrong: want a picture for 1 and none for 2")
		}
		changed := video(1)
		changed.PosterRev++
		b.model.Posters.Get(changed)
		b.drain()
		if len(ready) != 2 {
			t.Error("a changed picture was not loaded")
		}
	})
}

// Fast scrolling wishes for hundreds: only the last are loaded, the latest first.
func TestPostersQueue(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.thumbnail = func(pod.Video) ([]byte, error) { return nil, pod.ErrNotFound }
		for i := 1; i <= 300; i++ {
			b.model.Posters.Get(video(i))
		}
		b.model.Posters.Get(video(290)) // wished for again: moves to the front
		b.drain()
		if len(b.asked) != 66 {
			t.Errorf("loaded %d, want 2 under way and 64 in the queue", len(b.asked))
		}
		for _, id := range b.asked[2:] {
			if id < 237 {
				t.Errorf("loaded %d, which had left the sight", id)
			}
		}
	})
}

func TestPostersBounded(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		frame := image.Rect(0, 0, viewmodel.PosterWidth, viewmodel.PosterHeight)
		b.thumbnail = func(pod.Video) ([]byte, error) { return nil, pod.ErrNotFound }
		for i := 1; i <= 200; i++ {
			b.model.Posters.Keep(viewmodel.KeyOf(video(i)), image.NewRGBA(frame))
			b.model.Posters.Get(video(1)) // in use all the time
		}
		kept := 0
		for i := 1; i <= 200; i++ {
			if b.model.Posters.Get(video(i)) != nil {
				kept++
			}
		}
		const bytes = viewmodel.PosterWidth * viewmodel.PosterHeight * 4
		if kept*bytes > 32<<20 || kept < 60 {
			t.Errorf("kept %d pictures of %d bytes, want at most 32 MiB", kept, bytes)
		}
		if b.model.Posters.Get(video(1)) == nil || b.model.Posters.Get(video(2)) != nil {
			t.Error("the cache forgot what is in use, or kept what is oldest")
		}
	})
}

func TestPosterShapes(t *testing.T) {
	red := color.RGBA{R: 220, A: 255}
	huge := pngHeader(60_000, 60_000)
	cut := jpegOf(t, 320, 180, red)
	tests := []struct {
		name   string
		data   []byte
		none   bool
		corner bool // the picture itself reaches the corner
	}{
		{"16:9", jpegOf(t, 480, 270, red), false, true},
		{"16:10", jpegOf(t, 480, 300, red), false, true},
		{"wider than 16:9", jpegOf(t, 480, 240, red), false, true},
		{"upright", jpegOf(t, 270, 480, red), false, false},
		{"a strip", jpegOf(t, 900, 2, red), false, false},
		{"a thin post", jpegOf(t, 1, 900, red), false, false},
		{"one pixel", jpegOf(t, 1, 1, red), false, false},
		{"empty", nil, true, false},
		{"text", []byte("not a picture"), true, false},
		{"cut off", cut[:len(cut)/2], true, false},
		{"too large", huge, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				t := b.T
				b.thumbnail = func(pod.Video) ([]byte, error) { return tt.data, nil }
				b.model.Posters.Get(video(1))
				b.drain()
				picture := b.model.Posters.Get(video(1))
				if (picture == nil) != tt.none {
					t.Fatalf("picture = %v, want none: %v", picture != nil, tt.none)
				}
				if picture == nil {
					return
				}
				r, _, _, a := picture.At(0, 0).RGBA()
				if bright := r>>8 > 200; bright != tt.corner || a>>8 != 255 {
					t.Errorf("corner = %d (alpha %d), want it bright: %v", r>>8, a>>8, tt.corner)
				}
			})
		})
	}
}

// pngHeader is the beginning of a picture that claims to be large.
func pngHeader(w, h int) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1)))
	data := out.Bytes()
	for i, v := range []int{w, h} {
		at := 16 + 4*i
		data[at], data[at+1], data[at+2], data[at+3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
	}
	crc := crcOf(data[12:29])
	copy(data[29:33], crc)
	return data
}
