package theme_test

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/peerpod/peerpod/ui/theme"
)

func TestEveryColourIsThere(t *testing.T) {
	test.AssertAllColorNamesDefined(t, theme.New(), "peerpod")
}

// luminance is the relative luminance of WCAG 2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

func TestContrast(t *testing.T) {
	pairs := []struct{ text, ground fyne.ThemeColorName }{
		{fynetheme.ColorNameForeground, fynetheme.ColorNameBackground},
		{fynetheme.ColorNameForeground, theme.ColorNameRaised},
		{fynetheme.ColorNameForeground, fynetheme.ColorNameButton},
		{theme.ColorNameSecondary, fynetheme.ColorNameBackground},
		{theme.ColorNameSecondary, theme.ColorNameRaised},
		{fynetheme.ColorNamePlaceHolder, fynetheme.ColorNameInputBackground},
		{fynetheme.ColorNameDisabled, fynetheme.ColorNameBackground},
		{fynetheme.ColorNameForegroundOnPrimary, fynetheme.ColorNamePrimary},
		{fynetheme.ColorNameForegroundOnError, fynetheme.ColorNameError},
		{fynetheme.ColorNameError, theme.ColorNameRaised},
		{fynetheme.ColorNameSuccess, theme.ColorNameRaised},
	}
	th := theme.New()
	for name, variant := range map[string]fyne.ThemeVariant{"light": fynetheme.VariantLight, "dark": fynetheme.VariantDark} {
		for _, p := range pairs {
			a, b := luminance(th.Color(p.text, variant)), luminance(th.Color(p.ground, variant))
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: contrast of %s on %s = %.2f, want at least 4.5", name, p.text, p.ground, ratio)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	th := theme.New()
	tests := map[fyne.ThemeSizeName]float32{
		fynetheme.SizeNameCaptionText: 13, fynetheme.SizeNameText: 15, fynetheme.SizeNameSubHeadingText: 20,
		fynetheme.SizeNameHeadingText: 28, fynetheme.SizeNamePadding: 4, fynetheme.SizeNameInputRadius: 8,
	}
	for name, want := range tests {
		if got := th.Size(name); got != want {
			t.Errorf("Size(%s) = %v, want %v", name, got, want)
		}
	}
	if th.Size(fynetheme.SizeNameScrollBar) != fynetheme.DefaultTheme().Size(fynetheme.SizeNameScrollBar) {
		t.Error("a size that Peerpod does not name is not Fyne's")
	}
	if th.Color("nobody's", fynetheme.VariantLight) != fynetheme.DefaultTheme().Color("nobody's", fynetheme.VariantLight) {
		t.Error("a colour that Peerpod does not name is not Fyne's")
	}
}

func TestMark(t *testing.T) {
	test.NewTempApp(t)
	if len(theme.Mark(fynetheme.ColorNamePrimary).Content()) == 0 || len(theme.Icon().Content()) == 0 {
		t.Error("the mark is empty")
	}
}
