package ui_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/uifake"
	"github.com/peerpod/peerpod/ui/widget"
)

// with is a friend's record with another status.
func with(f pod.Friend, status pod.FriendStatus) pod.Friend {
	f.Status = status
	return f
}

// openFriends opens a window with these friends at their page.
func openFriends(t *testing.T, friends ...pod.Friend) *bench {
	t.Helper()
	fake := uifake.New(3)
	fake.Befriend(friends...)
	b := open(t, fake)
	b.Until(t, func() bool { return !b.window.Model().Friends.State().Loading })
	test.Tap(visible[*widget.NavItem](b)[2])
	return b
}

// menu opens the menu of the card with that number.
func (b *bench) menu(card int) {
	b.t.Helper()
	more := slices.DeleteFunc(visible[*widget.Button](b), func(o *widget.Button) bool {
		return o.Text != "" || o.Icon.Name() != fynetheme.MoreHorizontalIcon().Name()
	})
	if card >= len(more) {
		b.t.Fatalf("%d menus, want one for card %d", len(more), card)
	}
	more[card].TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
}

func (b *bench) did(acts ...string) func() bool {
	return func() bool { return slices.Equal(b.Acts(), acts) }
}

// paste gives the field of the friends' page.
func (b *bench) paste() *widget.Field {
	b.t.Helper()
	for _, f := range visible[*widget.Field](b) {
		if strings.HasPrefix(f.PlaceHolder, "Paste") {
			return f
		}
	}
	b.t.Fatal("no field to paste into")
	return nil
}

func TestFriendsEmpty(t *testing.T) {
	b := openFriends(t)
	for _, want := range []string{"No friends yet", "Send an invite to a friend", "Invite a friend", "Paste an invite or a pod's address", "Add friend"} {
		if !b.sees(want)() {
			t.Errorf("the empty page does not say %q:\n%s", want, b.words())
		}
	}
	if b.sees("friends online")() || b.sees("New videos")() {
		t.Errorf("the window says\n%s", b.words())
	}
	if b.window.Fyne().Canvas().Focused() != b.paste() {
		t.Error("the field does not have the keyboard")
	}
	if items := visible[*widget.NavItem](b); !items[2].Selected() || items[0].Selected() {
		t.Error("the rail does not show the place")
	}
	var accents []string
	for _, o := range visible[*widget.Button](b) {
		if o.Importance == fynewidget.HighImportance {
			accents = append(accents, o.Text)
		}
	}
	if !slices.Equal(accents, []string{"Invite a friend"}) {
		t.Errorf("accent buttons = %q, want the one for invites", accents)
	}
}

func TestEmptyLibraryLeadsToFriends(t *testing.T) {
	b := open(t, uifake.New(0))
	for _, l := range visible[*widget.Link](b) {
		if l.AccessibilityLabel() == "Have a friend's invite? Paste it" {
			test.Tap(l)
		}
	}
	if b.window.Fyne().Canvas().Focused() != b.paste() {
		t.Error("the link does not lead to the field")
	}
}

func TestFriendsCards(t *testing.T) {
	asleep := uifake.Friend(3, "Eve's pod")
	asleep.LastSeenAt = time.Now().Add(-50 * time.Hour)
	late := uifake.Friend(4, "Fritz")
	late.MustUpdate, late.Verified = true, false
	b := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusWaiting), uifake.Friend(2, "Carl's pod"), asleep, late)
	for _, want := range []string{
		"Bea's pod wants to be your friend", "bea.example:9000", "Carl's pod", "online · 8 videos", "last seen 2 days ago · 12 videos",
		"It must update Peerpod.", "it calls us.", "3 friends", "2 friends online",
	} {
		if !b.sees(want)() {
			t.Errorf("the page does not say %q:\n%s", want, b.words())
		}
	}
	for _, never := range []string{"torrent", "seed", "infohash", "tracker", "swarm", "peer ", "federation", "No friends yet"} {
		if strings.Contains(strings.ToLower(b.words()), strings.ToLower(never)) {
			t.Errorf("the page says %q", never)
		}
	}
	exact := "last seen " + asleep.LastSeenAt.Local().Format("2006-01-02 15:04")
	for _, o := range seen(b.root()) {
		if card, ok := o.(desktop.Hoverable); ok {
			card.MouseIn(&desktop.MouseEvent{})
			card.MouseMoved(&desktop.MouseEvent{})
		}
	}
	if !b.sees(exact)() {
		t.Errorf("the pointer does not bring %q:\n%s", exact, b.words())
	}
	for _, o := range seen(b.root()) {
		if card, ok := o.(desktop.Hoverable); ok {
			card.MouseOut()
		}
	}
	if b.sees(exact)() {
		t.Error("the exact time stays")
	}
}

