package store_test

import (
	"errors"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

var errStop = errors.New("enough")

// step is what a test compares of a change.
type step struct {
	Rev     pod.Rev
	ID      pod.VideoID
	Removed bool
}

func steps(t *testing.T, s *store.Store, after pod.Rev, limit int) []step {
	t.Helper()
	changes, err := s.Changes(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("Changes(%d, %d) = %v, want nil", after, limit, err)
	}
	out := []step{}
	for _, c := range changes {
		out = append(out, step{c.Rev, c.Video.ID, c.Removed})
	}
	return out
}

func TestChangesHoldTheLatestOfEachVideo(t *testing.T) {
	s, path := open(t)
	if rev, err := s.LastRev(t.Context()); rev != 0 || err != nil {
		t.Errorf("LastRev() of a new store = %d, %v, want 0, nil", rev, err)
	}
	v := insert(t, s, video(1), video(2), video(3))
	_, err := s.UpdateVideo(t.Context(), v[0].ID, func(v *pod.Video) error { v.Name = "Renamed"; return nil }) // rev 4
	wantErr(t, "UpdateVideo()", err, nil)
	_, err = s.DeleteVideo(t.Context(), v[1].ID) // rev 5
	wantErr(t, "DeleteVideo()", err, nil)
	all := []step{{3, 3, false}, {4, 1, false}, {5, 2, true}}
	for _, tt := range []struct {
		after pod.Rev
		limit int
		want  []step
	}{
		{0, 10, all},
		{0, 2, all[:2]},
		{3, 10, all[1:]},
		{4, 1, all[2:]},
		{5, 10, []step{}},
		{^pod.Rev(0), 10, []step{}},
	} {
		wantEqual(t, "Changes()", steps(t, s, tt.after, tt.limit), tt.want)
	}
	changes, err := s.Changes(t.Context(), 3, 10)
	wantErr(t, "Changes()", err, nil)
	if got := changes[0].Video.Name; got != "Renamed" {
		t.Errorf("Changes()[0].Video.Name = %q, want %q", got, "Renamed")
	}
	wantEqual(t, "Changes()[1].Video", changes[1].Video, v[1])
	if rev, err := s.LastRev(t.Context()); rev != 5 || err != nil {
		t.Errorf("LastRev() = %d, %v, want 5, nil", rev, err)
	}
	_, err = s.Changes(t.Context(), 0, 0)
	wantErr(t, "Changes(0, 0)", err, pod.ErrInvalid)
	wantSound(t, s, path)
}

func TestChangeThatFailedTakesNoRev(t *testing.T) {
	s, _ := open(t)
	v := insert(t, s, video(1))[0]
	_, err := s.UpdateVideo(t.Context(), v.ID, func(*pod.Video) error { return errStop })
	wantErr(t, "UpdateVideo()", err, errStop)
	if rev, _ := s.LastRev(t.Context()); rev != v.Rev {
		t.Errorf("LastRev() = %d, want %d", rev, v.Rev)
	}
}

func TestEachFile(t *testing.T) {
	s, _ := open(t)
	const total = 1100 // more than two batches
	videos := make([]pod.Video, 0, total)
	for i := range total {
		videos = append(videos, video(i))
	}
	videos[3].Privacy = pod.PrivacyPrivate
	videos[4].Files = append(videos[4].Files, pod.VideoFile{Name: "waits for its torrent"})
	if err := store.InsertMany(s, videos); err != nil {
		t.Fatalf("InsertMany() = %v, want nil", err)
	}
	seen := map[pod.Infohash]pod.Privacy{}
	err := s.EachFile(t.Context(), func(p pod.Privacy, f pod.VideoFile) error {
		seen[f.Infohash] = p
		if len(seen) > 1 {
			return nil
		}
		v, _, err := s.VideoByInfohash(t.Context(), f.Infohash) // the store can be called from here
		if err != nil {
			return err
		}
		wantEqual(t, "EachFile() file", f, v.Files[0])
		return s.AddView(t.Context(), v.ID)
	})
	wantErr(t, "EachFile()", err, nil)
	if len(seen) != total || seen[infohash(3)] != pod.PrivacyPrivate || seen[infohash(4)] != pod.PrivacyPublic {
		t.Errorf("EachFile() saw %d files, privacy of 3 and 4 %d %d, want %d, 3 1", len(seen), seen[infohash(3)], seen[infohash(4)], total)
	}
	calls := 0
	err = s.EachFile(t.Context(), func(pod.Privacy, pod.VideoFile) error { calls++; return errStop })
	wantErr(t, "EachFile() stopped", err, errStop)
	if calls != 1 {
		t.Errorf("EachFile() called %d times after an error, want 1", calls)
	}
}
