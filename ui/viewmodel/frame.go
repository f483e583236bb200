package viewmodel

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg" // posters are JPEG
	_ "image/png"  // or PNG

	"golang.org/x/image/draw"
)

const (
	// PosterWidth is the width of a kept picture, in pixels.
	PosterWidth = 448
	// PosterHeight is its height: 16:9.
	PosterHeight = 252
	// maxPosterPixels is the largest picture that is decoded.
	maxPosterPixels = 20_000_000
)

// framePoster decodes a picture and puts it into a 16:9 frame without stretching it: a
// picture of nearly this shape fills the frame and loses an edge, any other stands whole
// before a dim, soft copy of itself. It gives nil for what is no picture.
func framePoster(data []byte) *image.RGBA {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxPosterPixels/config.Height {
		return nil
	}
	source, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	frame := image.NewRGBA(image.Rect(0, 0, PosterWidth, PosterHeight))
	shape := float64(config.Width) / float64(config.Height)
	if shape > 1.5 && shape < 2.1 {
		draw.ApproxBiLinear.Scale(frame, frame.Rect, source, coverRect(source.Bounds()), draw.Src, nil)
		return frame
	}
	soft := image.NewRGBA(image.Rect(0, 0, 16, 9))
	draw.BiLinear.Scale(soft, soft.Rect, source, coverRect(source.Bounds()), draw.Src, nil)
	draw.BiLinear.Scale(frame, frame.Rect, soft, soft.Rect, draw.Src, nil)
	draw.Draw(frame, frame.Rect, image.NewUniform(color.RGBA{A: 0x90}), image.Point{}, draw.Over)
	draw.ApproxBiLinear.Scale(frame, containRect(source.Bounds()), source, source.Bounds(), draw.Over, nil)
	return frame
}

// coverRect is the largest 16:9 part of the picture, around its middle.
func coverRect(r image.Rectangle) image.Rectangle {
	w, h := r.Dx(), max(1, r.Dx()*PosterHeight/PosterWidth)
	if h > r.Dy() {
		w, h = max(1, r.Dy()*PosterWidth/PosterHeight), r.Dy()
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// containRect is where the whole picture stands in the frame.
func containRect(r image.Rectangle) image.Rectangle {
	w, h := PosterWidth, max(1, r.Dy()*PosterWidth/r.Dx())
	if h > PosterHeight {
		w, h = max(1, r.Dx()*PosterHeight/r.Dy()), PosterHeight
	}
	at := image.Pt((PosterWidth-w)/2, (PosterHeight-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}
