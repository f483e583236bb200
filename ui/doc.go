// Package ui is Peerpod's window.
//
// It owns the window itself: the rail, the search box, the foot, what floats above
// (the panel of imports, notices, hints), keys, dropped files, and the order of closing.
// What the window shows lies in ui/screen, what it decides in ui/viewmodel, its building
// stones in ui/widget and its look in ui/theme. It does not know the pod: the program
// hands it a viewmodel.Backend.
//
//	window, err := ui.New(ctx, ui.Config{App: app.NewWithID("…"), Backend: backend, OnQuit: pod.Stop})
//	...
//	window.Run() // until the person, or Quit, ends the program
//
// Goroutines: New and Run belong to the main goroutine. Raise, OpenFiles and Quit may be
// called from any. All else runs on the main goroutine, through Config.Dispatch, which is
// fyne.Do and nothing else: nothing here waits for the main goroutine.
//
// Closing: the window shows that it closes, cancels its work, calls OnQuit on a goroutine
// of its own, which stops the pod, and then ends the toolkit. The program keeps a watchdog
// for a toolkit that does not end.
//
// Only the program imports Fyne's app package; all of ui builds and is tested without cgo
// and without a display.
package ui
