package screen

import "fyne.io/fyne/v2"

// cardsLayout places cards in even columns; each row is as high as its highest card.
type cardsLayout struct {
	columns int
	width   float32 // of one card; 0: not known yet
}

const (
	cardGap      = 12
	minCardWidth = 320
	maxColumns   = 3
	pageMargin   = 20
)

func (l *cardsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.give(size.Width)
	l.fit(objects)
	y := float32(0)
	for start := 0; start < len(objects); start += l.columns {
		row := objects[start:min(start+l.columns, len(objects))]
		height := highest(row)
		for i, o := range row {
			o.Move(fyne.NewPos(float32(i)*(l.width+cardGap), y))
			o.Resize(fyne.NewSize(l.width, height))
		}
		y += height + cardGap
	}
}

func (l *cardsLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	l.fit(objects)
	size := fyne.NewSize(200, 0)
	for start := 0; start < len(objects); start += l.columns {
		size.Height += highest(objects[start:min(start+l.columns, len(objects))])
		if start > 0 {
			size.Height += cardGap
		}
	}
	return size
}

// give tells how much room there is in all.
func (l *cardsLayout) give(width float32) {
	l.columns = min(maxColumns, max(1, int((width+cardGap)/(minCardWidth+cardGap))))
	l.width = (width - cardGap*float32(l.columns-1)) / float32(l.columns)
}

// fit gives cards their width before they are asked how high they are: their texts break.
func (l *cardsLayout) fit(objects []fyne.CanvasObject) {
	for _, o := range objects {
		if l.width > 0 && o.Size().Width != l.width {
			o.Resize(fyne.NewSize(l.width, o.MinSize().Height))
		}
	}
}

func highest(row []fyne.CanvasObject) (height float32) {
	for _, o := range row {
		height = max(height, o.MinSize().Height)
	}
	return height
}

// friendsLayout tells the layouts inside the page how much room there is before they are
// asked how high they are.
type friendsLayout struct {
	grid *cardsLayout
	bar  *inviteLayout
}

func (l *friendsLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := size.Width - 2*pageMargin
	l.bar.width = width
	l.grid.give(width)
	objects[0].Resize(size)
}

func (l *friendsLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(240, 120) }

// inviteLayout stands the button for invites, the field and its button in one row, in two,
// or each in a row of its own.
type inviteLayout struct {
	width    float32 // that there is
	centered bool
}

const (
	oneRowFrom  = 600 // width
	twoRowsFrom = 400
	barWidest   = 820
	barGap      = 8
)

func (l *inviteLayout) rows() int {
	switch {
	case l.width >= oneRowFrom:
		return 1
	case l.width >= twoRowsFrom:
		return 2
	default:
		return 3
	}
}

func (l *inviteLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width, height, left := min(size.Width, barWidest), highest(objects), float32(0)
	if l.centered {
		left = (size.Width - width) / 2
	}
	place := func(o fyne.CanvasObject, x float32, row int, w float32) {
		o.Move(fyne.NewPos(left+x, float32(row)*(height+barGap)))
		o.Resize(fyne.NewSize(w, height))
	}
	invite, field, add := objects[0], objects[1], objects[2]
	inviteWidth, addWidth := invite.MinSize().Width+16, add.MinSize().Width+8
	switch l.rows() {
	case 1:
		place(invite, 0, 0, inviteWidth)
		place(field, inviteWidth+cardGap, 0, width-inviteWidth-cardGap-addWidth-barGap)
		place(add, width-addWidth, 0, addWidth)
	case 2:
		place(invite, 0, 0, width)
		place(field, 0, 1, width-addWidth-barGap)
		place(add, width-addWidth, 1, addWidth)
	default:
		for row, o := range objects {
			place(o, 0, row, width)
		}
	}
}

func (l *inviteLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	rows := float32(l.rows())
	return fyne.NewSize(200, rows*(highest(objects)+barGap)-barGap)
}
