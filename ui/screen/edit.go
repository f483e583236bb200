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

// editSheet is the dialog for title, description and tags. It closes when the change came
// through and shows what is wrong otherwise.
type editSheet struct {
	sheet                    *sheet
	title, description, tags *widget.Field
	wrong                    *fynewidget.Label
	save                     *widget.Button
	saved                    int // changes that came through before
}

// showEdit opens the dialog for a video.
func (h *Host) showEdit(v pod.Video) {
	editor := h.Model.Editor
	if editor.State().Video.ID != v.ID {
		editor.Open(v)
	}
	e := &editSheet{saved: editor.State().Saved, title: widget.NewField(false), description: widget.NewField(true), tags: widget.NewField(false)}
	form := viewmodel.FormOf(editor.State().Video)
	e.title.SetText(form.Title)
	e.description.SetText(form.Description)
	e.description.SetMinRowsVisible(5)
	e.tags.SetText(form.Tags)
	e.tags.SetPlaceHolder(lang.L("Up to five, with commas between them"))
	e.wrong = newText("", fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	e.wrong.Importance, e.wrong.Wrapping = fynewidget.DangerImportance, fyne.TextWrapWord
	e.save = widget.NewButton(lang.L("Save"), nil, fynewidget.HighImportance, func() {
		editor.Save(viewmodel.EditForm{Title: e.title.Text, Description: e.description.Text, Tags: e.tags.Text})
	})
	cancel := widget.NewButton(lang.L("Cancel"), nil, fynewidget.MediumImportance, func() { e.sheet.hide() })
	rows := container.NewVBox()
	e.sheet = newSheet(h.Window, lang.L("Edit video"), 520, rows, cancel, e.save)
	for _, f := range []*widget.Field{e.title, e.description, e.tags} {
		f.OnEscape = e.sheet.hide
	}
	e.title.OnSubmitted = func(string) { e.save.Tapped(nil) }
	e.tags.OnSubmitted = e.title.OnSubmitted
	rows.Objects = []fyne.CanvasObject{
		e.sheet.field(lang.L("Title"), e.title),
		e.sheet.field(lang.X("edit.description", "Description"), e.description),
		e.sheet.field(lang.L("Tags"), e.tags), flush(e.wrong),
	}
	e.show(editor.State())
	h.editing = e
	e.sheet.show(e.title)
}

func (e *editSheet) show(s viewmodel.EditorState) {
	e.wrong.SetText(failureWords(s.Failure))
	widget.SetVisible(e.wrong, s.Failure.Failed)
	if s.Busy {
		e.save.Disable()
	} else {
		e.save.Enable()
	}
	if s.Saved > e.saved {
		e.sheet.hide()
	}
}

// askDelete deletes a video once the person has said yes.
func (h *Host) askDelete(v pod.Video) {
	if !v.IsLocal() {
		return
	}
	text := newText(lang.L("“{{.Title}}” is removed from this computer, and its link stops working. This can not be undone.",
		struct{ Title string }{v.Name}), fynetheme.SizeNameText, fynetheme.ColorNameForeground)
	text.Wrapping = fyne.TextWrapWord
	var s *sheet
	keep := widget.NewButton(lang.L("Keep it"), nil, fynewidget.MediumImportance, func() { s.hide() })
	remove := widget.NewButton(lang.L("Delete"), fynetheme.DeleteIcon(), fynewidget.DangerImportance, func() {
		s.hide()
		h.takeUp(v)
		h.Model.Editor.Delete()
	})
	s = newSheet(h.Window, lang.L("Delete this video?"), 440, flush(text), keep, remove)
	s.show(keep)
}
