package store_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
)

func TestInsertVideoReadsBackWhole(t *testing.T) {
	s, path := open(t)
	given := video(1, func(v *pod.Video) { v.PublishedAt = day.In(time.FixedZone("east", 3600)) })
	stored := insert(t, s, given)[0]
	want := given
	want.ID, want.Rev, want.PublishedAt = 1, 1, day
	want.Files = append([]pod.VideoFile(nil), given.Files...)
	want.Files[0].ID = 1
	wantEqual(t, "InsertVideo()", stored, want)
	if given.Files[0].ID != 0 {
		t.Errorf("InsertVideo() changed its argument")
	}
	closeStore(t, s)
	s = reopen(t, path)
	for name, ref := range map[string]pod.VideoRef{"id": {ID: stored.ID}, "uuid": {UUID: stored.UUID}} {
		got, err := s.VideoByRef(t.Context(), ref)
		wantErr(t, "VideoByRef("+name+")", err, nil)
		wantEqual(t, "VideoByRef("+name+")", got, want)
	}
	got, file, err := s.VideoByInfohash(t.Context(), infohash(1))
	wantErr(t, "VideoByInfohash()", err, nil)
	wantEqual(t, "VideoByInfohash() video", got, want)
	wantEqual(t, "VideoByInfohash() file", file, want.Files[0])
}

func TestInsertVideoMinimal(t *testing.T) {
	s, _ := open(t)
	stored := insert(t, s, pod.Video{UUID: uuid(1)})[0]
	got, err := s.Video(t.Context(), stored.ID)
	wantErr(t, "Video()", err, nil)
	wantEqual(t, "Video()", got, pod.Video{ID: 1, UUID: uuid(1), Rev: 1})
}

func TestInsertVideoRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*pod.Video)
		want   error
	}{
		"same uuid":            {func(v *pod.Video) { v.UUID = uuid(1) }, pod.ErrExists},
		"same infohash":        {func(v *pod.Video) { v.Files[0].Infohash = infohash(1) }, pod.ErrExists},
		"infohash twice":       {func(v *pod.Video) { v.Files = append(v.Files, v.Files[0]) }, pod.ErrExists},
		"no uuid":              {func(v *pod.Video) { v.UUID = pod.UUID{} }, pod.ErrInvalid},
		"number not in JSON":   {func(v *pod.Video) { v.Files[0].FPS = math.NaN() }, pod.ErrInvalid},
		"time not in JSON":     {func(v *pod.Video) { v.CreatedAt = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) }, pod.ErrInvalid},
		"same uuid of friend":  {func(v *pod.Video) { v.UUID, v.Origin = uuid(1), 1 }, nil},
		"same infohash friend": {func(v *pod.Video) { v.Files[0].Infohash, v.Origin = infohash(1), 1 }, nil},
		"nobody's":             {func(v *pod.Video) { v.Origin = 7 }, pod.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			befriend(t, s, 1)
			insert(t, s, video(1))
			_, err := s.InsertVideo(t.Context(), video(2, tt.change))
			wantErr(t, "InsertVideo()", err, tt.want)
			page, err := s.ListVideos(t.Context(), pod.VideoQuery{Count: 10})
			wantErr(t, "ListVideos()", err, nil)
			if want := map[bool]int{true: 2, false: 1}[tt.want == nil]; page.Total != want {
				t.Errorf("ListVideos().Total = %d, want %d", page.Total, want)
			}
			wantSound(t, s, path)
		})
	}
}

func TestOwnVideoComesBeforeFriends(t *testing.T) {
	s, _ := open(t)
	befriend(t, s, 1)
	insert(t, s, video(1, func(v *pod.Video) { v.Origin = 1 }))
	own := insert(t, s, video(1))[0]
	got, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(1)})
	wantErr(t, "VideoByRef()", err, nil)
	wantEqual(t, "VideoByRef()", got, own)
	got, _, err = s.VideoByInfohash(t.Context(), infohash(1))
	wantErr(t, "VideoByInfohash()", err, nil)
	wantEqual(t, "VideoByInfohash()", got, own)
}

func TestUpdateVideoMovesEveryIndex(t *testing.T) {
	s, path := open(t)
	id := insert(t, s, video(1))[0].ID
	insert(t, s, video(2))
	updated, err := s.UpdateVideo(t.Context(), id, func(v *pod.Video) error {
		v.AccountID, v.Privacy, v.PublishedAt, v.UpdatedAt = 2, pod.PrivacyPrivate, day.Add(-time.Hour), day.Add(time.Hour)
		v.Tags[0] = "ocean"
		v.Files[0].SizeBytes, v.Files[0].Infohash = 5000, infohash(11)
		v.Files = append(v.Files, pod.VideoFile{Infohash: infohash(12), SizeBytes: 70})
		return nil
	})
	wantErr(t, "UpdateVideo()", err, nil)
	if updated.Rev != 3 || updated.Files[0].ID != 1 || updated.Files[1].ID != 3 {
		t.Errorf("UpdateVideo() = rev %d, files %d %d, want rev 3, files 1 3", updated.Rev, updated.Files[0].ID, updated.Files[1].ID)
	}
	got, err := s.Video(t.Context(), id)
	wantErr(t, "Video()", err, nil)
	wantEqual(t, "Video()", got, updated)
	_, _, err = s.VideoByInfohash(t.Context(), infohash(1))
	wantErr(t, "VideoByInfohash(old)", err, pod.ErrNotFound)
	_, f, err := s.VideoByInfohash(t.Context(), infohash(12))
	wantErr(t, "VideoByInfohash(new)", err, nil)
	wantEqual(t, "VideoByInfohash(new)", f, updated.Files[1])
	for account, want := range map[pod.AccountID]int64{1: 1000, 2: 5070, 3: 0} {
		if got, err := s.UsedBytes(t.Context(), account); got != want || err != nil {
			t.Errorf("UsedBytes(%d) = %d, %v, want %d, nil", account, got, err, want)
		}
	}
	wantSound(t, s, path)
}

