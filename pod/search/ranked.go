package search

import (
	"errors"

	bsearch "github.com/blevesearch/bleve/v2/search"
	index "github.com/blevesearch/bleve_index_api"
)

// rankedSearcher goes through the matches of the embedded searcher and gives each its
// worth. The searchers of the worths run along beside it.
type rankedSearcher struct {
	bsearch.Searcher
	worths []*openWorth
}

type openWorth struct {
	searcher bsearch.Searcher
	value    float64
	at       *bsearch.DocumentMatch // the match that it stands on; nil before the first and after the last
	begun    bool
}

// Next gives the next match, with its worth.
func (s *rankedSearcher) Next(ctx *bsearch.SearchContext) (*bsearch.DocumentMatch, error) {
	m, err := s.Searcher.Next(ctx)
	return s.value(ctx, m, err)
}

// Advance gives the first match at or after this document, with its worth.
func (s *rankedSearcher) Advance(ctx *bsearch.SearchContext, id index.IndexInternalID) (*bsearch.DocumentMatch, error) {
	m, err := s.Searcher.Advance(ctx, id)
	return s.value(ctx, m, err)
}

func (s *rankedSearcher) value(ctx *bsearch.SearchContext, m *bsearch.DocumentMatch, err error) (*bsearch.DocumentMatch, error) {
	if m == nil || err != nil {
		return m, err
	}
	m.Score = 0
	for _, w := range s.worths {
		found, err := w.meets(ctx, m.IndexInternalID)
		if err != nil {
			return nil, err
		}
		if found {
			m.Score += w.value
		}
	}
	return m, nil
}

// meets moves to the document and tells whether it is a match.
func (w *openWorth) meets(ctx *bsearch.SearchContext, id index.IndexInternalID) (bool, error) {
	if w.begun && w.at == nil {
		return false, nil
	}
	if !w.begun || w.at.IndexInternalID.Compare(id) < 0 {
		if w.at != nil {
			ctx.DocumentMatchPool.Put(w.at)
		}
		var err error
		if w.at, err = w.searcher.Advance(ctx, id); err != nil {
			return false, err
		}
		w.begun = true
	}
	return w.at != nil && w.at.IndexInternalID.Equals(id), nil
}

// Close closes all searchers.
func (s *rankedSearcher) Close() error {
	err := s.Searcher.Close()
	for _, w := range s.worths {
		err = errors.Join(err, w.searcher.Close())
	}
	return err
}

// Weight is 0: the worths are not normalised.
func (s *rankedSearcher) Weight() float64 { return 0 }

// SetQueryNorm does nothing: the worths are not normalised.
func (s *rankedSearcher) SetQueryNorm(float64) {}

// Size estimates the memory of all searchers in bytes.
func (s *rankedSearcher) Size() int {
	n := s.Searcher.Size()
	for _, w := range s.worths {
		n += w.searcher.Size()
	}
	return n
}

// DocumentMatchPoolSize is how many matches all searchers hold at once.
func (s *rankedSearcher) DocumentMatchPoolSize() int {
	n := s.Searcher.DocumentMatchPoolSize() + 1
	for _, w := range s.worths {
		n += w.searcher.DocumentMatchPoolSize() + 1
	}
	return n
}
