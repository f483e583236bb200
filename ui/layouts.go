package ui

import (
	"fyne.io/fyne/v2"

	"github.com/peerpod/peerpod/ui/screen"
	"github.com/peerpod/peerpod/ui/widget"
)

const (
	// narrowBelow is the width of the window below which the rail shows icons only.
	narrowBelow = 900
	// searchWidth is the widest search box.
	searchWidth = 560
	entryInset  = 2
	// floatMargin is between what floats and the edges of the window.
	floatMargin = 16
)

// bodyLayout puts the rail at the left of the screens and makes it narrow in a narrow
// window.
type bodyLayout struct {
	rail  fyne.CanvasObject
	mark  *railMark
	items []*widget.NavItem
}

func (l *bodyLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	narrow := size.Width < narrowBelow
	for _, n := range l.items {
		n.SetNarrow(narrow)
	}
	if narrow {
		l.mark.name.Hide()
	} else {
		l.mark.name.Show()
	}
	rail, main := objects[0], objects[1]
	width := rail.MinSize().Width
	rail.Resize(fyne.NewSize(width, size.Height))
	main.Move(fyne.NewPos(width, 0))
	main.Resize(fyne.NewSize(size.Width-width, size.Height))
}

func (l *bodyLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(360, max(360, objects[0].MinSize().Height))
}

// topLayout gives the search box the room that the button leaves, up to a width that one
// reads at a glance.
type topLayout struct{}

func (topLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	search, add := objects[0], objects[1]
	button := add.MinSize().Width + 8
	add.Resize(fyne.NewSize(button, size.Height))
	add.Move(fyne.NewPos(size.Width-button, 0))
	// An entry draws its border a little inside its bounds.
	search.Move(fyne.NewPos(-entryInset, 0))
	search.Resize(fyne.NewSize(max(0, min(searchWidth, size.Width-button-16))+entryInset, size.Height))
}

func (topLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	search, add := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(160+add.Width+24, max(search.Height, add.Height))
}

// floatLayout places what lies above the screens: the panel of imports at the right of the
// foot, notices in its middle, hints where they belong.
type floatLayout struct {
	shell *shell
}

func (l *floatLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	s := l.shell
	bottom := size.Height - s.status.Root.MinSize().Height - floatMargin
	width := min(float32(screen.ImportsWidth), size.Width-2*floatMargin)
	height := min(s.imports.Height(), bottom-floatMargin)
	s.imports.Root.Resize(fyne.NewSize(width, height))
	s.imports.Root.Move(fyne.NewPos(size.Width-width-floatMargin, bottom-height))

	notice := s.notice.card.MinSize()
	s.notice.card.Resize(notice)
	s.notice.card.Move(fyne.NewPos((size.Width-notice.Width)/2, bottom-notice.Height))
	s.hint.card.Resize(s.hint.card.MinSize())
	s.hint.card.Move(s.hint.at)
}

func (l *floatLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(1, 1) }
