package viewmodel_test

import (
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func TestEditorSave(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		e := b.model.Editor
		e.Save(viewmodel.EditForm{Title: "No video is open"})
		b.drain()
		v := video(3)
		v.Tags = []string{"a tag", "b tag"}
		e.Open(v)
		form := viewmodel.FormOf(v)
		if form.Tags != "a tag, b tag" || form.Title != "video 3" {
			t.Errorf("FormOf = %+v, want the video's words", form)
		}
		form.Title, form.Tags, form.Description = " A better title ", "x1, ,x2,", " long "
		var busy bool
		e.OnChange(func(s viewmodel.EditorState) { busy = busy || s.Busy })
		e.Save(form)
		e.Save(form) // one at a time
		b.drain()
		s := e.State()
		if s.Saved != 1 || s.Busy || !busy || s.Video.Name != "A better title" || strings.Join(s.Video.Tags, "|") != "x1|x2" || s.Video.Description != "long" {
			t.Errorf("state = %+v, want it saved once", s)
		}
	})
}

func TestEditorFailures(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		e := b.model.Editor
		e.Open(video(3))
		e.Save(viewmodel.EditForm{Title: "x"})
		b.drain()
		if s := e.State(); !s.Failure.Failed || s.Failure.Kind != pod.KindInvalid || s.Saved != 0 {
			t.Errorf("state = %+v, want the title refused", s)
		}
		b.fail = pod.ErrNotFound
		e.Save(viewmodel.EditForm{Title: "good title"})
		b.drain()
		if s := e.State(); s.Failure != (viewmodel.Failure{Failed: true, Kind: pod.KindNotFound}) || s.Saved != 0 {
			t.Errorf("state = %+v, want not found", s)
		}
		e.Delete()
		b.drain()
		if s := e.State(); !s.Failure.Failed || s.Gone {
			t.Errorf("state = %+v, want the failed delete", s)
		}
	})
}

func TestEditorDelete(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		e := b.model.Editor
		e.Open(video(3))
		e.Delete()
		b.drain()
		if s := e.State(); !s.Gone || s.Failure.Failed {
			t.Errorf("state = %+v, want it gone", s)
		}
		e.Delete() // twice does nothing
		newer := video(3)
		newer.Rev = 9
		e.Refresh(newer)
		if e.State().Video.Rev != 0 {
			t.Error("a deleted video was refreshed")
		}
	})
}

func TestEditorRefresh(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		e := b.model.Editor
		e.Open(video(3))
		other, newer := video(4), video(3)
		other.Rev, newer.Rev = 5, 5
		newer.Name = "renamed elsewhere"
		e.Refresh(other)
		e.Refresh(newer)
		if got := e.State().Video.Name; got != "renamed elsewhere" {
			t.Errorf("name = %q, want the new one", got)
		}
		e.Delete()
		e.Open(video(4)) // the answer for the other video comes too late
		b.drain()
		if s := e.State(); s.Gone || s.Video.ID != 4 {
			t.Errorf("state = %+v, want the fourth video untouched", s)
		}
	})
}

func TestEditorKeepsFriendsVideos(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.model.Start()
		e := b.model.Editor
		e.Open(video(3))
		e.Keep() // one's own is here anyway
		b.drain()
		if e.State().Kept.Wanted {
			t.Error("an own video was kept")
		}
		theirs := video(4)
		theirs.Origin = 7
		e.Open(theirs)
		e.Keep()
		b.drain()
		if s := e.State(); s.Busy || s.Kept != (pod.MirrorState{Wanted: true}) {
			t.Errorf("state = %+v, want a copy on its way", s)
		}
		b.setKept(4, pod.MirrorState{Wanted: true, Whole: true})
		b.pass(2 * time.Second)
		if s := e.State(); !s.Kept.Whole {
			t.Errorf("state = %+v, want the whole copy seen", s)
		}
		b.mirrorErr = pod.ErrNoSpace
		e.LetGo()
		b.drain()
		if s := e.State(); s.Failure.Kind != pod.KindNoSpace || !s.Kept.Wanted {
			t.Errorf("state = %+v, want the failure", s)
		}
		b.mirrorErr = nil
		e.LetGo()
		b.drain()
		if s := e.State(); s.Failure.Failed || s.Kept.Wanted {
			t.Errorf("state = %+v, want the copy gone", s)
		}
	})
}
