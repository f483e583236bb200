package screen

import (
	"strconv"

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

// Friends is the page of the other pods: who asks, who is there, and how to invite.
type Friends struct {
	Root fyne.CanvasObject
	// Paste is the field for an invite or an address.
	Paste *widget.Field

	host  *Host
	state viewmodel.FriendsState
	cards map[pod.PodID]*friendCard

	head, welcome, failed, said *fyne.Container
	count, failedText           *fynewidget.Label
	invite, add                 *widget.Button
	bar                         *inviteLayout
	asking                      *fynewidget.Activity
	saidLines                   *fyne.Container
	dismiss                     *widget.Button
	requests, friends           *fyne.Container
	scroll                      *container.Scroll
}

// NewFriends makes the page; Show fills it.
func NewFriends(host *Host) *Friends {
	f := &Friends{host: host, cards: map[pod.PodID]*friendCard{}}
	f.makeHead()
	bar := f.makeBar()
	f.makeSaid()
	grid := &cardsLayout{columns: 1}
	f.requests, f.friends = container.New(grid), container.New(grid)
	column := container.New(layout.NewCustomPaddedVBoxLayout(12), f.head, f.welcome, f.failed, bar, f.said, f.requests, f.friends, gap(8))
	f.scroll = container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 0, pageMargin, pageMargin), column))
	f.Root = container.New(&friendsLayout{grid: grid, bar: f.bar}, f.scroll)
	f.Show(host.Model.Friends.State())
	return f
}

func (f *Friends) makeHead() {
	heading := newText(lang.L("Friends"), fynetheme.SizeNameSubHeadingText, fynetheme.ColorNameForeground)
	heading.TextStyle.Bold = true
	f.count = newText("", fynetheme.SizeNameCaptionText, theme.ColorNameSecondary)
	f.head = container.NewBorder(nil, nil, nil, flush(f.count), flush(heading))

	mark := canvas.NewImageFromResource(theme.Mark(fynetheme.ColorNamePrimary))
	mark.FillMode = canvas.ImageFillContain
	mark.SetMinSize(fyne.NewSquareSize(96))
	line := centered(lang.L("Send an invite to a friend, or paste the one you got. Then you see each other's videos."), fynetheme.SizeNameText)
	line.Importance = fynewidget.LowImportance
	f.welcome = container.NewVBox(gap(24), mark, centered(lang.L("No friends yet"), fynetheme.SizeNameHeadingText), line, gap(4))

	f.failedText = newText("", fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	f.failedText.Wrapping = fyne.TextWrapWord
	again := widget.NewButton(lang.L("Try again"), nil, fynewidget.MediumImportance, f.host.Model.Friends.Reload)
	warn := fynewidget.NewIcon(fynetheme.NewWarningThemedResource(fynetheme.WarningIcon()))
	f.failed = container.NewBorder(nil, nil, warn, container.NewCenter(again), f.failedText)
}

func (f *Friends) makeBar() fyne.CanvasObject {
	friends := f.host.Model.Friends
	f.invite = widget.NewButton(lang.L("Invite a friend"), fynetheme.MailSendIcon(), fynewidget.HighImportance, friends.Invite)
	f.Paste = widget.NewField(false)
	f.Paste.SetPlaceHolder(lang.L("Paste an invite or a pod's address"))
	join := func() { friends.Join(f.Paste.Text) }
	f.Paste.OnSubmitted = func(string) { join() }
	f.Paste.OnChanged = func(string) { f.able() }
	f.add = widget.NewButton(lang.L("Add friend"), nil, fynewidget.MediumImportance, join)
	f.bar = &inviteLayout{}
	return container.New(f.bar, f.invite, f.Paste, f.add)
}

// makeSaid is the place that tells how "Add friend" goes.
func (f *Friends) makeSaid() {
	f.asking = fynewidget.NewActivity()
	f.saidLines = container.New(layout.NewCustomPaddedVBoxLayout(4))
	f.dismiss = widget.NewButton("", fynetheme.CancelIcon(), fynewidget.LowImportance, f.host.Model.Friends.DismissJoin)
	row := container.NewBorder(nil, nil, container.NewCenter(f.asking), container.NewCenter(f.dismiss),
		container.NewVBox(layout.NewSpacer(), f.saidLines, layout.NewSpacer()))
	f.said = container.NewStack(widget.NewPanel(row, 12))
}

// Show paints a state of the view model.
func (f *Friends) Show(s viewmodel.FriendsState) {
	before := f.state
	f.state = s
	f.count.SetText(friendsWords(s.Standing))
	widget.SetVisible(f.count, s.Standing > 0)
	f.head.Refresh() // the count has another width now
	f.failedText.SetText(friendFailureWords(s.Failure))
	widget.SetVisible(f.failed, s.Failure.Failed)
	widget.SetVisible(f.head, !s.Blank())
	widget.SetVisible(f.welcome, s.Blank())
	f.bar.centered = s.Blank()
	f.showJoin(before.Join)
	f.able()
	f.showCards()
	f.scroll.Refresh()
	switch {
	case s.Refused.Failed && s.Refused != before.Refused:
		ShowFailure(f.host.Window, viewmodel.Failure{Failed: true, Kind: s.Refused.Kind, Msg: friendFailureWords(s.Refused)})
	case s.Invite.Made > before.Invite.Made:
		f.host.showInvite(s.Invite.Code)
	}
}

// able lets those buttons be pressed that would do something.
func (f *Friends) able() {
	setEnabled(f.invite, !f.state.Invite.Busy)
	setEnabled(f.add, !f.state.Join.Busy && f.Paste.Text != "")
	if f.state.Join.Busy {
		f.Paste.Disable()
	} else {
		f.Paste.Enable()
	}
}

func setEnabled(b *widget.Button, on bool) {
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

func (f *Friends) showJoin(before viewmodel.JoinState) {
	join := f.state.Join
	if join.Done > before.Done {
		f.Paste.SetText("")
	}
	if join.Busy {
		f.asking.Start()
	} else {
		f.asking.Stop()
	}
	f.saidLines.RemoveAll()
	for _, l := range joinWords(join) {
		line := widget.NewLines(3, fynetheme.SizeNameText, l.color, fyne.TextStyle{})
		line.SetText(l.text)
		line.SetTight(true)
		f.saidLines.Add(line)
	}
	widget.SetVisible(f.asking, join.Busy)
	widget.SetVisible(f.dismiss, !join.Busy)
	widget.SetVisible(f.said, len(f.saidLines.Objects) > 0)
}

// showCards keeps the cards of pods that stay, so that the keyboard stays where it is.
func (f *Friends) showCards() {
	old := f.cards
	f.cards = map[pod.PodID]*friendCard{}
	fill := func(box *fyne.Container, all []viewmodel.FriendCard) {
		box.Objects = nil
		for _, c := range all {
			card := old[c.ID]
			if card == nil {
				card = newFriendCard(f.host)
			}
			card.show(c)
			f.cards[c.ID] = card
			box.Objects = append(box.Objects, card)
		}
		widget.SetVisible(box, len(all) > 0)
		box.Refresh()
	}
	fill(f.requests, f.state.Requests)
	fill(f.friends, f.state.Friends)
}

// Focus gives the keyboard to the field: whoever has an invite pastes it at once.
func (f *Friends) Focus() { f.host.Window.Canvas().Focus(f.Paste) }

func friendsWords(count int) string {
	return lang.N("{{.N}} friends", count, number{strconv.Itoa(count)})
}
