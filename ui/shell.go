package ui

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/screen"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// noticeTime is how long a notice stays.
const noticeTime = 3 * time.Second

// shell is what stands around the screens.
type shell struct {
	window  *Window
	search  *widget.Field
	places  map[viewmodel.Place]*widget.NavItem
	content *fyne.Container
	library *screen.Library
	details *screen.Details
	friends *screen.Friends
	add     *widget.Button
	faces   int // of the friends that the tiles show
	imports *screen.Imports
	status  *screen.Status

	floats      *fyne.Container // what lies above the screens
	notice      *floating
	hint        *floating
	noticeTimer *time.Timer
	closing     fyne.CanvasObject
}

// build makes all objects of the window.
func (w *Window) build() {
	s := &shell{window: w}
	w.shell = s
	w.host = &screen.Host{
		Model: w.model, Window: w.window, OpenURL: w.openURL, Copy: w.copyText,
		ShowVideo: s.showVideo, ShowLibrary: s.showLibrary, ChooseFile: w.chooseFile,
		ShowFriends: func() { s.open(viewmodel.PlaceFriends) },
	}
	s.library = screen.NewLibrary(w.host)
	s.details = screen.NewDetails(w.host)
	s.friends = screen.NewFriends(w.host)
	s.friends.Paste.OnShortcut = w.forwardShortcut
	s.imports = screen.NewImports(w.host)
	s.status = screen.NewStatus(w.host)
	s.notice, s.hint = newFloating(), newFloating()
	s.details.Root.Hide()
	s.friends.Root.Hide()
	s.content = container.NewStack(s.library.Root, s.details.Root, s.friends.Root)

	rail, mark, items := s.makeRail()
	main := container.NewBorder(s.makeTop(), nil, nil, nil, s.content)
	body := container.New(&bodyLayout{rail: rail, mark: mark, items: items}, rail, main)
	page := container.NewBorder(nil, s.status.Root, nil, nil, body)
	s.floats = container.New(&floatLayout{shell: s}, s.imports.Root, s.notice.card, s.hint.card)
	s.imports.OnResized = func() { s.floats.Refresh() }
	s.closing = container.NewStack(canvas.NewRectangle(nil), screen.NewClosing())
	s.closing.Hide()
	w.window.SetContent(container.NewStack(page, s.floats, s.closing))
	w.window.SetOnDropped(w.dropped)
	w.window.SetCloseIntercept(w.close)
	w.connectKeys()
}

func (s *shell) makeRail() (*fyne.Container, *railMark, []*widget.NavItem) {
	s.places = map[viewmodel.Place]*widget.NavItem{}
	item := func(word string, icon fyne.Resource, place viewmodel.Place) *widget.NavItem {
		n := widget.NewNavItem(word, icon, func() { s.open(place) })
		n.OnHint = s.showHint
		s.places[place] = n
		return n
	}
	items := []*widget.NavItem{
		item(lang.L("Home"), fynetheme.HomeIcon(), viewmodel.PlaceHome),
		item(lang.L("Mine"), fynetheme.MediaVideoIcon(), viewmodel.PlaceMine),
		item(lang.L("Friends"), fynetheme.AccountIcon(), viewmodel.PlaceFriends),
	}
	s.places[viewmodel.PlaceHome].SetSelected(true)
	mark := newRailMark()
	rows := container.New(layout.NewCustomPaddedVBoxLayout(4), mark.root)
	for _, n := range items {
		rows.Add(n)
	}
	return container.New(layout.NewCustomPaddedLayout(12, 8, 8, 8), rows), mark, items
}

func (s *shell) makeTop() fyne.CanvasObject {
	s.search = widget.NewField(false)
	s.search.SetPlaceHolder(lang.L("Search all videos"))
	s.search.SetIcon(fynetheme.SearchIcon())
	s.search.OnChanged = func(text string) {
		s.showLibrary()
		s.window.model.Videos.Search(text)
	}
	s.search.OnEscape = s.escape
	s.search.OnDown = s.focusContent
	s.search.OnSubmitted = func(string) { s.focusContent() }
	s.search.OnShortcut = s.window.forwardShortcut
	s.add = widget.NewButton(lang.L("Add"), fynetheme.ContentAddIcon(), fynewidget.HighImportance, s.window.chooseFile)
	s.add.OnEscape = s.escape
	return container.New(layout.NewCustomPaddedLayout(12, 12, 20, 20), container.New(topLayout{}, s.search, s.add))
}

// open leads to a place of the rail.
func (s *shell) open(place viewmodel.Place) {
	s.clearSearch()
	videos := s.window.model.Videos
	if place == viewmodel.PlaceFriends {
		videos.Search("")
		s.turnTo(s.friends.Root)
		s.friends.Focus()
		return
	}
	videos.Open(place)
	s.turnTo(s.library.Root)
	s.library.Focus()
}

