package search

import (
	"context"
	"strings"

	"github.com/blevesearch/bleve/v2/mapping"
	bsearch "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/peerpod/peerpod/pod"
)

// What a match is worth. Only the order matters: without a typo before with one, the
// whole name first, then name, tags, description.
const (
	worthNoTypo     = 1_000_000 // every word was found as it was written
	worthTitle      = 100_000   // the query is the whole name
	worthName       = 400
	worthNamePrefix = 300
	worthTag        = 12
	worthTagPrefix  = 8
	worthAny        = 3
	worthAnyTypo    = 1
)

// noScore asks bleve for matches only: its own scores depend on how rare a word is.
const noScore = "none"

// ranked is a query whose matches are those of filter, each with the sum of what the
// worths that it meets give.
type ranked struct {
	filter query.Query
	worths []worth
}

type worth struct {
	query query.Query
	value float64
}

// newRanked builds the query for these words, all needed, within these privacies.
func newRanked(list []word, privacies []pod.Privacy, withWorths bool) *ranked {
	exactly, roughly := make([]query.Query, 0, len(list)), make([]query.Query, 0, len(list)+1)
	for _, w := range list {
		plain := []query.Query{w.match(fieldAll)}
		exactly = append(exactly, plain[0])
		if f := w.fuzziness(); f > 0 {
			plain = append(plain, w.fuzzy(fieldAll, f))
		}
		roughly = append(roughly, anyOf(plain))
	}
	allowed := make([]query.Query, 0, len(privacies))
	for _, p := range privacies {
		allowed = append(allowed, term(fieldPrivacy, privacyKey(p)))
	}
	r := &ranked{filter: query.NewConjunctionQuery(append(roughly, anyOf(allowed)))}
	if withWorths {
		r.worths = append(r.worths, worth{query.NewConjunctionQuery(exactly), worthNoTypo})
		r.addWorths(list)
	}
	return r
}

func (r *ranked) addWorths(list []word) {
	texts := make([]string, 0, len(list))
	for _, w := range list {
		texts = append(texts, w.text)
		r.worths = append(r.worths, worth{term(fieldName, w.text), worthName}, worth{term(fieldTags, w.text), worthTag},
			worth{term(fieldAll, w.text), worthAny})
		if w.isPrefix() {
			r.worths = append(r.worths, worth{w.match(fieldName), worthNamePrefix}, worth{w.match(fieldTags), worthTagPrefix})
		}
		if f := w.fuzziness(); f > 0 {
			r.worths = append(r.worths, worth{w.fuzzy(fieldName, f), worthAnyTypo}, worth{w.fuzzy(fieldAll, 1), worthAnyTypo})
		}
	}
	r.worths = append(r.worths, worth{term(fieldTitle, strings.Join(texts, " ")), worthTitle})
}

func term(field, text string) query.Query {
	q := query.NewTermQuery(text)
	q.SetField(field)
	return q
}

// match finds the word, and words that begin with it.
func (w word) match(field string) query.Query {
	if !w.isPrefix() {
		return term(field, w.text)
	}
	q := query.NewPrefixQuery(w.text)
	q.SetField(field)
	return q
}

func (w word) fuzzy(field string, typos int) query.Query {
	q := query.NewFuzzyQuery(w.text)
	q.SetField(field)
	q.SetFuzziness(typos)
	return q
}

func anyOf(list []query.Query) query.Query {
	if len(list) == 1 {
		return list[0]
	}
	return query.NewDisjunctionQuery(list)
}

// Searcher opens the filter and the worths on one state of the index.
func (r *ranked) Searcher(ctx context.Context, reader index.IndexReader, m mapping.IndexMapping, options bsearch.SearcherOptions) (bsearch.Searcher, error) {
	options.Score = noScore
	filter, err := r.filter.Searcher(ctx, reader, m, options)
	if err != nil {
		return nil, err
	}
	s := &rankedSearcher{Searcher: filter}
	for _, w := range r.worths {
		opened, err := w.query.Searcher(ctx, reader, m, options)
		if err != nil {
			_ = s.Close()
			return nil, err
		}
		s.worths = append(s.worths, &openWorth{searcher: opened, value: w.value})
	}
	return s, nil
}
