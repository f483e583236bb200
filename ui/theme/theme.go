package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/peerpod/peerpod/assets"
)

// Names of colours that Fyne does not know.
const (
	// ColorNameRaised is what lies above the background: cards, the foot, the search box.
	ColorNameRaised fyne.ThemeColorName = "peerpod.raised"
	// ColorNameSecondary is text of less weight; it still reads well.
	ColorNameSecondary fyne.ThemeColorName = "peerpod.secondary"
	// ColorNameLine parts one thing from another.
	ColorNameLine fyne.ThemeColorName = "peerpod.line"
	// ColorNameVeil lies over a poster, under white words and icons, in light and dark.
	ColorNameVeil fyne.ThemeColorName = "peerpod.veil"
	// ColorNameOnVeil is for words and icons on the veil.
	ColorNameOnVeil fyne.ThemeColorName = "peerpod.onVeil"
)

// Theme is Peerpod's look.
type Theme struct {
	fyne.Theme  // fonts and icons
	light, dark map[fyne.ThemeColorName]color.Color
	sizes       map[fyne.ThemeSizeName]float32
}

// New makes the theme.
func New() *Theme {
	table := assets.Tokens()
	light, dark := tokensOf(table.Light), tokensOf(table.Dark)
	return &Theme{Theme: fynetheme.DefaultTheme(), light: light.colors(), dark: dark.colors(), sizes: sizesOf(table)}
}

// Color gives a colour by its name; unknown names get Fyne's default.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	colors := t.light
	if variant == fynetheme.VariantDark {
		colors = t.dark
	}
	if c, ok := colors[name]; ok {
		return c
	}
	return t.Theme.Color(name, variant)
}

// Size gives a size by its name; unknown names get Fyne's default.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	if size, ok := t.sizes[name]; ok {
		return size
	}
	return t.Theme.Size(name)
}

// colors gives each name its token, or a fainter token for what lies over others.
func (k *tokens) colors() map[fyne.ThemeColorName]color.Color {
	return map[fyne.ThemeColorName]color.Color{
		fynetheme.ColorNameBackground:          k.background,
		fynetheme.ColorNameButton:              k.line,
		fynetheme.ColorNameDisabled:            k.secondary,
		fynetheme.ColorNameError:               k.bad,
		fynetheme.ColorNameForeground:          k.text,
		fynetheme.ColorNameForegroundOnError:   k.onBad,
		fynetheme.ColorNameForegroundOnPrimary: k.onAccent,
		fynetheme.ColorNameForegroundOnSuccess: k.onAccent,
		fynetheme.ColorNameForegroundOnWarning: k.onWaiting,
		fynetheme.ColorNameHeaderBackground:    k.raised,
		fynetheme.ColorNameHyperlink:           k.accent,
		fynetheme.ColorNameInputBackground:     k.raised,
		fynetheme.ColorNameInputBorder:         k.line,
		fynetheme.ColorNameMenuBackground:      k.raised,
		fynetheme.ColorNameOverlayBackground:   k.raised,
		fynetheme.ColorNamePlaceHolder:         k.secondary,
		fynetheme.ColorNamePrimary:             k.accent,
		fynetheme.ColorNameSeparator:           k.line,
		fynetheme.ColorNameShadow:              k.shadow,
		fynetheme.ColorNameSuccess:             k.good,
		fynetheme.ColorNameWarning:             k.waiting,
		ColorNameRaised:                        k.raised,
		ColorNameSecondary:                     k.secondary,
		ColorNameLine:                          k.line,

		fynetheme.ColorNameDisabledButton:      faint(k.line, 0x80),
		fynetheme.ColorNameFocus:               faint(k.accent, 0x50),
		fynetheme.ColorNameHover:               faint(k.text, 0x0e),
		fynetheme.ColorNamePressed:             faint(k.text, 0x1c),
		fynetheme.ColorNameScrollBar:           faint(k.secondary, 0x80),
		fynetheme.ColorNameScrollBarBackground: faint(k.secondary, 0),
		fynetheme.ColorNameSelection:           faint(k.accent, 0x2e),
		ColorNameVeil:                          color.NRGBA{A: 0xb4},
		ColorNameOnVeil:                        color.White,
	}
}

func sizesOf(t assets.TokenTable) map[fyne.ThemeSizeName]float32 {
	sizes := map[fyne.ThemeSizeName]float32{
		fynetheme.SizeNameCaptionText:    t.TextSizes[0],
		fynetheme.SizeNameText:           t.TextSizes[1],
		fynetheme.SizeNameSubHeadingText: t.TextSizes[2],
		fynetheme.SizeNameHeadingText:    t.TextSizes[3],
		fynetheme.SizeNamePadding:        t.Space,
		fynetheme.SizeNameInnerPadding:   2 * t.Space,
		fynetheme.SizeNameInlineIcon:     5 * t.Space,
	}
	for _, radius := range []fyne.ThemeSizeName{
		fynetheme.SizeNameInputRadius, fynetheme.SizeNameButtonRadius, fynetheme.SizeNameSelectionRadius,
		fynetheme.SizeNameDialogRadius, fynetheme.SizeNamePopupRadius, fynetheme.SizeNameMenuRadius, fynetheme.SizeNameCardRadius,
	} {
		sizes[radius] = t.Corner
	}
	return sizes
}
