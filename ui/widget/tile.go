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

// TileData is what a tile shows.
type TileData struct {
	Title    string
	Duration string // "12:04"; empty shows no badge
	Meta     string // "This pod · 2 days ago"
	Exact    string // shown for Meta under the pointer
	Dot      fyne.ThemeColorName
	Poster   image.Image // nil: the mark stands in for it
	Loading  bool        // nothing is known yet
}

const (
	tileInset  = 8  // around poster and words; the hover ground shows there
	tileGap    = 8  // between poster and title
	badgeInset = 4  // inside the badge
	dotSize    = 8  // before the origin
	playSize   = 52 // the round button in the middle
	menuSize   = 32
)

// Tile is one video in the grid. Pointer on it: play and menu appear.
type Tile struct {
	fynewidget.BaseWidget

	OnOpen func()
	OnPlay func()
	OnMenu func(at fyne.Position)

	width   float32
	data    TileData
	hovered bool
	marked  bool // by the keyboard

	title, meta *Lines
	play, menu  *glyph
}

// NewTile makes an empty tile of the given width.
func NewTile(width float32) *Tile {
	t := &Tile{
		width: width,
		title: NewLines(2, fynetheme.SizeNameText, fynetheme.ColorNameForeground, fyne.TextStyle{}),
		meta:  NewLines(1, fynetheme.SizeNameCaptionText, theme.ColorNameSecondary, fyne.TextStyle{}),
		play:  newGlyph(fynetheme.MediaPlayIcon(), playSize),
		menu:  newGlyph(fynetheme.MoreHorizontalIcon(), menuSize),
	}
	t.play.tapped = func(fyne.Position) { call(t.OnPlay) }
	t.menu.tapped, t.menu.second, t.play.second = t.openMenu, t.openMenu, t.openMenu
	t.play.Hide()
	t.menu.Hide()
	t.ExtendBaseWidget(t)
	return t
}

// SetData shows another video.
func (t *Tile) SetData(d TileData) {
	if d != t.data {
		t.data = d
		t.Refresh()
	}
}

// Data is what the tile shows.
func (t *Tile) Data() TileData { return t.data }

// SetPoster shows the picture once it is loaded.
func (t *Tile) SetPoster(picture image.Image) {
	t.data.Poster = picture
	t.Refresh()
}

// Mark puts the keyboard's frame around the tile, or takes it away.
func (t *Tile) Mark(on bool) {
	if on != t.marked {
		t.marked = on
		t.Refresh()
	}
}

// Tapped is Fyne's notice of a click.
func (t *Tile) Tapped(*fyne.PointEvent) {
	if !t.data.Loading {
		call(t.OnOpen)
	}
}

// TappedSecondary is Fyne's notice of a click of the right button.
func (t *Tile) TappedSecondary(e *fyne.PointEvent) { t.openMenu(e.AbsolutePosition) }

func (t *Tile) openMenu(at fyne.Position) {
	if t.OnMenu != nil && !t.data.Loading {
		t.OnMenu(at)
	}
}

// MouseIn is Fyne's notice that the pointer came.
func (t *Tile) MouseIn(*desktop.MouseEvent) { t.setHovered(true) }

// MouseMoved is Fyne's notice that the pointer moved.
func (t *Tile) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is Fyne's notice that the pointer left.
func (t *Tile) MouseOut() { t.setHovered(false) }

// Cursor shows that a tile can be pressed.
func (t *Tile) Cursor() desktop.Cursor { return desktop.PointerCursor }

// AccessibilityLabel is what a screen reader says.
func (t *Tile) AccessibilityLabel() string { return t.data.Title }

// AccessibilityRole tells a screen reader that a tile leads somewhere.
func (t *Tile) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleLink }

func (t *Tile) setHovered(on bool) {
	t.hovered = on
	t.Refresh()
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// CreateRenderer is Fyne's way to the objects of a widget.
func (t *Tile) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	r := &tileRenderer{
		tile: t, ground: canvas.NewRectangle(nil), frame: canvas.NewRectangle(nil),
		stand:  canvas.NewImageFromResource(theme.Mark(fynetheme.ColorNameScrollBar)),
		poster: canvas.NewImageFromImage(nil), badge: canvas.NewRectangle(nil), duration: canvas.NewText("", nil),
		dot: canvas.NewCircle(nil), ring: canvas.NewRectangle(nil),
	}
	r.stand.FillMode = canvas.ImageFillContain
	r.poster.FillMode = canvas.ImageFillCover
	r.objects = []fyne.CanvasObject{r.ground, r.frame, r.stand, r.poster, r.badge, r.duration, r.ring, t.title, r.dot, t.meta, t.play, t.menu}
	r.Refresh()
	return r
}

type tileRenderer struct {
	tile          *Tile
	ground, frame *canvas.Rectangle
	stand         *canvas.Image // the mark, where there is no picture
	poster        *canvas.Image
	badge         *canvas.Rectangle
	duration      *canvas.Text
	dot           *canvas.Circle
	ring          *canvas.Rectangle
	objects       []fyne.CanvasObject
}

