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
	dot                      *widget.Dot
	friends, address         *widget.Link
	door                     *fyne.Container // dot and friends
	line                     *fyne.Container
	foot                     *footLayout
}

// NewStatus makes the line.
func NewStatus(host *Host) *Status {
	quiet := func() *fynewidget.Label { return newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary) }
	s := &Status{videos: quiet(), up: quiet(), down: quiet(), adding: quiet()}
	s.address = widget.NewLink("", func() { host.OpenURL(host.Model.Links.Home()) })
	// The arrows are icons: no font that comes with the toolkit has them as letters.
	s.friends, s.dot = widget.NewLink("", host.ShowFriends), widget.NewDot()
	s.door = container.New(layout.NewCustomPaddedHBoxLayout(0), strut(), s.dot, s.friends)
	words := container.New(layout.NewCustomPaddedHBoxLayout(0),
		s.door, s.videos, strut(), arrow(fynetheme.MoveUpIcon()), s.up, strut(), arrow(fynetheme.MoveDownIcon()), s.down, strut(), s.adding)
	s.foot = &footLayout{videos: s.videos}
	s.line = container.New(s.foot, words, s.address)
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

// strut parts one thing of the line from the next.
func strut() fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(8, 1))
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
	s.friends.SetText(lang.N("{{.N}} friends online", st.Online, countOf(st.Online)))
	s.dot.SetColor(theme.ColorNameSecondary)
	if st.Online > 0 {
		s.dot.SetColor(fynetheme.ColorNameSuccess)
	}
	widget.SetVisible(s.door, st.Friends > 0)
	s.address.SetText(st.Address)
	s.foot.hasAddress = st.Address != ""
	s.line.Refresh() // the words have other widths now
}

// footLayout stands the words at the left and the address at the right. Where room is
// short, the address goes first and the count of videos next.
type footLayout struct {
	videos     fyne.CanvasObject
	hasAddress bool
}

func (l *footLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	words, address := objects[0], objects[1]
	widget.SetVisible(l.videos, true)
	widget.SetVisible(l.videos, words.MinSize().Width <= size.Width)
	left, right := words.MinSize(), address.MinSize()
	widget.SetVisible(address, l.hasAddress && left.Width+right.Width <= size.Width)
	words.Resize(fyne.NewSize(left.Width, size.Height))
	address.Resize(fyne.NewSize(right.Width, size.Height))
	address.Move(fyne.NewPos(size.Width-right.Width, 0))
}

func (l *footLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, max(objects[0].MinSize().Height, objects[1].MinSize().Height))
}

// trafficWords says a speed, and nothing but "0" where nothing moves.
func trafficWords(bps int64) string {
	if bps <= 0 {
		return "0"
	}
	return speedWords(float64(bps))
}
