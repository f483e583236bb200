package widget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"
)

// Lines shows a text in at most a fixed number of lines; what does not fit ends in "…".
// Its MinSize always has that number of lines, so that tiles in a row are equally high,
// unless SetTight says otherwise.
type Lines struct {
	fynewidget.BaseWidget

	text  string
	max   int
	size  fyne.ThemeSizeName
	color fyne.ThemeColorName
	style fyne.TextStyle
	tight bool
}

// NewLines makes an empty text of at most max lines.
func NewLines(maxLines int, size fyne.ThemeSizeName, color fyne.ThemeColorName, style fyne.TextStyle) *Lines {
	l := &Lines{max: maxLines, size: size, color: color, style: style}
	l.ExtendBaseWidget(l)
	return l
}

// SetText shows another text.
func (l *Lines) SetText(text string) {
	if text != l.text {
		l.text = text
		l.Refresh()
	}
}

// Text is the whole text, also where a part of it does not fit.
func (l *Lines) Text() string { return l.text }

// UsedHeight is how high the lines are that the text takes at that width.
func (l *Lines) UsedHeight(width float32) float32 {
	size := l.Theme().Size(l.size)
	fits := func(s string) bool { return fyne.MeasureText(s, size, l.style).Width <= width }
	return float32(len(breakLines(l.text, l.max, fits))) * fyne.MeasureText("Mg", size, l.style).Height
}

// SetColor shows the text in another colour of the theme.
func (l *Lines) SetColor(name fyne.ThemeColorName) {
	if name != l.color {
		l.color = name
		l.Refresh()
	}
}

// SetTight makes MinSize as high as the lines that the text takes at the width it has.
func (l *Lines) SetTight(on bool) { l.tight = on }

// CreateRenderer is Fyne's way to the objects of a widget.
func (l *Lines) CreateRenderer() fyne.WidgetRenderer {
	r := &linesRenderer{lines: l}
	for range l.max {
		r.texts = append(r.texts, canvas.NewText("", nil))
		r.objects = append(r.objects, r.texts[len(r.texts)-1])
	}
	r.Refresh()
	return r
}

type linesRenderer struct {
	lines   *Lines
	texts   []*canvas.Text
	objects []fyne.CanvasObject

	// what the texts show now, to spare the measuring
	shown      string
	shownWidth float32
	shownSize  float32
}

func (r *linesRenderer) lineHeight() float32 {
	return fyne.MeasureText("Mg", r.lines.Theme().Size(r.lines.size), r.lines.style).Height
}

func (r *linesRenderer) Layout(size fyne.Size) {
	textSize := r.lines.Theme().Size(r.lines.size)
	if r.lines.text != r.shown || size.Width != r.shownWidth || textSize != r.shownSize {
		r.shown, r.shownWidth, r.shownSize = r.lines.text, size.Width, textSize
		fits := func(s string) bool { return fyne.MeasureText(s, textSize, r.lines.style).Width <= size.Width }
		broken := breakLines(r.lines.text, r.lines.max, fits)
		for i, t := range r.texts {
			t.Text = ""
			if i < len(broken) {
				t.Text = broken[i]
			}
		}
	}
	height := r.lineHeight()
	for i, t := range r.texts {
		t.Move(fyne.NewPos(0, float32(i)*height))
		t.Resize(fyne.NewSize(size.Width, height))
	}
}

func (r *linesRenderer) MinSize() fyne.Size {
	if width := r.lines.Size().Width; r.lines.tight && width > 0 {
		return fyne.NewSize(24, max(r.lineHeight(), r.lines.UsedHeight(width)))
	}
	return fyne.NewSize(24, float32(r.lines.max)*r.lineHeight())
}

func (r *linesRenderer) Refresh() {
	color := fynetheme.ColorForWidget(r.lines.color, r.lines)
	for _, t := range r.texts {
		t.Color, t.TextSize, t.TextStyle = color, r.lines.Theme().Size(r.lines.size), r.lines.style
	}
	r.Layout(r.lines.Size())
	for _, t := range r.texts {
		t.Refresh()
	}
}

func (r *linesRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *linesRenderer) Destroy()                     {}

// breakLines cuts a text into at most most lines that fit: at a space where there is one,
// else inside the word. The last line ends in "…" if text is left over.
func breakLines(text string, most int, fits func(string) bool) []string {
	rest := []rune(strings.Join(strings.Fields(text), " "))
	var lines []string
	for len(rest) > 0 && len(lines) < most {
		if fits(string(rest)) {
			return append(lines, string(rest))
		}
		if len(lines) == most-1 {
			n := longest(rest, func(s string) bool { return fits(s + "…") })
			return append(lines, strings.TrimRightFunc(string(rest[:n]), unicode.IsSpace)+"…")
		}
		n := max(1, longest(rest, fits))
		if cut := lastSpace(rest[:min(n+1, len(rest))]); cut > 0 {
			n = cut
		}
		lines = append(lines, strings.TrimSpace(string(rest[:n])))
		rest = []rune(strings.TrimSpace(string(rest[n:])))
	}
	return lines
}

// longest gives how many leading characters fit.
func longest(text []rune, fits func(string) bool) int {
	low, high := 0, len(text)
	for low < high {
		middle := (low + high + 1) / 2
		if fits(string(text[:middle])) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

func lastSpace(text []rune) int {
	for i := len(text) - 1; i > 0; i-- {
		if text[i] == ' ' {
			return i
		}
	}
	return 0
}

// CountLines tells how many lines of that width a text takes, at most most.
func CountLines(text string, most int, textSize, width float32) int {
	return len(breakLines(text, most, func(s string) bool {
		return fyne.MeasureText(s, textSize, fyne.TextStyle{}).Width <= width
	}))
}
