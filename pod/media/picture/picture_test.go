package picture_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/peerpod/peerpod/pod/media/picture"
)

func blue(w, h int) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.RGBA{0, 0, 255, 255}, color.Transparent})
	return img
}

func encoded(tb testing.TB, kind string, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	var err error
	switch kind {
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "png":
		err = png.Encode(&b, img)
	case "gif":
		err = gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{blue(30, 20), blue(30, 20)}, Delay: []int{1, 1}})
	case "webp": // 1 x 1, lossless
		b.WriteString("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"jpeg", "png", "gif", "webp"} {
		img, err := picture.Decode(encoded(t, kind, blue(30, 20)))
		if err != nil {
			t.Errorf("Decode(%s) = %v, want no error", kind, err)
			continue
		}
		if got := img.Bounds().Size(); kind != "webp" && got != image.Pt(30, 20) {
			t.Errorf("Decode(%s) = %v, want 30 x 20", kind, got)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := encoded(t, "png", blue(30, 20))
	bomb := encoded(t, "gif", nil)
	bomb[6], bomb[7], bomb[8], bomb[9] = 0xff, 0xff, 0xff, 0xff // 65535 x 65535
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, picture.ErrFormat},
		{"text", []byte("a day at the sea"), picture.ErrFormat},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), picture.ErrFormat},
		{"cut", good[:len(good)-20], picture.ErrFormat},
		{"head alone", good[:12], picture.ErrFormat},
		{"video", []byte("\x00\x00\x00\x18ftypisom"), picture.ErrFormat},
		{"too many pixels", bomb, picture.ErrTooLarge},
	}
	for _, tt := range tests {
		if _, err := picture.Decode(tt.data); !errors.Is(err, tt.want) {
			t.Errorf("Decode(%s) = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	tests := []struct{ w, h, side, wantW, wantH int }{
		{1920, 1080, 1280, 1280, 720},
		{1080, 1920, 1280, 720, 1280},
		{640, 360, 1280, 640, 360},
		{100000, 1, 480, 480, 1},
		{0, -5, 480, 1, 1},
	}
	for _, tt := range tests {
		if w, h := picture.Fit(tt.w, tt.h, tt.side); w != tt.wantW || h != tt.wantH {
			t.Errorf("Fit(%d, %d, %d) = %d, %d, want %d, %d", tt.w, tt.h, tt.side, w, h, tt.wantW, tt.wantH)
		}
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	clear := image.NewNRGBA(image.Rect(10, 10, 1290, 730)) // transparent, and not at 0, 0
	draw.Draw(clear, image.Rect(10, 10, 650, 730), image.NewUniform(color.NRGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	p, err := picture.Make(clear)
	if err != nil {
		t.Fatalf("Make() = %v, want no error", err)
	}
	for _, tt := range []struct {
		data []byte
		want image.Point
	}{{p.Preview, image.Pt(1280, 720)}, {p.Thumbnail, image.Pt(480, 270)}} {
		img, err := jpeg.Decode(bytes.NewReader(tt.data))
		if err != nil || img.Bounds().Size() != tt.want {
			t.Fatalf("Make() = %v, %v, want a JPEG of %v", img.Bounds(), err, tt.want)
		}
		near(t, img.At(tt.want.X/4, tt.want.Y/2), color.RGBA{0, 0, 255, 255})
		near(t, img.At(tt.want.X*3/4, tt.want.Y/2), color.RGBA{0xfa, 0xf8, 0xf5, 255})
	}
}

func near(t *testing.T, got, want color.Color) {
	t.Helper()
	r, g, b, _ := got.RGBA()
	x, y, z, _ := want.RGBA()
	for _, d := range []int{int(r) - int(x), int(g) - int(y), int(b) - int(z)} {
		if d > 0x800 || d < -0x800 {
			t.Errorf("colour = %v, want about %v", got, want)
			return
		}
	}
}

func TestPlaceholder(t *testing.T) {
	t.Parallel()
	p, err := picture.Placeholder()
	if err != nil {
		t.Fatalf("Placeholder() = %v, want no error", err)
	}
	img, err := jpeg.Decode(bytes.NewReader(p.Preview))
	if err != nil {
		t.Fatal(err)
	}
	near(t, img.At(20, 20), color.RGBA{0x1d, 0x20, 0x26, 255})   // ground
	near(t, img.At(640, 310), color.RGBA{0x11, 0x21, 0x0d, 255}) // the play sign
	near(t, img.At(540, 310), color.RGBA{0x8f, 0xcb, 0x6b, 255}) // a seed
	near(t, img.At(640, 440), color.RGBA{0x3f, 0x7d, 0x3a, 255}) // the pod
}

// FuzzDecode reads anything; what it takes is bounded and can be made.
func FuzzDecode(f *testing.F) {
	for _, kind := range []string{"jpeg", "png", "gif", "webp"} {
		f.Add(encoded(f, kind, blue(4, 3)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := picture.Decode(data)
		if err != nil {
			if !errors.Is(err, picture.ErrFormat) && !errors.Is(err, picture.ErrTooLarge) {
				t.Fatalf("Decode() = %v", err)
			}
			return
		}
		size := img.Bounds().Size()
		if size.X*size.Y > picture.MaxPixels {
			t.Fatalf("Decode() = %v, want at most %d pixels", size, picture.MaxPixels)
		}
		if size.X*size.Y > 1<<16 {
			return // the fuzzer is to look at the decoders, not to scale
		}
		if _, err := picture.Make(img); err != nil {
			t.Fatalf("Make(%v) = %v", size, err)
		}
	})
}
