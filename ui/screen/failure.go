package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// ShowFailure tells a failure that no screen shows by itself.
func ShowFailure(window fyne.Window, f viewmodel.Failure) {
	text := newText(failureWords(f), fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	text.Wrapping = fyne.TextWrapWord
	var s *sheet
	done := widget.NewButton(lang.L("Close"), nil, fynewidget.MediumImportance, func() { s.hide() })
	s = newSheet(window, lang.L("That did not work"), 440, flush(text), done)
	s.show(done)
}

// NewStartError is the content of a window that has only bad news.
func NewStartError(f viewmodel.Failure, quit func()) fyne.CanvasObject {
	title := centered(lang.L("Peerpod could not start"), fynetheme.SizeNameSubHeadingText)
	return message(fynetheme.ColorNamePrimary, title, centered(failureWords(f), fynetheme.SizeNameText),
		widget.NewButton(lang.L("Close"), nil, fynewidget.HighImportance, quit))
}

// NewClosing covers the window while the program ends.
func NewClosing() fyne.CanvasObject {
	title := centered(lang.L("Closing"), fynetheme.SizeNameSubHeadingText)
	line := centered(lang.L("Your pod saves its work. This takes a moment."), fynetheme.SizeNameText)
	line.Importance = fynewidget.LowImportance
	return message(fynetheme.ColorNamePrimary, title, line, nil)
}
