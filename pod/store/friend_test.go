package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func TestChangeFriendMakesAndChanges(t *testing.T) {
	s, path := openWith(t, store.Options{Clock: func() time.Time { return day }})
	want := pod.Friend{
		PodID: podID(1), PublicKey: podKey(1), OldKeys: []pod.OldKey{{PodID: podID(11), PublicKey: podKey(11), Until: day.Add(time.Hour)}},
		Name: "Ann's", URL: "http://ann.example:9000", CallURL: "http://10.0.0.1:9000", CallClass: pod.ClassPrivate, Verified: true,
		CallsNobody: true, Status: pod.StatusFriend, APIVersions: []int{1, 2}, MustUpdate: true, VouchedBy: podID(5), Score: 90,
		BadIntervals: 2, LastSeenAt: day, Epoch: 3, HighestEpoch: 7, OurRun: "a", TheirRun: "b", ClockOffset: -time.Minute,
		RequestedAt: day, Invite: "code", QuitEpoch: 2, QuitUntil: day, ToldName: "me", ToldURL: "http://me", ToldKey: podID(0),
		CreatedAt: day, UpdatedAt: day,
	}
	made, err := s.ChangeFriend(t.Context(), podID(1), "", func(f *pod.Friend) error {
		wantEqual(t, "new record", *f, pod.Friend{PodID: podID(1), CreatedAt: day, UpdatedAt: day})
		*f = want
		f.VideoCount = 9 // the store's own
		return nil
	})
	wantErr(t, "ChangeFriend()", err, nil)
	want.ID = 1
	wantEqual(t, "ChangeFriend()", made, want)
	closeStore(t, s)
	s = reopenWith(t, path, store.Options{Clock: func() time.Time { return day }})
	for _, id := range []pod.PodID{podID(1), podID(11)} {
		got, err := s.FriendByPodID(t.Context(), id)
		wantErr(t, "FriendByPodID()", err, nil)
		wantEqual(t, "FriendByPodID()", got, want)
		got, err = s.ChangeFriend(t.Context(), id, "", func(f *pod.Friend) error { f.Name += "!"; want.Name += "!"; return nil })
		wantErr(t, "ChangeFriend()", err, nil)
		wantEqual(t, "ChangeFriend()", got, want)
	}
	all, err := s.Friends(t.Context())
	wantErr(t, "Friends()", err, nil)
	wantEqual(t, "Friends()", all, []pod.Friend{want})
	wantSound(t, s, path)
}

func TestChangeFriendRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		id     pod.PodID
		change func(*pod.Friend) error
		want   error
	}{
		"caller's error":   {podID(1), func(*pod.Friend) error { return errStop }, errStop},
		"other id":         {podID(1), func(f *pod.Friend) error { f.ID = 2; return nil }, pod.ErrInvalid},
		"key lost":         {podID(1), func(f *pod.Friend) error { f.PodID, f.PublicKey = podID(9), podKey(9); return nil }, pod.ErrInvalid},
		"key of other id":  {podID(1), func(f *pod.Friend) error { f.PublicKey = podKey(9); return nil }, pod.ErrInvalid},
		"key of a friend":  {podID(1), func(f *pod.Friend) error { f.OldKeys = []pod.OldKey{{PodID: podID(2)}}; return nil }, pod.ErrExists},
		"key twice":        {podID(1), func(f *pod.Friend) error { f.OldKeys = []pod.OldKey{{PodID: podID(1)}}; return nil }, pod.ErrInvalid},
		"no status":        {podID(1), func(f *pod.Friend) error { f.Status = ""; return nil }, pod.ErrInvalid},
		"new, error":       {podID(9), func(*pod.Friend) error { return errStop }, errStop},
		"new, other key":   {podID(9), func(f *pod.Friend) error { f.PodID, f.Status = podID(8), pod.StatusFriend; return nil }, pod.ErrInvalid},
		"new, with number": {podID(9), func(f *pod.Friend) error { f.ID, f.Status = 3, pod.StatusFriend; return nil }, pod.ErrInvalid},
		"new, no status":   {podID(9), func(*pod.Friend) error { return nil }, pod.ErrInvalid},
		"new, no pod id":   {"someone", func(f *pod.Friend) error { f.Status = pod.StatusFriend; return nil }, pod.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			before := befriend(t, s, 1, 2)
			_, err := s.ChangeFriend(t.Context(), tt.id, "", func(f *pod.Friend) error { f.Name = "Changed"; return tt.change(f) })
			wantErr(t, "ChangeFriend()", err, tt.want)
			all, err := s.Friends(t.Context())
			wantErr(t, "Friends()", err, nil)
			wantEqual(t, "Friends()", all, before)
			wantSound(t, s, path)
		})
	}
}

