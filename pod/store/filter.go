package store

import (
	"slices"

	"github.com/peerpod/peerpod/pod"
)

// filter decides by its row whether a video is in a list.
type filter struct {
	query     pod.VideoQuery
	privacies []pod.Privacy
	tags      []string              // lower case
	hosts     map[pod.FriendID]bool // origins that are at the wanted host
}

func newFilter(q pod.VideoQuery, hosts map[pod.FriendID]bool) filter {
	f := filter{query: q, privacies: q.Privacies, tags: lower(q.TagsOneOf), hosts: hosts}
	if len(f.privacies) == 0 {
		f.privacies = []pod.Privacy{pod.PrivacyPublic}
	}
	return f
}

// needsTexts tells whether match looks at the texts of a row.
func (f *filter) needsTexts() bool { return len(f.tags) > 0 || len(f.query.Languages) > 0 }

func (f *filter) match(r *row) bool {
	q := &f.query
	return r.privacy != 0 && slices.Contains(f.privacies, r.privacy) && f.matchOwner(r) &&
		(len(q.Categories) == 0 || slices.Contains(q.Categories, r.category)) &&
		(len(q.Languages) == 0 || slices.Contains(q.Languages, r.language)) &&
		(len(f.tags) == 0 || slices.ContainsFunc(r.tags, func(tag string) bool { return slices.Contains(f.tags, tag) }))
}

// matchOwner looks at whose video it is.
func (f *filter) matchOwner(r *row) bool {
	q := &f.query
	return (q.Account == 0 || r.account == q.Account) &&
		(q.Channel == 0 || r.channel == q.Channel) &&
		(q.IsLocal == nil || *q.IsLocal == (r.origin == 0)) &&
		(q.Host == "" || f.hosts[r.origin])
}
