package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"github.com/peerpod/peerpod/ui/viewmodel"
)

// Fyne gives tests the window's parts: Fyne's test window keeps neither what is dropped
// nor the close button.
func (w *Window) Fyne() fyne.Window        { return w.window }
func (w *Window) Model() *viewmodel.Model  { return w.model }
func (w *Window) PressClose()              { w.close() }
func (w *Window) Key(name fyne.KeyName)    { w.typedKey(&fyne.KeyEvent{Name: name}) }
func (w *Window) Shortcut(s fyne.Shortcut) { w.forwardShortcut(s) }
func (w *Window) Choose(path string)       { w.chosen(openFile{path}, nil) }
func (w *Window) ChooseFailed(err error)   { w.chosen(nil, err) }
func (w *Window) WaitForEnd()              { w.quit.Wait() }
func (w *Window) DropPaths(paths ...string) {
	page, _ := storage.ParseURI("https://pod.test/not-a-file")
	uris := []fyne.URI{page}
	for _, p := range paths {
		uris = append(uris, storage.NewFileURI(p))
	}
	w.dropped(fyne.Position{}, uris)
}

type openFile struct{ path string }

func (f openFile) Read([]byte) (int, error) { return 0, nil }
func (f openFile) Close() error             { return nil }
func (f openFile) URI() fyne.URI            { return storage.NewFileURI(f.path) }