func TestSupersededKeyIsFoundForAWhile(t *testing.T) {
	now := day
	s, path := openWith(t, store.Options{Clock: func() time.Time { return now }})
	befriend(t, s, 1)
	updateFriend(t, s, 1, func(f *pod.Friend) {
		f.OldKeys = append(f.OldKeys, pod.OldKey{PodID: f.PodID, PublicKey: f.PublicKey, Until: day.Add(time.Hour)})
		f.PodID, f.PublicKey = podID(2), podKey(2)
	})
	for _, id := range []pod.PodID{podID(1), podID(2)} {
		f, err := s.FriendByPodID(t.Context(), id)
		if f.ID != 1 || err != nil {
			t.Errorf("FriendByPodID() = %d, %v, want 1, nil", f.ID, err)
		}
	}
	now = day.Add(time.Hour)
	_, err := s.FriendByPodID(t.Context(), podID(1))
	wantErr(t, "FriendByPodID(expired)", err, pod.ErrNotFound)
	f, err := s.ChangeFriend(t.Context(), podID(1), "", func(*pod.Friend) error { return nil })
	if f.ID != 1 || err != nil {
		t.Errorf("ChangeFriend(expired) = %d, %v, want 1, nil: an old key makes no new friend", f.ID, err)
	}
	for _, id := range []pod.PodID{podID(3), "", "x"} {
		_, err = s.FriendByPodID(t.Context(), id)
		wantErr(t, "FriendByPodID(unknown)", err, pod.ErrNotFound)
	}
	wantSound(t, s, path)
}

func TestScoresAddUp(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := s.ChangeFriend(context.Background(), podID(1), "", func(f *pod.Friend) error { f.Score += 7; return nil })
			wantErr(t, "ChangeFriend()", err, nil)
		})
	}
	wg.Wait()
	if f := friendOf(t, s, 1); f.Score != pod.ScoreStart+350 {
		t.Errorf("score after 50 changes of 7 = %d, want %d", f.Score, pod.ScoreStart+350)
	}
	for _, tt := range []struct{ add, want int }{{10_000, pod.ScoreMax}, {-20_000, 0}, {30, 30}} {
		err := s.ChangeFriends(t.Context(), func(f *pod.Friend) bool { f.Score += tt.add; return f.ID == 1 })
		wantErr(t, "ChangeFriends()", err, nil)
		if f := friendOf(t, s, 1); f.Score != tt.want {
			t.Errorf("score after %d = %d, want %d", tt.add, f.Score, tt.want)
		}
	}
	if f := friendOf(t, s, 2); f.Score != pod.ScoreStart {
		t.Errorf("score of the other friend = %d, want %d: change said no", f.Score, pod.ScoreStart)
	}
	wantSound(t, s, path)
}

func TestRenewRuns(t *testing.T) {
	s, _ := open(t)
	before := befriend(t, s, 1, 2)
	wantErr(t, "RenewRuns()", s.RenewRuns(t.Context()), nil)
	a, b := friendOf(t, s, 1), friendOf(t, s, 2)
	if len(a.OurRun) != 22 || a.OurRun == b.OurRun || a.TheirRun != before[0].TheirRun || a.Epoch != 1 {
		t.Errorf("RenewRuns() gave runs %q and %q, want two random ones of 22 characters", a.OurRun, b.OurRun)
	}
}

// wantShown tells which of a friend's videos can be found by any way that people have.
func wantShown(t *testing.T, s *store.Store, shown bool, numbers ...int) {
	t.Helper()
	want := error(nil)
	if !shown {
		want = pod.ErrNotFound
	}
	for _, n := range numbers {
		v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(n)})
		wantErr(t, "VideoByRef()", err, want)
		if shown {
			_, err = s.Video(t.Context(), v.ID)
			wantErr(t, "Video()", err, nil)
		}
		_, _, err = s.VideoByInfohash(t.Context(), infohash(n))
		wantErr(t, "VideoByInfohash()", err, want)
	}
}

