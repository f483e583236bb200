package search_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/search"
)

func TestSearchFinds(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	apply(t, index, named("nothing of note", // 1
		"Été à la mer",                    // 2
		"A holiday in Norway",             // 3
		"100% cotton .*( and C++ \"x/y\"", // 4
		"東京タワーの夜景",                        // 5
		"Straße nach Łódź",                // 6
		"한국의 가을 여행",                       // 7
		"ΟΔΥΣΣΕΎΣ и Москва",               // 8
		"Ｆｕｌｌｗｉｄｔｈ ﬁlm №5",                // 9
		"my_new-video.final",              // 10
		"がっこう",                            // 11
	))
	tests := []struct {
		name, text string
		want       []pod.VideoID
	}{
		{"accent in the video", "ete", ids(2)},
		{"accent in the query", "mér", ids(2)},
		{"accent as a mark of its own", "E\u0301te\u0301", ids(2)},
		{"upper case", "HOLIDAY", ids(3)},
		{"beginning of a word", "holi", ids(3)},
		{"beginning of each word", "hol nor", ids(3)},
		{"words in another order", "norway holiday", ids(3)},
		{"middle of a word", "oliday", ids(3)}, // one typo
		{"all words needed", "holiday sweden", nil},
		{"one typo", "norwey", ids(3)},
		{"swapped letters", "nowray", ids(3)},
		{"two typos in a long word", "holydai", nil},
		{"two typos in eight letters", "fulwidtt", ids(9)},
		{"typo in a short word", "mar", nil},
		{"typo in a number", "101", nil},
		{"number", "100%", ids(4)},
		{"pattern of everything", ".*", nil},
		{"pattern with a bracket", ".*( cotton", ids(4)},
		{"quotes and slashes", `"x/y"`, ids(4)},
		{"plus signs", "c++", ids(4)},
		{"operators", "+cotton -holiday", nil},
		{"field syntax", "name:holiday", nil},
		{"tilde and caret", "holiday~2^5", nil},
		{"wildcard", "hol*day", nil},
		{"NUL within", "hol\x00iday", nil},
		{"NUL around", "\x00holiday\x00", ids(3)},
		{"broken UTF-8", "holiday\xff", ids(3)},
		{"Chinese pair", "東京", ids(5)},
		{"Chinese single character", "夜", ids(5)},
		{"last character", "景", ids(5)},
		{"katakana within a run", "タワー", ids(5)},
		{"half-width katakana", "ﾀﾜｰ", ids(5)},
		{"Chinese that is not there", "京東", nil},
		{"kana with its voice", "がっこう", ids(11)},
		{"kana of two characters", "か\u3099っこう", ids(11)},
		{"kana without its voice", "かっこう", nil},
		{"Korean word", "한국의", ids(7)},
		{"Korean beginning", "한국", ids(7)},
		{"German sharp s", "strasse", ids(6)},
		{"Polish letters", "lodz", ids(6)},
		{"Greek", "οδυσσευς", ids(8)},
		{"Cyrillic", "москва", ids(8)},
		{"full width", "fullwidth", ids(9)},
		{"ligature", "film", ids(9)},
		{"file name", "new video", ids(10)},
		{"end of a file name", "final", ids(10)},
		{"empty", "", nil},
		{"spaces", " \t\n", nil},
		{"punctuation only", "%_*?+-~^\"/\\", nil},
		{"emoji only", "🎉🎉", nil},
		{"combining marks only", strings.Repeat("\u0301", 50), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := find(t, index, search.Query{Text: tt.text})
			slices.Sort(got.IDs)
			if diff := cmp.Diff(tt.want, got.IDs, cmpopts.EquateEmpty()); diff != "" || got.Total != len(tt.want) {
				t.Errorf("Search(%q) = %v of %d, want %v", tt.text, got.IDs, got.Total, tt.want)
			}
		})
	}
}

