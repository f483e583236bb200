package viewmodel_test

import (
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func TestVideosOpen(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.videos = videos(3)
		var states []viewmodel.VideosState
		b.model.Videos.OnChange(func(s viewmodel.VideosState) { states = append(states, s) })
		if !b.model.Videos.State().Blank() {
			t.Error("Blank() of a fresh model = false, want true")
		}
		b.model.Videos.Open(viewmodel.PlaceHome)
		b.drain()
		if len(states) != 2 || !states[0].Loading || states[1].Loading || states[1].Total != 3 {
			t.Fatalf("states = %+v, want loading, then 3 videos", states)
		}
		if v, ok := states[1].Items.At(2); !ok || v.ID != 3 {
			t.Errorf("At(2) = %v, %v, want video 3", v.ID, ok)
		}
		for _, i := range []int{-1, 3, 1000} {
			if _, ok := states[1].Items.At(i); ok {
				t.Errorf("At(%d) = a video, want none", i)
			}
		}
		if _, ok := states[1].Items.Find(2); !ok {
			t.Error("Find(2) = none, want the video")
		}
		if _, ok := states[1].Items.Find(9); ok {
			t.Error("Find(9) = a video, want none")
		}
	})
}

func TestVideosPlaces(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.model.Videos.Open(viewmodel.PlaceHome)
		b.model.Videos.Open(viewmodel.PlaceMine)
		b.drain()
		if s := b.model.Videos.State(); s.Place != viewmodel.PlaceMine || !s.Blank() || s.NothingFound() {
			t.Errorf("state = %+v, want a blank place of one's own", s)
		}
		mine := b.queries[len(b.queries)-1]
		for _, q := range b.queries {
			if q.IsLocal != nil {
				mine = q
			} else if len(q.Privacies) != 4 {
				t.Errorf("home's privacies = %v, want 4", q.Privacies)
			}
		}
		if mine.IsLocal == nil || !*mine.IsLocal || len(mine.Privacies) != 7 {
			t.Errorf("query = %+v, want all of one's own", mine)
		}
	})
}

func TestVideosSearch(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.videos = videos(12)
		v := b.model.Videos
		v.Open(viewmodel.PlaceMine)
		b.drain()
		for _, typed := range []string{"v", "vi", "video 1", " video 1 "} {
			v.Search(typed)
			b.pass(50 * time.Millisecond)
		}
		if len(b.texts) != 0 {
			t.Errorf("asked while typing: %q", b.texts)
		}
		b.pass(time.Second)
		s := v.State()
		if s.Query != "video 1" || s.Total != 4 || s.Place != viewmodel.PlaceMine || len(b.texts) != 1 {
			t.Errorf("state = %q with %d after %d questions, want 4 hits of one question", s.Query, s.Total, len(b.texts))
		}
		v.Search("video 1") // the same again asks nothing
		b.pass(time.Second)
		v.Search("nobody")
		b.pass(time.Second)
		if s := v.State(); !s.NothingFound() || s.Blank() || len(b.texts) != 2 {
			t.Errorf("state = %+v after %q, want nothing found", s, b.texts)
		}
		v.Search("x")
		v.Search("")
		b.pass(time.Second)
		if s := v.State(); s.Query != "" || s.Total != 12 || s.Place != viewmodel.PlaceMine {
			t.Errorf("state after an emptied search = %q, %d, want the place again", s.Query, s.Total)
		}
	})
}

// A search that was typed just before the window closes must not begin.
func TestVideosSearchStoppedByOpen(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.model.Videos.Search("cat")
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's own clock
		b.model.Videos.Open(viewmodel.PlaceHome)
		b.drain()
		if len(b.texts) != 0 {
			t.Errorf("texts = %q, want no search", b.texts)
		}
	})
}

func TestVideosPages(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.videos = videos(10_000)
		v := b.model.Videos
		v.Show(0, 20) // before anything is known
		v.Open(viewmodel.PlaceHome)
		b.drain()
		v.Show(-5, 200)
		v.Show(0, 200) // asked already
		b.drain()
		if got := len(b.queries); got != 4 {
			t.Errorf("questions = %d, want 4 pages", got)
		}
		for at := 0; at < 10_000; at += 60 {
			v.Show(at, at+59)
			b.drain()
		}
		s := v.State()
		kept := 0
		for i := range 10_000 {
			if _, ok := s.Items.At(i); ok {
				kept++
			}
		}
		if kept > 20*60 || kept == 0 {
			t.Errorf("kept %d videos, want at most 1200", kept)
		}
		if last, ok := s.Items.At(9_999); !ok || last.ID != 10_000 {
			t.Errorf("At(9999) = %v, %v, want the last video", last.ID, ok)
		}
		before := len(b.queries)
		v.Show(0, 10) // forgotten meanwhile
		b.drain()
		if got := len(b.queries) - before; got != 1 {
			t.Errorf("questions for a forgotten page = %d, want 1", got)
		}
	})
}

