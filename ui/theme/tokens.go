package theme

import (
	"image/color"

	"github.com/peerpod/peerpod/assets"
)

// tokens is one palette of the shared table as Fyne likes it, and the few colours that
// only the window needs.
type tokens struct {
	background, raised       color.NRGBA
	text, secondary, line    color.NRGBA
	accent, onAccent         color.NRGBA
	good, waiting, bad       color.NRGBA
	shadow, onBad, onWaiting color.NRGBA
}

func tokensOf(p assets.Palette) tokens {
	return tokens{
		background: solid(p.Background), raised: solid(p.Raised),
		text: solid(p.Text), secondary: solid(p.Secondary), line: solid(p.Line),
		accent: solid(p.Accent), onAccent: solid(p.OnAccent),
		good: solid(p.Good), waiting: solid(p.Waiting), bad: solid(p.Bad),
		shadow: color.NRGBA{A: 0x28}, onBad: solid(p.Background), onWaiting: solid(p.Background),
	}
}

func solid(c assets.Colour) color.NRGBA { return color.NRGBA{R: c.R, G: c.G, B: c.B, A: 0xff} }

// faint gives a colour with less cover, 0 to 255.
func faint(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}
