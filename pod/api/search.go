package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeSearch() {
	typed(a, huma.Operation{OperationID: "searchVideos", Method: http.MethodGet, Path: "/api/v1/search/videos", Tags: []string{"Search"}, Summary: "Find videos by their text"}, accessOptional, a.search)
}

// maxFiltered is how many of the best matches are looked through when a search is also
// filtered: the index knows texts and privacies, not the rest.
const maxFiltered = 1_000

// searchBatch is how many matches the index is asked for at once.
const searchBatch = 100

func (a *API) search(ctx context.Context, in *ListParams) (*body[page[VideoShape]], error) {
	if strings.TrimSpace(in.Search) == "" { // nothing to look for finds nothing
		return answer(newPage[VideoShape](0, nil)), nil
	}
	return a.listVideos(ctx, in)
}

// find answers with one page of the videos that match a text and fit a query.
func (a *API) find(ctx context.Context, text string, q pod.VideoQuery) (*body[page[VideoShape]], error) {
	wanted := SearchQuery{Text: text, Start: q.Start, Count: q.Count, Privacies: q.Privacies, Sort: orElse(q.Sort, "-match")}
	if filtered(&q) {
		return a.findFiltered(ctx, wanted, &q)
	}
	found, err := a.cfg.Search.Search(ctx, wanted)
	if err != nil {
		return nil, err
	}
	videos, err := a.load(ctx, found.IDs, q.Privacies)
	if err != nil {
		return nil, err
	}
	return a.videoPage(ctx, found.Total, videos)
}

// findFiltered looks through the best matches for those that pass the filters.
func (a *API) findFiltered(ctx context.Context, wanted SearchQuery, q *pod.VideoQuery) (*body[page[VideoShape]], error) {
	var passed []pod.Video
	for wanted.Start, wanted.Count = 0, searchBatch; wanted.Start < maxFiltered; wanted.Start += searchBatch {
		found, err := a.cfg.Search.Search(ctx, wanted)
		if err != nil {
			return nil, err
		}
		videos, err := a.load(ctx, found.IDs, q.Privacies)
		if err != nil {
			return nil, err
		}
		for i := range videos {
			if a.passes(&videos[i], q) {
				passed = append(passed, videos[i])
			}
		}
		if wanted.Start+searchBatch >= found.Total {
			break
		}
	}
	first := min(q.Start, len(passed))
	return a.videoPage(ctx, len(passed), passed[first:min(first+q.Count, len(passed))])
}

// load reads what the index found. The index may be a moment behind the store, so what
// is gone or hidden meanwhile is left out.
func (a *API) load(ctx context.Context, ids []pod.VideoID, privacies []pod.Privacy) ([]pod.Video, error) {
	videos := make([]pod.Video, 0, len(ids))
	for _, id := range ids {
		v, err := a.cfg.Videos.Video(ctx, id)
		if errors.Is(err, pod.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(privacies, v.Privacy) {
			videos = append(videos, v)
		}
	}
	return videos, nil
}

// filtered tells whether a query is narrowed by more than privacy.
func filtered(q *pod.VideoQuery) bool {
	return q.IsLocal != nil || q.Host != "" || q.Account != 0 || q.Channel != 0 ||
		len(q.TagsOneOf)+len(q.Categories)+len(q.Languages) > 0
}

// hostOfVideo is the host:port of the pod that a video comes from; "" is unknown.
func (a *API) hostOfVideo(v *pod.Video) string {
	if v.IsLocal() {
		return a.host()
	}
	return hostOf(a.origin(v.Origin).URL)
}

// passes tells whether a video fits the filters of a list.
func (a *API) passes(v *pod.Video, q *pod.VideoQuery) bool {
	switch {
	case q.Account != 0 && q.Account != v.AccountID, q.Channel != 0 && q.Channel != v.ChannelID:
		return false
	case q.IsLocal != nil && *q.IsLocal != v.IsLocal():
		return false
	case q.Host != "" && !strings.EqualFold(q.Host, a.hostOfVideo(v)):
		return false
	case len(q.Categories) > 0 && !slices.Contains(q.Categories, v.Category):
		return false
	case len(q.Languages) > 0 && !slices.Contains(q.Languages, v.Language):
		return false
	}
	return len(q.TagsOneOf) == 0 || slices.ContainsFunc(v.Tags, func(tag string) bool {
		return slices.ContainsFunc(q.TagsOneOf, func(wanted string) bool { return strings.EqualFold(tag, wanted) })
	})
}
