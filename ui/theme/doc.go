// Package theme gives the window Peerpod's colours, sizes and mark.
//
// It owns the translation of the tokens (background, raised, text, secondary, line, accent,
// good, waiting, bad; light and dark) into the names that Fyne asks for, plus a few names
// of its own for what Fyne does not know. Page and window share the values of the tokens.
//
//	app.Settings().SetTheme(theme.New())
//
// Sizes: text 13, 15, 20 and 28; paddings in steps of 4; corners 8. Fonts and icons are
// Fyne's own. The theme follows the person's choice of light or dark, which Fyne reads from
// the desktop. A theme has no state: it is safe for concurrent use.
package theme
