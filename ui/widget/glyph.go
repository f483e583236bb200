package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

// glyph is a round button on a poster. Unlike Fyne's button it does not watch the pointer:
// else the tile below would believe that the pointer had left.
type glyph struct {
	fynewidget.BaseWidget
	icon   fyne.Resource
	size   float32
	tapped func(at fyne.Position) // absolute
	second func(at fyne.Position) // of the right button
	label  string
}

func newGlyph(icon fyne.Resource, size float32) *glyph {
	g := &glyph{icon: fynetheme.NewColoredResource(icon, theme.ColorNameOnVeil), size: size}
	g.ExtendBaseWidget(g)
	return g
}

// Tapped is Fyne's notice of a click.
func (g *glyph) Tapped(e *fyne.PointEvent) {
	if g.tapped != nil {
		g.tapped(e.AbsolutePosition)
	}
}

// TappedSecondary is Fyne's notice of a click of the right button.
func (g *glyph) TappedSecondary(e *fyne.PointEvent) {
	if g.second != nil {
		g.second(e.AbsolutePosition)
	}
}

// Cursor shows that this can be pressed.
func (g *glyph) Cursor() desktop.Cursor { return desktop.PointerCursor }

// AccessibilityLabel is what a screen reader says.
func (g *glyph) AccessibilityLabel() string { return g.label }

// AccessibilityRole tells a screen reader that this is a button.
func (g *glyph) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

func (g *glyph) MinSize() fyne.Size { return fyne.NewSquareSize(g.size) }

// CreateRenderer is Fyne's way to the objects of a widget.
func (g *glyph) CreateRenderer() fyne.WidgetRenderer {
	disc := canvas.NewCircle(fynetheme.ColorForWidget(theme.ColorNameVeil, g))
	icon := canvas.NewImageFromResource(g.icon)
	icon.FillMode = canvas.ImageFillContain
	return &glyphRenderer{glyph: g, disc: disc, icon: icon}
}

type glyphRenderer struct {
	glyph *glyph
	disc  *canvas.Circle
	icon  *canvas.Image
}

func (r *glyphRenderer) Layout(size fyne.Size) {
	r.disc.Resize(size)
	inner := size.Width * 0.55
	r.icon.Resize(fyne.NewSquareSize(inner))
	r.icon.Move(fyne.NewPos((size.Width-inner)/2, (size.Height-inner)/2))
}

func (r *glyphRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.glyph.size) }
func (r *glyphRenderer) Refresh()           { canvas.Refresh(r.glyph) }
func (r *glyphRenderer) Destroy()           {}
func (r *glyphRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.disc, r.icon}
}