func TestUpdateVideoRefuses(t *testing.T) {
	own := errors.New("no")
	for name, tt := range map[string]struct {
		id     pod.VideoID
		change func(*pod.Video) error
		want   error
	}{
		"unknown":           {9, func(*pod.Video) error { return nil }, pod.ErrNotFound},
		"caller's error":    {1, func(*pod.Video) error { return own }, own},
		"other id":          {1, func(v *pod.Video) error { v.ID = 5; return nil }, pod.ErrInvalid},
		"other uuid":        {1, func(v *pod.Video) error { v.UUID = uuid(5); return nil }, pod.ErrInvalid},
		"other origin":      {1, func(v *pod.Video) error { v.Origin = 5; return nil }, pod.ErrInvalid},
		"foreign file":      {1, func(v *pod.Video) error { v.Files[0].ID = 2; return nil }, pod.ErrInvalid},
		"infohash of other": {1, func(v *pod.Video) error { v.Files[0].Infohash = infohash(2); return nil }, pod.ErrExists},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			before := insert(t, s, video(1), video(2))
			_, err := s.UpdateVideo(t.Context(), tt.id, func(v *pod.Video) error { v.Name = "Changed"; return tt.change(v) })
			wantErr(t, "UpdateVideo()", err, tt.want)
			got, err := s.Video(t.Context(), 1)
			wantErr(t, "Video()", err, nil)
			wantEqual(t, "Video()", got, before[0])
			wantSound(t, s, path)
		})
	}
}

func TestDeleteVideoLeavesNothing(t *testing.T) {
	s, path := open(t)
	v := insert(t, s, video(1), video(2))[1]
	last, err := s.DeleteVideo(t.Context(), v.ID)
	wantErr(t, "DeleteVideo()", err, nil)
	wantEqual(t, "DeleteVideo()", last, v)
	_, err = s.DeleteVideo(t.Context(), v.ID)
	wantErr(t, "DeleteVideo() again", err, pod.ErrNotFound)
	_, err = s.Video(t.Context(), v.ID)
	wantErr(t, "Video()", err, pod.ErrNotFound)
	_, err = s.VideoByRef(t.Context(), pod.VideoRef{UUID: v.UUID})
	wantErr(t, "VideoByRef()", err, pod.ErrNotFound)
	_, _, err = s.VideoByInfohash(t.Context(), infohash(2))
	wantErr(t, "VideoByInfohash()", err, pod.ErrNotFound)
	if used, err := s.UsedBytes(t.Context(), 1); used != 1000 || err != nil {
		t.Errorf("UsedBytes(1) = %d, %v, want 1000, nil", used, err)
	}
	again := insert(t, s, video(2))[0]
	if again.ID != 3 || again.Files[0].ID != 3 {
		t.Errorf("InsertVideo() after a removal = video %d, file %d, want 3, 3: numbers are never used twice", again.ID, again.Files[0].ID)
	}
	wantSound(t, s, path)
}

func TestAddViewCountsEachOnce(t *testing.T) {
	s, path := open(t)
	v := insert(t, s, video(1))[0]
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { wantErr(t, "AddView()", s.AddView(context.Background(), v.ID), nil) })
	}
	wg.Go(func() { wantErr(t, "AddView(9)", s.AddView(context.Background(), 9), pod.ErrNotFound) })
	wg.Wait()
	got, err := s.Video(t.Context(), v.ID)
	wantErr(t, "Video()", err, nil)
	if got.Views != v.Views+50 || got.Rev != v.Rev {
		t.Errorf("after 50 views: views %d, rev %d, want %d, %d", got.Views, got.Rev, v.Views+50, v.Rev)
	}
	wantSound(t, s, path)
}

func TestContextAndClosedStore(t *testing.T) {
	s, _ := open(t)
	id := insert(t, s, video(1))[0].ID
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Video(done, id)
	wantErr(t, "Video(ended)", err, pod.ErrCancelled)
	wantErr(t, "Video(ended)", err, context.Canceled)
	wantErr(t, "AddView(ended)", s.AddView(done, id), pod.ErrCancelled)
	_, err = s.DeleteVideo(done, id)
	wantErr(t, "DeleteVideo(ended)", err, pod.ErrCancelled)
	closeStore(t, s)
	closeStore(t, s)
	_, err = s.Video(t.Context(), id)
	wantErr(t, "Video() after Close", err, pod.ErrCancelled)
	_, err = s.InsertVideo(t.Context(), video(2))
	wantErr(t, "InsertVideo() after Close", err, pod.ErrCancelled)
	wantErr(t, "AddView() after Close", s.AddView(t.Context(), id), pod.ErrCancelled)
}
