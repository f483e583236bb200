package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func frozen(n pod.FriendID, prev, seq uint64) pod.Frozen {
	return pod.Frozen{Friend: n, Epoch: 1, Op: "op", Prev: prev, Seq: seq, Activities: []json.RawMessage{[]byte(`{"type":"x"}`)}, SentRev: 4}
}

func TestFreezeRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*pod.Friend)
		frozen func(*pod.Frozen)
		want   error
	}{
		"good":         {func(*pod.Friend) {}, func(*pod.Frozen) {}, nil},
		"parked":       {func(f *pod.Friend) { f.Status = pod.StatusParked }, func(*pod.Frozen) {}, nil},
		"former":       {func(f *pod.Friend) { f.Status = pod.StatusFormer }, func(*pod.Frozen) {}, pod.ErrNotFriend},
		"former, quit": {func(f *pod.Friend) { f.Status, f.QuitEpoch = pod.StatusFormer, 1 }, func(*pod.Frozen) {}, nil},
		"nobody":       {func(*pod.Friend) {}, func(f *pod.Frozen) { f.Friend = 9 }, pod.ErrNotFound},
		"epoch":        {func(*pod.Friend) {}, func(f *pod.Frozen) { f.Epoch = 2 }, pod.ErrEpoch},
		"prev":         {func(*pod.Friend) {}, func(f *pod.Frozen) { f.Prev, f.Seq = 1, 2 }, pod.ErrEpoch},
		"no op":        {func(*pod.Friend) {}, func(f *pod.Frozen) { f.Op = "" }, pod.ErrInvalid},
		"not JSON":     {func(*pod.Friend) {}, func(f *pod.Frozen) { f.Activities[0] = []byte(`{`) }, pod.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			befriend(t, s, 1)
			updateFriend(t, s, 1, tt.change)
			f := frozen(1, 0, 1)
			tt.frozen(&f)
			wantErr(t, "Freeze()", s.Freeze(t.Context(), f), tt.want)
			got, ok, err := s.InFlight(t.Context(), 1)
			wantErr(t, "InFlight()", err, nil)
			if ok != (tt.want == nil) {
				t.Errorf("InFlight() = %t, want %t", ok, tt.want == nil)
			}
			if ok {
				wantEqual(t, "InFlight()", got, f)
				f.Op = "another"
				wantErr(t, "Freeze() of another", s.Freeze(t.Context(), f), pod.ErrExists)
			}
			wantSound(t, s, path)
		})
	}
}

func TestDeliveredMovesOn(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	updateFriend(t, s, 1, func(f *pod.Friend) { f.MustUpdate = true })
	f := frozen(1, 0, 3)
	f.ToldName, f.ToldKey = "New name", podID(5)
	wantErr(t, "Freeze()", s.Freeze(t.Context(), f), nil)
	before := friendOf(t, s, 1)
	d := pod.Delivered{Friend: 1, Epoch: 1, Op: "another", At: day.Add(time.Minute)}
	for name, change := range map[string]func(*pod.Delivered){
		"op": func(*pod.Delivered) {}, "epoch": func(d *pod.Delivered) { d.Op, d.Epoch = "op", 2 }, "friend": func(d *pod.Delivered) { d.Op, d.Friend = "op", 9 },
	} {
		other := d
		change(&other)
		if mine, err := s.Delivered(t.Context(), other); mine || err != nil {
			t.Errorf("Delivered(another %s) = %t, %v, want false, nil", name, mine, err)
		}
	}
	wantEqual(t, "Friend() after answers to others", friendOf(t, s, 1), before)
	d.Op = "op"
	if mine, err := s.Delivered(t.Context(), d); !mine || err != nil {
		t.Errorf("Delivered() = %t, %v, want true, nil", mine, err)
	}
	want := before
	want.OutSeq, want.SentRev, want.ToldName, want.ToldKey, want.LastSeenAt, want.MustUpdate = 3, 4, "New name", podID(5), d.At, false
	wantEqual(t, "Friend()", friendOf(t, s, 1), want)
	if mine, err := s.Delivered(t.Context(), d); mine || err != nil {
		t.Errorf("Delivered() again = %t, %v, want false, nil", mine, err)
	}
	wantErr(t, "Freeze() of the next", s.Freeze(t.Context(), frozen(1, 3, 4)), nil)
	wantSound(t, s, path)
}

