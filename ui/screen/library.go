package screen

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
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

// Library is the grid of videos: a place of the rail, or the results of a search.
type Library struct {
	Root fyne.CanvasObject

	host  *Host
	state viewmodel.VideosState
	grid  *widget.Grid

	heading, count *fynewidget.Label
	head           *fyne.Container // heading and count
	list           *fyne.Container // head, banner and grid
	banner         *fyne.Container // a failure above a list that is still there
	bannerText     *fynewidget.Label
	blank, nothing *fyne.Container
	failed         *fyne.Container
	nothingText    *fynewidget.Label
	wantsFocus     bool // once the list is there
	failedText     *fynewidget.Label
}

// NewLibrary makes the screen.
func NewLibrary(host *Host) *Library {
	l := &Library{host: host, state: host.Model.Videos.State()}
	l.grid = widget.NewGrid(func() int { return l.state.Total }, l.fill)
	l.grid.OnVisible = host.Model.Videos.Show
	l.grid.OnOpen = func(i int) { l.with(i, host.ShowVideo) }
	l.grid.OnPlay = func(i int) { l.with(i, host.playInBrowser) }
	l.grid.OnDelete = func(i int) { l.with(i, host.askDelete) }
	l.grid.OnMenu = func(i int, at fyne.Position) {
		l.with(i, func(v pod.Video) { host.showMenu(v, at) })
	}
	l.heading = newText("", fynetheme.SizeNameSubHeadingText, fynetheme.ColorNameForeground)
	l.heading.TextStyle.Bold = true
	l.heading.Truncation = fyne.TextTruncateEllipsis
	l.count = newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary)
	l.makeList()
	l.makeMessages()
	l.Root = container.NewStack(l.list, l.blank, l.nothing, l.failed)
	l.Show(l.state)
	return l
}

func newText(text string, size fyne.ThemeSizeName, color fyne.ThemeColorName) *fynewidget.Label {
	t := fynewidget.NewLabel(text)
	t.SizeName, t.Importance = size, fynewidget.MediumImportance
	if color == theme.ColorNameSecondary {
		t.Importance = fynewidget.LowImportance
	}
	return t
}

