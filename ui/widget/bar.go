package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

const barHeight = 4

// Bar is a thin bar that fills from the left.
type Bar struct {
	fynewidget.BaseWidget
	value float64
}

// NewBar makes an empty bar.
func NewBar() *Bar {
	b := &Bar{}
	b.ExtendBaseWidget(b)
	return b
}

// SetValue fills the bar, 0 to 1.
func (b *Bar) SetValue(value float64) {
	if value != b.value {
		b.value = value
		b.Refresh()
	}
}

// CreateRenderer is Fyne's way to the objects of a widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{bar: b, ground: canvas.NewRectangle(nil), filled: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type barRenderer struct {
	bar            *Bar
	ground, filled *canvas.Rectangle
}

func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(40, barHeight) }

func (r *barRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.filled.Resize(fyne.NewSize(size.Width*float32(min(1, max(0, r.bar.value))), size.Height))
}

func (r *barRenderer) Refresh() {
	r.ground.FillColor = fynetheme.ColorForWidget(theme.ColorNameLine, r.bar)
	r.filled.FillColor = fynetheme.ColorForWidget(fynetheme.ColorNamePrimary, r.bar)
	r.ground.CornerRadius, r.filled.CornerRadius = barHeight/2, barHeight/2
	r.Layout(r.bar.Size())
	canvas.Refresh(r.bar)
}

func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.ground, r.filled} }
func (r *barRenderer) Destroy()                     {}
