package widget_test

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/widget"
)

// start gives a test its app with Peerpod's look.
func start(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
}

func press(o fyne.Focusable, keys ...fyne.KeyName) {
	for _, k := range keys {
		o.TypedKey(&fyne.KeyEvent{Name: k})
	}
}

func TestLines(t *testing.T) {
	start(t)
	tests := []struct {
		name, text string
		lines      int
		cut        bool
	}{
		{"nothing", "", 0, false},
		{"short", "Cats", 1, false},
		{"two lines", "Winter walk through the old quarry", 2, false},
		{"too long", strings.Repeat("a long way to go ", 20), 2, true},
		{"one long word", strings.Repeat("Donaudampfschiff", 20), 2, true},
		{"many spaces and lines", "  Cats \n and   dogs ", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := widget.NewLines(2, fynetheme.SizeNameText, fynetheme.ColorNameForeground, fyne.TextStyle{})
			w := test.NewTempWindow(t, l)
			w.Resize(fyne.NewSize(200, 80))
			l.SetText(tt.text)
			var shown []string
			for _, o := range test.WidgetRenderer(l).Objects() {
				line := o.(*canvas.Text)
				if line.MinSize().Width > l.Size().Width {
					t.Errorf("line %q is wider than %v", line.Text, l.Size().Width)
				}
				if line.Text != "" {
					shown = append(shown, line.Text)
				}
			}
			if len(shown) != tt.lines || strings.HasSuffix(strings.Join(shown, ""), "…") != tt.cut {
				t.Errorf("lines = %q, want %d, cut: %v", shown, tt.lines, tt.cut)
			}
			if got := widget.CountLines(tt.text, 2, 15, l.Size().Width); got != tt.lines {
				t.Errorf("CountLines = %d, want %d", got, tt.lines)
			}
			if l.Text() != tt.text {
				t.Errorf("Text() = %q, want %q", l.Text(), tt.text)
			}
		})
	}
}

func TestLinesNarrowerThanALetter(t *testing.T) {
	start(t)
	if got := widget.CountLines("Cats", 3, 15, 1); got != 3 {
		t.Errorf("CountLines in no width = %d, want 3", got)
	}
}

func TestTile(t *testing.T) {
	start(t)
	tile := widget.NewTile(240)
	var did []string
	tile.OnOpen = func() { did = append(did, "open") }
	tile.OnPlay = func() { did = append(did, "play") }
	tile.OnMenu = func(fyne.Position) { did = append(did, "menu") }
	w := test.NewTempWindow(t, tile)
	w.SetPadded(false)
	w.Resize(tile.MinSize())
	tile.SetData(widget.TileData{Loading: true})
	test.Tap(tile)
	test.TapSecondary(tile)
	if len(did) != 0 {
		t.Errorf("a tile that loads did %v, want nothing", did)
	}
	tile.SetData(widget.TileData{Title: "Cats", Meta: "My pod · 2 days ago", Exact: "My pod · 2026-05-01", Duration: "1:02", Dot: fynetheme.ColorNameSuccess})
	middle := fyne.NewPos(120, 8+63)
	test.TapCanvas(w.Canvas(), middle) // the play button is not there yet
	test.MoveMouse(w.Canvas(), middle)
	test.TapCanvas(w.Canvas(), middle)
	test.TapCanvas(w.Canvas(), fyne.NewPos(240-8-24, 8+24))
	test.TapSecondary(tile)
	if got := strings.Join(did, " "); got != "open play menu menu" {
		t.Errorf("taps did %q, want open play menu menu", got)
	}
	if tile.Cursor() != desktop.PointerCursor || tile.AccessibilityLabel() != "Cats" || tile.AccessibilityRole() != fyne.AccessibleRoleLink {
		t.Error("a tile does not say what it is")
	}
	tile.Mark(true)
	tile.SetPoster(image.NewRGBA(image.Rect(0, 0, 16, 9)))
	test.AssertRendersToMarkup(t, "tile_hovered.xml", w.Canvas())
	test.MoveMouse(w.Canvas(), fyne.NewPos(1000, 1000))
	tile.MouseOut()
	tile.Mark(false)
	test.AssertRendersToMarkup(t, "tile.xml", w.Canvas())
}

