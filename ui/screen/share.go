package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/widget"
)

// showShare shows the links of a video with a button to copy each.
func (h *Host) showShare(v pod.Video) {
	var s *sheet
	rows := container.NewVBox()
	var first fyne.Focusable
	add := func(name, text string, copied func(pod.Video)) {
		if text == "" {
			return
		}
		link := widget.NewField(false)
		link.SetText(text)
		link.OnChanged = func(string) { link.SetText(text) } // for reading and copying only
		link.OnEscape = func() { s.hide() }
		button := widget.NewButton(lang.L("Copy"), fynetheme.ContentCopyIcon(), fynewidget.MediumImportance, func() {
			copied(v)
			s.hide()
		})
		button.OnEscape = func() { s.hide() }
		if first == nil {
			button.Importance, first = fynewidget.HighImportance, button
		}
		rows.Add(s.field(name, container.NewBorder(nil, nil, nil, button, link)))
	}
	add(lang.L("Link to the page, for everybody"), h.Model.Links.Page(v), h.copyLink)
	add(lang.L("Magnet link, for download programs"), h.Model.Links.Magnet(v), h.copyMagnet)
	done := widget.NewButton(lang.L("Close"), nil, fynewidget.MediumImportance, func() { s.hide() })
	s = newSheet(h.Window, lang.L("Share"), 520, rows, done)
	s.show(first)
}