func TestFriendRequest(t *testing.T) {
	b := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusWaiting), with(uifake.Friend(2, "Carl's pod"), pod.StatusWaiting))
	b.press("Accept")
	b.Until(t, func() bool { return b.sees("1 friend")() && b.did("accept 1")() })
	b.Until(t, b.sees("1 friend online"))
	b.press("Not now")
	b.Until(t, b.seesNot("wants to be your friend"))
	if !b.did("accept 1", "refuse 2")() {
		t.Errorf("acts = %q", b.Acts())
	}
}

func TestFriendParkedAndBlocked(t *testing.T) {
	b := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusParked), with(uifake.Friend(2, "Carl's pod"), pod.StatusBlocked))
	if !b.sees("Asleep for a while: its videos are hidden.")() || !b.sees("Blocked: it can not ask you.")() {
		t.Errorf("the page says\n%s", b.words())
	}
	b.press("Wake")
	b.Until(t, b.seesNot("Wake"))
	b.press("Unblock")
	b.Until(t, b.seesNot("Carl's pod"))
	if !b.did("restore 1", "restore 2")() {
		t.Errorf("acts = %q", b.Acts())
	}
}

func TestFriendMenu(t *testing.T) {
	b := openFriends(t, uifake.Friend(1, "Bea's pod"), with(uifake.Friend(2, "Carl's pod"), pod.StatusRequested))
	b.menu(0)
	b.choose("Compare words…")
	for _, want := range []string{"Call each other, or meet", "abandon ability able", "Bea's pod", "zebra zero zone"} {
		if !b.sees(want)() {
			t.Errorf("the dialog does not say %q:\n%s", want, b.words())
		}
	}
	b.press("Close")

	b.menu(0)
	b.choose("Remove…")
	if !b.sees("Remove this friend?")() || !b.sees("“Bea's pod”")() {
		t.Errorf("nothing asks:\n%s", b.words())
	}
	b.press("Cancel")
	b.menu(0)
	b.choose("Block…")
	b.press("Block")
	b.Until(t, b.sees("Blocked: it can not ask you."))
	b.menu(0) // blocked pods stand last
	b.choose("Remove…")
	if !b.sees("Take the request back?")() {
		t.Errorf("nothing asks:\n%s", b.words())
	}
	b.press("Remove")
	b.Until(t, b.did("block 1", "remove 2"))

	b.Until(t, b.seesNot("Carl's pod"))
	for _, o := range seen(b.root()) {
		if card, ok := o.(fyne.SecondaryTappable); ok && o.Size().Height > 60 {
			card.TappedSecondary(&fyne.PointEvent{})
		}
	}
	if b.sees("Remove…")() || b.sees("Block…")() || !b.sees("Compare words…")() {
		t.Errorf("the menu of a blocked pod says\n%s", b.words())
	}
}

func TestFriendActionFails(t *testing.T) {
	b := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusWaiting))
	b.Fail(errors.New("nonsense from /var/lib"))
	b.press("Accept")
	b.Until(t, b.sees("That did not work"))
	if b.sees("/var/lib")() {
		t.Errorf("the dialog says\n%s", b.words())
	}
	b.press("Close")
	if !b.sees("Try again")() || !b.sees("Bea's pod wants")() {
		t.Errorf("a failed list shows\n%s", b.words())
	}
	b.Fail(nil)
	b.press("Try again")
	b.Until(t, b.seesNot("Try again"))
}