func TestTileWithoutCallbacks(t *testing.T) {
	start(t)
	tile := widget.NewTile(240)
	tile.SetData(widget.TileData{Title: "Cats"})
	test.Tap(tile)
	test.TapSecondary(tile)
	if tile.Data().Title != "Cats" {
		t.Errorf("Data() = %+v, want what was set", tile.Data())
	}
}

// newGrid shows a grid of n tiles in a window of a given width.
func newGrid(t *testing.T, n int, width float32) (*widget.Grid, fyne.Window, map[int]int) {
	t.Helper()
	start(t)
	filled := map[int]int{}
	g := widget.NewGrid(func() int { return n }, func(i int, tile *widget.Tile) {
		filled[i]++
		tile.SetData(widget.TileData{Title: fmt.Sprint("video ", i), Meta: "My pod"})
	})
	w := test.NewTempWindow(t, g)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(width, 600))
	return g, w, filled
}

func TestGridFillsTheWidth(t *testing.T) {
	for _, width := range []float32{300, 500, 719, 720, 900, 1280, 1920} {
		g, _, _ := newGrid(t, 100, width)
		right := float32(0)
		g.EachTile(func(_ int, tile *widget.Tile) {
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(tile)
			right = max(right, at.X+tile.Size().Width)
		})
		if missing := width - right; missing < 0 || missing > float32(g.ColumnCount()) {
			t.Errorf("width %v: the last column ends %v before the edge, want it there", width, missing)
		}
	}
}

func TestGridIsVirtual(t *testing.T) {
	g, w, filled := newGrid(t, 10_000, 900)
	var first, last int
	g.OnVisible = func(a, b int) { first, last = a, b }
	if len(filled) > 60 {
		t.Errorf("filled %d tiles at the start, want those in sight", len(filled))
	}
	w.Canvas().Focus(g)
	press(g, fyne.KeyEnd)
	if _, ok := filled[9_999]; !ok || len(filled) > 120 {
		t.Errorf("filled %d tiles, the last: %v; want the end only", len(filled), ok)
	}
	if first > 9_999 || last < 9_999 || first < 9_900 {
		t.Errorf("OnVisible(%d, %d), want a range around 9999", first, last)
	}
	g.Reset()
	if g.Marked() != 0 || g.GetScrollOffset() != 0 {
		t.Errorf("after Reset at %d, offset %v, want the start", g.Marked(), g.GetScrollOffset())
	}
}

func TestGridKeys(t *testing.T) {
	g, w, _ := newGrid(t, 100, 900)
	var did []string
	note := func(what string) func(int) { return func(i int) { did = append(did, fmt.Sprint(what, i)) } }
	g.OnOpen, g.OnPlay, g.OnDelete = note("open"), note("play"), note("delete")
	g.OnMenu = func(i int, _ fyne.Position) { did = append(did, fmt.Sprint("menu", i)) }
	w.Canvas().Focus(g)
	columns := g.ColumnCount()
	press(g, fyne.KeyRight, fyne.KeyReturn, fyne.KeySpace, fyne.KeyDown, fyne.KeyDelete, desktop.KeyMenu, fyne.KeyUp, fyne.KeyLeft, fyne.KeyEnter)
	want := fmt.Sprintf("[play1 open1 delete%d menu%d play0]", columns+1, columns+1)
	if got := fmt.Sprint(did); got != want {
		t.Errorf("keys did %v, want %v", got, want)
	}
	press(g, fyne.KeyPageDown)
	if g.Marked() == 0 || g.Marked()%columns != 0 {
		t.Errorf("Marked after page down = %d, want whole rows further", g.Marked())
	}
	press(g, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyHome, fyne.KeyPageUp)
	if g.Marked() != 0 {
		t.Errorf("Marked after Home = %d, want 0", g.Marked())
	}
	w.Canvas().Unfocus()
	g.EachTile(func(i int, tile *widget.Tile) {
		if i == 0 {
			test.Tap(tile)
		}
	})
	if did[len(did)-1] != "open0" {
		t.Errorf("a tap did %v, want open0", did[len(did)-1])
	}
}