func TestParkedFriendsVideosAreHidden(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	own := insert(t, s, video(1))[0]
	receive(t, s, 1, putStep(10, 1), putStep(11, 2))
	receive(t, s, 2, putStep(10, 1))
	v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(10)})
	wantErr(t, "VideoByRef()", err, nil)
	before := friendOf(t, s, 1)

	setStatus(t, s, 1, pod.StatusParked)
	wantShown(t, s, true, 1, 10) // the other friend's
	wantShown(t, s, false, 11)
	_, err = s.Video(t.Context(), v.ID)
	wantErr(t, "Video(hidden)", err, pod.ErrNotFound)
	zero := []pod.Privacy{0, pod.PrivacyPublic}
	if page := list(t, s, pod.VideoQuery{Count: 10, Privacies: zero}); page.Total != 2 {
		t.Errorf("ListVideos() while parked = %d, want the own one and the other friend's", page.Total)
	}
	changes, err := s.Changes(t.Context(), own.Rev+3, 10)
	wantErr(t, "Changes()", err, nil)
	if len(changes) != 2 || !changes[0].Video.Hidden || changes[0].Removed {
		t.Errorf("Changes() after parking = %+v, want two hidden videos", changes)
	}
	wantOuts(t, s, out{own.Rev, own.ID, false, own.Rev, 0}) // not told to others
	wantEqual(t, "results while parked", receive(t, s, 1, putStep(12, 3), putStep(11, 4)), []string{"ok", "ok"})
	wantShown(t, s, false, 11, 12)
	_, err = s.UpdateVideo(t.Context(), v.ID, func(v *pod.Video) error { v.Hidden = false; return nil })
	wantErr(t, "UpdateVideo(Hidden)", err, pod.ErrInvalid)

	after := setStatus(t, s, 1, pod.StatusFriend)
	wantShown(t, s, true, 10, 11, 12)
	if after.VideoCount != 3 || after.SentRev != before.SentRev || after.Epoch != before.Epoch {
		t.Errorf("friend after parking = %+v, want 3 videos and its streams as before", after)
	}
	wantSound(t, s, path)
}

func TestFriendshipEndsWithItsVideos(t *testing.T) {
	for _, status := range []pod.FriendStatus{pod.StatusFormer, pod.StatusBlocked, pod.StatusRefused, pod.StatusRequested, pod.StatusWaiting, ""} {
		for _, from := range []pod.FriendStatus{pod.StatusFriend, pod.StatusParked} {
			t.Run(string(from+" "+status), func(t *testing.T) {
				s, path := open(t)
				befriend(t, s, 1, 2)
				receive(t, s, 1, putStep(10, 1), removeStep(11, 2))
				receive(t, s, 2, putStep(20, 1))
				v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(10)})
				wantErr(t, "VideoByRef()", err, nil)
				wantErr(t, "PutMirror()", s.PutMirror(t.Context(), pod.MirrorRecord{Video: v.ID}, 0), nil)
				wantErr(t, "Freeze()", s.Freeze(t.Context(), pod.Frozen{Friend: 1, Epoch: 1, Op: "op"}), nil)
				setStatus(t, s, 1, from)
				if status == "" {
					wantErr(t, "DeleteFriend()", s.DeleteFriend(t.Context(), 1), nil)
					_, err = s.Friend(t.Context(), 1)
					wantErr(t, "Friend()", err, pod.ErrNotFound)
					_, err = s.FriendByPodID(t.Context(), podID(1))
					wantErr(t, "FriendByPodID()", err, pod.ErrNotFound)
					wantErr(t, "DeleteFriend() again", s.DeleteFriend(t.Context(), 1), pod.ErrNotFound)
				} else if f := setStatus(t, s, 1, status); f.VideoCount != 0 || f.InSeq != 0 || f.HighestEpoch != 1 {
					t.Errorf("former friend = %+v, want no videos, no streams, its highest epoch", f)
				}
				wantShown(t, s, false, 10)
				wantShown(t, s, true, 20)
				if mirrors, err := s.Mirrors(t.Context()); len(mirrors) != 0 || err != nil {
					t.Errorf("Mirrors() = %v, %v, want none", mirrors, err)
				}
				if _, ok, err := s.InFlight(t.Context(), 1); ok || err != nil {
					t.Errorf("InFlight() = %t, %v, want false, nil", ok, err)
				}
				changes, err := s.Changes(t.Context(), 0, 10)
				wantErr(t, "Changes()", err, nil)
				last := changes[len(changes)-1]
				wantEqual(t, "removal", last.Video, pod.Video{ID: v.ID, UUID: v.UUID, Origin: 1, Rev: last.Video.Rev})
				wantSound(t, s, path)
				if made := befriend(t, reopen(t, path), 5)[0]; made.ID != 3 {
					t.Errorf("next friend's number = %d, want 3: numbers are never used twice", made.ID)
				}
			})
		}
	}
}

