// Package xdnd is the other side of a dropped file, for tests of the real window: it drags
// files onto a window of an X server and takes pictures of it. Tests only import it.
//
// It speaks XDND version 5 as a source: it owns the selection XdndSelection, enters the
// target, moves to its centre, drops, and hands over a text/uri-list when it is asked. It
// needs no window manager, no pointer and no keyboard.
//
//	desk, err := xdnd.Open(":77")
//	window, err := desk.Window(ctx, "Peerpod")
//	err = desk.Drop(ctx, window, []string{"/videos/garden.mp4"})
//	picture, err := desk.Picture(window)
//
// Window waits until a window with such a title is on the screen, Drop until the target has
// said that it took the files; both end with their context. A Desk is for one goroutine at
// a time; Open starts one goroutine that reads events and ends with Close.
//
// Source: https://www.freedesktop.org/wiki/Specifications/XDND/ and the X protocol's
// chapter on selections (ICCCM).
package xdnd