func TestInvite(t *testing.T) {
	b := openFriends(t)
	b.press("Invite a friend")
	b.Until(t, b.sees("It works once, until 2026-05-08 12:00."))
	link := visible[*widget.Field](b)[0]
	test.Type(link, "x")
	if link.Text != "https://ana.example:9000/invite#CODE" {
		t.Errorf("link = %q, want it as it was made", link.Text)
	}
	b.press("Copy")
	if got := b.app.Clipboard().Content(); got != "https://ana.example:9000/invite#CODE" {
		t.Errorf("clipboard = %q, want the link", got)
	}
	if !b.sees("Invite copied")() || b.window.Fyne().Canvas().Overlays().Top() != nil {
		t.Error("the dialog stays, or nothing says that the invite was copied")
	}
	b.press("Invite a friend")
	b.Until(t, b.sees("It works once"))
	visible[*widget.Field](b)[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if b.window.Fyne().Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the dialog")
	}
}

func TestJoin(t *testing.T) {
	b := openFriends(t)
	release := make(chan struct{})
	asked := make(chan pod.Join, 1)
	b.Joining(func(join pod.Join) (pod.Joined, error) {
		asked <- join
		<-release
		return pod.Joined{
			Friends: []pod.Friend{uifake.Friend(1, "Ana's other pod")},
			Waiting: []pod.Friend{uifake.Friend(2, "Bea's pod")},
			Refused: []pod.RefusedHost{{URL: "https://c.example", Reason: "It takes nobody."}},
		}, nil
	})
	test.Type(b.paste(), "https://bea.example")
	b.press("Add friend")
	if got := <-asked; !slices.Equal(got.Hosts, []string{"https://bea.example"}) {
		t.Errorf("asked %+v, want the host", got)
	}
	if !b.sees("Asking. This can take a minute.")() || !b.paste().Disabled() {
		t.Errorf("nothing shows that it goes on:\n%s", b.words())
	}
	close(release)
	b.Until(t, b.sees("Ana's other pod is your friend now"))
	for _, want := range []string{"Bea's pod was asked; its owner has to accept", "https://c.example: It takes nobody."} {
		if !b.sees(want)() {
			t.Errorf("the page does not say %q:\n%s", want, b.words())
		}
	}
	if b.paste().Text != "" || b.paste().Disabled() {
		t.Error("the field is not ready for the next one")
	}
	test.Tap(visible[*widget.NavItem](b)[0])
	test.Tap(visible[*widget.NavItem](b)[2])
	if b.sees("is your friend now")() {
		t.Error("the sentences stay after the person left the page")
	}
	b.Joining(func(pod.Join) (pod.Joined, error) { return pod.Joined{}, pod.ErrInvalid })
	test.Type(b.paste(), "nonsense")
	b.paste().OnSubmitted("")
	b.Until(t, b.sees("This is neither an invite nor a pod's address."))
	if b.paste().Text != "nonsense" {
		t.Error("what was typed is gone after a failure")
	}
}