func TestEmptyGrid(t *testing.T) {
	g, w, _ := newGrid(t, 0, 900)
	w.Canvas().Focus(g)
	press(g, fyne.KeyReturn, fyne.KeyEnd, fyne.KeyDown, fyne.KeyDelete)
	g.EachTile(func(int, *widget.Tile) { t.Error("an empty grid has a tile") })
}

func TestNavItem(t *testing.T) {
	start(t)
	taps, hint := 0, ""
	n := widget.NewNavItem("Home", fynetheme.HomeIcon(), func() { taps++ })
	n.OnHint = func(word string, _ fyne.Position) { hint = word }
	w := test.NewTempWindow(t, n)
	test.Tap(n)
	w.Canvas().Focus(n)
	press(n, fyne.KeySpace, fyne.KeyReturn, fyne.KeyTab)
	n.TypedRune('x')
	if taps != 3 {
		t.Errorf("taps = %d, want 3", taps)
	}
	wide := n.MinSize().Width
	n.MouseIn(nil)
	if hint != "" {
		t.Error("a wide item gave a hint")
	}
	n.SetNarrow(true)
	n.MouseIn(nil)
	if hint != "Home" || n.MinSize().Width >= wide {
		t.Errorf("hint = %q in width %v, want the word beside an icon", hint, n.MinSize().Width)
	}
	n.MouseOut()
	if hint != "" {
		t.Error("the hint stays when the pointer leaves")
	}
	n.SetSelected(true)
	if !n.Selected() || n.AccessibilityLabel() != "Home" || n.AccessibilityRole() != fyne.AccessibleRoleButton || n.Cursor() != desktop.PointerCursor {
		t.Error("an item does not say what it is")
	}
	test.AssertRendersToMarkup(t, "navitem.xml", w.Canvas())
}

func TestLink(t *testing.T) {
	start(t)
	taps := 0
	l := widget.NewLink("pod.test", func() { taps++ })
	w := test.NewTempWindow(t, l)
	test.Tap(l)
	w.Canvas().Focus(l)
	press(l, fyne.KeySpace, fyne.KeyEnter, fyne.KeyTab)
	l.TypedRune('x')
	l.MouseIn(nil)
	l.MouseMoved(nil)
	l.MouseOut()
	l.SetText("other.test")
	if taps != 3 || l.AccessibilityLabel() != "other.test" || l.AccessibilityRole() != fyne.AccessibleRoleLink || l.Cursor() != desktop.PointerCursor {
		t.Errorf("taps = %d on %q, want 3 on the new text", taps, l.AccessibilityLabel())
	}
}

func TestField(t *testing.T) {
	start(t)
	var did []string
	f := widget.NewField(false)
	f.OnEscape = func() { did = append(did, "escape") }
	f.OnDown = func() { did = append(did, "down") }
	f.OnShortcut = func(fyne.Shortcut) { did = append(did, "shortcut") }
	w := test.NewTempWindow(t, f)
	w.Canvas().Focus(f)
	test.Type(f, "cat")
	press(f, fyne.KeyEscape, fyne.KeyDown, fyne.KeyBackspace)
	f.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyO, Modifier: fyne.KeyModifierControl})
	f.TypedShortcut(&fyne.ShortcutSelectAll{})
	if got := strings.Join(did, " "); got != "escape down shortcut" || f.Text != "ca" || f.SelectedText() != "ca" {
		t.Errorf("did %q with %q, want all three", got, f.Text)
	}
	many := widget.NewField(true)
	many.SetText("a\nb")
	press(many, fyne.KeyDown, fyne.KeyEscape)
	if many.CursorRow != 1 {
		t.Errorf("row = %d, want the arrow to move in a field of many lines", many.CursorRow)
	}
}

