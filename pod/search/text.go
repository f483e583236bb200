package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWordLen is the length in characters at which a word is cut, in texts and queries alike.
const maxWordLen = 64

// word is one word of a text, or a pair of characters of a script without spaces.
type word struct {
	text string
	// pair tells that the text is of a script without spaces.
	pair bool
}

// fold brings a text to the form in which texts are compared: compatible forms made
// one, no case, no accents, Latin letters without diacritics.
func fold(text string) string {
	text = cases.Fold().String(norm.NFKD.String(strings.ToValidUTF8(text, " ")))
	text = strings.Map(dropMark, norm.NFKD.String(text))
	text = string(asciifolding.New().Filter([]byte(text)))
	return strings.ToLower(norm.NFC.String(text))
}

const (
	zeroWidthSpace = '\u200b'
	kanaVoiced     = '\u3099'
	kanaHalfVoiced = '\u309a'
	arabicTatweel  = '\u0640'
)

// dropMark leaves out accents and invisible characters. Marks that make another letter
// (kana) or a vowel (scripts of India and south-east Asia) stay.
func dropMark(r rune) rune {
	switch {
	case r == zeroWidthSpace:
		return ' '
	case r == kanaVoiced, r == kanaHalfVoiced:
		return r
	case r == arabicTatweel, unicode.Is(unicode.Cf, r):
		return -1
	case unicode.Is(unicode.Mn, r) && unicode.In(r, unicode.Inherited, unicode.Arabic, unicode.Hebrew, unicode.Latin, unicode.Greek, unicode.Cyrillic):
		return -1
	}
	return r
}

// words cuts a text into folded words; stop is asked before each and may end it.
func words(text string, yield func(word) bool) {
	runes := []rune(fold(text))
	for start := 0; start < len(runes); {
		kind := kindOf(runes[start])
		end := start + 1
		for end < len(runes) && (kindOf(runes[end]) == kind || kind != kindOther && unicode.IsMark(runes[end])) {
			end++
		}
		if !yieldRun(runes[start:end], kind, yield) {
			return
		}
		start = end
	}
}

func yieldRun(run []rune, kind runeKind, yield func(word) bool) bool {
	switch kind {
	case kindSpaced:
		return yield(word{text: string(run[:min(len(run), maxWordLen)])})
	case kindUnspaced:
		for i := range run {
			if !yield(word{text: string(run[i:min(i+2, len(run))]), pair: true}) {
				return false
			}
		}
	case kindOther:
	}
	return true
}

type runeKind int

const (
	kindOther    runeKind = iota // between words
	kindSpaced                   // letters and digits of words with spaces between
	kindUnspaced                 // scripts without spaces
)

func kindOf(r rune) runeKind {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return kindSpaced
		}
		return kindOther
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) || r == 'ー':
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
			return kindUnspaced
		}
		return kindOther
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		return kindSpaced
	}
	return kindOther
}

// queryWords gives the words of a query, each once, at most maxQueryWords of the first
// maxQueryLen characters. The last character of a run without spaces is left out where
// a pair holds it already.
func queryWords(text string) []word {
	if utf8.RuneCountInString(text) > maxQueryLen {
		text = string([]rune(text)[:maxQueryLen])
	}
	var list []word
	seen := map[string]bool{}
	previous := word{}
	words(text, func(w word) bool {
		tail := w.pair && previous.pair && utf8.RuneCountInString(w.text) == 1 && strings.HasSuffix(previous.text, w.text)
		previous = w
		if !tail && !seen[w.text] {
			seen[w.text] = true
			list = append(list, w)
		}
		return len(list) < maxQueryWords
	})
	return list
}

// fuzziness is the number of typos that a word may have. Numbers are meant as written,
// and a pair of characters has no room for a typo.
func (w word) fuzziness() int {
	if w.pair || strings.IndexFunc(w.text, unicode.IsNumber) >= 0 {
		return 0
	}
	switch n := utf8.RuneCountInString(w.text); {
	case n >= 8:
		return 2
	case n >= 4:
		return 1
	}
	return 0
}

// isPrefix tells whether longer words that begin with this one match too. A pair stands
// for itself; a single character of such a script begins each pair that it stands in.
func (w word) isPrefix() bool {
	return !w.pair || utf8.RuneCountInString(w.text) == 1
}
