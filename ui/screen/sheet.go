package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/widget"
)

// sheet is a dialog over the window: Escape closes it, its buttons stand at the right.
type sheet struct {
	window fyne.Window
	popup  *fynewidget.PopUp
	keys   func(*fyne.KeyEvent) // of the window below
}

// sheetMargin is what a sheet in a narrow window leaves for its own edges.
const sheetMargin = 64

// newSheet makes a sheet of at most that width around content, with its buttons.
func newSheet(window fyne.Window, title string, width float32, content fyne.CanvasObject, buttons ...*widget.Button) *sheet {
	s := &sheet{window: window}
	heading := newText(title, fynetheme.SizeNameSubHeadingText, fynetheme.ColorNameForeground)
	heading.TextStyle.Bold = true
	row := container.New(layout.NewCustomPaddedHBoxLayout(8), layout.NewSpacer())
	for _, b := range buttons {
		b.OnEscape = s.hide
		row.Add(b)
	}
	wide := canvas.NewRectangle(nil)
	wide.SetMinSize(fyne.NewSize(min(width, window.Canvas().Size().Width-sheetMargin), 1))
	// Labels keep room around themselves that buttons and fields do not.
	rows := container.NewVBox(flush(heading), content, wide, gap(4), row)
	s.popup = fynewidget.NewModalPopUp(container.New(layout.NewCustomPaddedLayout(8, 12, 16, 16), rows), window.Canvas())
	return s
}

// show opens the sheet and gives the keyboard to the object that wants it.
func (s *sheet) show(first fyne.Focusable) {
	s.keys = s.window.Canvas().OnTypedKey()
	s.window.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			s.hide()
		}
	})
	s.popup.Show()
	if first != nil {
		s.window.Canvas().Focus(first)
	}
}

func (s *sheet) hide() {
	if s.popup.Visible() {
		s.popup.Hide()
		s.window.Canvas().SetOnTypedKey(s.keys)
	}
}

// field is a text field of a sheet with its name above it.
func (s *sheet) field(name string, f fyne.CanvasObject) fyne.CanvasObject {
	label := fynewidget.NewLabel(name)
	label.Importance = fynewidget.LowImportance
	return container.NewVBox(flush(label), f)
}
