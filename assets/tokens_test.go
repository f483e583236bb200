package assets_test

import (
	"bytes"
	"flag"
	"image"
	_ "image/png" // the icons
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/assets"
)

var update = flag.Bool("update", false, "write static/tokens.css anew")

func TestTokensCSS(t *testing.T) {
	const path = "web/static/tokens.css"
	want := assets.TokensCSS()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := fs.ReadFile(assets.Web(), "static/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want && !*update {
		t.Errorf("%s is not what tokens.json says: run go test ./assets -run TokensCSS -update", path)
	}
}

func TestTextCanBeRead(t *testing.T) {
	table := assets.Tokens()
	for name, p := range map[string]assets.Palette{"light": table.Light, "dark": table.Dark} {
		for ground, background := range map[string]assets.Colour{"background": p.Background, "raised": p.Raised} {
			for token, colour := range map[string]assets.Colour{"text": p.Text, "secondary": p.Secondary, "accent": p.Accent, "bad": p.Bad} {
				if got := contrast(colour, background); got < 4.5 {
					t.Errorf("%s: contrast of %s on %s = %.2f, want at least 4.5", name, token, ground, got)
				}
			}
		}
		if got := contrast(p.OnAccent, p.Accent); got < 4.5 {
			t.Errorf("%s: contrast on the accent = %.2f, want at least 4.5", name, got)
		}
	}
}

// contrast is WCAG's ratio of two colours.
func contrast(a, b assets.Colour) float64 {
	high, low := luminance(a), luminance(b)
	if low > high {
		high, low = low, high
	}
	return (high + 0.05) / (low + 0.05)
}

func luminance(c assets.Colour) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestColourUnmarshalText(t *testing.T) {
	tests := []struct {
		name, text, want string
		ok               bool
	}{
		{"plain", "#3F7D3A", "#3F7D3A", true},
		{"lower case", "#8fcb6b", "#8FCB6B", true},
		{"short", "#FFF", "", false},
		{"no hash", "3F7D3A0", "", false},
		{"letters", "#GGGGGG", "", false},
		{"too long", "#3F7D3A00", "", false},
		{"empty", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var c assets.Colour
			err := c.UnmarshalText([]byte(test.text))
			if (err == nil) != test.ok || (test.ok && c.String() != test.want) {
				t.Errorf("UnmarshalText(%q) = %v, %v, want %v, ok %v", test.text, c, err, test.want, test.ok)
			}
		})
	}
}

func TestIcons(t *testing.T) {
	for name, size := range map[string]int{"peerpod-256.png": 256, "peerpod-512.png": 512} {
		data, err := assets.Icon(name)
		if err != nil {
			t.Fatal(err)
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width != size || config.Height != size {
			t.Errorf("Icon(%s) = %dx%d, %v, want %d", name, config.Width, config.Height, err, size)
		}
	}
	if _, err := assets.Icon("none.png"); err == nil {
		t.Error("Icon(none.png) = nil error, want one")
	}
}

// TestNoInline keeps what the content security policy asks for.
func TestNoInline(t *testing.T) {
	err := fs.WalkDir(assets.Web(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "vendor/") {
			return err
		}
		data, err := fs.ReadFile(assets.Web(), path)
		if err != nil {
			return err
		}
		text := string(data)
		if strings.HasSuffix(path, ".html") {
			for _, bad := range []string{"<style", " style=", "<script>", "javascript:", " onclick", " onload", "http://", "https://"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s contains %q", path, bad)
				}
			}
		}
		if strings.HasSuffix(path, ".js") {
			for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
				if strings.Contains(text, bad) {
					t.Errorf("%s contains %q", path, bad)
				}
			}
			if lines := strings.Count(text, "\n"); lines > 300 {
				t.Errorf("%s has %d lines, want at most 300", path, lines)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
