// Package widget holds the window's own building stones: Tile and Grid for videos,
// Lines for short texts that may not fit, NavItem for the rail, Card for what floats and
// for what lies in a list, Dot for who is there.
//
// Widgets take values and callbacks and never know the pod. They hold no words of their
// own: texts come in the person's language from package screen.
//
//	grid := widget.NewGrid(func() int { return total }, func(i int, t *widget.Tile) { t.Show(dataOf(i)) })
//	grid.OnOpen = func(i int) { openDetails(i) }
//
// Grid shows any number of tiles: only those in sight exist. Its tiles share the width
// evenly, so that left and right edge align with what stands above and below.
//
// All methods are for the main goroutine. Sizes and colours come from the theme; lengths
// that no theme has are constants here, in steps of 4.
package widget
