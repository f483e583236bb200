package store_test

import (
	"math"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

// byUUID reads a friend's video, zero when there is none.
func byUUID(t *testing.T, s *store.Store, n int) pod.Video {
	t.Helper()
	v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(n)})
	if err != nil {
		wantErr(t, "VideoByRef()", err, pod.ErrNotFound)
	}
	return v
}

func TestPutKeepsWhatIsOurs(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(10, 4, func(v *pod.Video) {
		v.ID, v.Origin, v.Rev, v.HasPoster, v.PosterRev, v.AccountID, v.Hidden = 77, 8, 99, true, 3, 5, true
	}))
	got := byUUID(t, s, 10)
	want := remote(10, func(v *pod.Video) {
		v.ID, v.Origin, v.Rev, v.OriginRev, v.OriginEpoch, v.Files[0].ID = 1, 1, 1, 4, 1, 1
	})
	wantEqual(t, "VideoByRef()", got, want)
	wantErr(t, "AddView()", s.AddView(t.Context(), 1), nil)
	wantErr(t, "AddRemotePoster()", s.AddRemotePoster(t.Context(), 1, 5), nil)
	receive(t, s, 1, putStep(10, 5, func(v *pod.Video) {
		v.Name, v.Views, v.PosterSource = "Renamed", 0, 6
		v.Files = append(v.Files, pod.VideoFile{Infohash: infohash(11), Name: "b.mp4"})
	}))
	want.Name, want.Views, want.HasPoster, want.PosterRev, want.PosterSource, want.Rev, want.OriginRev = "Renamed", 4, true, 5, 6, 3, 5
	want.Files = append(want.Files, pod.VideoFile{ID: 2, Infohash: infohash(11), Name: "b.mp4"})
	wantEqual(t, "VideoByRef() after a change", byUUID(t, s, 10), want)
	wantErr(t, "AddRemotePoster(old picture)", s.AddRemotePoster(t.Context(), 1, 5), pod.ErrNotFound)
	receive(t, s, 1, putStep(10, 6, func(v *pod.Video) { v.PosterSource = 0 }))
	if v := byUUID(t, s, 10); v.HasPoster || v.PosterRev != 0 {
		t.Errorf("picture after its end = %t, %d, want none", v.HasPoster, v.PosterRev)
	}
	own := insert(t, s, video(1))[0]
	wantErr(t, "AddRemotePoster(own)", s.AddRemotePoster(t.Context(), own.ID, 5), pod.ErrNotFound)
	wantErr(t, "AddRemotePoster(unknown)", s.AddRemotePoster(t.Context(), 99, 5), pod.ErrNotFound)
	wantSound(t, s, path)
}

func TestHighestRevWins(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	name := func(text string) func(*pod.Video) { return func(v *pod.Video) { v.Name = text } }
	for i, tt := range []struct {
		step pod.Step
		want string // name of video 10 then
	}{
		{putStep(10, 5, name("five")), "five"},
		{putStep(10, 5, name("five again")), "five"},
		{putStep(10, 4, name("four")), "five"},
		{removeStep(10, 4), "five"},
		{removeStep(10, 5), "five"},
		{putStep(10, 6, name("six")), "six"},
		{removeStep(10, 7), ""},
		{putStep(10, 6, name("six")), ""},
		{putStep(10, 7, name("seven")), ""},
		{removeStep(10, 9), ""},
		{removeStep(10, 8), ""},
		{putStep(10, 9, name("nine")), ""},
		{putStep(10, 10, name("ten")), "ten"},
		{removeStep(11, 3), "ten"},
	} {
		wantEqual(t, "result", receive(t, s, 1, tt.step), []string{"ok"})
		if got := byUUID(t, s, 10).Name; got != tt.want {
			t.Errorf("after step %d the video is %q, want %q", i, got, tt.want)
		}
	}
	if n, err := store.CountKeys(s, "removed"); n != 1 || err != nil {
		t.Errorf("removals that are remembered = %d, %v, want that of video 11", n, err)
	}
	wantSound(t, s, path)
}

