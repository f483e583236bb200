// Package screen draws the view models: one file a screen, built from Fyne's widgets and
// those of package widget.
//
// It owns the words. Values (sizes, times, failures, phases) come from package viewmodel
// and become sentences of the person's language here, in words.go, through lang.L; the
// texts lie in assets/lang. Screens decide nothing: a button calls an action of a view
// model, a new State of the view model is painted.
//
// Screens: Library (the grid with its empty, searching and failing states), Details (one
// video), Friends (other pods), Imports (the panel of dropped files), Status (the foot).
// Dialogs: share, edit, delete, invite, words, remove and block. They meet the window in
// Host, a struct of what a screen may ask of it.
//
// All functions are for the main goroutine; no screen starts a goroutine.
package screen
