package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/lang"
)

// chooserMargin is how much of the window stays in sight around the file dialog.
const chooserMargin = 40

// chooseFile lets the person choose a file to add. Escape closes the dialog.
func (w *Window) chooseFile() {
	canvas := w.window.Canvas()
	if w.closing || canvas.Overlays().Top() != nil {
		return
	}
	chooser := dialog.NewFileOpen(w.chosen, w.window)
	chooser.SetTitleText(lang.L("Choose a video"))
	chooser.SetConfirmText(lang.L("Add"))
	chooser.SetDismissText(lang.L("Cancel"))
	chooser.Show()
	if canvas.Overlays().Top() == nil {
		return // the system shows its own dialog, which Fyne can not resize
	}
	chooser.Resize(canvas.Size().SubtractWidthHeight(2*chooserMargin, 2*chooserMargin))
	canvas.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			chooser.Hide()
		}
	})
	chooser.SetOnClosed(func() { canvas.SetOnTypedKey(w.typedKey) })
}

func (w *Window) chosen(file fyne.URIReadCloser, err error) {
	switch {
	case err != nil:
		ShowError(w.window, err)
	case file != nil:
		path := file.URI().Path()
		_ = file.Close() // the library opens it itself
		w.add([]string{path})
	}
}
