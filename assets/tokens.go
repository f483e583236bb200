package assets

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"image/color"
	"strings"
)

//go:embed tokens.json
var tokensJSON []byte

// Palette is one set of colours, light or dark. Text and Secondary stand on Background
// and on Raised with a contrast of at least 4.5:1.
type Palette struct {
	Background Colour `json:"background"`
	Raised     Colour `json:"raised"`
	Text       Colour `json:"text"`
	Secondary  Colour `json:"secondary"`
	Line       Colour `json:"line"`
	Accent     Colour `json:"accent"`
	OnAccent   Colour `json:"onAccent"`
	Good       Colour `json:"good"`
	Waiting    Colour `json:"waiting"`
	Bad        Colour `json:"bad"`
}

// TokenTable is the look of Peerpod in numbers: what the window's theme and the page's
// style sheet have in common.
type TokenTable struct {
	Light     Palette    `json:"light"`
	Dark      Palette    `json:"dark"`
	TextSizes [4]float32 `json:"textSizes"` // small, body, heading, title; pixels
	Space     float32    `json:"space"`     // the step of all distances; pixels
	Corner    float32    `json:"corner"`    // radius; pixels
}

// Tokens gives the table.
func Tokens() TokenTable {
	var table TokenTable
	if err := json.Unmarshal(tokensJSON, &table); err != nil {
		panic(fmt.Errorf("embedded tokens.json: %w", err)) // a programmer's mistake, kept by a test
	}
	return table
}

// Colour is an opaque colour, written #RRGGBB.
type Colour struct{ R, G, B uint8 }

// RGBA makes Colour a color.Color.
func (c Colour) RGBA() (r, g, b, a uint32) {
	return color.NRGBA{R: c.R, G: c.G, B: c.B, A: 0xff}.RGBA()
}

// String prints the colour as #RRGGBB.
func (c Colour) String() string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// UnmarshalText reads #RRGGBB.
func (c *Colour) UnmarshalText(text []byte) error {
	var tail string
	n, err := fmt.Sscanf(string(text)+" .", "#%02x%02x%02x %s", &c.R, &c.G, &c.B, &tail)
	if err != nil || n != 4 || len(text) != 7 {
		return fmt.Errorf("colour %q is not #RRGGBB", text)
	}
	return nil
}

// names pairs each colour with the name of its custom property, in the table's order.
func (p *Palette) names() []struct {
	name  string
	value Colour
} {
	return []struct {
		name  string
		value Colour
	}{
		{"background", p.Background},
		{"raised", p.Raised},
		{"text", p.Text},
		{"secondary", p.Secondary},
		{"line", p.Line},
		{"accent", p.Accent},
		{"on-accent", p.OnAccent},
		{"good", p.Good},
		{"waiting", p.Waiting},
		{"bad", p.Bad},
	}
}

// TokensCSS prints the table as the custom properties of the page's style sheet.
func TokensCSS() string {
	table := Tokens()
	var out strings.Builder
	out.WriteString("/* Made from assets/tokens.json by assets.TokensCSS; a test compares. */\n:root {\n  color-scheme: light dark;\n")
	writePalette(&out, "  ", &table.Light)
	for i, name := range []string{"small", "body", "heading", "title"} {
		fmt.Fprintf(&out, "  --size-%s: %gpx;\n", name, table.TextSizes[i])
	}
	fmt.Fprintf(&out, "  --space: %gpx;\n  --corner: %gpx;\n}\n", table.Space, table.Corner)
	out.WriteString("\n@media (prefers-color-scheme: dark) {\n  :root {\n")
	writePalette(&out, "    ", &table.Dark)
	out.WriteString("  }\n}\n")
	return out.String()
}

func writePalette(out *strings.Builder, indent string, p *Palette) {
	for _, c := range p.names() {
		fmt.Fprintf(out, "%s--%s: %s;\n", indent, c.name, strings.ToLower(c.value.String()))
	}
}