func TestSearchRanks(t *testing.T) {
	t.Parallel()
	withTags := func(v pod.Video, tags ...string) pod.Video {
		v.Tags = tags
		return v
	}
	described := func(v pod.Video, text string) pod.Video {
		v.Description = text
		return v
	}
	index := open(t, t.TempDir())
	apply(t, index, puts(
		video(1, "Garden"),
		video(2, "Our garden in spring"),
		video(3, "Gardening for beginners"),
		withTags(video(4, "Tomatoes"), "garden", "food"),
		described(video(5, "Weekend"), "We sat in the garden."),
		video(6, "The warden of the park"),
		described(video(7, "Harden steel"), "how to"),
		withTags(video(8, "Roses"), "gardens"),
		described(withTags(video(9, "Lilies"), "gardens"), "for the garden"),
	))
	tests := []struct {
		name string
		q    search.Query
		want []pod.VideoID
	}{
		{"best first", search.Query{Text: "garden"}, ids(1, 2, 3, 4, 9, 8, 5, 7, 6)},
		{"best last", search.Query{Text: "garden", Sort: "match"}, ids(7, 6, 5, 8, 9, 4, 3, 2, 1)},
		{"newest first", search.Query{Text: "garden", Sort: "-publishedAt"}, ids(9, 8, 7, 6, 5, 4, 3, 2, 1)},
		{"by name", search.Query{Text: "garden", Sort: "name"}, ids(1, 3, 7, 9, 2, 8, 6, 4, 5)},
		{"by name backwards", search.Query{Text: "garden", Sort: "-name"}, ids(5, 4, 6, 8, 2, 9, 7, 3, 1)},
		{"equal keys by number", search.Query{Text: "garden", Sort: "-views"}, ids(1, 2, 3, 4, 5, 6, 7, 8, 9)},
		{"second page", search.Query{Text: "garden", Start: 3, Count: 2}, ids(4, 9)},
		{"behind the end", search.Query{Text: "garden", Start: 50}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := find(t, index, tt.q)
			if diff := cmp.Diff(tt.want, got.IDs, cmpopts.EquateEmpty()); diff != "" || got.Total != 9 {
				t.Errorf("Search(%+v) = %v of %d, want %v of 9", tt.q, got.IDs, got.Total, tt.want)
			}
		})
	}
}

// However well a name fits otherwise, whatever needs no typo stands before it.
func TestSearchRanksTyposLast(t *testing.T) {
	t.Parallel()
	plain, typo := video(1, "Untitled"), video(2, "Summer gardem")
	plain.Description = "Our summer in the garden."
	index := open(t, t.TempDir())
	apply(t, index, puts(plain, typo))
	if got := find(t, index, search.Query{Text: "summer garden"}); !slices.Equal(got.IDs, ids(1, 2)) {
		t.Errorf("Search(summer garden) = %v, want 1, 2", got.IDs)
	}
}

// A word that is rare in one field must not outweigh the order of fields.
func TestSearchRankDoesNotFollowRarity(t *testing.T) {
	t.Parallel()
	var videos []pod.Video
	for id := range pod.VideoID(60) {
		videos = append(videos, video(id+1, "House number and more"))
	}
	rare, typo := video(100, "Other things"), video(101, "A mouse")
	rare.Description = "house"
	index := open(t, t.TempDir())
	apply(t, index, puts(append(videos, rare, typo)...))
	got := find(t, index, search.Query{Text: "house"})
	if got.Total != 62 || got.IDs[0] != 60 || got.IDs[60] != 100 || got.IDs[61] != 101 {
		t.Errorf("Search(house) = %v, want 60 … 1, 100, 101", got.IDs)
	}
}