// posterSize is 16:9 in the width that the tile leaves.
func posterSize(width float32) fyne.Size {
	w := width - 2*tileInset
	return fyne.NewSize(w, float32(int(w*9/16)))
}

func (r *tileRenderer) MinSize() fyne.Size {
	t := r.tile
	return fyne.NewSize(t.width, tileInset+posterSize(t.width).Height+tileGap+t.title.MinSize().Height+2+t.meta.MinSize().Height+tileInset)
}

func (r *tileRenderer) Layout(size fyne.Size) {
	at, poster := fyne.NewPos(tileInset, tileInset), posterSize(size.Width)
	r.ground.Resize(size)
	for _, o := range []fyne.CanvasObject{r.frame, r.poster, r.ring} {
		place(o, at, poster)
	}
	mark := poster.Height / 3
	center := at.AddXY(poster.Width/2, poster.Height/2)
	place(r.stand, center.SubtractXY(mark/2, mark/2), fyne.NewSquareSize(mark))
	place(r.tile.play, center.SubtractXY(playSize/2, playSize/2), fyne.NewSquareSize(playSize))
	place(r.tile.menu, at.AddXY(poster.Width-menuSize-8, 8), fyne.NewSquareSize(menuSize))
	r.placeBadge(at.AddXY(poster.Width-8, poster.Height-8))

	y := at.Y + poster.Height + tileGap
	titleHeight := r.tile.title.MinSize().Height
	place(r.tile.title, fyne.NewPos(at.X, y), fyne.NewSize(poster.Width, titleHeight))
	y += r.tile.title.UsedHeight(poster.Width) + 2
	metaHeight := r.tile.meta.MinSize().Height
	place(r.dot, fyne.NewPos(at.X, y+(metaHeight-dotSize)/2), fyne.NewSquareSize(dotSize))
	place(r.tile.meta, fyne.NewPos(at.X+dotSize+6, y), fyne.NewSize(poster.Width-dotSize-6, metaHeight))
}

// placeBadge puts the duration so that its ground ends at the given corner.
func (r *tileRenderer) placeBadge(corner fyne.Position) {
	words := r.duration.MinSize()
	ground := words.AddWidthHeight(2*badgeInset+2, badgeInset)
	at := corner.SubtractXY(ground.Width, ground.Height)
	place(r.badge, at, ground)
	place(r.duration, at.AddXY(badgeInset+1, badgeInset/2), words)
}

func place(o fyne.CanvasObject, at fyne.Position, size fyne.Size) {
	o.Move(at)
	o.Resize(size)
}

func (r *tileRenderer) Refresh() {
	t := r.tile
	r.paint()
	t.title.SetText(t.data.Title)
	t.meta.SetText(t.data.Meta)
	if t.hovered && t.data.Exact != "" {
		t.meta.SetText(t.data.Exact)
	}
	show(t.play, t.hovered && !t.data.Loading)
	show(t.menu, t.hovered && !t.data.Loading)
	show(r.badge, t.data.Duration != "")
	show(r.duration, t.data.Duration != "")
	show(r.dot, t.data.Meta != "")
	show(r.ring, t.marked)
	show(r.ground, t.hovered)
	show(r.poster, t.data.Poster != nil)
	if r.poster.Image != t.data.Poster {
		r.poster.Image = t.data.Poster
		r.poster.Refresh() // makes the texture anew, so only for another picture
	}
	show(r.stand, t.data.Poster == nil && !t.data.Loading)
	r.Layout(t.Size())
	canvas.Refresh(t)
}

// paint gives each object the theme's colour of this moment.
func (r *tileRenderer) paint() {
	t, th := r.tile, r.tile.Theme()
	radius := th.Size(fynetheme.SizeNameInputRadius)
	r.ground.FillColor, r.ground.CornerRadius = fynetheme.ColorForWidget(fynetheme.ColorNameHover, t), radius+tileInset/2
	r.frame.FillColor, r.frame.CornerRadius = fynetheme.ColorForWidget(theme.ColorNameLine, t), radius
	r.poster.CornerRadius = radius
	r.badge.FillColor, r.badge.CornerRadius = fynetheme.ColorForWidget(theme.ColorNameVeil, t), 4
	r.duration.Text, r.duration.TextSize = t.data.Duration, th.Size(fynetheme.SizeNameCaptionText)
	r.duration.Color = fynetheme.ColorForWidget(theme.ColorNameOnVeil, t)
	r.ring.StrokeColor, r.ring.StrokeWidth, r.ring.CornerRadius = fynetheme.ColorForWidget(fynetheme.ColorNamePrimary, t), 3, radius
	if t.data.Dot != "" {
		r.dot.FillColor = fynetheme.ColorForWidget(t.data.Dot, t)
	}
}

func (r *tileRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *tileRenderer) Destroy()                     {}