func TestNewEpochBeginsTheStreamsAgain(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	insert(t, s, video(1), video(2))
	receive(t, s, 1, putStep(10, 7), removeStep(11, 8))
	wantErr(t, "Freeze()", s.Freeze(t.Context(), pod.Frozen{Friend: 1, Epoch: 1, Op: "op", Seq: 3, SentRev: 1}), nil)
	old := friendOf(t, s, 1)
	f := updateFriend(t, s, 1, func(f *pod.Friend) { f.Epoch, f.ToldName, f.ToldKey = 5, "New name", podID(7) })
	want := old
	want.Epoch, want.HighestEpoch, want.ToldName, want.ToldKey, want.UpdatedAt = 5, 5, "New name", podID(7), f.UpdatedAt
	want.InSeq, want.SentRev, want.CatalogueUpto = 0, 3, 3
	wantEqual(t, "UpdateFriend(Epoch)", f, want)
	if _, ok, _ := s.InFlight(t.Context(), 1); ok {
		t.Error("InFlight() = true after a new epoch, want false")
	}
	// The old epoch's video is there, and anything that this epoch says replaces it.
	wantShown(t, s, true, 10)
	again := message(&f, putStep(10, 2, func(v *pod.Video) { v.Name = "Told again" }), putStep(11, 1))
	receipt, err := s.Receive(t.Context(), again)
	wantErr(t, "Receive()", err, nil)
	wantEqual(t, "results", codes(receipt.Results), []string{"ok", "ok"})
	v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(10)})
	if v.Name != "Told again" || v.OriginEpoch != 5 || err != nil {
		t.Errorf("VideoByRef() = %q of epoch %d, %v, want that of epoch 5", v.Name, v.OriginEpoch, err)
	}
	wantShown(t, s, true, 11)
	if f = updateFriend(t, s, 1, func(f *pod.Friend) { f.Epoch, f.HighestEpoch = 2, 0 }); f.HighestEpoch != 5 {
		t.Errorf("HighestEpoch = %d, want 5: it only rises", f.HighestEpoch)
	}
	wantSound(t, s, path)
}

func TestHostOfAFriendIsItsURLs(t *testing.T) {
	s, _ := open(t)
	befriend(t, s, 1, 2)
	receive(t, s, 1, putStep(10, 1))
	receive(t, s, 2, putStep(20, 1))
	updateFriend(t, s, 2, func(f *pod.Friend) { f.URL = "https://Two.example" })
	for host, want := range map[string]int{
		"pod1.example:9000": 1, "pod2.example:9000": 0, "two.example": 1, "two.example:443": 1, "two.example:80": 0, "": 2,
	} {
		if page := list(t, s, pod.VideoQuery{Host: host}); page.Total != want {
			t.Errorf("ListVideos(host %q) = %d, want %d", host, page.Total, want)
		}
	}
}

func TestFriendsOfAClosedStore(t *testing.T) {
	s, _ := open(t)
	closeStore(t, s)
	_, err := s.Friends(t.Context())
	wantErr(t, "Friends()", err, pod.ErrCancelled)
	_, err = s.Receive(t.Context(), pod.Delivery{})
	wantErr(t, "Receive()", err, pod.ErrCancelled)
	_, err = s.Delivered(t.Context(), pod.Delivered{})
	wantErr(t, "Delivered()", err, pod.ErrCancelled)
	if errors.Is(err, pod.ErrNotFound) {
		t.Errorf("Delivered() = %v, want no word of friends", err)
	}
}
