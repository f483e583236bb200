package search_test

import (
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/search"
)

// Any text is a legal query, and the name of a video finds this video, where it has a
// letter or digit within the bounds of a query.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		"", "été", ".*(", "%", "\x00", "\"a b\"~2", "+a -b ^3", "/re/", "東京タワー", "\xff\xfe", "İıſ", "ﷺ", "a\u0301\u0302",
		"\u200d\u200b", "𝕳𝖊𝖑𝖑𝖔", "한국어", "ไทย", "हिन्दी", "name:x", "\\", "①②③", "C++", "ｶﾞ", "\u1112\u1161",
	} {
		f.Add(seed)
	}
	index := open(f, f.TempDir())
	rev := pod.Rev(0)
	f.Fuzz(func(t *testing.T, text string) {
		rev++
		if err := index.Apply(t.Context(), []pod.Change{{Rev: rev, Video: video(1, text)}}); err != nil {
			t.Fatalf("Apply(%q) = %v", text, err)
		}
		found, err := index.Search(t.Context(), search.Query{Text: text, Count: 10})
		if err != nil {
			t.Fatalf("Search(%q) = %v", text, err)
		}
		other, err := index.Search(t.Context(), search.Query{Text: text + " zzzzzzzzzzzzzzz", Count: 10, Sort: "name"})
		if err != nil {
			t.Fatalf("Search(%q) = %v", text, err)
		}
		if other.Total > found.Total {
			t.Errorf("Search(%q) found less than with one word more", text)
		}
		if hasASCIILetter(text) && found.Total != 1 {
			t.Errorf("Search(%q) found %d videos, want the one with this name", text, found.Total)
		}
	})
}

// hasASCIILetter tells whether a letter stands within the bounds of a query.
func hasASCIILetter(text string) bool {
	n := 0
	for _, r := range text {
		if n++; n > 200 {
			return false
		}
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return true
		}
	}
	return false
}
