package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"
)

// Field is a text field that tells of the keys that an entry swallows.
type Field struct {
	fynewidget.Entry

	OnEscape   func()
	OnDown     func()                       // of a field with one line
	OnShortcut func(shortcut fyne.Shortcut) // that the entry itself does not know
}

// NewField makes a field of one line, or of several.
func NewField(multiline bool) *Field {
	f := &Field{}
	f.MultiLine = multiline
	if multiline {
		f.Wrapping = fyne.TextWrapWord
	}
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey is Fyne's notice of a key.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	switch {
	case e.Name == fyne.KeyEscape && f.OnEscape != nil:
		f.OnEscape()
	case e.Name == fyne.KeyDown && !f.MultiLine && f.OnDown != nil:
		f.OnDown()
	default:
		f.Entry.TypedKey(e)
	}
}

// TypedShortcut is Fyne's notice of a combination of keys.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	f.Entry.TypedShortcut(s)
	if _, ok := s.(*desktop.CustomShortcut); ok && f.OnShortcut != nil {
		f.OnShortcut(s)
	}
}

// Button is Fyne's button that Enter presses too, and that tells of Escape.
type Button struct {
	fynewidget.Button

	OnEscape func()
}

// NewButton makes a button; icon may be nil.
func NewButton(label string, icon fyne.Resource, importance fynewidget.Importance, tapped func()) *Button {
	b := &Button{}
	b.Text, b.Icon, b.Importance, b.OnTapped = label, icon, importance, tapped
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey is Fyne's notice of a key.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	case fyne.KeyEscape:
		call(b.OnEscape)
	default:
		b.Button.TypedKey(e)
	}
}

// Cursor shows that this can be pressed.
func (b *Button) Cursor() desktop.Cursor {
	if b.Disabled() {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// pressing tells whether a key presses what has the keyboard.
func pressing(name fyne.KeyName) bool {
	return name == fyne.KeySpace || name == fyne.KeyReturn || name == fyne.KeyEnter
}
