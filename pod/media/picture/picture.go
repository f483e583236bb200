package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// MaxPixels is the largest picture that Decode reads.
const MaxPixels = 20_000_000

// Sides of the boxes that the two sizes fit in.
const (
	PreviewSide   = 1280
	ThumbnailSide = 480
)

const quality = 85

// What can be wrong with a picture.
var (
	// ErrFormat means bytes that are no picture of a kind that Decode knows.
	ErrFormat = errors.New("not a picture")
	// ErrTooLarge means more than MaxPixels.
	ErrTooLarge = errors.New("picture has too many pixels")
)

// Pair is a picture in two sizes, both JPEG.
type Pair struct {
	Preview   []byte
	Thumbnail []byte
}

// format is one kind of picture file.
type format struct {
	magic  func(data []byte) bool
	config func(data []byte) (image.Config, error)
	decode func(data []byte) (image.Image, error)
}

// formats are asked directly: image.Decode would use whatever else the program links.
func formats() []format {
	return []format{
		{
			starts("\xff\xd8\xff"),
			func(d []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(d)) },
		},
		{
			starts("\x89PNG\r\n\x1a\n"),
			func(d []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return png.Decode(bytes.NewReader(d)) },
		},
		{
			starts("GIF8"),
			func(d []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(d)) },
		},
		{
			func(d []byte) bool { return len(d) > 12 && string(d[:4]) == "RIFF" && string(d[8:12]) == "WEBP" },
			func(d []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(d)) },
		},
	}
}

func starts(magic string) func([]byte) bool {
	return func(d []byte) bool { return bytes.HasPrefix(d, []byte(magic)) }
}

// Decode reads a picture. Errors are ErrFormat and ErrTooLarge.
func Decode(data []byte) (image.Image, error) {
	for _, f := range formats() {
		if !f.magic(data) {
			continue
		}
		c, err := f.config(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if c.Width <= 0 || c.Height <= 0 {
			return nil, fmt.Errorf("%d x %d pixels: %w", c.Width, c.Height, ErrFormat)
		}
		if int64(c.Width)*int64(c.Height) > MaxPixels {
			return nil, fmt.Errorf("%d x %d pixels: %w", c.Width, c.Height, ErrTooLarge)
		}
		img, err := f.decode(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		return img, nil
	}
	return nil, ErrFormat
}

// Make brings a picture to both sizes.
func Make(img image.Image) (Pair, error) {
	preview, err := encode(img, PreviewSide)
	if err != nil {
		return Pair{}, err
	}
	thumbnail, err := encode(img, ThumbnailSide)
	return Pair{Preview: preview, Thumbnail: thumbnail}, err
}

// Fit gives the size of a picture of w x h made to fit in a box with that side.
func Fit(w, h, side int) (int, int) {
	w, h = max(1, w), max(1, h)
	long := max(w, h)
	if long <= side {
		return w, h
	}
	return max(1, (w*side+long/2)/long), max(1, (h*side+long/2)/long)
}

func encode(img image.Image, side int) ([]byte, error) {
	w, h := Fit(img.Bounds().Dx(), img.Bounds().Dy(), side)
	flat := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(flat, flat.Bounds(), image.NewUniform(paper()), image.Point{}, draw.Src)
	if img.Bounds().Size() == flat.Bounds().Size() {
		draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Over)
	} else {
		draw.CatmullRom.Scale(flat, flat.Bounds(), img, img.Bounds(), draw.Over, nil)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, flat, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return out.Bytes(), nil
}

// paper is the page's light background.
func paper() color.Color { return color.RGBA{0xfa, 0xf8, 0xf5, 0xff} }
