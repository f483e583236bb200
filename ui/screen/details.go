package screen

import (
	"image"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// Details is the page of one video: picture, words, and what can be done with it.
type Details struct {
	Root fyne.CanvasObject

	host                           *Host
	state                          viewmodel.EditorState
	poster                         *widget.Poster
	title, meta, description, tags *fynewidget.Label
	play, player, share            *widget.Button
	edit, remove, back             *widget.Button
	keep, letGo                    *widget.Button // of a friend's video
	kept                           *fynewidget.Label
}

// NewDetails makes the page; Show fills it.
func NewDetails(host *Host) *Details {
	d := &Details{host: host, poster: widget.NewPoster()}
	video := func(do func(pod.Video)) func() { return func() { do(d.state.Video) } }
	d.poster.OnTapped = video(host.playInBrowser)
	d.title = newText("", fynetheme.SizeNameSubHeadingText, fynetheme.ColorNameForeground)
	d.title.TextStyle.Bold = true
	d.meta = newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary)
	d.description = newText("", fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	d.tags = newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary)
	d.kept = newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary)
	for _, t := range []*fynewidget.Label{d.title, d.meta, d.description, d.tags, d.kept} {
		t.Wrapping = fyne.TextWrapWord
	}
	d.description.Selectable = true
	d.play = widget.NewButton(lang.L("Play in the browser"), fynetheme.MediaPlayIcon(), fynewidget.HighImportance, video(host.playInBrowser))
	d.player = widget.NewButton(lang.L("Play with this computer's player"), fynetheme.ComputerIcon(), fynewidget.MediumImportance, video(host.playInPlayer))
	d.share = widget.NewButton(lang.L("Share…"), fynetheme.MailForwardIcon(), fynewidget.MediumImportance, video(host.showShare))
	d.edit = widget.NewButton(lang.L("Edit…"), fynetheme.DocumentCreateIcon(), fynewidget.MediumImportance, video(host.showEdit))
	d.remove = widget.NewButton(lang.L("Delete…"), fynetheme.DeleteIcon(), fynewidget.MediumImportance, video(host.askDelete))
	d.keep = widget.NewButton(lang.L("Keep a copy"), fynetheme.DownloadIcon(), fynewidget.MediumImportance, video(host.keep))
	d.letGo = widget.NewButton(lang.L("Let go"), fynetheme.CancelIcon(), fynewidget.MediumImportance, video(host.letGo))
	d.back = widget.NewButton(lang.L("Back"), fynetheme.NavigateBackIcon(), fynewidget.LowImportance, host.ShowLibrary)
	for _, b := range d.buttons() {
		b.OnEscape = host.ShowLibrary
	}
	d.Root = d.arrange()
	return d
}

func (d *Details) buttons() []*widget.Button {
	return []*widget.Button{d.back, d.play, d.player, d.share, d.edit, d.remove, d.keep, d.letGo}
}

func (d *Details) arrange() fyne.CanvasObject {
	lesser := container.New(&flowLayout{}, d.share, d.edit, d.remove, d.keep, d.letGo)
	words := container.NewVBox(flush(d.title), flush(d.meta), gap(4), d.play, d.player, lesser, flush(d.kept))
	body := container.NewVBox(container.New(besideLayout{}, d.poster, words), gap(8), flush(d.description), flush(d.tags), gap(16))
	top := container.New(layout.NewCustomPaddedLayout(0, 4, 12, 20), container.NewHBox(d.back))
	inner := container.New(layout.NewCustomPaddedLayout(0, 0, 20, 20), body)
	return container.NewBorder(top, nil, nil, nil, container.NewVScroll(inner))
}

func gap(height float32) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(height, 0, 0, 0))
}

// flush takes away the room that a label keeps at its left and right.
func flush(label fyne.CanvasObject) fyne.CanvasObject {
	inset := fynetheme.InnerPadding()
	return container.New(layout.NewCustomPaddedLayout(0, 0, -inset, -inset), label)
}

// Show paints a state of the view model.
func (d *Details) Show(s viewmodel.EditorState) {
	before := d.state
	d.state = s
	if s.Video.ID != 0 {
		d.fill(s.Video)
		d.fillKept(s)
	}
	for _, b := range []*widget.Button{d.edit, d.remove, d.keep, d.letGo} {
		setEnabled(b, !s.Busy)
	}
	switch {
	case d.host.editing != nil && d.host.editing.sheet.popup.Visible():
		d.host.editing.show(s)
	case s.Failure.Failed && s.Failure != before.Failure:
		ShowFailure(d.host.Window, s.Failure)
	case s.Gone && !before.Gone:
		d.host.ShowLibrary()
	}
}

