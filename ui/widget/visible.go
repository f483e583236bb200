package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// SetVisible shows or hides an object and has the window painted: showing or hiding a
// container alone does not.
func SetVisible(o fyne.CanvasObject, on bool) {
	if on == o.Visible() {
		return
	}
	show(o, on)
	canvas.Refresh(o)
}

// show is SetVisible for renderers, which paint anyway.
func show(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}