func TestPutRefusesWhatCanNotBeKept(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	bad := map[string]func(*pod.Video){
		"no uuid":        func(v *pod.Video) { v.UUID = pod.UUID{} },
		"infohash twice": func(v *pod.Video) { v.Files = append(v.Files, v.Files[0]) },
		"not a number":   func(v *pod.Video) { v.Files[0].FPS = math.NaN() },
		"year 12000":     func(v *pod.Video) { v.PublishedAt = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	receive(t, s, 1, putStep(11, 1))
	for name, change := range bad {
		t.Run(name, func(t *testing.T) {
			want := []string{"invalid", "invalid", "ok"}
			wantEqual(t, "new, and changed", receive(t, s, 1, putStep(10, 1, change), putStep(11, 2, change), putStep(12, 1)), want)
		})
	}
	if f := friendOf(t, s, 1); f.VideoCount != 2 || byUUID(t, s, 11).OriginRev != 1 {
		t.Errorf("after bad puts: %d videos, video 11 at rev %d, want 2, 1", f.VideoCount, byUUID(t, s, 11).OriginRev)
	}
	wantSound(t, s, path)
}

func TestFriendsVideosAreBounded(t *testing.T) {
	s, path := openWith(t, store.Options{FriendVideos: 3})
	befriend(t, s, 1, 2)
	wantEqual(t, "puts", receive(t, s, 1, putStep(1, 1), putStep(2, 2), putStep(3, 3), putStep(4, 4), putStep(2, 5), removeStep(1, 6), putStep(4, 7)),
		[]string{"ok", "ok", "ok", "too_many", "ok", "ok", "ok"})
	wantEqual(t, "removals of unknown ones", receive(t, s, 1, removeStep(11, 8), removeStep(12, 9), removeStep(13, 10), removeStep(11, 11)),
		[]string{"ok", "ok", "too_many", "ok"})
	wantEqual(t, "puts of another friend", receive(t, s, 2, putStep(1, 1)), []string{"ok"})
	// In a new epoch the old videos make room, for it names what it has.
	updateFriend(t, s, 1, func(f *pod.Friend) { f.Epoch = 2 })
	wantEqual(t, "puts of a new epoch", receive(t, s, 1, putStep(21, 1), putStep(22, 1), putStep(23, 1), putStep(24, 1)),
		[]string{"ok", "ok", "ok", "too_many"})
	wantShown(t, s, true, 21, 22, 23)
	if f := friendOf(t, s, 1); f.VideoCount != 3 {
		t.Errorf("VideoCount = %d, want 3", f.VideoCount)
	}
	wantSound(t, s, path)
}

func TestRemovalsOfFriendsVideosAreForgotten(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	own := insert(t, s, video(1))[0]
	remove(t, s, own.ID)
	wantErr(t, "LogRemovals()", store.LogRemovals(s, 1, 60, 50), nil)
	n, err := store.CountKeys(s, "changes")
	if n != 51 || err != nil {
		t.Errorf("changes holds %d, %v, want 51", n, err)
	}
	wantEqual(t, "Changes()", steps(t, s, 0, 2), []step{{2, 1, true}, {13, 12, true}})
	wantSound(t, s, path)
}

func TestOldestFriendsVideoIsFound(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	receive(t, s, 2, putStep(10, 1))
	receive(t, s, 1, putStep(10, 1))
	if v := byUUID(t, s, 10); v.Origin != 1 {
		t.Errorf("VideoByRef() = that of friend %d, want 1", v.Origin)
	}
	setStatus(t, s, 1, pod.StatusParked)
	if v := byUUID(t, s, 10); v.Origin != 2 {
		t.Errorf("VideoByRef() while friend 1 is parked = that of friend %d, want 2", v.Origin)
	}
	if v, _, err := s.VideoByInfohash(t.Context(), infohash(10)); v.Origin != 2 || err != nil {
		t.Errorf("VideoByInfohash() while friend 1 is parked = that of friend %d, %v, want 2", v.Origin, err)
	}
	insert(t, s, video(10))
	if v := byUUID(t, s, 10); v.Origin != 0 {
		t.Errorf("VideoByRef() = that of friend %d, want the own one", v.Origin)
	}
	receive(t, s, 2, removeStep(10, 2)) // its own, not ours
	if v := byUUID(t, s, 10); v.Origin != 0 {
		t.Errorf("VideoByRef() after a friend's removal = that of friend %d, want the own one", v.Origin)
	}
	wantSound(t, s, path)
}

func TestEachFileLeavesFriendsOut(t *testing.T) {
	s, _ := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(10, 1), putStep(1, 2))
	insert(t, s, video(1), video(2))
	count := map[pod.Infohash]int{}
	err := s.EachFile(t.Context(), func(_ pod.Privacy, f pod.VideoFile) error { count[f.Infohash]++; return nil })
	wantErr(t, "EachFile()", err, nil)
	wantEqual(t, "EachFile()", count, map[pod.Infohash]int{infohash(1): 1, infohash(2): 1})
}

func TestMirrorsStayInTheBudget(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(10, 1), putStep(11, 2)) // videos 1 and 2
	own := insert(t, s, video(1))[0]
	mirror := func(id pod.VideoID, size int64) pod.MirrorRecord {
		return pod.MirrorRecord{Video: id, Infohash: infohash(int(id)), Name: "x.mp4", SizeBytes: size, CreatedAt: day}
	}
	for i, tt := range []struct {
		m    pod.MirrorRecord
		want error
	}{
		{mirror(1, 60), nil},
		{mirror(2, 41), pod.ErrTooLarge},
		{mirror(2, 40), nil},
		{mirror(1, 61), pod.ErrTooLarge},
		{mirror(1, 50), nil},
		{mirror(own.ID, 1), pod.ErrNotFound},
		{mirror(99, 1), pod.ErrNotFound},
		{mirror(1, -1), pod.ErrInvalid},
		{mirror(1, math.MaxInt64), pod.ErrTooLarge},
	} {
		if err := s.PutMirror(t.Context(), tt.m, 100); (err != nil) != (tt.want != nil) {
			t.Errorf("PutMirror(%d) = %v, want %v", i, err, tt.want)
		} else {
			wantErr(t, "PutMirror()", err, tt.want)
		}
	}
	all, err := s.Mirrors(t.Context())
	wantErr(t, "Mirrors()", err, nil)
	wantEqual(t, "Mirrors()", all, []pod.MirrorRecord{mirror(1, 50), mirror(2, 40)})
	wantErr(t, "DeleteMirror()", s.DeleteMirror(t.Context(), 1), nil)
	wantErr(t, "DeleteMirror() again", s.DeleteMirror(t.Context(), 1), pod.ErrNotFound)
	receive(t, s, 1, removeStep(11, 3))
	all, err = s.Mirrors(t.Context())
	if len(all) != 0 || err != nil {
		t.Errorf("Mirrors() after the video went = %v, %v, want none", all, err)
	}
	wantSound(t, s, path)
}
