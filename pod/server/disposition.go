package server

import (
	"fmt"
	"strings"
	"unicode"
)

// maxFileName is how many characters of a title a saved file's name keeps.
const maxFileName = 100

// fileName makes a name for a saved file of a title: no separators of folders, nothing
// that a system reads as a device or that turns the direction of the text.
func fileName(title, extension string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		default:
			return r
		}
	}, title)
	if runes := []rune(clean); len(runes) > maxFileName {
		clean = string(runes[:maxFileName])
	}
	clean = strings.Trim(clean, " .")
	if clean == "" || isDevice(clean) {
		clean = "video " + clean
	}
	return strings.TrimSpace(clean) + extension
}

// isDevice tells whether Windows would take the name for a device.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch base = strings.TrimSpace(base); base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) && base[3] >= '0' && base[3] <= '9'
}

// disposition prints a Content-Disposition with the name twice (RFC 6266): in ASCII for
// old programs and, if that loses something, in UTF-8 (RFC 8187).
func disposition(kind, name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	out := kind + `; filename="` + ascii + `"`
	if ascii != name {
		out += "; filename*=UTF-8''" + extValue(name)
	}
	return out
}

// extValue percent-encodes all but the attr-chars of RFC 8187.
func extValue(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', strings.IndexByte("!#$&+-.^_`|~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
