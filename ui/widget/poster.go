package widget

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

// Poster is a large picture with a play button and the duration in its corner.
type Poster struct {
	fynewidget.BaseWidget
	OnTapped func()

	picture  image.Image
	duration string
}

// NewPoster makes an empty poster.
func NewPoster() *Poster {
	p := &Poster{}
	p.ExtendBaseWidget(p)
	return p
}

// Show16x9 shows a picture, or the mark for nil, and a duration.
func (p *Poster) Show16x9(picture image.Image, duration string) {
	p.picture, p.duration = picture, duration
	p.Refresh()
}

// Tapped is Fyne's notice of a click.
func (p *Poster) Tapped(*fyne.PointEvent) { call(p.OnTapped) }

// Cursor shows that this can be pressed.
func (p *Poster) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer is Fyne's way to the objects of a widget.
func (p *Poster) CreateRenderer() fyne.WidgetRenderer {
	r := &posterRenderer{
		poster: p, frame: canvas.NewRectangle(nil), stand: canvas.NewImageFromResource(theme.Mark(fynetheme.ColorNameScrollBar)),
		picture: canvas.NewImageFromImage(nil), badge: canvas.NewRectangle(nil), duration: canvas.NewText("", nil),
		play: newGlyph(fynetheme.MediaPlayIcon(), playSize),
	}
	r.play.tapped = func(fyne.Position) { call(p.OnTapped) }
	r.picture.FillMode, r.stand.FillMode = canvas.ImageFillCover, canvas.ImageFillContain
	r.Refresh()
	return r
}

type posterRenderer struct {
	poster   *Poster
	frame    *canvas.Rectangle
	stand    *canvas.Image
	picture  *canvas.Image
	badge    *canvas.Rectangle
	duration *canvas.Text
	play     *glyph
}

func (r *posterRenderer) MinSize() fyne.Size { return fyne.NewSize(320, 180) }

func (r *posterRenderer) Layout(size fyne.Size) {
	r.frame.Resize(size)
	r.picture.Resize(size)
	mark := size.Height / 3
	center := fyne.NewPos(size.Width/2, size.Height/2)
	place(r.stand, center.SubtractXY(mark/2, mark/2), fyne.NewSquareSize(mark))
	place(r.play, center.SubtractXY(playSize/2, playSize/2), fyne.NewSquareSize(playSize))
	words := r.duration.MinSize()
	ground := words.AddWidthHeight(2*badgeInset+2, badgeInset)
	at := fyne.NewPos(size.Width-8-ground.Width, size.Height-8-ground.Height)
	place(r.badge, at, ground)
	place(r.duration, at.AddXY(badgeInset+1, badgeInset/2), words)
}

func (r *posterRenderer) Refresh() {
	p, radius := r.poster, r.poster.Theme().Size(fynetheme.SizeNameInputRadius)
	r.frame.FillColor, r.frame.CornerRadius = fynetheme.ColorForWidget(theme.ColorNameLine, p), radius
	r.badge.FillColor, r.badge.CornerRadius = fynetheme.ColorForWidget(theme.ColorNameVeil, p), 4
	r.duration.Text, r.duration.Color = p.duration, fynetheme.ColorForWidget(theme.ColorNameOnVeil, p)
	r.duration.TextSize = p.Theme().Size(fynetheme.SizeNameCaptionText)
	r.picture.CornerRadius = radius
	show(r.picture, p.picture != nil)
	show(r.stand, p.picture == nil)
	if r.picture.Image != p.picture {
		r.picture.Image = p.picture
		r.picture.Refresh()
	}
	r.Layout(p.Size())
	canvas.Refresh(p)
}

func (r *posterRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.frame, r.stand, r.picture, r.badge, r.duration, r.play}
}
func (r *posterRenderer) Destroy() {}
