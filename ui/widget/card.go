package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

// Card is a raised ground with a thin line and a soft shadow, for what floats over the
// window: the panel of imports, hints and notices.
type Card struct {
	fynewidget.BaseWidget
	content fyne.CanvasObject
	inset   float32
	flat    bool
}

// NewCard puts content on a card, with room around it.
func NewCard(content fyne.CanvasObject, inset float32) *Card {
	c := &Card{content: content, inset: inset}
	c.ExtendBaseWidget(c)
	return c
}

// NewPanel puts content on a card that does not float: it has no shadow.
func NewPanel(content fyne.CanvasObject, inset float32) *Card {
	c := NewCard(content, inset)
	c.flat = true
	return c
}

// Tapped keeps clicks on the card from reaching what lies below.
func (c *Card) Tapped(*fyne.PointEvent) {}

// CreateRenderer is Fyne's way to the objects of a widget.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	r := &cardRenderer{card: c, ground: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type cardRenderer struct {
	card   *Card
	ground *canvas.Rectangle
}

func (r *cardRenderer) MinSize() fyne.Size {
	return r.card.content.MinSize().AddWidthHeight(2*r.card.inset, 2*r.card.inset)
}

func (r *cardRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	place(r.card.content, fyne.NewPos(r.card.inset, r.card.inset), size.SubtractWidthHeight(2*r.card.inset, 2*r.card.inset))
}

func (r *cardRenderer) Refresh() {
	c := r.card
	r.ground.FillColor = fynetheme.ColorForWidget(theme.ColorNameRaised, c)
	r.ground.StrokeColor, r.ground.StrokeWidth = fynetheme.ColorForWidget(theme.ColorNameLine, c), 1
	r.ground.CornerRadius = c.Theme().Size(fynetheme.SizeNameDialogRadius)
	if !c.flat {
		r.ground.Shadow = canvas.Shadow{Color: fynetheme.ColorForWidget(fynetheme.ColorNameShadow, c), BlurRadius: 16, Offset: fyne.NewPos(0, 4)}
	}
	canvas.Refresh(c)
}

func (r *cardRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.card.content}
}
func (r *cardRenderer) Destroy() {}
