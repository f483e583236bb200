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

// friendCard is one other pod. Under the pointer it tells times exactly.
type friendCard struct {
	fynewidget.BaseWidget

	host    *Host
	card    viewmodel.FriendCard
	hovered bool

	dot                              *widget.Dot
	name, meta, note                 *widget.Lines
	accept, refuse, wake, free, more *widget.Button
	buttons                          *fyne.Container
	root                             *fyne.Container
}

func newFriendCard(host *Host) *friendCard {
	c := &friendCard{
		host: host, dot: widget.NewDot(),
		name: widget.NewLines(2, fynetheme.SizeNameText, fynetheme.ColorNameForeground, fyne.TextStyle{Bold: true}),
		meta: widget.NewLines(1, fynetheme.SizeNameCaptionText, theme.ColorNameSecondary, fyne.TextStyle{}),
		note: widget.NewLines(3, fynetheme.SizeNameCaptionText, fynetheme.ColorNameForeground, fyne.TextStyle{}),
	}
	friends := host.Model.Friends
	button := func(label string, do func(pod.PodID)) *widget.Button {
		return widget.NewButton(label, nil, fynewidget.MediumImportance, func() { do(c.card.ID) })
	}
	c.accept, c.refuse = button(lang.L("Accept"), friends.Accept), button(lang.L("Not now"), friends.Refuse)
	c.wake, c.free = button(lang.L("Wake"), friends.Restore), button(lang.L("Unblock"), friends.Restore)
	c.more = widget.NewButton("", fynetheme.MoreHorizontalIcon(), fynewidget.LowImportance, c.openMenu)
	for _, l := range []*widget.Lines{c.name, c.note} {
		l.SetTight(true)
	}
	row := container.New(layout.NewCustomPaddedHBoxLayout(8), c.accept, c.refuse, c.wake, c.free)
	c.buttons = container.New(layout.NewCustomPaddedLayout(6, 0, 0, 0), row)
	texts := container.New(layout.NewCustomPaddedVBoxLayout(2), c.name, c.meta, c.note, c.buttons)
	// The dot stands before the first line, the menu at the corner.
	dot := container.NewVBox(container.New(layout.NewCustomPaddedLayout(7, 0, 0, 8), c.dot))
	more := container.NewVBox(container.New(layout.NewCustomPaddedLayout(-6, 0, 4, -4), c.more))
	c.root = container.NewStack(widget.NewPanel(container.NewBorder(nil, nil, dot, more, texts), 16))
	c.ExtendBaseWidget(c)
	return c
}

// show paints another state of the pod; painting hundreds of cards that did not change
// would take longer than a person likes to wait.
func (c *friendCard) show(card viewmodel.FriendCard) {
	if card == c.card && c.meta.Text() == cardWords(card, c.host.Model.Clock(), c.hovered) {
		return
	}
	c.card = card
	c.paint()
}

func (c *friendCard) paint() {
	card := c.card
	asks, blocked := card.Status == pod.StatusWaiting, card.Status == pod.StatusBlocked
	c.dot.SetColor(presenceColor(card.Presence))
	c.name.SetText(card.Name)
	if asks {
		c.name.SetText(lang.L("{{.Name}} wants to be your friend", named{card.Name}))
	}
	c.meta.SetText(cardWords(card, c.host.Model.Clock(), c.hovered))
	c.note.SetText(noteWords(card))
	widget.SetVisible(c.note, c.note.Text() != "")
	widget.SetVisible(c.accept, asks)
	widget.SetVisible(c.refuse, asks)
	widget.SetVisible(c.wake, card.Status == pod.StatusParked)
	widget.SetVisible(c.free, blocked)
	widget.SetVisible(c.buttons, asks || blocked || card.Status == pod.StatusParked)
	for _, b := range []*widget.Button{c.accept, c.refuse, c.wake, c.free, c.more} {
		setEnabled(b, !card.Busy)
	}
	c.root.Refresh()
}

// openMenu shows what else can be done with a pod, below its button.
func (c *friendCard) openMenu() {
	card := c.card
	item := func(label string, icon fyne.Resource, do func(viewmodel.FriendCard)) *fyne.MenuItem {
		m := fyne.NewMenuItem(label, func() { do(card) })
		m.Icon = icon
		return m
	}
	items := []*fyne.MenuItem{item(lang.L("Compare words…"), fynetheme.VisibilityIcon(), c.host.compareWords)}
	if card.Status != pod.StatusWaiting && card.Status != pod.StatusBlocked {
		items = append(items, item(lang.L("Remove…"), fynetheme.DeleteIcon(), c.host.askRemove))
	}
	if card.Status != pod.StatusBlocked {
		items = append(items, item(lang.L("Block…"), fynetheme.VisibilityOffIcon(), c.host.askBlock))
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(c.more).AddXY(0, c.more.Size().Height)
	fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c.host.Window.Canvas(), at)
}

// MouseIn is Fyne's notice that the pointer came.
func (c *friendCard) MouseIn(*desktop.MouseEvent) { c.setHovered(true) }

// MouseMoved is Fyne's notice that the pointer moved.
func (c *friendCard) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is Fyne's notice that the pointer left.
func (c *friendCard) MouseOut() { c.setHovered(false) }

func (c *friendCard) setHovered(on bool) {
	c.hovered = on
	c.paint()
}

// TappedSecondary is Fyne's notice of a click of the right button.
func (c *friendCard) TappedSecondary(*fyne.PointEvent) { c.more.Tapped(nil) }

// CreateRenderer is Fyne's way to the objects of a widget.
func (c *friendCard) CreateRenderer() fyne.WidgetRenderer {
	return fynewidget.NewSimpleRenderer(c.root)
}
