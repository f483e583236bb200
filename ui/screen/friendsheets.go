package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
	"github.com/peerpod/peerpod/ui/widget"
)

// showInvite shows a fresh invite with a button to copy it.
func (h *Host) showInvite(code pod.InviteCode) {
	text := code.URL
	if text == "" {
		text = code.Code
	}
	var s *sheet
	link := widget.NewField(false)
	link.SetText(text)
	link.OnChanged = func(string) { link.SetText(text) } // for reading and copying only
	link.OnEscape = func() { s.hide() }
	button := widget.NewButton(lang.L("Copy"), fynetheme.ContentCopyIcon(), fynewidget.HighImportance, func() {
		h.Copy(text, lang.L("Invite copied"))
		s.hide()
	})
	button.OnEscape = func() { s.hide() }
	done := widget.NewButton(lang.L("Close"), nil, fynewidget.MediumImportance, func() { s.hide() })
	what := paragraph(lang.L("Send this link to one friend. It works once, until {{.When}}.", struct{ When string }{exactWords(code.ExpiresAt)}))
	rows := container.NewVBox(flush(what), container.NewBorder(nil, nil, nil, button, link))
	s = newSheet(h.Window, lang.L("Invite a friend"), 520, rows, done)
	s.show(button)
}

// compareWords shows the words of both pods, so that two people can make sure that nobody
// stands between them.
func (h *Host) compareWords(c viewmodel.FriendCard) {
	words := func(text string) fyne.CanvasObject {
		l := paragraph(text)
		l.TextStyle.Bold = true
		l.Selectable = true
		return flush(l)
	}
	heading := func(text string) fyne.CanvasObject {
		l := paragraph(text)
		l.Importance = fynewidget.LowImportance
		return flush(l)
	}
	var s *sheet
	rows := container.NewVBox(
		flush(paragraph(lang.L("Call each other, or meet, and read these words out. If both of you see the same two lists, nobody stands between your pods."))),
		heading(lang.L("Your pod")), words(h.Model.Friends.State().Self.Fingerprint),
		heading(c.Name), words(h.Model.Friends.Words(c.ID)),
	)
	done := widget.NewButton(lang.L("Close"), nil, fynewidget.MediumImportance, func() { s.hide() })
	s = newSheet(h.Window, lang.L("Compare words"), 480, rows, done)
	s.show(done)
}

func paragraph(text string) *fynewidget.Label {
	l := newText(text, fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// askRemove ends a friendship, or takes a request back, once the person has said yes.
func (h *Host) askRemove(c viewmodel.FriendCard) {
	question, text := lang.L("Remove this friend?"),
		lang.L("You and “{{.Name}}” no longer see each other's videos, and copies that you keep of them go. You can become friends again later.", named{c.Name})
	if c.Status == pod.StatusRequested {
		question, text = lang.L("Take the request back?"), lang.L("Your pod no longer asks “{{.Name}}”.", named{c.Name})
	}
	h.ask(question, text, lang.L("Remove"), func() { h.Model.Friends.Remove(c.ID) })
}

// askBlock blocks a pod once the person has said yes.
func (h *Host) askBlock(c viewmodel.FriendCard) {
	text := lang.L("“{{.Name}}” can not ask you any more, and you no longer see each other's videos. You can unblock it later.", named{c.Name})
	h.ask(lang.L("Block this pod?"), text, lang.L("Block"), func() { h.Model.Friends.Block(c.ID) })
}

func (h *Host) ask(question, text, yes string, do func()) {
	var s *sheet
	no := widget.NewButton(lang.L("Cancel"), nil, fynewidget.MediumImportance, func() { s.hide() })
	sure := widget.NewButton(yes, nil, fynewidget.DangerImportance, func() {
		s.hide()
		do()
	})
	s = newSheet(h.Window, question, 440, flush(paragraph(text)), no, sure)
	s.show(no)
}