func TestFriendsVideos(t *testing.T) {
	fake := uifake.New(4)
	asleep := uifake.Friend(8, "Carl's pod")
	asleep.LastSeenAt = time.Now().Add(-time.Hour)
	fake.Befriend(uifake.Friend(7, "Bea's pod"), asleep)
	fake.Change(func(all []pod.Video) []pod.Video {
		all[0].Origin, all[1].Origin, all[2].Origin = 7, 8, 9
		return all
	})
	b := open(t, fake)
	for i, want := range []struct {
		meta string
		dot  fyne.ThemeColorName
	}{
		{"Bea's pod · 2 days ago", fynetheme.ColorNameSuccess},
		{"Carl's pod · 4 days ago", theme.ColorNameSecondary},
		{"A friend's pod · 6 days ago", theme.ColorNameSecondary},
		{"My pod · 8 days ago", fynetheme.ColorNameSuccess},
	} {
		if d := b.tile(uifake.Video(i + 1).Name).Data(); d.Meta != want.meta || d.Dot != want.dot {
			t.Errorf("tile %d = %q with %s, want %q with %s", i+1, d.Meta, d.Dot, want.meta, want.dot)
		}
	}
	test.Tap(b.tile("Video number 2"))
	if !b.sees("Carl's pod · 4 days ago")() || b.sees("Edit…")() || b.sees("Delete…")() || b.sees("Let go")() {
		t.Errorf("the details say\n%s", b.words())
	}
	b.press("Play in the browser")
	if len(b.opened) != 1 {
		t.Errorf("opened %q, want the own page", b.opened)
	}
	b.press("Keep a copy")
	b.Until(t, b.sees("Kept on this computer: it plays while Carl's pod is asleep, too."))
	b.press("Back")
	b.Until(t, func() bool { return b.tile("Video number 2").Data().Dot == fynetheme.ColorNameWarning })
	test.TapSecondary(b.tile("Video number 2"))
	b.choose("Let go")
	b.Until(t, b.did("keep 2", "let go 2"))
	test.TapSecondary(b.tile("Video number 1"))
	b.choose("Keep a copy")
	b.Until(t, b.did("keep 2", "let go 2", "keep 1"))

	asleep.LastSeenAt, asleep.Name = time.Now(), "Carl and Dana"
	fake.Befriend(asleep)
	b.Until(t, func() bool { return strings.HasPrefix(b.tile("Video number 2").Data().Meta, "Carl and Dana") })
	b.Until(t, b.sees("1 friend online"))
}

func TestFriendsAndSearch(t *testing.T) {
	b := openFriends(t, uifake.Friend(1, "Bea's pod"))
	test.Type(b.search(), "number 2")
	b.Until(t, b.sees("Results for “number 2”"))
	for _, l := range visible[*widget.Link](b) {
		if strings.Contains(l.AccessibilityLabel(), "online") {
			test.Tap(l) // the foot is a door
		}
	}
	if !b.sees("Bea's pod")() || b.search().Text != "" {
		t.Errorf("the foot does not lead to the friends:\n%s", b.words())
	}
	b.window.Fyne().Canvas().Unfocus()
	b.window.Key(fyne.KeyDown)
	if b.window.Fyne().Canvas().Focused() != b.paste() {
		t.Error("an arrow does not lead into the page")
	}
	b.paste().TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault})
	if b.window.Fyne().Canvas().Focused() != b.search() {
		t.Error("Ctrl+F in the field does not lead to the search box")
	}
	test.Tap(visible[*widget.NavItem](b)[0])
	b.Until(t, b.sees("New videos"))
}

// Everything on the page can be reached with Tab, and nothing sticks out of a narrow window.
func TestFriendsNarrowAndByKeyboard(t *testing.T) {
	b := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusWaiting), with(uifake.Friend(2, "Carl's pod of a very long name that goes on and on and on"), pod.StatusParked))
	for _, width := range []float32{1920, 1000, 760, 540, 480, 360} {
		b.window.Fyne().Resize(fyne.NewSize(width, 700))
		if got := b.window.Fyne().Content().MinSize().Width; got > 360 {
			t.Fatalf("the window can not be narrower than %v", got)
		}
		for _, o := range visible[*widget.Button](b) {
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
			if right := at.X + o.Size().Width; right > width || o.Size().Width < o.MinSize().Width {
				t.Errorf("at %v button %q ends at %v with %v of %v", width, o.Text, right, o.Size().Width, o.MinSize().Width)
			}
		}
	}
	canvas := b.window.Fyne().Canvas()
	reached := map[string]bool{}
	for range 20 {
		canvas.(interface{ FocusNext() }).FocusNext()
		if o, ok := canvas.Focused().(*widget.Button); ok {
			reached[o.Text] = true
		}
	}
	for _, want := range []string{"Invite a friend", "Accept", "Not now", "Wake", ""} {
		if !reached[want] {
			t.Errorf("Tab does not reach %q", want)
		}
	}
}