func (d *Details) fill(v pod.Video) {
	published := publishedAt(v)
	meta := []string{d.host.originWords(v), ageWords(published, d.host.Model.Clock()), exactWords(published)}
	if size := bytesOf(v); size > 0 {
		meta = append(meta, sizeWords(float64(size)))
	}
	d.title.SetText(v.Name)
	d.meta.SetText(strings.Join(meta, " · "))
	d.description.SetText(v.Description)
	widget.SetVisible(d.description, v.Description != "")
	d.tags.SetText(lang.L("Tags: {{.Tags}}", struct{ Tags string }{strings.Join(v.Tags, ", ")}))
	widget.SetVisible(d.tags, len(v.Tags) > 0)
	widget.SetVisible(d.player, d.host.Model.Links.File(v) != "")
	widget.SetVisible(d.edit, v.IsLocal())
	widget.SetVisible(d.remove, v.IsLocal())
	d.poster.Show16x9(d.host.Model.Posters.Get(v), clockWords(v.Duration))
}

func (d *Details) fillKept(s viewmodel.EditorState) {
	widget.SetVisible(d.keep, !s.Video.IsLocal() && !s.Kept.Wanted)
	widget.SetVisible(d.letGo, !s.Video.IsLocal() && s.Kept.Wanted)
	d.kept.SetText(d.host.keptWords(s.Video, s.Kept))
	widget.SetVisible(d.kept, d.kept.Text != "")
}

// Repaint names the origin anew, after a friend came or went.
func (d *Details) Repaint() {
	if d.state.Video.ID != 0 {
		d.fill(d.state.Video)
	}
}

func bytesOf(v pod.Video) (sum int64) {
	for _, f := range v.Files {
		sum += f.SizeBytes
	}
	return sum
}

// PosterReady shows a picture that came late.
func (d *Details) PosterReady(key viewmodel.PosterKey, picture image.Image) {
	if v := d.state.Video; v.ID != 0 && viewmodel.KeyOf(v) == key {
		d.poster.Show16x9(picture, clockWords(v.Duration))
	}
}

// Focus gives the keyboard to the button that plays.
func (d *Details) Focus() { d.host.Window.Canvas().Focus(d.play) }

// besideLayout puts the words beside the picture where there is room, else below it.
type besideLayout struct{}

const (
	besideFrom  = 820 // width
	besideGap   = 24
	posterWidth = 448
	minDetails  = 240
)

func (besideLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	picture, words := objects[0], objects[1]
	width := min(size.Width, posterWidth)
	picture.Move(fyne.Position{})
	picture.Resize(fyne.NewSize(width, width*9/16))
	at, room := fyne.NewPos(0, width*9/16+8), min(size.Width, 560)
	if size.Width >= besideFrom {
		at, room = fyne.NewPos(width+besideGap, -8), min(size.Width-width-besideGap, 560)
	}
	words.Move(at)
	words.Resize(fyne.NewSize(room, words.MinSize().Height))
	words.Resize(fyne.NewSize(room, words.MinSize().Height)) // texts and buttons know their width now
}

func (besideLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width, words := objects[0].Size().Width, objects[1]
	if width == 0 {
		width = posterWidth
	}
	if words.Position().X > 0 {
		return fyne.NewSize(minDetails, max(width*9/16, words.MinSize().Height))
	}
	return fyne.NewSize(minDetails, width*9/16+8+words.MinSize().Height)
}

// flowLayout places buttons in even columns, as many as fit.
type flowLayout struct{ width float32 }

const (
	flowGap     = 4
	flowColumns = 3
)

func (l *flowLayout) columns(objects []fyne.CanvasObject) (columns int, cell fyne.Size, count int) {
	for _, o := range objects {
		if o.Visible() {
			cell = cell.Max(o.MinSize())
			count++
		}
	}
	columns = flowColumns
	if l.width > 0 {
		columns = min(flowColumns, max(1, int((l.width+flowGap)/(cell.Width+flowGap))))
	}
	return columns, cell, count
}

func (l *flowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	columns, cell, _ := l.columns(objects)
	cell.Width = (size.Width - flowGap*float32(columns-1)) / float32(columns)
	i := 0
	for _, o := range objects {
		if o.Visible() {
			o.Move(fyne.NewPos(float32(i%columns)*(cell.Width+flowGap), float32(i/columns)*(cell.Height+flowGap)))
			o.Resize(cell)
			i++
		}
	}
}

func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	columns, cell, count := l.columns(objects)
	rows := (count + columns - 1) / columns
	return fyne.NewSize(cell.Width, float32(rows)*(cell.Height+flowGap)-flowGap)
}