// turnTo shows one of the screens. On the friends' page inviting is the one thing to do.
func (s *shell) turnTo(page fyne.CanvasObject) {
	if s.friends.Root.Visible() {
		s.window.model.Friends.DismissJoin() // it was read
	}
	for _, o := range s.content.Objects {
		widget.SetVisible(o, o == page)
	}
	importance := fynewidget.HighImportance
	if page == s.friends.Root {
		importance = fynewidget.MediumImportance
	}
	if s.add.Importance != importance {
		s.add.Importance = importance
		s.add.Refresh()
	}
	s.markPlace(s.window.model.Videos.State())
}

// markPlace shows in the rail where the window is.
func (s *shell) markPlace(st viewmodel.VideosState) {
	for place, item := range s.places {
		if s.friends.Root.Visible() {
			item.SetSelected(place == viewmodel.PlaceFriends)
		} else {
			item.SetSelected(place == st.Place && st.Query == "")
		}
	}
}

func (s *shell) clearSearch() {
	changed := s.search.OnChanged
	s.search.OnChanged = nil // the place itself is opened, not its search
	s.search.SetText("")
	s.search.OnChanged = changed
}

func (s *shell) showVideos(st viewmodel.VideosState) {
	s.markPlace(st)
	s.library.Show(st)
}

func (s *shell) showVideo(v pod.Video) {
	s.window.model.Editor.Open(v)
	s.turnTo(s.details.Root)
	s.details.Focus()
}

func (s *shell) showLibrary() {
	if !s.library.Root.Visible() {
		s.turnTo(s.library.Root)
		if s.window.window.Canvas().Focused() != s.search {
			s.library.Focus()
		}
	}
}

// showFriends paints the friends, and their names on the videos where they changed.
func (s *shell) showFriends(st viewmodel.FriendsState) {
	s.friends.Show(st)
	if st.Faces != s.faces {
		s.faces = st.Faces
		s.library.Repaint()
		s.details.Repaint()
	}
}

func (s *shell) posterReady(key viewmodel.PosterKey, picture image.Image) {
	s.library.PosterReady(key, picture)
	s.details.PosterReady(key, picture)
}

func (s *shell) focusSearch() {
	s.window.window.Canvas().Focus(s.search)
	s.search.TypedShortcut(&fyne.ShortcutSelectAll{})
}

func (s *shell) focusContent() {
	switch {
	case s.details.Root.Visible():
		s.details.Focus()
	case s.friends.Root.Visible():
		s.friends.Focus()
	default:
		s.library.Focus()
	}
}

// escape goes one step back: from the details, then from the search.
func (s *shell) escape() {
	switch {
	case s.details.Root.Visible():
		s.showLibrary()
	case s.search.Text != "":
		s.search.SetText("")
		s.library.Focus()
	}
}

func (s *shell) showHint(word string, at fyne.Position) {
	s.hint.show(word)
	s.hint.at = at
	s.floats.Refresh()
}

// notify shows a short notice at the foot for a moment.
func (s *shell) notify(text string) {
	if s.noticeTimer != nil {
		s.noticeTimer.Stop()
	}
	s.notice.show(text)
	s.floats.Refresh()
	s.noticeTimer = time.AfterFunc(noticeTime, func() {
		s.window.config.Dispatch(func() { s.notice.show("") })
	})
}

func (s *shell) showClosing() {
	ground := s.closing.(*fyne.Container).Objects[0].(*canvas.Rectangle)
	ground.FillColor = fynetheme.Color(fynetheme.ColorNameBackground)
	s.closing.Show()
	s.window.window.Content().Refresh() // what never was painted can not ask for it
	if s.noticeTimer != nil {
		s.noticeTimer.Stop()
	}
}

// floating is a small card with one line.
type floating struct {
	card *widget.Card
	text *canvas.Text
	at   fyne.Position
}

func newFloating() *floating {
	f := &floating{text: canvas.NewText("", nil)}
	f.card = widget.NewCard(f.text, 8)
	f.card.Hide()
	return f
}

func (f *floating) show(text string) {
	if text == "" {
		f.card.Hide()
		return
	}
	f.text.Text, f.text.TextSize = text, fynetheme.Size(fynetheme.SizeNameText)
	f.text.Color = fynetheme.Color(fynetheme.ColorNameForeground)
	f.text.Refresh()
	f.card.Show()
}

// railMark is the mark with the name beside it, where there is room.
type railMark struct {
	root *fyne.Container
	name *fynewidget.Label
}

func newRailMark() *railMark {
	mark := canvas.NewImageFromResource(theme.Mark(fynetheme.ColorNamePrimary))
	mark.FillMode = canvas.ImageFillContain
	mark.SetMinSize(fyne.NewSquareSize(28))
	r := &railMark{name: fynewidget.NewLabel(Title)}
	r.name.SizeName = fynetheme.SizeNameSubHeadingText
	r.name.TextStyle.Bold = true
	height := canvas.NewRectangle(nil) // the same with and without the name
	height.SetMinSize(fyne.NewSize(1, 44))
	r.root = container.New(layout.NewCustomPaddedLayout(-4, 4, 8, 0), container.NewStack(height, container.NewHBox(mark, r.name)))
	return r
}
