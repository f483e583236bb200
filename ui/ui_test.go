package ui_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui"
	"github.com/peerpod/peerpod/ui/uifake"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

func TestNewNeedsABackend(t *testing.T) {
	if _, err := ui.New(t.Context(), ui.Config{App: test.NewTempApp(t)}); err == nil {
		t.Error("New without a backend = nil error, want one")
	}
}

func TestFirstSight(t *testing.T) {
	b := open(t, uifake.New(30))
	if title := b.window.Fyne().Title(); !strings.HasPrefix(title, "Peerpod") || !strings.Contains(title, "Ana's pod") {
		t.Errorf("title = %q, want it to begin with Peerpod and name the pod", title)
	}
	b.Until(t, b.sees("1.2 MB/s"))
	for _, want := range []string{"Peerpod", "Home", "Mine", "New videos", "30 videos", "Video number 1", "My pod · 2 days ago", "1:01", "pod.test"} {
		if !b.sees(want)() {
			t.Errorf("the window does not show %q", want)
		}
	}
	for _, never := range []string{"torrent", "seed", "infohash", "tracker", "swarm", "peer ", "federation"} {
		if strings.Contains(strings.ToLower(b.words()), never) {
			t.Errorf("the window says %q", never)
		}
	}
	b.Until(t, func() bool { return b.tile("Video number 1").Data().Poster != nil })
	if b.tile("Video number 2").Data().Poster != nil {
		t.Error("a video without a picture shows one")
	}
}

func TestEmptyLibrary(t *testing.T) {
	b := open(t, uifake.New(0))
	for _, want := range []string{"Drop a video here", "Choose a file…"} {
		if !b.sees(want)() {
			t.Errorf("the empty window does not say %q", want)
		}
	}
	b.press("Choose a file…")
	if !b.sees("Choose a video")() {
		t.Error("no file dialog")
	}
	b.window.Fyne().Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !b.sees("Drop a video here")() {
		t.Error("Escape does not close the file dialog")
	}
	b.window.Choose(film(t, "My film.mp4"))
	b.Until(t, b.sees("My film"))
	b.Until(t, b.sees("1 video added"))
	b.Until(t, func() bool { return b.window.Model().Videos.State().Total == 1 })
}

func TestFailingLibrary(t *testing.T) {
	fake := uifake.New(3)
	fake.Fail(&pod.Error{Kind: pod.KindUnavailable, Msg: "The library is being repaired."})
	b := open(t, fake)
	if !b.sees("The library is being repaired.")() || b.sees("Drop a video here")() {
		t.Errorf("a failing library shows\n%s", b.words())
	}
	fake.Fail(nil)
	b.press("Try again")
	b.Until(t, b.sees("Video number 1"))
	fake.Fail(errors.New("nonsense from /var/lib"))
	b.window.Model().Videos.Reload()
	b.Until(t, b.sees("Something went wrong in Peerpod."))
	if !b.sees("Video number 1")() || b.sees("/var/lib")() {
		t.Errorf("a failed reload shows\n%s", b.words())
	}
}

func TestSearch(t *testing.T) {
	b := open(t, uifake.New(30))
	b.window.Shortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault})
	if b.window.Fyne().Canvas().Focused() != b.search() {
		t.Fatal("Ctrl+F does not lead to the search box")
	}
	test.Type(b.search(), "number 12")
	b.Until(t, b.sees("Results for “number 12”"))
	b.Until(t, b.sees("1 video"))
	test.Type(b.search(), "zzz")
	b.Until(t, b.sees("Nothing found for “number 12zzz”"))
	b.search().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.Until(t, b.sees("New videos"))
	b.Until(t, func() bool {
		_, ok := b.window.Fyne().Canvas().Focused().(*widget.Grid)
		return ok
	})
	b.window.Fyne().Canvas().Unfocus()
	b.window.Key(fyne.KeyDown)
	if _, ok := b.window.Fyne().Canvas().Focused().(*widget.Grid); !ok {
		t.Error("an arrow does not lead to the grid")
	}
	b.search().TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyO, Modifier: fyne.KeyModifierShortcutDefault})
	if !b.sees("Choose a video")() {
		t.Error("Ctrl+O in the search box does not open the file dialog")
	}
}

