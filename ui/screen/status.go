package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// Status is the line at the foot: what the pod does, and the door to its page.
type Status struct {
	Root fyne.CanvasObject

	videos, up, down, adding *fynewidget.Label
	address                  *widget.Link
	line                     *fyne.Container
}

// NewStatus makes the line.
func NewStatus(host *Host) *Status {
	quiet := func() *fynewidget.Label { return newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary) }
	s := &Status{videos: quiet(), up: quiet(), down: quiet(), adding: quiet()}
	s.address = widget.NewLink("", func() { host.OpenURL(host.Model.Links.Home()) })
	// The arrows are icons: no font that comes with the toolkit has them as letters.
	words := container.New(layout.NewCustomPaddedHBoxLayout(0),
		s.videos, strut(8), arrow(fynetheme.MoveUpIcon()), s.up, strut(8), arrow(fynetheme.MoveDownIcon()), s.down, strut(8), s.adding)
	s.line = container.NewBorder(nil, nil, nil, s.address, words)
	s.Root = container.NewBorder(fynewidget.NewSeparator(), nil, nil, nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, 12, 12), s.line))
	s.Show(host.Model.Status.State())
	return s
}

func arrow(icon fyne.Resource) fyne.CanvasObject {
	i := canvas.NewImageFromResource(fynetheme.NewColoredResource(icon, theme.ColorNameSecondary))
	i.FillMode = canvas.ImageFillContain
	i.SetMinSize(fyne.NewSquareSize(16))
	return i
}

func strut(width float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(width, 1))
	return r
}

// Show paints a state of the view model.
func (s *Status) Show(st viewmodel.StatusState) {
	s.videos.SetText(videosWords(st.Pod.Videos))
	s.up.SetText(trafficWords(st.Pod.UploadBPS))
	s.down.SetText(trafficWords(st.Pod.DownloadBPS))
	s.adding.SetText("")
	if st.Imports > 0 {
		s.adding.SetText(lang.N("Adding {{.N}} videos", st.Imports, countOf(st.Imports)))
	}
	s.address.SetText(st.Address)
	widget.SetVisible(s.address, st.Address != "")
	s.line.Refresh() // the words have other widths now
}

// trafficWords says a speed, and nothing but "0" where nothing moves.
func trafficWords(bps int64) string {
	if bps <= 0 {
		return "0"
	}
	return speedWords(float64(bps))
}
