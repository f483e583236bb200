package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// PageParams select one page of a list. (huma sees embedded structs only under exported
// names; nobody outside needs this one.)
type PageParams struct {
	Start int `query:"start" minimum:"0" maximum:"1000000000" default:"0" doc:"How many entries to skip."`
	Count int `query:"count" minimum:"1" maximum:"100" default:"15" doc:"How many entries to give."`
}

// ListParams select and sort videos. PeerTube's clients write arrays as a=1&a=2, as
// a[]=1&a[]=2 or as a=1,2 for numbers; all are read.
type ListParams struct {
	PageParams
	Sort         string   `query:"sort" doc:"A field, with a leading - for the opposite direction: publishedAt, createdAt, updatedAt, name, duration, views, likes, trending, hot, best, originallyPublishedAt, match."`
	IsLocal      string   `query:"isLocal" enum:"true,false,1,0" doc:"Only this pod's own videos, or only those of others."`
	Host         string   `query:"host" maxLength:"260" doc:"Only videos of the pod at this host:port."`
	TagsOneOf    []string `query:"tagsOneOf,explode" doc:"Only videos with one of these tags; also as tagsOneOf[]."`
	PrivacyOneOf []string `query:"privacyOneOf,explode" doc:"Only these levels of privacy, out of those that the asker may see; also as privacyOneOf[]."`
	Categories   []string `query:"categoryOneOf,explode" doc:"Only these categories."`
	Languages    []string `query:"languageOneOf,explode" doc:"Only these languages."`
	Search       string   `query:"search" maxLength:"500" doc:"Only videos whose texts match."`

	query pod.VideoQuery // what the parameters mean; filled in by Resolve
}

// Most values that one array parameter may have.
const maxArrayParam = 50

// Resolve reads what huma's tags can not express.
func (l *ListParams) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	query := u.Query()
	l.query = pod.VideoQuery{Start: l.Start, Count: l.Count, Sort: l.Sort, Host: l.Host}
	if l.Sort != "" && !pod.ValidSort(l.Sort) {
		return paramFault("sort", "it is not one of the fields that the documentation names")
	}
	if l.IsLocal != "" {
		own := l.IsLocal == "true" || l.IsLocal == "1"
		l.query.IsLocal = &own
	}
	l.query.TagsOneOf = slices.Concat(l.TagsOneOf, query["tagsOneOf[]"])
	if len(l.query.TagsOneOf) > maxArrayParam {
		return paramFault("tagsOneOf", "it has too many values")
	}
	l.query.Languages = split(slices.Concat(l.Languages, query["languageOneOf[]"]))
	categories, err := numbers(slices.Concat(l.Categories, query["categoryOneOf[]"]))
	if err != nil || len(categories) > maxArrayParam || len(l.query.Languages) > maxArrayParam {
		return paramFault("categoryOneOf", "it is not a list of numbers")
	}
	l.query.Categories = categories
	return l.resolvePrivacies(query)
}

func (l *ListParams) resolvePrivacies(query url.Values) []error {
	levels, err := numbers(slices.Concat(l.PrivacyOneOf, query["privacyOneOf[]"]))
	if err != nil {
		return paramFault("privacyOneOf", "it is not a list of numbers")
	}
	for _, level := range levels {
		if _, known := pod.Privacies[pod.Privacy(level)]; !known {
			return paramFault("privacyOneOf", "it is not one of those at /api/v1/videos/privacies")
		}
		l.query.Privacies = append(l.query.Privacies, pod.Privacy(level))
	}
	return nil
}

func paramFault(name, why string) []error {
	return []error{&huma.ErrorDetail{Location: "query." + name, Message: why}}
}

func split(values []string) []string {
	var out []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func numbers(values []string) ([]int, error) {
	var out []int
	for _, part := range split(values) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}
