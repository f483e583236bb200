package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// maxReasonLines is how much of a refusal is shown; our own sentences are shorter.
const maxReasonLines = 4

// importRow is one file in the panel of imports.
type importRow struct {
	fynewidget.BaseWidget

	host  *Host
	row   viewmodel.ImportRow
	title *widget.Lines
	words *widget.Lines
	bar   *widget.Bar

	copy, again, end *widget.Button // end: cancel, or dismiss
	root             *fyne.Container
	reason           *widget.Lines
}

func newImportRow(host *Host) *importRow {
	r := &importRow{
		host:   host,
		title:  widget.NewLines(1, fynetheme.SizeNameText, fynetheme.ColorNameForeground, fyne.TextStyle{}),
		words:  widget.NewLines(1, fynetheme.SizeNameCaptionText, theme.ColorNameSecondary, fyne.TextStyle{}),
		reason: widget.NewLines(maxReasonLines, fynetheme.SizeNameCaptionText, fynetheme.ColorNameError, fyne.TextStyle{}),
		bar:    widget.NewBar(),
	}
	imports := host.Model.Imports
	r.copy = widget.NewButton(lang.L("Copy link"), nil, fynewidget.MediumImportance, func() { host.copyLink(r.row.Video) })
	r.again = widget.NewButton(lang.L("Try again"), nil, fynewidget.MediumImportance, func() { imports.Retry(r.row.ID) })
	r.end = widget.NewButton("", fynetheme.CancelIcon(), fynewidget.LowImportance, func() {
		if r.row.Open() {
			imports.Cancel(r.row.ID)
		} else {
			imports.Dismiss(r.row.ID)
		}
	})
	texts := container.New(layout.NewCustomPaddedVBoxLayout(4), r.title, r.bar, r.words, r.reason)
	buttons := container.NewHBox(container.NewCenter(r.copy), container.NewCenter(r.again), container.NewCenter(r.end))
	r.root = container.NewBorder(nil, nil, nil, buttons, container.New(layout.NewCustomPaddedLayout(6, 2, 8, 0), texts))
	r.ExtendBaseWidget(r)
	return r
}

func (r *importRow) show(row viewmodel.ImportRow) {
	r.row = row
	r.title.SetText(row.Title)
	r.words.SetText(importWords(row))
	r.reason.SetText(importRowReason(row))
	r.bar.SetValue(row.Fraction)
	widget.SetVisible(r.bar, row.Phase == viewmodel.PhaseRunning || row.Phase == viewmodel.PhaseStopping)
	widget.SetVisible(r.words, row.Phase != viewmodel.PhaseRefused)
	widget.SetVisible(r.reason, row.Phase == viewmodel.PhaseRefused)
	widget.SetVisible(r.copy, row.Phase == viewmodel.PhaseDone && r.host.Model.Links.Page(row.Video) != "")
	widget.SetVisible(r.again, row.Phase == viewmodel.PhaseRefused && tryAgain(row))
	r.words.SetColor(theme.ColorNameSecondary)
	if row.Phase == viewmodel.PhaseDone {
		r.words.SetColor(fynetheme.ColorNameSuccess)
	}
	if row.Phase == viewmodel.PhaseStopping {
		r.end.Disable()
	} else {
		r.end.Enable()
	}
	r.root.Refresh()
}

// CreateRenderer is Fyne's way to the objects of a widget.
func (r *importRow) CreateRenderer() fyne.WidgetRenderer {
	return fynewidget.NewSimpleRenderer(r.root)
}

// MinSize is the least a row takes in the list; Imports gives each row its own height.
func (r *importRow) MinSize() fyne.Size { return fyne.NewSize(200, 40) }

// Tapped keeps a click from giving the list the keyboard: only the row's buttons do things.
func (r *importRow) Tapped(*fyne.PointEvent) {}

// MouseIn, MouseMoved and MouseOut keep the list from lighting the row up.
func (r *importRow) MouseIn(*desktop.MouseEvent) {}

// MouseMoved does nothing; see MouseIn.
func (r *importRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut does nothing; see MouseIn.
func (r *importRow) MouseOut() {}

func importRowReason(row viewmodel.ImportRow) string {
	if row.Phase != viewmodel.PhaseRefused {
		return ""
	}
	return failureWords(row.Reason)
}

// tryAgain tells whether the same file may be taken another time: when the file itself was
// not the reason.
func tryAgain(row viewmodel.ImportRow) bool {
	switch row.Reason.Kind {
	case pod.KindNoSpace, pod.KindUnavailable, pod.KindInternal, pod.KindTooMany:
		return true
	default:
		return false
	}
}

// rowHeight is how much room a row needs in its phase.
func rowHeight(row viewmodel.ImportRow) float32 {
	title := fyne.MeasureText("M", fynetheme.Size(fynetheme.SizeNameText), fyne.TextStyle{}).Height
	size := fynetheme.Size(fynetheme.SizeNameCaptionText)
	line := fyne.MeasureText("M", size, fyne.TextStyle{}).Height
	switch row.Phase {
	case viewmodel.PhaseRunning, viewmodel.PhaseStopping:
		return title + line + 24
	case viewmodel.PhaseRefused:
		width := float32(ImportsWidth - 80)
		if tryAgain(row) {
			width -= 100
		}
		return title + line*float32(widget.CountLines(importRowReason(row), maxReasonLines, size, width)) + 16
	default:
		return title + line + 16
	}
}
