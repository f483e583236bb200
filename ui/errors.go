package ui

import (
	"fyne.io/fyne/v2"

	"github.com/peerpod/peerpod/ui/screen"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// ShowError tells a person of an error: the sentence of a *pod.Error, else one for its kind.
func ShowError(window fyne.Window, err error) {
	screen.ShowFailure(window, viewmodel.FailureOf(err))
}

// ShowStartError shows a window with the reason why the pod did not start, and returns
// when the person has closed it. It is for programs that have no pod to show.
func ShowStartError(app fyne.App, err error) {
	app.Settings().SetTheme(theme.New())
	window := app.NewWindow(Title)
	window.SetIcon(theme.Icon())
	window.SetContent(screen.NewStartError(viewmodel.FailureOf(err), app.Quit))
	window.SetMaster()
	window.Resize(fyne.NewSize(560, 360))
	window.ShowAndRun()
}
