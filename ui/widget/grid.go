package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"
)

// minTileWidth is the narrowest tile; the grid has as many columns as fit.
const minTileWidth = 232

// Grid shows tiles in even columns and can be walked by the keyboard: arrows, Home, End,
// Page up and down; Enter plays, Space opens, Delete asks to delete, Menu shows the menu.
type Grid struct {
	fynewidget.GridWrap

	OnOpen    func(i int)
	OnPlay    func(i int)
	OnMenu    func(i int, at fyne.Position)
	OnDelete  func(i int)
	OnVisible func(first, last int)

	length     func() int
	tileWidth  float32
	tileHeight float32 // 0: not measured in this width yet
	marked     int
	focused    bool
	places     map[*Tile]int // of the tiles in sight, and of some that just left it
	visible    [2]int
}

// NewGrid makes a grid. update fills a tile with what stands at place i.
func NewGrid(length func() int, update func(i int, t *Tile)) *Grid {
	g := &Grid{length: length, tileWidth: minTileWidth, places: map[*Tile]int{}, visible: [2]int{-1, -1}}
	g.Length = length
	g.CreateItem = func() fyne.CanvasObject { return NewTile(g.tileWidth) }
	g.UpdateItem = func(i int, o fyne.CanvasObject) {
		t := o.(*Tile)
		t.width = g.tileWidth
		g.connect(i, t)
		update(i, t)
		g.tellVisible()
	}
	g.OnHighlighted = func(i int) { g.mark(i) }
	g.ExtendBaseWidget(g)
	return g
}

func (g *Grid) connect(i int, t *Tile) {
	g.places[t] = i
	t.OnOpen = func() { g.mark(i); callAt(g.OnOpen, i) }
	t.OnPlay = func() { callAt(g.OnPlay, i) }
	t.OnMenu = func(at fyne.Position) {
		if g.OnMenu != nil {
			g.OnMenu(i, at)
		}
	}
	t.Mark(g.focused && i == g.marked)
}

func callAt(f func(int), i int) {
	if f != nil {
		f(i)
	}
}

// tellVisible reports the range in sight when it is another than before.
func (g *Grid) tellVisible() {
	columns, row := g.ColumnCount(), g.rowHeight()
	first := int(g.GetScrollOffset()/row) * columns
	last := first + (int(g.Size().Height/row)+2)*columns - 1
	if now := [2]int{first, last}; now != g.visible && g.OnVisible != nil {
		g.visible = now
		g.OnVisible(first, last)
	}
}

// rowHeight is exact: an error of a pixel would be rows in a list of thousands.
func (g *Grid) rowHeight() float32 {
	if g.tileHeight == 0 {
		g.tileHeight = NewTile(g.tileWidth).MinSize().Height
	}
	return g.tileHeight + g.Theme().Size(fynetheme.SizeNamePadding)
}

// Resize gives the columns their even width before Fyne lays them out.
func (g *Grid) Resize(size fyne.Size) {
	gap := g.Theme().Size(fynetheme.SizeNamePadding)
	columns := max(1, int((size.Width+gap)/(minTileWidth+gap)))
	width := float32(int((size.Width - float32(columns-1)*gap) / float32(columns)))
	if width = max(width, 1); width != g.tileWidth {
		g.tileWidth, g.tileHeight = width, 0
		g.Refresh() // measures a new tile
	}
	g.GridWrap.Resize(size)
}

// Reset goes back to the top, for another list.
func (g *Grid) Reset() {
	g.marked, g.visible = 0, [2]int{-1, -1}
	g.places = map[*Tile]int{}
	if g.GetScrollOffset() > 0 {
		g.ScrollToTop()
	}
}

// EachTile calls f with the tiles that exist, for a picture that came late.
func (g *Grid) EachTile(f func(i int, t *Tile)) {
	for t, i := range g.places {
		f(i, t)
	}
}

// Marked is the place that the keyboard stands on.
func (g *Grid) Marked() int { return g.marked }

func (g *Grid) mark(i int) {
	g.marked = i
	for t, at := range g.places {
		t.Mark(g.focused && at == i)
	}
}

// FocusGained is Fyne's notice that the keyboard works here now.
func (g *Grid) FocusGained() {
	g.focused = true
	g.GridWrap.FocusGained()
	g.mark(g.marked)
}

// FocusLost is Fyne's notice that the keyboard works elsewhere.
func (g *Grid) FocusLost() {
	g.focused = false
	g.GridWrap.FocusLost()
	g.mark(g.marked)
}

// TypedKey is Fyne's notice of a key.
func (g *Grid) TypedKey(e *fyne.KeyEvent) {
	if g.length() == 0 {
		return
	}
	page := g.ColumnCount() * max(1, int(g.Size().Height/g.rowHeight()))
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		callAt(g.OnPlay, g.marked)
	case fyne.KeySpace:
		callAt(g.OnOpen, g.marked)
	case fyne.KeyDelete:
		callAt(g.OnDelete, g.marked)
	case desktop.KeyMenu:
		g.menuAtMarked()
	case fyne.KeyHome:
		g.Highlight(0)
	case fyne.KeyEnd:
		g.Highlight(g.length() - 1)
	case fyne.KeyPageDown:
		g.Highlight(min(g.length()-1, g.marked+page))
	case fyne.KeyPageUp:
		g.Highlight(max(0, g.marked-page))
	default:
		g.GridWrap.TypedKey(e)
	}
}

func (g *Grid) menuAtMarked() {
	for t, at := range g.places {
		if at == g.marked {
			t.openMenu(fyne.CurrentApp().Driver().AbsolutePositionForObject(t).AddXY(t.Size().Width/2, t.Size().Height/3))
			return
		}
	}
}