func TestSearchSortsByStoredValues(t *testing.T) {
	t.Parallel()
	a, b, c := video(1, "clip a"), video(2, "clip b"), video(3, "clip c")
	a.Views, b.Views, c.Views = 5, 50, 7
	a.Duration, b.Duration, c.Duration = 1000, 10, 100
	long := testTime.AddDate(-90, 0, 0) // before 1970
	c.OriginallyAt = &long
	index := open(t, t.TempDir())
	apply(t, index, puts(a, b, c))
	for sort, want := range map[string][]pod.VideoID{
		"views": ids(1, 3, 2), "-trending": ids(2, 3, 1), "duration": ids(2, 3, 1), "-duration": ids(1, 3, 2),
		"createdAt": ids(1, 2, 3), "-updatedAt": ids(3, 2, 1), "-originallyPublishedAt": ids(3, 1, 2),
	} {
		if got := find(t, index, search.Query{Text: "clip", Sort: sort}); !slices.Equal(got.IDs, want) {
			t.Errorf("Search(sort %s) = %v, want %v", sort, got.IDs, want)
		}
	}
}

func TestSearchKeepsPrivacy(t *testing.T) {
	t.Parallel()
	var videos []pod.Video
	for p := pod.PrivacyPublic; p <= pod.PrivacyInternal; p++ {
		v := video(pod.VideoID(p), "diary")
		v.Privacy = p
		videos = append(videos, v)
	}
	waiting := video(9, "diary")
	waiting.State = pod.StateToTranscode
	index := open(t, t.TempDir())
	apply(t, index, puts(append(videos, waiting)...))
	tests := []struct {
		privacies []pod.Privacy
		want      []pod.VideoID
	}{
		{nil, ids(1)},
		{[]pod.Privacy{pod.PrivacyPrivate}, ids(3)},
		{[]pod.Privacy{pod.PrivacyPublic, pod.PrivacyInternal}, ids(1, 4)},
		{[]pod.Privacy{pod.PrivacyFriends}, nil},
	}
	for _, tt := range tests {
		got := find(t, index, search.Query{Text: "diary", Privacies: tt.privacies})
		slices.Sort(got.IDs)
		if !slices.Equal(got.IDs, tt.want) || got.Total != len(tt.want) {
			t.Errorf("Search(privacies %v) = %v of %d, want %v", tt.privacies, got.IDs, got.Total, tt.want)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	for _, q := range []search.Query{
		{Text: "a", Start: -1},
		{Text: "a", Start: 1 << 40},
		{Text: "a", Count: -1},
		{Text: "a", Count: 1_000_000_000},
		{Text: "a", Sort: "password"},
		{Text: "a", Sort: "__proto__"},
		{Text: "a", Sort: "-"},
		{Text: "a", Sort: "--name"},
	} {
		if _, err := index.Search(t.Context(), q); pod.KindOf(err) != pod.KindInvalid {
			t.Errorf("Search(%+v) = %v, want KindInvalid", q, err)
		}
	}
}

func TestSearchCutsLongQueries(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	long := strings.Repeat("a", 80)
	apply(t, index, named("alpha", long))
	if got := find(t, index, search.Query{Text: strings.Repeat("alpha ", 100_000)}); got.Total != 1 {
		t.Errorf("Search(100,000 words) found %d, want 1", got.Total)
	}
	if got := find(t, index, search.Query{Text: long}); got.Total != 1 {
		t.Errorf("Search(80 letters) found %d, want 1", got.Total)
	}
	if got := find(t, index, search.Query{Text: strings.Repeat("ﷺ", 10_000)}); got.Total != 0 {
		t.Errorf("Search(characters that grow when folded) found %d, want 0", got.Total)
	}
}

func TestSearchEndsWithContext(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	apply(t, index, named("alpha"))
	ctx, cancel := cancelled(t)
	cancel()
	if _, err := index.Search(ctx, search.Query{Text: "alpha", Count: 10}); !errors.Is(err, pod.ErrCancelled) {
		t.Errorf("Search(cancelled) = %v, want ErrCancelled", err)
	}
	if err := index.Apply(ctx, named("beta", "gamma")); !errors.Is(err, pod.ErrCancelled) {
		t.Errorf("Apply(cancelled) = %v, want ErrCancelled", err)
	}
	if err := index.Clear(ctx); !errors.Is(err, pod.ErrCancelled) {
		t.Errorf("Clear(cancelled) = %v, want ErrCancelled", err)
	}
}
