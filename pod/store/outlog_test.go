package store_test

import (
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

// out is what a test compares of an own change.
type out struct {
	Rev         pod.Rev
	ID          pod.VideoID
	Removed     bool
	From, Until pod.Rev
}

func outs(changes []pod.OutChange) []out {
	all := []out{}
	for _, c := range changes {
		all = append(all, out{c.Rev, c.Video.ID, c.Removed, c.PublicFrom, c.PublicUntil})
	}
	return all
}

func wantOuts(t *testing.T, s *store.Store, want ...out) {
	t.Helper()
	changes, err := s.OutChanges(t.Context(), 0, 100)
	wantErr(t, "OutChanges()", err, nil)
	wantEqual(t, "OutChanges()", outs(changes), append([]out{}, want...))
	last := pod.Rev(0)
	if len(want) > 0 {
		last = want[len(want)-1].Rev
	}
	if got, err := s.LastOutRev(t.Context()); got != last || err != nil {
		t.Errorf("LastOutRev() = %d, %v, want %d, nil", got, err, last)
	}
}

func private(v *pod.Video)    { v.Privacy = pod.PrivacyPrivate }
func public(v *pod.Video)     { v.Privacy = pod.PrivacyPublic }
func unfinished(v *pod.Video) { v.State = pod.StateToTranscode }

func change(t *testing.T, s *store.Store, id pod.VideoID, fn func(*pod.Video)) pod.Video {
	t.Helper()
	v, err := s.UpdateVideo(t.Context(), id, func(v *pod.Video) error { fn(v); return nil })
	wantErr(t, "UpdateVideo()", err, nil)
	return v
}

func remove(t *testing.T, s *store.Store, id pod.VideoID) {
	t.Helper()
	_, err := s.DeleteVideo(t.Context(), id)
	wantErr(t, "DeleteVideo()", err, nil)
}

func TestOutChangesFollowPrivacy(t *testing.T) {
	s, path := open(t)
	wantOuts(t, s)
	insert(t, s, video(1), video(2, private), video(3, unfinished)) // revs 1, 2, 3
	wantOuts(t, s, out{1, 1, false, 1, 0})
	change(t, s, 2, func(v *pod.Video) { v.Name = "Still secret" })         // 4
	change(t, s, 1, func(v *pod.Video) { v.Privacy = pod.PrivacyUnlisted }) // 5
	change(t, s, 3, func(v *pod.Video) { v.State = pod.StatePublished })    // 6
	wantOuts(t, s, out{5, 1, false, 1, 5}, out{6, 3, false, 6, 0})
	change(t, s, 1, private)                                       // 7
	wantOuts(t, s, out{5, 1, false, 1, 5}, out{6, 3, false, 6, 0}) // it ceased to be public with 5
	change(t, s, 1, public)                                        // 8
	wantOuts(t, s, out{6, 3, false, 6, 0}, out{8, 1, false, 1, 0})
	wantErr(t, "AddView()", s.AddView(t.Context(), 1), nil)
	remove(t, s, 2)          // 9
	remove(t, s, 3)          // 10
	change(t, s, 1, private) // 11
	remove(t, s, 1)          // 12
	wantOuts(t, s, out{10, 3, true, 6, 0}, out{11, 1, true, 1, 11})
	wantSound(t, s, path)
}

func TestOutChangesArePages(t *testing.T) {
	s, _ := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(9, 1)) // rev 1: of a friend
	v := insert(t, s, video(1), video(2, private), video(3), video(4))
	for _, tt := range []struct {
		after pod.Rev
		limit int
		want  []out
	}{
		{0, 2, []out{{2, 2, false, 2, 0}, {4, 4, false, 4, 0}}},
		{2, 1, []out{{4, 4, false, 4, 0}}},
		{4, 10, []out{{5, 5, false, 5, 0}}},
		{5, 10, []out{}},
		{^pod.Rev(0), 10, []out{}},
	} {
		changes, err := s.OutChanges(t.Context(), tt.after, tt.limit)
		wantErr(t, "OutChanges()", err, nil)
		wantEqual(t, "OutChanges()", outs(changes), tt.want)
	}
	changes, err := s.OutChanges(t.Context(), 4, 1)
	wantErr(t, "OutChanges()", err, nil)
	wantEqual(t, "OutChanges()[0].Video", changes[0].Video, v[3])
	_, err = s.OutChanges(t.Context(), 0, 0)
	wantErr(t, "OutChanges(0, 0)", err, pod.ErrInvalid)
}

func TestSignedVideosStayWhileTheyAreTrue(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(9, 1)) // video 1
	v := insert(t, s, video(1), video(2))
	good := pod.SignedVideo{Video: v[0].ID, Rev: v[0].Rev, Key: podID(0), JWS: "a.b.c"}
	old := pod.SignedVideo{Video: v[1].ID, Rev: v[1].Rev - 1, Key: podID(0), JWS: "d.e.f"}
	err := s.KeepSigned(t.Context(), []pod.SignedVideo{good, old, {Video: 1, Rev: 1}, {Video: 99, Rev: 1}})
	wantErr(t, "KeepSigned()", err, nil)
	got, err := s.Signed(t.Context(), good.Video)
	wantErr(t, "Signed()", err, nil)
	wantEqual(t, "Signed()", got, good)
	for _, id := range []pod.VideoID{old.Video, 1, 99} {
		_, err := s.Signed(t.Context(), id)
		wantErr(t, "Signed(not kept)", err, pod.ErrNotFound)
	}
	change(t, s, good.Video, private)
	_, err = s.Signed(t.Context(), good.Video)
	wantErr(t, "Signed() of a changed video", err, nil)
	remove(t, s, good.Video)
	_, err = s.Signed(t.Context(), good.Video)
	wantErr(t, "Signed() of a removed video", err, pod.ErrNotFound)
	wantSound(t, s, path)
}
