package screen

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

const (
	// ImportsWidth is how wide the panel stands over the window.
	ImportsWidth = 420
	maxRowsShown = 4
)

// Imports is the panel that rises when files are dropped: one row a file.
type Imports struct {
	Root *widget.Card

	host   *Host
	state  viewmodel.ImportsState
	title  *fynewidget.Label
	list   *fynewidget.List
	close  *widget.Button
	widths map[int]string // the reason whose height each row has
	// OnResized hears that the panel wants another height.
	OnResized func()
}

// NewImports makes the panel, hidden.
func NewImports(host *Host) *Imports {
	p := &Imports{host: host, widths: map[int]string{}, OnResized: func() {}}
	p.title = newText("", fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	p.title.TextStyle.Bold = true
	p.close = widget.NewButton("", fynetheme.CancelIcon(), fynewidget.LowImportance, host.Model.Imports.DismissAll)
	p.list = fynewidget.NewList(
		func() int { return len(p.state.Rows) },
		func() fyne.CanvasObject { return newImportRow(host) },
		func(i fynewidget.ListItemID, o fyne.CanvasObject) { o.(*importRow).show(p.state.Rows[i]) },
	)
	p.list.HideSeparators = true
	p.list.OnSelected = func(i fynewidget.ListItemID) { p.list.Unselect(i) }
	head := container.NewBorder(nil, nil, nil, p.close, p.title)
	p.Root = widget.NewCard(container.NewBorder(head, nil, nil, nil, p.list), 8)
	p.Root.Hide()
	return p
}

// Show paints a state of the view model.
func (p *Imports) Show(s viewmodel.ImportsState) {
	before := len(p.state.Rows)
	p.state = s
	open, done, refused := s.Counts()
	p.title.SetText(importsWords(open, done, refused))
	widget.SetVisible(p.close, open == 0)
	widget.SetVisible(p.Root, len(s.Rows) > 0)
	resized := before != len(s.Rows)
	for i, r := range s.Rows {
		if key := strconv.Itoa(int(r.Phase)) + importRowReason(r); p.widths[i] != key {
			p.widths[i] = key
			p.list.SetItemHeight(i, rowHeight(r))
			resized = true
		}
	}
	p.list.Refresh()
	if resized {
		p.OnResized()
	}
}

// Height is how high the panel wants to be: it shows a few rows and scrolls the others.
func (p *Imports) Height() float32 {
	height := p.Root.MinSize().Height - p.list.MinSize().Height
	for i, r := range p.state.Rows {
		if i == maxRowsShown {
			break
		}
		height += rowHeight(r) + 4
	}
	return height
}

func countOf(n int) number { return number{strconv.Itoa(n)} }

func importsWords(open, done, refused int) string {
	switch {
	case open > 0:
		return lang.N("Adding {{.N}} videos", open, countOf(open))
	case refused == 0:
		return lang.N("{{.N}} videos added", done, countOf(done))
	case done == 0:
		return lang.N("{{.N}} files could not be added", refused, countOf(refused))
	default:
		return lang.N("{{.N}} videos added", done, countOf(done)) + " · " + lang.N("{{.N}} refused", refused, countOf(refused))
	}
}
