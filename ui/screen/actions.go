package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
)

// publishedAt is the time that a person takes as the video's: private ones have only that
// of their upload.
func publishedAt(v pod.Video) time.Time {
	if v.PublishedAt.IsZero() {
		return v.CreatedAt
	}
	return v.PublishedAt
}

func (h *Host) playInBrowser(v pod.Video) { h.OpenURL(h.Model.Links.Page(v)) }
func (h *Host) playInPlayer(v pod.Video)  { h.OpenURL(h.Model.Links.File(v)) }

func (h *Host) copyLink(v pod.Video) {
	h.Copy(h.Model.Links.Page(v), lang.L("Link copied"))
}

func (h *Host) copyMagnet(v pod.Video) {
	h.Copy(h.Model.Links.Magnet(v), lang.L("Magnet link copied"))
}

// keep has a copy of a friend's video made.
func (h *Host) keep(v pod.Video) {
	h.takeUp(v)
	h.Model.Editor.Keep()
}

// letGo gives the copy up; the friend's own stays.
func (h *Host) letGo(v pod.Video) {
	h.takeUp(v)
	h.Model.Editor.LetGo()
}

func (h *Host) takeUp(v pod.Video) {
	if h.Model.Editor.State().Video.ID != v.ID {
		h.Model.Editor.Open(v)
	}
}

// showMenu shows what can be done with a video, beside the pointer.
func (h *Host) showMenu(v pod.Video, at fyne.Position) {
	item := func(label string, icon fyne.Resource, do func(pod.Video)) *fyne.MenuItem {
		m := fyne.NewMenuItem(label, func() { do(v) })
		m.Icon = icon
		return m
	}
	items := []*fyne.MenuItem{item(lang.L("Play in the browser"), fynetheme.MediaPlayIcon(), h.playInBrowser)}
	if h.Model.Links.File(v) != "" {
		items = append(items, item(lang.L("Play with this computer's player"), fynetheme.ComputerIcon(), h.playInPlayer))
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		item(lang.L("Share…"), fynetheme.MailForwardIcon(), h.showShare),
		item(lang.L("Copy link"), fynetheme.ContentCopyIcon(), h.copyLink))
	if h.Model.Links.Magnet(v) != "" {
		items = append(items, item(lang.L("Copy magnet link"), fynetheme.ContentCopyIcon(), h.copyMagnet))
	}
	if v.IsLocal() {
		items = append(items, fyne.NewMenuItemSeparator(),
			item(lang.L("Edit…"), fynetheme.DocumentCreateIcon(), h.showEdit),
			item(lang.L("Delete…"), fynetheme.DeleteIcon(), h.askDelete))
	} else {
		keep := item(lang.L("Keep a copy"), fynetheme.DownloadIcon(), h.keep)
		if h.Model.Editor.KeptOf(v).Wanted {
			keep = item(lang.L("Let go"), fynetheme.CancelIcon(), h.letGo)
		}
		items = append(items, fyne.NewMenuItemSeparator(), keep)
	}
	fynewidget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), h.Window.Canvas(), at)
}