func (l *Library) makeList() {
	l.bannerText = newText("", fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	l.bannerText.Wrapping = fyne.TextWrapWord
	again := widget.NewButton(lang.L("Try again"), nil, fynewidget.MediumImportance, l.host.Model.Videos.Reload)
	warn := fynewidget.NewIcon(fynetheme.NewWarningThemedResource(fynetheme.WarningIcon()))
	l.banner = container.NewBorder(nil, nil, warn, container.NewCenter(again), l.bannerText)
	l.head = container.NewBorder(nil, nil, nil, l.count, l.heading)
	top := container.New(layout.NewCustomPaddedLayout(0, 4, 12, 12), container.NewVBox(l.head, l.banner))
	body := container.New(layout.NewCustomPaddedLayout(0, 0, 12, 12), l.grid)
	l.list = container.NewBorder(top, nil, nil, nil, body)
}

func (l *Library) makeMessages() {
	choose := widget.NewButton(lang.L("Choose a file…"), nil, fynewidget.HighImportance, l.host.ChooseFile)
	title := centered(lang.L("Drop a video here"), fynetheme.SizeNameHeadingText)
	hint := centered(lang.L("It stays on this computer. You choose who gets the link."), fynetheme.SizeNameText)
	hint.Importance = fynewidget.LowImportance
	paste := widget.NewLink(lang.L("Have a friend's invite? Paste it"), l.host.ShowFriends)
	l.blank = message(fynetheme.ColorNamePrimary, title, hint, container.NewVBox(container.NewCenter(choose), paste))

	l.nothingText = centered("", fynetheme.SizeNameSubHeadingText)
	other := centered(lang.L("Try fewer or other words."), fynetheme.SizeNameText)
	other.Importance = fynewidget.LowImportance
	l.nothing = message(theme.ColorNameSecondary, l.nothingText, other, nil)

	l.failedText = centered("", fynetheme.SizeNameText)
	sorry := centered(lang.L("Your videos can not be shown right now"), fynetheme.SizeNameSubHeadingText)
	again := widget.NewButton(lang.L("Try again"), nil, fynewidget.HighImportance, l.host.Model.Videos.Reload)
	l.failed = message(theme.ColorNameSecondary, sorry, l.failedText, again)
}

func centered(text string, size fyne.ThemeSizeName) *fynewidget.Label {
	t := newText(text, size, fynetheme.ColorNameForeground)
	t.Alignment, t.Wrapping = fyne.TextAlignCenter, fyne.TextWrapWord
	return t
}

// message is a page with one thing to say: the mark, a title, a line and perhaps a button.
func message(color fyne.ThemeColorName, title, line fyne.CanvasObject, button fyne.CanvasObject) *fyne.Container {
	mark := canvas.NewImageFromResource(theme.Mark(color))
	mark.FillMode = canvas.ImageFillContain
	mark.SetMinSize(fyne.NewSquareSize(96))
	rows := container.NewVBox(mark, gap(8), title, line)
	if button != nil {
		gap := canvas.NewRectangle(nil)
		gap.SetMinSize(fyne.NewSize(1, 8))
		rows.Add(gap)
		rows.Add(container.NewCenter(button))
	}
	return container.New(messageLayout{}, rows)
}

// messageLayout stands one column in the middle, as wide as one reads well.
type messageLayout struct{}

const (
	messageWidth  = 460
	messageMargin = 16
)

func (messageLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rows, width := objects[0], min(messageWidth, size.Width-2*messageMargin)
	rows.Resize(fyne.NewSize(width, rows.MinSize().Height)) // texts break at this width
	height := rows.MinSize().Height
	rows.Resize(fyne.NewSize(width, height))
	rows.Move(fyne.NewPos((size.Width-width)/2, (size.Height-height)/2))
}

func (messageLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(240, objects[0].MinSize().Height)
}

// Show paints a state of the view model.
func (l *Library) Show(s viewmodel.VideosState) {
	another := s.Place != l.state.Place || s.Query != l.state.Query
	l.state = s
	l.heading.SetText(headingWords(s))
	l.count.SetText("")
	if s.Total > 0 {
		l.count.SetText(videosWords(s.Total))
	}
	l.head.Refresh() // the count has another width now
	l.bannerText.SetText(failureWords(s.Failure))
	l.failedText.SetText(failureWords(s.Failure))
	l.nothingText.SetText(lang.L("Nothing found for “{{.Words}}”", struct{ Words string }{s.Query}))
	widget.SetVisible(l.banner, s.Failure.Failed && s.Total > 0)
	widget.SetVisible(l.blank, s.Blank())
	widget.SetVisible(l.nothing, s.NothingFound())
	widget.SetVisible(l.failed, s.Failure.Failed && s.Total == 0)
	widget.SetVisible(l.list, s.Total > 0 || s.Loading)
	if another {
		l.grid.Reset()
	}
	l.grid.Refresh()
	if l.wantsFocus && s.Total > 0 {
		l.Focus()
	}
}

func headingWords(s viewmodel.VideosState) string {
	switch {
	case s.Query != "":
		return lang.L("Results for “{{.Words}}”", struct{ Words string }{s.Query})
	case s.Place == viewmodel.PlaceMine:
		return lang.L("My videos")
	default:
		return lang.L("New videos")
	}
}

// Focus gives the keyboard to the grid, as soon as there is anything in it. Meanwhile
// nothing has it.
func (l *Library) Focus() {
	if l.wantsFocus = l.state.Total == 0; l.wantsFocus {
		l.host.Window.Canvas().Unfocus()
		return
	}
	l.host.Window.Canvas().Focus(l.grid)
}

// Repaint shows the tiles anew, after a friend came or went.
func (l *Library) Repaint() { l.grid.Refresh() }

// PosterReady hands a picture that came late to its tile.
func (l *Library) PosterReady(key viewmodel.PosterKey, picture image.Image) {
	l.grid.EachTile(func(i int, t *widget.Tile) {
		if v, ok := l.state.Items.At(i); ok && viewmodel.KeyOf(v) == key {
			t.SetPoster(picture)
		}
	})
}

func (l *Library) with(i int, do func(pod.Video)) {
	if v, ok := l.state.Items.At(i); ok {
		do(v)
	}
}

func (l *Library) fill(i int, t *widget.Tile) {
	v, ok := l.state.Items.At(i)
	if !ok {
		t.SetData(widget.TileData{Loading: true})
		return
	}
	t.SetData(l.host.tileOf(v))
}

// tileOf says in words what a tile shows of a video.
func (h *Host) tileOf(v pod.Video) widget.TileData {
	published, origin := publishedAt(v), h.originWords(v)
	d := widget.TileData{
		Title:  v.Name,
		Meta:   origin + " · " + ageWords(published, h.Model.Clock()),
		Exact:  origin + " · " + exactWords(published),
		Dot:    h.originColor(v),
		Poster: h.Model.Posters.Get(v),
	}
	if v.Duration > 0 {
		d.Duration = clockWords(v.Duration)
	}
	return d
}