func TestVideosFailure(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.fail = &pod.Error{Kind: pod.KindUnavailable, Msg: "The library is being repaired."}
		v := b.model.Videos
		v.Open(viewmodel.PlaceHome)
		b.drain()
		s := v.State()
		if !s.Failure.Failed || s.Failure.Msg != "The library is being repaired." || s.Loading || s.Blank() {
			t.Errorf("state = %+v, want the pod's sentence", s)
		}
		b.fail, b.videos = nil, videos(130)
		v.Reload()
		b.drain()
		if s := v.State(); s.Failure.Failed || s.Total != 130 {
			t.Errorf("state after another try = %+v, want 130 videos", s)
		}
		b.fail = errBroken
		v.Show(60, 70)
		b.drain()
		if s := v.State(); s.Failure != (viewmodel.Failure{Failed: true, Kind: pod.KindInternal}) || s.Total != 130 {
			t.Errorf("failure = %+v, want one without foreign words, and the list kept", s.Failure)
		}
		asked := len(b.queries)
		v.Show(60, 70)
		b.drain()
		if len(b.queries) != asked {
			t.Error("a failed page was asked for again by itself")
		}
		v.Reload()
		b.drain()
		if s := v.State(); !s.Failure.Failed || s.Total != 130 {
			t.Errorf("state after a failed reload = %+v, want the old list", s)
		}
	})
}

func TestVideosReload(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		v := b.model.Videos
		v.Reload() // nothing is open: nothing happens
		b.drain()
		if len(b.queries) != 0 {
			t.Fatal("Reload before Open asked the library")
		}
		b.videos = videos(300)
		b.model.Start()
		v.Open(viewmodel.PlaceHome)
		b.drain()
		v.Show(100, 130)
		b.drain()
		var states []viewmodel.VideosState
		v.OnChange(func(s viewmodel.VideosState) { states = append(states, s) })
		b.backend.mu.Lock()
		b.videos = videos(200)
		b.backend.mu.Unlock()
		for range 50 {
			b.changed[0]()
		}
		b.pass(5 * time.Second)
		if len(states) != 1 || states[0].Total != 200 {
			t.Fatalf("changes = %d, want one list of 200", len(states))
		}
		if _, ok := states[0].Items.At(125); !ok {
			t.Error("the videos in sight are gone after a reload")
		}
	})
}

// An answer that comes after another question was asked is not shown.
func TestVideosLateAnswers(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		v := b.model.Videos
		b.videos = videos(5)
		v.Open(viewmodel.PlaceHome)
		b.drain()
		b.gate = make(chan struct{})
		v.Reload()
		v.Open(viewmodel.PlaceMine) // ends the reload: its answer is an error now
		v.Open(viewmodel.PlaceHome)
		close(b.gate)
		b.drain()
		if s := v.State(); s.Failure.Failed || s.Total != 5 || s.Place != viewmodel.PlaceHome {
			t.Errorf("state = %+v, want home with 5", s)
		}
	})
}

// Answers that are under way already when the question changes are dropped as well.
func TestVideosOvertakenAnswers(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		v := b.model.Videos
		b.videos = videos(5)
		v.Open(viewmodel.PlaceHome)
		wait(b) // the answer waits for the main goroutine
		v.Open(viewmodel.PlaceMine)
		b.drain()
		v.Reload()
		wait(b)
		v.Open(viewmodel.PlaceHome)
		b.drain()
		b.fail = errBroken
		v.Open(viewmodel.PlaceMine)
		wait(b)
		b.fail = nil
		v.Open(viewmodel.PlaceMine)
		b.drain()
		if s := v.State(); s.Failure.Failed || s.Place != viewmodel.PlaceMine || s.Total != 5 {
			t.Errorf("state = %+v, want mine with 5", s)
		}
	})
}

func TestNothingAfterClose(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		calls := 0
		b.model.Videos.OnChange(func(viewmodel.VideosState) { calls++ })
		b.model.Videos.Open(viewmodel.PlaceHome)
		wait(b)
		b.model.Close()
		b.drain()
		b.model.Videos.Open(viewmodel.PlaceHome) // starts no work any more
		b.drain()
		if calls != 2 { // each Open says that it loads
			t.Errorf("changes = %d, want 2", calls)
		}
	})
}
