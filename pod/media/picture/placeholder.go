package picture

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/vector"
)

const (
	placeholderWidth  = 1280
	placeholderHeight = 720
	markSide          = 64 // units of the mark's own drawing
	markScale         = 5  // pixels of the placeholder for a unit
)

// curve is a cubic Bézier curve from where the last one ended.
type curve struct{ ax, ay, bx, by, x, y float32 }

// Placeholder draws the picture of a video that has none: the mark, an open pod with
// three seeds of which the middle one is a play sign, on the dark ground.
func Placeholder() (Pair, error) {
	img := image.NewRGBA(image.Rect(0, 0, placeholderWidth, placeholderHeight))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{0x1d, 0x20, 0x26, 0xff}), image.Point{}, draw.Src)
	var (
		pod  = color.RGBA{0x3f, 0x7d, 0x3a, 0xff}
		seed = color.RGBA{0x8f, 0xcb, 0x6b, 0xff}
		play = color.RGBA{0x11, 0x21, 0x0d, 0xff}
	)
	fill(img, pod, 3, 20, []curve{
		{10, 27, 54, 27, 61, 20},
		{62, 42, 49, 57, 32, 57},
		{15, 57, 2, 42, 3, 20},
	})
	disc(img, seed, 15.5, 22, 8.5)
	disc(img, seed, 48.5, 22, 8.5)
	disc(img, seed, 32, 22, 12.5)
	fill(img, play, 28, 15.5, []curve{
		{28, 15.5, 39, 22, 39, 22},
		{39, 22, 28, 28.5, 28, 28.5},
	})
	return Make(img)
}

// disc fills a circle, made of four curves.
func disc(img draw.Image, c color.Color, x, y, r float32) {
	const k = 0.5523 // distance of a quarter circle's control points
	fill(img, c, x+r, y, []curve{
		{x + r, y + k*r, x + k*r, y + r, x, y + r},
		{x - k*r, y + r, x - r, y + k*r, x - r, y},
		{x - r, y - k*r, x - k*r, y - r, x, y - r},
		{x + k*r, y - r, x + r, y - k*r, x + r, y},
	})
}

// fill fills a closed outline that is given in units of the mark.
func fill(img draw.Image, c color.Color, x, y float32, outline []curve) {
	const side = markSide * markScale
	r := vector.NewRasterizer(side, side)
	r.MoveTo(x*markScale, y*markScale)
	for _, o := range outline {
		r.CubeTo(o.ax*markScale, o.ay*markScale, o.bx*markScale, o.by*markScale, o.x*markScale, o.y*markScale)
	}
	r.ClosePath()
	corner := image.Pt((placeholderWidth-side)/2, (placeholderHeight-side)/2)
	r.Draw(img, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}, image.NewUniform(c), image.Point{})
}