// readPage lets a friend answer catalogue.get with that page.
func readPage(t *testing.T, s *store.Store, n pod.FriendID, page pod.CataloguePage) error {
	t.Helper()
	f := friendOf(t, s, n)
	ask := pod.Frozen{Friend: n, Epoch: f.Epoch, Op: "ask", Prev: f.OutSeq, Seq: f.OutSeq + 1}
	wantErr(t, "Freeze()", s.Freeze(t.Context(), ask), nil)
	_, err := s.Delivered(t.Context(), pod.Delivered{Friend: n, Epoch: f.Epoch, Op: "ask", Page: &page, At: day})
	return err
}

func TestCatalogueIsReadInPages(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	receive(t, s, 1, putStep(10, 8), putStep(11, 9))
	receive(t, s, 2, putStep(10, 8))
	updateFriend(t, s, 1, func(f *pod.Friend) { f.Epoch = 2 })
	receive(t, s, 1, removeStep(12, 30), putStep(13, 31))
	wantErr(t, "page 1", readPage(t, s, 1, pod.CataloguePage{Next: 5, Steps: []pod.Step{putStep(10, 4), putStep(12, 5), putStep(13, 3)}}), nil)
	f := friendOf(t, s, 1)
	if f.CatalogueAfter != 5 || f.CatalogueDone || f.VideoCount != 3 {
		t.Errorf("after page 1: after %d, done %t, %d videos, want 5, false, 3", f.CatalogueAfter, f.CatalogueDone, f.VideoCount)
	}
	wantShown(t, s, true, 10, 11, 13)
	wantShown(t, s, false, 12)
	bad := pod.CataloguePage{Next: 9, Steps: []pod.Step{putStep(14, 6), {Kind: pod.StepQuit, Epoch: 2}}}
	wantErr(t, "page with a quit", readPage(t, s, 1, bad), pod.ErrInvalid)
	wantEqual(t, "Friend() after a bad page", friendOf(t, s, 1).CatalogueAfter, pod.Rev(5))
	_, err := s.Delivered(t.Context(), pod.Delivered{
		Friend: 1, Epoch: 2, Op: "ask", At: day,
		Page: &pod.CataloguePage{Next: 2, Last: true, Steps: []pod.Step{putStep(14, 6), removeStep(13, 2)}},
	})
	wantErr(t, "last page", err, nil)
	f = friendOf(t, s, 1)
	if f.CatalogueAfter != 5 || !f.CatalogueDone || f.VideoCount != 3 {
		t.Errorf("after the last page: after %d, done %t, %d videos, want 5, true, 3", f.CatalogueAfter, f.CatalogueDone, f.VideoCount)
	}
	wantShown(t, s, true, 10, 13, 14)
	wantShown(t, s, false, 11, 12) // 11 is of the old epoch, and was not named
	if n, err := store.CountKeys(s, "removed"); n != 0 || err != nil {
		t.Errorf("removals that are remembered = %d, %v, want none", n, err)
	}
	receive(t, s, 1, removeStep(99, 40))
	if n, _ := store.CountKeys(s, "removed"); n != 0 {
		t.Errorf("removals that are remembered after the catalogue = %d, want none", n)
	}
	wantErr(t, "page after the last", readPage(t, s, 1, pod.CataloguePage{Next: 50, Steps: []pod.Step{putStep(15, 7)}}), nil)
	wantShown(t, s, false, 15)
	wantSound(t, s, path)
}

// TestPurgeOfAllVideos removes more than a transaction should hold in memory at once.
func TestPurgeOfAllVideos(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 10,500 videos")
	}
	s, path := openWith(t, store.Options{FriendVideos: 20_000})
	befriend(t, s, 1)
	videos := make([]pod.Video, 0, 10_500)
	for i := range 10_500 {
		videos = append(videos, remote(i, func(v *pod.Video) { v.Origin, v.OriginEpoch = 1, 1 }))
	}
	wantErr(t, "InsertMany()", store.InsertMany(s, videos), nil)
	updateFriend(t, s, 1, func(f *pod.Friend) { f.Epoch = 2 })
	wantErr(t, "last page", readPage(t, s, 1, pod.CataloguePage{Last: true, Steps: []pod.Step{putStep(7, 1)}}), nil)
	if f := friendOf(t, s, 1); f.VideoCount != 1 {
		t.Errorf("VideoCount after the last page = %d, want 1", f.VideoCount)
	}
	wantSound(t, s, path)
}
