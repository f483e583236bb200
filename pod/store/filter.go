package store

import (
	"slices"

	"github.com/peerpod/peerpod/pod"
)

// filter decides by its row whether a video is in a list.
type filter struct {
	query     pod.VideoQuery
	privacies []pod.Privacy
	tags      []string // lower case
	hostOf    func(pod.FriendID) string
	hosts     map[pod.FriendID]bool // whether the origin is at the wanted host
}

func newFilter(q pod.VideoQuery, hostOf func(pod.FriendID) string) filter {
	f := filter{query: q, privacies: q.Privacies, tags: lower(q.TagsOneOf), hostOf: hostOf, hosts: map[pod.FriendID]bool{}}
	if len(f.privacies) == 0 {
		f.privacies = []pod.Privacy{pod.PrivacyPublic}
	}
	return f
}

// needsTexts tells whether match looks at the texts of a row.
func (f *filter) needsTexts() bool { return len(f.tags) > 0 || len(f.query.Languages) > 0 }

func (f *filter) match(r *row) bool {
	q := &f.query
	return slices.Contains(f.privacies, r.privacy) &&
		(q.Account == 0 || r.account == q.Account) &&
		(q.Channel == 0 || r.channel == q.Channel) &&
		(q.IsLocal == nil || *q.IsLocal == (r.origin == 0)) &&
		(len(q.Categories) == 0 || slices.Contains(q.Categories, r.category)) &&
		(len(q.Languages) == 0 || slices.Contains(q.Languages, r.language)) &&
		(len(f.tags) == 0 || slices.ContainsFunc(r.tags, func(tag string) bool { return slices.Contains(f.tags, tag) })) &&
		(q.Host == "" || f.isAtHost(r.origin))
}

func (f *filter) isAtHost(origin pod.FriendID) bool {
	at, known := f.hosts[origin]
	if !known {
		at = f.hostOf(origin) == f.query.Host
		f.hosts[origin] = at
	}
	return at
}
