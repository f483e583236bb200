package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

// ids gives the numbers of the videos of a page.
func ids(page pod.VideoPage) []pod.VideoID {
	out := []pod.VideoID{}
	for _, v := range page.Videos {
		out = append(out, v.ID)
	}
	return out
}

func list(t *testing.T, s *store.Store, q pod.VideoQuery) pod.VideoPage {
	t.Helper()
	page, err := s.ListVideos(t.Context(), q)
	if err != nil {
		t.Fatalf("ListVideos(%+v) = %v, want nil", q, err)
	}
	return page
}

func TestListVideosSorts(t *testing.T) {
	s, _ := open(t)
	at := func(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }
	type values struct {
		published, created, updated, original int // hours; original 0: none
		name                                  string
		seconds                               int
		views                                 uint64
	}
	for i, x := range []values{
		{published: 2, created: 1, updated: 9, original: 1, name: "beta", seconds: 5, views: 1},  // 1
		{published: 1, created: 2, updated: 8, original: 0, name: "Alpha", seconds: 7, views: 9}, // 2
		{published: 2, created: 2, updated: 7, original: 9, name: "alpha", seconds: 5, views: 9}, // 3
		{published: 3, created: 0, updated: 7, original: 2, name: "Émile", seconds: 1, views: 0}, // 4
	} {
		insert(t, s, video(i, func(v *pod.Video) {
			v.PublishedAt, v.CreatedAt, v.UpdatedAt = at(x.published), at(x.created), at(x.updated)
			v.OriginallyAt = nil
			if x.original > 0 {
				original := at(x.original)
				v.OriginallyAt = &original
			}
			v.Name, v.Duration, v.Views = x.name, time.Duration(x.seconds)*time.Second, x.views
		}))
	}
	newest := []pod.VideoID{4, 1, 3, 2}
	for sort, want := range map[string][]pod.VideoID{
		"": newest, "-publishedAt": newest, "match": newest, "-trending": newest, "hot": newest, "-best": newest,
		"publishedAt": {2, 1, 3, 4},
		"createdAt":   {4, 1, 2, 3}, "-createdAt": {2, 3, 1, 4},
		"updatedAt": {3, 4, 2, 1}, "-updatedAt": {1, 2, 3, 4},
		"originallyPublishedAt": {1, 2, 4, 3}, "-originallyPublishedAt": {3, 4, 1, 2},
		"name": {2, 3, 1, 4}, "-name": {4, 1, 2, 3},
		"duration": {4, 1, 3, 2}, "-duration": {2, 1, 3, 4},
		"views": {4, 1, 2, 3}, "-views": {2, 3, 1, 4},
		"likes": {1, 2, 3, 4}, "-likes": {1, 2, 3, 4},
	} {
		t.Run("sort="+sort, func(t *testing.T) {
			page := list(t, s, pod.VideoQuery{Count: 10, Sort: sort})
			wantEqual(t, "ListVideos()", ids(page), want)
			var paged []pod.VideoID
			for start := range 4 {
				one := list(t, s, pod.VideoQuery{Start: start, Count: 1, Sort: sort})
				paged = append(paged, ids(one)...)
			}
			wantEqual(t, "ListVideos() in pages of one", paged, want)
		})
	}
}

func TestListVideosPages(t *testing.T) {
	s, _ := open(t)
	const total = 1500 // more than the list keeps at once
	videos := make([]pod.Video, 0, total)
	for i := range total {
		videos = append(videos, video(i, func(v *pod.Video) { v.PublishedAt = day.Add(time.Duration(i*7919%total/3) * time.Second) }))
	}
	if err := store.InsertMany(s, videos); err != nil {
		t.Fatalf("InsertMany() = %v, want nil", err)
	}
	for _, sort := range []string{"publishedAt", "-publishedAt"} {
		all := list(t, s, pod.VideoQuery{Count: total + 1, Sort: sort})
		want := slices.Clone(all.Videos)
		slices.SortStableFunc(want, func(a, b pod.Video) int { return int(a.ID) - int(b.ID) })
		slices.SortStableFunc(want, func(a, b pod.Video) int {
			if sort == "publishedAt" {
				return a.PublishedAt.Compare(b.PublishedAt)
			}
			return b.PublishedAt.Compare(a.PublishedAt)
		})
		wantEqual(t, "ListVideos(all)", ids(all), ids(pod.VideoPage{Videos: want}))
		for _, start := range []int{0, 1, 15, 1200, 1490, 1500, 1 << 62} {
			page := list(t, s, pod.VideoQuery{Start: start, Count: 15, Sort: sort})
			from := min(start, total)
			wantEqual(t, fmt.Sprintf("ListVideos(start %d)", start), ids(page), ids(pod.VideoPage{Videos: want[from:min(total, from+15)]}))
			if page.Total != total {
				t.Errorf("ListVideos(start %d).Total = %d, want %d", start, page.Total, total)
			}
		}
	}
	if page := list(t, s, pod.VideoQuery{}); page.Total != total || len(page.Videos) != 0 {
		t.Errorf("ListVideos(count 0) = %d of %d, want 0 of %d", len(page.Videos), page.Total, total)
	}
}

