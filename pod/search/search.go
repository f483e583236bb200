package search

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/blevesearch/bleve/v2"
	bsearch "github.com/blevesearch/bleve/v2/search"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of a query. What is longer is cut, not refused.
const (
	maxQueryLen   = 200 // characters
	maxQueryWords = 16
	maxCount      = 100
	maxStart      = 1_000_000
)

// Query asks for videos by text.
type Query struct {
	Text         string
	Start, Count int
	Privacies    []pod.Privacy // empty: public only
	Sort         string        // as pod.VideoQuery has it; "" is "-match", the best first
}

// Result is one page of what was found.
type Result struct {
	Total int // of all that match
	IDs   []pod.VideoID
}

// sortFields name the field for each sort key. Likes, heat and trends are not counted
// yet: such lists follow the views.
var sortFields = map[string]string{
	"publishedAt": sortPublished, "createdAt": sortCreated, "updatedAt": sortUpdated, "name": sortName,
	"duration": sortDuration, "views": sortViews, "likes": sortViews, "trending": sortViews, "hot": sortViews,
	"best": sortViews, "originallyPublishedAt": sortOriginal,
}

// Search finds the videos whose texts have all words of the query. A text without
// letter or digit finds nothing. Errors: invalid_start, invalid_count, invalid_sort.
func (x *Index) Search(ctx context.Context, q Query) (Result, error) {
	if err := q.check(); err != nil {
		return Result{}, err
	}
	list := queryWords(q.Text)
	if len(list) == 0 {
		return Result{}, nil
	}
	request := q.request(list)
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.bleve == nil {
		return Result{}, errClosed()
	}
	found, err := x.bleve.SearchInContext(ctx, request)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(pod.ErrCancelled, err)
		}
		return Result{}, fmt.Errorf("search: %w", err)
	}
	result := Result{Total: int(found.Total), IDs: make([]pod.VideoID, 0, len(found.Hits))}
	for _, hit := range found.Hits {
		id, err := videoID(hit.ID)
		if err != nil {
			return Result{}, fmt.Errorf("search: %w", err)
		}
		result.IDs = append(result.IDs, id)
	}
	return result, nil
}

func (q *Query) check() error {
	if q.Start < 0 || q.Start > maxStart {
		return pod.Invalid("start", fmt.Sprintf("The start is a number from 0 to %d.", maxStart))
	}
	if q.Count < 0 || q.Count > maxCount {
		return pod.Invalid("count", fmt.Sprintf("The count is a number from 0 to %d.", maxCount))
	}
	if q.Sort != "" && !pod.ValidSort(q.Sort) {
		return pod.Invalid("sort", "Search results can not be sorted by this. Use -match, -publishedAt, name, -duration or -views.")
	}
	if len(q.Privacies) == 0 {
		q.Privacies = []pod.Privacy{pod.PrivacyPublic}
	}
	return nil
}

func (q *Query) request(list []word) *bleve.SearchRequest {
	key, descending := strings.CutPrefix(q.Sort, "-")
	byMatch := key == "match" || key == ""
	request := bleve.NewSearchRequestOptions(newRanked(list, q.Privacies, byMatch), q.Count, q.Start, false)
	if byMatch {
		descending = descending || key == ""
		request.SortByCustom(bsearch.SortOrder{
			&bsearch.SortScore{Desc: descending}, sortBy(sortPublished, true), &bsearch.SortDocID{},
		})
		return request
	}
	request.SortByCustom(bsearch.SortOrder{sortBy(sortFields[key], descending), &bsearch.SortDocID{}})
	return request
}

func sortBy(field string, descending bool) *bsearch.SortField {
	return &bsearch.SortField{Field: field, Desc: descending, Type: bsearch.SortFieldAsString, Missing: bsearch.SortFieldMissingLast}
}
