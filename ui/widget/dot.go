package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

// Dot is a small round sign in a colour of the theme.
type Dot struct {
	fynewidget.BaseWidget
	color fyne.ThemeColorName
}

// NewDot makes a quiet dot.
func NewDot() *Dot {
	d := &Dot{color: theme.ColorNameSecondary}
	d.ExtendBaseWidget(d)
	return d
}

// SetColor shows the dot in another colour of the theme.
func (d *Dot) SetColor(name fyne.ThemeColorName) {
	if name != d.color {
		d.color = name
		d.Refresh()
	}
}

// Color is the name of the dot's colour.
func (d *Dot) Color() fyne.ThemeColorName { return d.color }

// CreateRenderer is Fyne's way to the objects of a widget.
func (d *Dot) CreateRenderer() fyne.WidgetRenderer {
	r := &dotRenderer{dot: d, circle: canvas.NewCircle(nil)}
	r.Refresh()
	return r
}

type dotRenderer struct {
	dot    *Dot
	circle *canvas.Circle
}

func (r *dotRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(dotSize) }

func (r *dotRenderer) Layout(size fyne.Size) {
	place(r.circle, fyne.NewPos((size.Width-dotSize)/2, (size.Height-dotSize)/2), fyne.NewSquareSize(dotSize))
}

func (r *dotRenderer) Refresh() {
	r.circle.FillColor = fynetheme.ColorForWidget(r.dot.color, r.dot)
	canvas.Refresh(r.dot)
}

func (r *dotRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.circle} }
func (r *dotRenderer) Destroy()                     {}
