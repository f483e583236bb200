package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

const (
	navHeight   = 40
	navIcon     = 20
	navWide     = 152
	navNarrow   = 44
	navIconLeft = 12
)

// NavItem is one place of the rail: icon and word, or the icon alone when narrow; then
// the word is told to OnHint while the pointer is on it.
type NavItem struct {
	fynewidget.BaseWidget

	OnTapped func()
	// OnHint hears the word and where to show it, and an empty word when it is to go.
	OnHint func(word string, at fyne.Position)

	word                               string
	icon                               fyne.Resource
	narrow, selected, hovered, focused bool
}

// NewNavItem makes a place of the rail.
func NewNavItem(word string, icon fyne.Resource, tapped func()) *NavItem {
	n := &NavItem{word: word, icon: icon, OnTapped: tapped}
	n.ExtendBaseWidget(n)
	return n
}

// SetNarrow shows the icon alone, or with its word.
func (n *NavItem) SetNarrow(on bool) { n.set(&n.narrow, on) }

// SetSelected shows that the window is at this place.
func (n *NavItem) SetSelected(on bool) { n.set(&n.selected, on) }

// Selected tells whether the window is at this place.
func (n *NavItem) Selected() bool { return n.selected }

func (n *NavItem) set(field *bool, on bool) {
	if *field != on {
		*field = on
		n.Refresh()
	}
}

// Tapped is Fyne's notice of a click.
func (n *NavItem) Tapped(*fyne.PointEvent) { call(n.OnTapped) }

// MouseIn is Fyne's notice that the pointer came.
func (n *NavItem) MouseIn(*desktop.MouseEvent) {
	n.set(&n.hovered, true)
	if n.narrow && n.OnHint != nil {
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(n)
		n.OnHint(n.word, at.AddXY(n.Size().Width+8, 4))
	}
}

// MouseMoved is Fyne's notice that the pointer moved.
func (n *NavItem) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is Fyne's notice that the pointer left.
func (n *NavItem) MouseOut() {
	n.set(&n.hovered, false)
	if n.OnHint != nil {
		n.OnHint("", fyne.Position{})
	}
}

// Cursor shows that this can be pressed.
func (n *NavItem) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained is Fyne's notice that the keyboard works here now.
func (n *NavItem) FocusGained() { n.set(&n.focused, true) }

// FocusLost is Fyne's notice that the keyboard works elsewhere.
func (n *NavItem) FocusLost() { n.set(&n.focused, false) }

// TypedRune is Fyne's notice of a letter; none means anything here.
func (n *NavItem) TypedRune(rune) {}

// TypedKey is Fyne's notice of a key.
func (n *NavItem) TypedKey(e *fyne.KeyEvent) {
	if pressing(e.Name) {
		call(n.OnTapped)
	}
}

// AccessibilityLabel is what a screen reader says.
func (n *NavItem) AccessibilityLabel() string { return n.word }

// AccessibilityRole tells a screen reader that this leads somewhere.
func (n *NavItem) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer is Fyne's way to the objects of a widget.
func (n *NavItem) CreateRenderer() fyne.WidgetRenderer {
	r := &navRenderer{
		item: n, ground: canvas.NewRectangle(nil), word: canvas.NewText("", nil),
		plain:  canvas.NewImageFromResource(fynetheme.NewColoredResource(n.icon, theme.ColorNameSecondary)),
		strong: canvas.NewImageFromResource(fynetheme.NewPrimaryThemedResource(n.icon)),
	}
	r.plain.FillMode, r.strong.FillMode = canvas.ImageFillContain, canvas.ImageFillContain
	r.Refresh()
	return r
}

type navRenderer struct {
	item          *NavItem
	ground        *canvas.Rectangle
	plain, strong *canvas.Image
	word          *canvas.Text
}

func (r *navRenderer) MinSize() fyne.Size {
	if r.item.narrow {
		return fyne.NewSize(navNarrow, navHeight)
	}
	return fyne.NewSize(max(navWide, navIconLeft*3+navIcon+r.word.MinSize().Width), navHeight)
}

func (r *navRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	for _, icon := range []*canvas.Image{r.plain, r.strong} {
		place(icon, fyne.NewPos(navIconLeft, (size.Height-navIcon)/2), fyne.NewSquareSize(navIcon))
	}
	words := r.word.MinSize()
	place(r.word, fyne.NewPos(2*navIconLeft+navIcon, (size.Height-words.Height)/2), words)
}

func (r *navRenderer) Refresh() {
	n := r.item
	r.ground.CornerRadius = n.Theme().Size(fynetheme.SizeNameInputRadius)
	r.ground.FillColor = fynetheme.ColorForWidget(fynetheme.ColorNameHover, n)
	r.ground.StrokeWidth = 0
	color := theme.ColorNameSecondary
	if n.selected {
		r.ground.FillColor, color = fynetheme.ColorForWidget(fynetheme.ColorNameSelection, n), fynetheme.ColorNameForeground
	}
	if n.focused {
		r.ground.StrokeWidth, r.ground.StrokeColor = 2, fynetheme.ColorForWidget(fynetheme.ColorNamePrimary, n)
	}
	r.word.Text, r.word.Color, r.word.TextSize = n.word, fynetheme.ColorForWidget(color, n), n.Theme().Size(fynetheme.SizeNameText)
	r.word.TextStyle.Bold = n.selected
	show(r.ground, n.selected || n.hovered || n.focused)
	show(r.plain, !n.selected)
	show(r.strong, n.selected)
	show(r.word, !n.narrow)
	r.Layout(n.Size())
	canvas.Refresh(n)
}

func (r *navRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.plain, r.strong, r.word}
}
func (r *navRenderer) Destroy() {}
