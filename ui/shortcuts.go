package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// shortcuts are the combinations of keys that work everywhere in the window.
func (w *Window) shortcuts() []struct {
	keys *desktop.CustomShortcut
	do   func()
} {
	control := fyne.KeyModifierShortcutDefault
	return []struct {
		keys *desktop.CustomShortcut
		do   func()
	}{
		{&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: control}, w.shell.focusSearch},
		{&desktop.CustomShortcut{KeyName: fyne.KeyO, Modifier: control}, w.chooseFile},
		{&desktop.CustomShortcut{KeyName: fyne.KeyQ, Modifier: control}, w.close},
	}
}

func (w *Window) connectKeys() {
	for _, s := range w.shortcuts() {
		w.window.Canvas().AddShortcut(s.keys, func(fyne.Shortcut) { s.do() })
	}
	w.window.Canvas().SetOnTypedKey(w.typedKey)
}

// forwardShortcut serves a combination that a text field got and does not know.
func (w *Window) forwardShortcut(got fyne.Shortcut) {
	for _, s := range w.shortcuts() {
		if s.keys.ShortcutName() == got.ShortcutName() {
			s.do()
		}
	}
}

// typedKey serves keys while nothing has the keyboard.
func (w *Window) typedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyEscape:
		w.shell.escape()
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight, fyne.KeyHome, fyne.KeyEnd, fyne.KeyPageDown, fyne.KeyPageUp:
		w.shell.focusContent()
	default: // means nothing here
	}
}
