package search

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/peerpod/peerpod/pod"
)

// formVersion names the form of the documents. Raise it with any change of the fields
// or of the rules in text.go: older indexes are then built anew.
const formVersion = "1"

// Fields of a document.
const (
	fieldName    = "name"
	fieldTags    = "tags"
	fieldAll     = "all" // name, tags and description
	fieldTitle   = "title"
	fieldPrivacy = "privacy"

	sortName      = "sort_name"
	sortPublished = "sort_published"
	sortCreated   = "sort_created"
	sortUpdated   = "sort_updated"
	sortOriginal  = "sort_original"
	sortDuration  = "sort_duration"
	sortViews     = "sort_views"
)

const maxSortNameLen = 60 // characters; longer names that begin alike are sorted by number

// documentID is the video's number in a form that sorts as the number does.
func documentID(id pod.VideoID) string { return fmt.Sprintf("%016x", uint64(id)) }

func videoID(document string) (pod.VideoID, error) {
	n, err := strconv.ParseUint(document, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("document number: %w", err)
	}
	return pod.VideoID(n), nil
}

func newDocument(v *pod.Video) *document.Document {
	d := document.NewDocument(documentID(v.ID))
	// Without a separator between them the last word of one and the first of the next were one.
	addText(d, fieldName, v.Name)
	addText(d, fieldTags, strings.Join(v.Tags, "\n"))
	addText(d, fieldAll, v.Name+"\n"+strings.Join(v.Tags, "\n")+"\n"+v.Description)
	addKey(d, fieldTitle, title(v.Name), index.IndexField)
	addKey(d, fieldPrivacy, privacyKey(v.Privacy), index.IndexField)

	name := []rune(strings.TrimSpace(fold(v.Name)))
	addSort(d, sortName, string(name[:min(len(name), maxSortNameLen)]))
	addSort(d, sortPublished, timeKey(v.PublishedAt))
	addSort(d, sortCreated, timeKey(v.CreatedAt))
	addSort(d, sortUpdated, timeKey(v.UpdatedAt))
	addSort(d, sortDuration, numberKey(int64(v.Duration)))
	addSort(d, sortViews, numberKey(int64(min(v.Views, 1<<62))))
	var original time.Time
	if v.OriginallyAt != nil {
		original = *v.OriginallyAt
	}
	addSort(d, sortOriginal, timeKey(original))
	return d
}

// title is the whole name as one key: its words with one space between.
func title(name string) string {
	var list []string
	words(name, func(w word) bool {
		list = append(list, w.text)
		return true
	})
	return strings.Join(list, " ")
}

func privacyKey(p pod.Privacy) string { return strconv.Itoa(int(p)) }

func timeKey(t time.Time) string { return numberKey(t.UnixMilli()) }

// numberKey prints a number so that the texts sort as the numbers do.
func numberKey(n int64) string { return fmt.Sprintf("%016x", uint64(n)^1<<63) }

func addText(d *document.Document, field, text string) {
	d.AddField(document.NewTextFieldCustom(field, nil, []byte(text), index.IndexField|index.SkipFreqNorm, wordAnalyzer{}))
}

func addKey(d *document.Document, field, key string, options index.FieldIndexingOptions) {
	d.AddField(document.NewTextFieldCustom(field, nil, []byte(key), options|index.SkipFreqNorm, keyAnalyzer{}))
}

func addSort(d *document.Document, field, key string) {
	addKey(d, field, key, index.IndexField|index.DocValues)
}

// wordAnalyzer cuts a text into words as queries are cut.
type wordAnalyzer struct{}

// Analyze gives one token per word.
func (wordAnalyzer) Analyze(text []byte) analysis.TokenStream {
	var tokens analysis.TokenStream
	words(string(text), func(w word) bool {
		tokens = append(tokens, &analysis.Token{Term: []byte(w.text), Position: len(tokens) + 1, Type: analysis.AlphaNumeric})
		return true
	})
	return tokens
}

// keyAnalyzer takes a text as one word.
type keyAnalyzer struct{}

// Analyze gives the whole text as one token.
func (keyAnalyzer) Analyze(text []byte) analysis.TokenStream {
	return analysis.TokenStream{{Term: text, End: len(text), Position: 1, Type: analysis.AlphaNumeric}}
}
