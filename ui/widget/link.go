package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
)

// Link is a small quiet text that leads somewhere.
type Link struct {
	fynewidget.BaseWidget
	OnTapped func()

	text             string
	hovered, focused bool
}

// NewLink makes a link.
func NewLink(text string, tapped func()) *Link {
	l := &Link{text: text, OnTapped: tapped}
	l.ExtendBaseWidget(l)
	return l
}

// SetText shows another text.
func (l *Link) SetText(text string) {
	if text != l.text {
		l.text = text
		l.Refresh()
	}
}

// Tapped is Fyne's notice of a click.
func (l *Link) Tapped(*fyne.PointEvent) { call(l.OnTapped) }

// MouseIn is Fyne's notice that the pointer came.
func (l *Link) MouseIn(*desktop.MouseEvent) { l.set(&l.hovered, true) }

// MouseMoved is Fyne's notice that the pointer moved.
func (l *Link) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is Fyne's notice that the pointer left.
func (l *Link) MouseOut() { l.set(&l.hovered, false) }

// FocusGained is Fyne's notice that the keyboard works here now.
func (l *Link) FocusGained() { l.set(&l.focused, true) }

// FocusLost is Fyne's notice that the keyboard works elsewhere.
func (l *Link) FocusLost() { l.set(&l.focused, false) }

// TypedRune is Fyne's notice of a letter; none means anything here.
func (l *Link) TypedRune(rune) {}

// TypedKey is Fyne's notice of a key.
func (l *Link) TypedKey(e *fyne.KeyEvent) {
	if pressing(e.Name) {
		call(l.OnTapped)
	}
}

// Cursor shows that this can be pressed.
func (l *Link) Cursor() desktop.Cursor { return desktop.PointerCursor }

// AccessibilityLabel is what a screen reader says.
func (l *Link) AccessibilityLabel() string { return l.text }

// AccessibilityRole tells a screen reader that this leads somewhere.
func (l *Link) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleLink }

func (l *Link) set(field *bool, on bool) {
	*field = on
	l.Refresh()
}

// CreateRenderer is Fyne's way to the objects of a widget.
func (l *Link) CreateRenderer() fyne.WidgetRenderer {
	r := &linkRenderer{link: l, text: canvas.NewText("", nil), ring: canvas.NewRectangle(nil)}
	r.Refresh()
	return r
}

type linkRenderer struct {
	link *Link
	text *canvas.Text
	ring *canvas.Rectangle
}

func (r *linkRenderer) MinSize() fyne.Size { return r.text.MinSize().AddWidthHeight(16, 8) }

func (r *linkRenderer) Layout(size fyne.Size) {
	words := r.text.MinSize()
	place(r.ring, fyne.NewPos(0, 0), size)
	place(r.text, fyne.NewPos((size.Width-words.Width)/2, (size.Height-words.Height)/2), words)
}

func (r *linkRenderer) Refresh() {
	l, color := r.link, theme.ColorNameSecondary
	if l.hovered || l.focused {
		color = fynetheme.ColorNamePrimary
	}
	r.text.Text, r.text.Color = l.text, fynetheme.ColorForWidget(color, l)
	r.text.TextSize, r.text.TextStyle.Underline = l.Theme().Size(fynetheme.SizeNameCaptionText), l.hovered
	r.ring.StrokeColor, r.ring.StrokeWidth = fynetheme.ColorForWidget(fynetheme.ColorNamePrimary, l), 2
	r.ring.CornerRadius = l.Theme().Size(fynetheme.SizeNameInputRadius)
	show(r.ring, l.focused)
	r.Layout(l.Size())
	canvas.Refresh(l)
}

func (r *linkRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.ring, r.text} }
func (r *linkRenderer) Destroy()                     {}