func TestPlaces(t *testing.T) {
	b := open(t, uifake.New(2))
	items := visible[*widget.NavItem](b)
	if len(items) != 3 || !items[0].Selected() {
		t.Fatalf("the rail has %d places, want Home selected, Mine and Friends", len(items))
	}
	test.Type(b.search(), "1")
	test.Tap(items[1])
	b.Until(t, func() bool { return b.sees("My videos")() && items[1].Selected() && !items[0].Selected() })
	b.Until(t, b.sees("Video number 2"))
	if b.search().Text != "" {
		t.Error("a place of the rail keeps the old search")
	}
	test.Tap(b.tile("Video number 2"))
	test.Tap(items[0])
	b.Until(t, b.sees("New videos"))
}

func TestNarrowWindow(t *testing.T) {
	b := open(t, uifake.New(2))
	b.window.Fyne().Resize(fyne.NewSize(760, 500))
	if b.sees("Mine")() {
		t.Error("the narrow rail still has words")
	}
	mine := visible[*widget.NavItem](b)[1]
	mine.MouseIn(nil)
	if !b.sees("Mine")() {
		t.Error("the narrow rail gives no hint")
	}
	mine.MouseOut()
	if b.sees("Mine")() {
		t.Error("the hint stays")
	}
}

func TestDetails(t *testing.T) {
	b := open(t, uifake.New(5))
	test.Tap(b.tile("Video number 3"))
	for _, want := range []string{"Video number 3", "12 MB", "What is to be seen here.", "garden, family"} {
		if !b.sees(want)() {
			t.Errorf("the details do not show %q", want)
		}
	}
	b.press("Play in the browser")
	b.press("Play with this computer's player")
	if want := []string{"http://pod.test/w/" + uifake.Video(3).UUID.Short(), "file:///videos/3.mp4"}; !slices.Equal(b.opened, want) {
		t.Errorf("opened %q, want %q", b.opened, want)
	}
	for _, p := range visible[*widget.Poster](b) {
		test.Tap(p)
	}
	if len(b.opened) != 3 {
		t.Error("a click on the picture does not play")
	}
	b.window.Fyne().Resize(fyne.NewSize(700, 500)) // words below the picture
	b.window.Key(fyne.KeyDown)
	focused, ok := b.window.Fyne().Canvas().Focused().(*widget.Button)
	if !ok || focused.Text != "Play in the browser" {
		t.Error("the details do not give the keyboard to the play button")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !b.sees("New videos")() {
		t.Error("Escape does not lead back")
	}
	test.Tap(b.tile("Video number 2")) // has no file for a player
	if b.sees("computer's player")() {
		t.Error("a player is offered for a video that has no file here")
	}
	b.window.Key(fyne.KeyEscape)
}

func TestShare(t *testing.T) {
	b := open(t, uifake.New(5))
	test.Tap(b.tile("Video number 3"))
	b.press("Share…")
	fields := visible[*widget.Field](b)
	if len(fields) != 2 || fields[1].Text != "magnet:?dn=3" {
		t.Fatalf("the dialog has %d links, want page and magnet", len(fields))
	}
	test.Type(fields[0], "x")
	if strings.Contains(fields[0].Text, "x") {
		t.Error("a link can be changed by typing")
	}
	b.press("Copy")
	if got, want := b.app.Clipboard().Content(), "http://pod.test/w/"+uifake.Video(3).UUID.Short(); got != want {
		t.Errorf("clipboard = %q, want %q", got, want)
	}
	if !b.sees("Link copied")() {
		t.Error("nothing says that the link was copied")
	}
	b.Until(t, b.seesNot("Link copied")) // after three seconds
	b.press("Share…")
	b.press("Close")
	if b.window.Fyne().Canvas().Overlays().Top() != nil {
		t.Error("Close does not close")
	}
}

func TestTileMenu(t *testing.T) {
	b := open(t, uifake.New(5))
	entries := []string{"Play in the browser", "Play with this computer's player", "Copy link", "Copy magnet link"}
	for _, entry := range entries {
		test.TapSecondary(b.tile("Video number 1"))
		b.choose(entry)
	}
	if len(b.opened) != 2 || b.app.Clipboard().Content() != "magnet:?dn=1" {
		t.Errorf("opened %q, clipboard %q; want two and the magnet link", b.opened, b.app.Clipboard().Content())
	}
	for _, entry := range []string{"Share…", "Edit…", "Delete…"} {
		test.TapSecondary(b.tile("Video number 1"))
		b.choose(entry)
		b.window.Fyne().Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
		if b.window.Fyne().Canvas().Overlays().Top() != nil {
			t.Fatalf("Escape does not close the dialog of %q", entry)
		}
	}
}

func TestMenuOfAFriendsPrivateVideo(t *testing.T) {
	fake := uifake.New(2)
	fake.Change(func(all []pod.Video) []pod.Video {
		all[1].Origin, all[1].Privacy = 7, pod.PrivacyPrivate
		return all
	})
	b := open(t, fake)
	if !b.sees("A friend's pod")() {
		t.Error("the tile does not say that the video is a friend's")
	}
	test.TapSecondary(b.tile("Video number 2"))
	for _, never := range []string{"Delete…", "Edit…", "Copy magnet link", "player"} {
		if b.sees(never)() {
			t.Errorf("the menu offers %q", never)
		}
	}
	b.choose("Copy link")
	grid := visible[*widget.Grid](b)[0]
	b.window.Fyne().Canvas().Focus(grid)
	grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if b.window.Fyne().Canvas().Overlays().Top() != nil {
		t.Error("a friend's video can be deleted")
	}
}

func TestEdit(t *testing.T) {
	b := open(t, uifake.New(5))
	test.Tap(b.tile("Video number 3"))
	b.press("Edit…")
	fields := visible[*widget.Field](b)
	if len(fields) != 3 || fields[0].Text != "Video number 3" || fields[2].Text != "garden, family" {
		t.Fatalf("the dialog has %d fields, want title, description and tags", len(fields))
	}
	fields[0].SetText("ab")
	b.press("Save")
	if !b.sees("3 to 120 are allowed")() {
		t.Errorf("a title that is too short is not refused:\n%s", b.words())
	}
	fields[0].SetText("Roses")
	fields[0].OnSubmitted("")
	b.Until(t, func() bool { return b.window.Fyne().Canvas().Overlays().Top() == nil })
	if !b.sees("Roses")() || b.Videos()[2].Name != "Roses" {
		t.Error("the new title is not there")
	}
	b.Until(t, func() bool { _, ok := b.window.Model().Videos.State().Items.At(2); return ok })
	b.press("Edit…")
	b.press("Cancel")
	b.press("Back")
	b.Until(t, func() bool { return b.sees("New videos")() && b.sees("Roses")() })
}

func TestDelete(t *testing.T) {
	b := open(t, uifake.New(5))
	grid := visible[*widget.Grid](b)[0]
	b.window.Fyne().Canvas().Focus(grid)
	grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	if !b.sees("Delete this video?")() || !b.sees("“Video number 1”")() {
		t.Fatalf("nothing asks:\n%s", b.words())
	}
	b.press("Keep it")
	b.Fail(pod.ErrNotFound)
	test.Tap(b.tile("Video number 2"))
	b.press("Delete…")
	b.press("Delete")
	b.Until(t, b.sees("That did not work"))
	b.press("Close")
	b.Fail(nil)
	b.press("Delete…")
	b.press("Delete")
	b.Until(t, func() bool { return b.sees("New videos")() && b.sees("4 videos")() })
	if b.sees("Video number 2")() {
		t.Error("the deleted video is still there")
	}
}

func TestDrop(t *testing.T) {
	fake := uifake.New(3)
	release := make(chan struct{})
	fake.Importing = func(ctx context.Context, path string, progress func(viewmodel.Progress)) (pod.Video, error) {
		switch filepath.Base(path) {
		case "slow.mp4":
			for i := range int64(20) {
				progress(viewmodel.Progress{Stage: viewmodel.StagePublish, DoneBytes: i * 1e6, TotalBytes: 2e9})
				select {
				case <-release:
					return pod.Video{}, ctx.Err()
				case <-ctx.Done():
					return pod.Video{}, ctx.Err()
				case <-time.After(50 * time.Millisecond):
				}
			}
			<-ctx.Done()
			return pod.Video{}, ctx.Err()
		case "notes.txt":
			return pod.Video{}, &pod.Error{Kind: pod.KindUnplayable, Msg: "This file is not a video that Peerpod can read."}
		case "full.mp4":
			return pod.Video{}, pod.ErrNoSpace
		}
		v := uifake.Video(77)
		v.Name = "Roses in May"
		return v, nil
	}
	b := open(t, fake)
	b.window.DropPaths()
	b.window.DropPaths(film(t, "slow.mp4"), film(t, "notes.txt"), film(t, "full.mp4"), film(t, "good.mp4"))
	b.Until(t, b.sees("Adding 4 videos"))
	b.Until(t, b.sees("min left"))
	if !b.sees("Getting it ready to share")() || !b.sees("Waiting for its turn")() {
		t.Errorf("the panel says\n%s", b.words())
	}
	b.window.Model().Imports.Cancel(1)
	b.Until(t, b.sees("1 video added · 2 refused"))
	for _, want := range []string{"This file is not a video that", "The disk is full.", "Ready to share", "Roses in May"} {
		if !b.sees(want)() {
			t.Errorf("the panel does not say %q:\n%s", want, b.words())
		}
	}
	b.press("Copy link")
	if got, want := b.app.Clipboard().Content(), "http://pod.test/w/"+uifake.Video(77).UUID.Short(); got != want {
		t.Errorf("clipboard = %q, want %q", got, want)
	}
	b.press("Try again")
	b.Until(t, b.sees("1 video added · 2 refused"))
	b.window.Key(fyne.KeyEscape) // a reason stays until it is dismissed
	if !b.sees("The disk is full.")() {
		t.Error("Escape took the reason away")
	}
	b.window.Model().Imports.DismissAll()
	if b.sees("refused")() {
		t.Error("the panel stays")
	}
	close(release)
}

func TestRowButtons(t *testing.T) {
	fake := uifake.New(0)
	fake.Importing = func(ctx context.Context, path string, _ func(viewmodel.Progress)) (pod.Video, error) {
		if filepath.Base(path) == "bad.mp4" {
			return pod.Video{}, pod.ErrUnplayable
		}
		<-ctx.Done()
		return pod.Video{}, ctx.Err()
	}
	b := open(t, fake)
	b.window.DropPaths(film(t, "bad.mp4"), film(t, "slow.mp4"))
	b.Until(t, b.sees("1 video"))
	ends := func() (all []*widget.Button) {
		for _, list := range visible[*fynewidget.List](b) {
			for _, o := range seen(list) {
				if button, ok := o.(*widget.Button); ok && button.Text == "" {
					all = append(all, button)
				}
			}
		}
		return all
	}
	b.Until(t, func() bool {
		return len(ends()) == 2 && b.window.Model().Imports.State().Rows[0].Phase == viewmodel.PhaseRefused
	})
	test.Tap(ends()[1]) // cancels
	b.Until(t, func() bool { return len(ends()) == 1 })
	test.Tap(ends()[0]) // dismisses
	b.Until(t, func() bool { return len(b.window.Model().Imports.State().Rows) == 0 })
}

func TestSecondStart(t *testing.T) {
	b := open(t, uifake.New(0))
	path := film(t, "Handed over.mp4")
	done := make(chan struct{})
	go func() { // as the socket of the first instance does
		defer close(done)
		b.window.OpenFiles([]string{path})
		b.window.OpenFiles(nil)
		b.window.Raise()
	}()
	b.Until(t, b.sees("Handed over"))
	<-done
}

func TestOpenFails(t *testing.T) {
	fake := uifake.New(3)
	b := open(t, fake)
	app := test.NewTempApp(t)
	window, err := ui.New(t.Context(), ui.Config{
		App: app, Backend: fake.Backend(), Dispatch: fake.Dispatch,
		OpenURL: func(*url.URL) error { return errors.New("exec: xdg-open: not found") },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { window.Model().Close(); window.Model().Wait() }()
	b.window, b.app = window, app
	for _, link := range visible[*widget.Link](b) {
		test.Tap(link)
	}
	if !b.sees("This computer has no program for this.")() || b.sees("xdg-open")() {
		t.Errorf("a browser that does not open is told as\n%s", b.words())
	}
	b.press("Close")
	window.ChooseFailed(errors.New("no such folder"))
	if !b.sees("That did not work")() {
		t.Error("a failed file dialog says nothing")
	}
}

func TestClose(t *testing.T) {
	b := open(t, uifake.New(3))
	b.window.PressClose()
	b.window.PressClose()
	b.window.Quit()
	if !b.sees("Closing")() {
		t.Error("the window does not say that it closes")
	}
	select {
	case <-b.quit:
	case <-time.After(10 * time.Second):
		t.Fatal("OnQuit was not called")
	}
	b.window.WaitForEnd()
	b.window.DropPaths(film(t, "late.mp4"))
	if len(b.window.Model().Imports.State().Rows) != 0 {
		t.Error("a closing window takes files")
	}
}

func TestStartError(t *testing.T) {
	app := test.NewTempApp(t)
	ui.ShowStartError(app, &pod.Error{Kind: pod.KindConflict, Msg: "Another Peerpod uses this data folder."})
	windows := app.Driver().AllWindows()
	var words []string
	for _, o := range seen(windows[len(windows)-1].Content()) {
		if text, ok := o.(*canvas.Text); ok {
			words = append(words, text.Text)
		}
	}
	if got := strings.Join(words, "\n"); !strings.Contains(got, "Another Peerpod uses this data folder.") {
		t.Errorf("the window says %q, want the reason", got)
	}
}

func TestSnapshots(t *testing.T) {
	b := open(t, uifake.New(4))
	b.Until(t, b.sees("1.2 MB/s"))
	b.Until(t, func() bool {
		return b.tile("Video number 1").Data().Poster != nil && b.tile("Video number 3").Data().Poster != nil
	})
	test.AssertRendersToMarkup(t, "library.xml", b.window.Fyne().Canvas())
	empty := open(t, uifake.New(0))
	empty.Until(t, empty.sees("1.2 MB/s"))
	test.AssertRendersToMarkup(t, "empty.xml", empty.window.Fyne().Canvas())
	asleep := uifake.Friend(3, "Eve's pod")
	asleep.LastSeenAt = time.Now().Add(-50 * time.Hour)
	friends := openFriends(t, with(uifake.Friend(1, "Bea's pod"), pod.StatusWaiting), uifake.Friend(2, "Carl's pod"), asleep)
	friends.Until(t, friends.sees("1.2 MB/s"))
	friends.window.Fyne().Canvas().Unfocus() // no blinking cursor
	test.AssertRendersToMarkup(t, "friends.xml", friends.window.Fyne().Canvas())
}