func TestListVideosFilters(t *testing.T) {
	s, _ := open(t)
	befriend(t, s, 1, 2, 3, 4, 5, 6, 7)
	insert(t, s,
		video(1), // en, animals, Sea whale, account 1, channel 1
		video(2, func(v *pod.Video) { v.AccountID, v.ChannelID, v.Tags, v.Language = 2, 2, []string{"SEA"}, "de" }),
		video(3, func(v *pod.Video) { v.AccountID, v.ChannelID, v.Category, v.Tags = 2, 3, 1, nil }),
		video(4, func(v *pod.Video) { v.Privacy = pod.PrivacyUnlisted }),
		video(5, func(v *pod.Video) { v.Privacy = pod.PrivacyPrivate }),
		video(6, func(v *pod.Video) { v.Origin, v.AccountID, v.ChannelID, v.Language, v.Category = 7, 0, 0, "", 0 }),
	)
	yes, no := true, false
	for name, tt := range map[string]struct {
		q    pod.VideoQuery
		want []pod.VideoID
	}{
		"public only":      {pod.VideoQuery{}, []pod.VideoID{1, 2, 3, 6}},
		"privacies":        {pod.VideoQuery{Privacies: []pod.Privacy{pod.PrivacyUnlisted, pod.PrivacyPrivate}}, []pod.VideoID{4, 5}},
		"privacy unknown":  {pod.VideoQuery{Privacies: []pod.Privacy{pod.PrivacyInternal}}, []pod.VideoID{}},
		"account":          {pod.VideoQuery{Account: 2}, []pod.VideoID{2, 3}},
		"channel":          {pod.VideoQuery{Channel: 3}, []pod.VideoID{3}},
		"account, channel": {pod.VideoQuery{Account: 1, Channel: 3}, []pod.VideoID{}},
		"tags, any case":   {pod.VideoQuery{TagsOneOf: []string{"sEa", "nothing"}}, []pod.VideoID{1, 2, 6}},
		"local":            {pod.VideoQuery{IsLocal: &yes}, []pod.VideoID{1, 2, 3}},
		"not local":        {pod.VideoQuery{IsLocal: &no}, []pod.VideoID{6}},
		"host":             {pod.VideoQuery{Host: "pod7.example:9000"}, []pod.VideoID{6}},
		"own host":         {pod.VideoQuery{Host: "pod0.example:9000"}, []pod.VideoID{1, 2, 3}},
		"host unknown":     {pod.VideoQuery{Host: "elsewhere:1"}, []pod.VideoID{}},
		"categories":       {pod.VideoQuery{Categories: []int{1, 2}}, []pod.VideoID{3}},
		"no category":      {pod.VideoQuery{Categories: []int{0}}, []pod.VideoID{6}},
		"languages":        {pod.VideoQuery{Languages: []string{"de", "fr"}}, []pod.VideoID{2}},
		"no language":      {pod.VideoQuery{Languages: []string{""}}, []pod.VideoID{6}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.q.Count, tt.q.Sort = 10, "publishedAt"
			page := list(t, s, tt.q)
			wantEqual(t, "ListVideos()", ids(page), tt.want)
			if page.Total != len(tt.want) {
				t.Errorf("ListVideos().Total = %d, want %d", page.Total, len(tt.want))
			}
		})
	}
}

func TestListVideosFollowsChanges(t *testing.T) {
	s, _ := open(t)
	v := insert(t, s, video(1), video(2))
	wantErr(t, "AddView()", s.AddView(t.Context(), v[0].ID), nil)
	wantEqual(t, "ListVideos(-views)", ids(list(t, s, pod.VideoQuery{Count: 5, Sort: "-views"})), []pod.VideoID{1, 2})
	_, err := s.UpdateVideo(t.Context(), v[0].ID, func(v *pod.Video) error { v.Privacy = pod.PrivacyPrivate; return nil })
	wantErr(t, "UpdateVideo()", err, nil)
	wantEqual(t, "ListVideos()", ids(list(t, s, pod.VideoQuery{Count: 5})), []pod.VideoID{2})
	_, err = s.DeleteVideo(t.Context(), v[1].ID)
	wantErr(t, "DeleteVideo()", err, nil)
	wantEqual(t, "ListVideos()", list(t, s, pod.VideoQuery{Count: 5}), pod.VideoPage{Videos: []pod.Video{}})
}

func TestListVideosRefuses(t *testing.T) {
	s, _ := open(t)
	for _, q := range []pod.VideoQuery{{Start: -1}, {Count: -1}, {Sort: "password"}, {Sort: "-"}, {Sort: "--name"}} {
		_, err := s.ListVideos(t.Context(), q)
		wantErr(t, fmt.Sprintf("ListVideos(%+v)", q), err, pod.ErrInvalid)
	}
}

func BenchmarkListVideos(b *testing.B) {
	s, _ := open(b)
	const total = 10_000
	videos := make([]pod.Video, 0, total)
	for i := range total {
		videos = append(videos, video(i, func(v *pod.Video) { v.Description = strings.Repeat(v.Description, 20) }))
	}
	if err := store.InsertMany(s, videos); err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		q    pod.VideoQuery
	}{
		{"first page", pod.VideoQuery{Count: 15, Sort: "-publishedAt"}},
		{"page of 100", pod.VideoQuery{Count: 100, Sort: "-publishedAt"}},
		{"last page", pod.VideoQuery{Start: total - 15, Count: 15, Sort: "-publishedAt"}},
		{"by name", pod.VideoQuery{Count: 15, Sort: "name"}},
		{"by views", pod.VideoQuery{Count: 15, Sort: "-views"}},
		{"by tag", pod.VideoQuery{Count: 15, TagsOneOf: []string{"whale"}}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				page, err := s.ListVideos(context.Background(), bb.q)
				if err != nil || page.Total != total {
					b.Fatalf("ListVideos() = %d, %v, want %d, nil", page.Total, err, total)
				}
			}
		})
	}
	b.Run("each file", func(b *testing.B) {
		for b.Loop() {
			n := 0
			err := s.EachFile(context.Background(), func(pod.Privacy, pod.VideoFile) error { n++; return nil })
			if err != nil || n != total {
				b.Fatalf("EachFile() = %d files, %v, want %d, nil", n, err, total)
			}
		}
	})
}