func TestButton(t *testing.T) {
	start(t)
	taps, escapes := 0, 0
	b := widget.NewButton("Save", nil, fynewidget.HighImportance, func() { taps++ })
	b.OnEscape = func() { escapes++ }
	press(b, fyne.KeyReturn, fyne.KeySpace, fyne.KeyEscape)
	if taps != 2 || escapes != 1 || b.Cursor() != desktop.PointerCursor {
		t.Errorf("taps, escapes = %d, %d, want 2, 1", taps, escapes)
	}
	b.Disable()
	press(b, fyne.KeyReturn)
	if taps != 2 || b.Cursor() != desktop.DefaultCursor {
		t.Error("a disabled button still works")
	}
}

func TestPosterBarCard(t *testing.T) {
	start(t)
	taps := 0
	p := widget.NewPoster()
	p.OnTapped = func() { taps++ }
	w := test.NewTempWindow(t, p)
	w.Resize(fyne.NewSize(480, 270))
	p.Show16x9(image.NewRGBA(image.Rect(0, 0, 16, 9)), "1:02")
	test.Tap(p)
	test.TapCanvas(w.Canvas(), fyne.NewPos(240, 135))
	if taps != 2 || p.Cursor() != desktop.PointerCursor {
		t.Errorf("taps = %d, want 2", taps)
	}
	p.Show16x9(nil, "")

	bar := widget.NewBar()
	card := widget.NewCard(bar, 8)
	w.SetContent(card)
	bar.SetValue(0.5)
	bar.SetValue(7)
	test.Tap(card)
	if got, want := card.MinSize(), bar.MinSize().AddWidthHeight(16, 16); got != want {
		t.Errorf("card's MinSize = %v, want %v", got, want)
	}
	widget.SetVisible(card, false)
	widget.SetVisible(card, false)
	if card.Visible() {
		t.Error("SetVisible(false) left it visible")
	}
	widget.SetVisible(card, true)
}

func TestTightLines(t *testing.T) {
	start(t)
	l := widget.NewLines(3, fynetheme.SizeNameText, fynetheme.ColorNameForeground, fyne.TextStyle{})
	three := l.MinSize().Height
	l.SetTight(true)
	if got := l.MinSize().Height; got != three {
		t.Errorf("height without a width = %v, want that of three lines, %v", got, three)
	}
	l.Resize(fyne.NewSize(200, three))
	for text, lines := range map[string]float32{"": 1, "Cats": 1, "Winter walk through the old quarry": 2, strings.Repeat("a long way ", 30): 3} {
		l.SetText(text)
		if got := l.MinSize().Height; got != three/3*lines {
			t.Errorf("height of %q = %v, want %v lines of %v", text, got, lines, three/3)
		}
	}
}

func TestDot(t *testing.T) {
	start(t)
	d := widget.NewDot()
	w := test.NewTempWindow(t, d)
	w.Resize(fyne.NewSize(40, 40))
	circle := test.WidgetRenderer(d).Objects()[0].(*canvas.Circle)
	before := circle.FillColor
	d.SetColor(fynetheme.ColorNameSuccess)
	d.SetColor(fynetheme.ColorNameSuccess)
	if circle.FillColor == before || d.Color() != fynetheme.ColorNameSuccess {
		t.Error("the dot did not change its colour")
	}
	if s := circle.Size(); s.Width != s.Height || s.Width > 12 {
		t.Errorf("size of the dot = %v, want a small round one", s)
	}
}

func TestPanelHasNoShadow(t *testing.T) {
	start(t)
	ground := func(c *widget.Card) *canvas.Rectangle {
		return test.WidgetRenderer(c).Objects()[0].(*canvas.Rectangle)
	}
	if ground(widget.NewPanel(widget.NewDot(), 8)).Shadow.BlurRadius != 0 {
		t.Error("a panel has a shadow")
	}
	if ground(widget.NewCard(widget.NewDot(), 8)).Shadow.BlurRadius == 0 {
		t.Error("a card has no shadow")
	}
}
