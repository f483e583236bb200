package ui_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/peerpod/peerpod/ui"
	"github.com/peerpod/peerpod/ui/uifake"
	"github.com/peerpod/peerpod/ui/widget"
)

// bench is a window with a fake pod behind it.
type bench struct {
	*uifake.Fake
	t      *testing.T
	app    fyne.App
	window *ui.Window
	opened []string
	quit   chan struct{}
}

func open(t *testing.T, fake *uifake.Fake) *bench {
	t.Helper()
	b := &bench{Fake: fake, t: t, app: test.NewTempApp(t), quit: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	window, err := ui.New(ctx, ui.Config{
		App: b.app, Backend: fake.Backend(), Name: "Ana's pod", Dispatch: fake.Dispatch,
		OpenURL: func(u *url.URL) error { b.opened = append(b.opened, u.String()); return nil },
		OnQuit:  func() { close(b.quit) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.window = window
	window.Show()
	window.Fyne().Resize(fyne.NewSize(1000, 700))
	t.Cleanup(func() {
		window.Model().Close()
		cancel()
		window.Model().Wait()
	})
	b.Until(t, func() bool { return !window.Model().Videos.State().Loading })
	return b
}

// root is what has the person's attention: the dialog on top, else the window.
func (b *bench) root() fyne.CanvasObject {
	if top := b.window.Fyne().Canvas().Overlays().Top(); top != nil {
		return top
	}
	return b.window.Fyne().Content()
}

// visible gives all objects of a kind that can be seen.
func visible[T fyne.CanvasObject](b *bench) []T {
	var all []T
	for _, o := range seen(b.root()) {
		if match, ok := o.(T); ok {
			all = append(all, match)
		}
	}
	return all
}

// seen gives an object and all in it, as far as nothing is hidden.
func seen(o fyne.CanvasObject) []fyne.CanvasObject {
	if o == nil || !o.Visible() {
		return nil
	}
	all := []fyne.CanvasObject{o}
	var inner []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		inner = o.Objects
	case fyne.Widget:
		inner = test.WidgetRenderer(o).Objects()
	}
	for _, i := range inner {
		all = append(all, seen(i)...)
	}
	return all
}

// words is all text that can be seen.
func (b *bench) words() string {
	var all []string
	for _, t := range visible[*canvas.Text](b) {
		all = append(all, t.Text)
	}
	return strings.Join(all, "\n")
}

func (b *bench) sees(words string) func() bool {
	return func() bool { return strings.Contains(b.words(), words) }
}

func (b *bench) seesNot(words string) func() bool {
	return func() bool { return !strings.Contains(b.words(), words) }
}

// press taps the button with that label.
func (b *bench) press(label string) {
	b.t.Helper()
	for _, o := range visible[*widget.Button](b) {
		if o.Text == label {
			test.Tap(o)
			return
		}
	}
	b.t.Fatalf("no button %q among\n%s", label, b.words())
}

// choose taps the entry of the open menu with that label.
func (b *bench) choose(label string) {
	b.t.Helper()
	var entry fyne.Tappable // the innermost that holds the label
	for _, o := range seen(b.root()) {
		for _, inner := range seen(o) {
			if text, ok := inner.(*canvas.Text); ok && text.Text == label {
				if item, ok := o.(fyne.Tappable); ok {
					entry = item
				}
			}
		}
	}
	if entry == nil {
		b.t.Fatalf("no entry %q among\n%s", label, b.words())
	}
	entry.Tapped(&fyne.PointEvent{})
}

func (b *bench) search() *widget.Field {
	for _, f := range visible[*widget.Field](b) {
		if strings.HasPrefix(f.PlaceHolder, "Search") {
			return f
		}
	}
	b.t.Fatal("no search box")
	return nil
}

// tile gives the tile of a video.
func (b *bench) tile(title string) *widget.Tile {
	b.t.Helper()
	for _, tile := range visible[*widget.Tile](b) {
		if tile.Data().Title == title {
			return tile
		}
	}
	b.t.Fatalf("no tile %q among\n%s", title, b.words())
	return nil
}

func film(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
