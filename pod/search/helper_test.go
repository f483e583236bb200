package search_test

import (
	"context"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/search"
)

var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open opens an index that the test's end closes.
func open(tb testing.TB, dir string) *search.Index {
	tb.Helper()
	index, err := search.Open(search.Config{Dir: dir})
	if err != nil {
		tb.Fatalf("Open(%q) = %v", dir, err)
	}
	tb.Cleanup(func() {
		if err := index.Close(); err != nil {
			tb.Errorf("Close() = %v", err)
		}
	})
	return index
}

// video makes a public video whose number is also the day on which it was published.
func video(id pod.VideoID, name string) pod.Video {
	meta := pod.DefaultMeta()
	meta.Name = name
	at := testTime.AddDate(0, 0, int(id))
	return pod.Video{ID: id, UUID: pod.NewUUID(), VideoMeta: meta, State: pod.StatePublished, CreatedAt: at, PublishedAt: at, UpdatedAt: at}
}

// puts makes one change per video, with Revs from 1 on.
func puts(videos ...pod.Video) []pod.Change {
	changes := make([]pod.Change, 0, len(videos))
	for i, v := range videos {
		v.Rev = pod.Rev(i + 1)
		changes = append(changes, pod.Change{Rev: v.Rev, Video: v})
	}
	return changes
}

// named makes public videos numbered from 1 on with these names.
func named(names ...string) []pod.Change {
	videos := make([]pod.Video, 0, len(names))
	for i, name := range names {
		videos = append(videos, video(pod.VideoID(i+1), name))
	}
	return puts(videos...)
}

func apply(tb testing.TB, index *search.Index, changes []pod.Change) {
	tb.Helper()
	if err := index.Apply(tb.Context(), changes); err != nil {
		tb.Fatalf("Apply(%d changes) = %v", len(changes), err)
	}
}

func find(tb testing.TB, index *search.Index, q search.Query) search.Result {
	tb.Helper()
	if q.Count == 0 {
		q.Count = 100
	}
	result, err := index.Search(tb.Context(), q)
	if err != nil {
		tb.Fatalf("Search(%+v) = %v", q, err)
	}
	return result
}

func ids(list ...pod.VideoID) []pod.VideoID { return list }

func cancelled(tb testing.TB) (context.Context, context.CancelFunc) {
	tb.Helper()
	return context.WithCancel(tb.Context())
}
