package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func TestReceiveRefuses(t *testing.T) {
	quit := pod.Step{Kind: pod.StepQuit, Epoch: 1}
	for name, tt := range map[string]struct {
		status pod.FriendStatus // "": friend
		change func(*pod.Delivery)
		want   error
	}{
		"good":               {"", func(*pod.Delivery) {}, nil},
		"parked":             {pod.StatusParked, func(*pod.Delivery) {}, nil},
		"nobody":             {"", func(d *pod.Delivery) { d.Friend = 9 }, pod.ErrNotFriend},
		"former":             {pod.StatusFormer, func(*pod.Delivery) {}, pod.ErrNotFriend},
		"former, quits":      {pod.StatusFormer, func(d *pod.Delivery) { d.Steps[0] = quit }, nil},
		"refused, quits":     {pod.StatusRefused, func(d *pod.Delivery) { d.Steps[0] = quit }, nil},
		"blocked, quits":     {pod.StatusBlocked, func(d *pod.Delivery) { d.Steps[0] = quit }, pod.ErrNotFriend},
		"requested":          {pod.StatusRequested, func(*pod.Delivery) {}, pod.ErrNotYet},
		"waiting":            {pod.StatusWaiting, func(*pod.Delivery) {}, pod.ErrNotYet},
		"epoch before":       {"", func(d *pod.Delivery) { d.Epoch = 0 }, pod.ErrEpoch},
		"epoch after":        {"", func(d *pod.Delivery) { d.Epoch = 2 }, pod.ErrEpoch},
		"quit of old epoch":  {"", func(d *pod.Delivery) { d.Steps[0], d.Epoch = quit, 0 }, pod.ErrEpoch},
		"jti again":          {"", func(d *pod.Delivery) { d.JTI = "first" }, pod.ErrReplay},
		"gap":                {"", func(d *pod.Delivery) { d.Prev, d.Seq = 2, 3 }, pod.ErrGap},
		"behind":             {"", func(d *pod.Delivery) { d.Prev, d.Seq = 0, 1 }, pod.ErrGap},
		"seq before prev":    {"", func(d *pod.Delivery) { d.Seq = 0 }, pod.ErrGap},
		"key of nobody":      {"", func(d *pod.Delivery) { d.SignedBy = podID(8) }, pod.ErrNotFriend},
		"key that is over":   {"", func(d *pod.Delivery) { d.SignedBy = podID(9) }, pod.ErrNotFriend},
		"step of no kind":    {"", func(d *pod.Delivery) { d.Steps[0].Kind = 99 }, pod.ErrInvalid},
		"jti without time":   {"", func(d *pod.Delivery) { d.JTIUntil = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) }, pod.ErrInvalid},
		"in an answer":       {"", func(d *pod.Delivery) { d.JTI = "" }, nil},
		"acknowledges only":  {"", func(d *pod.Delivery) { d.Op, d.Prev, d.Seq, d.Steps = "", 7, 7, nil }, nil},
		"no steps, in order": {"", func(d *pod.Delivery) { d.Seq, d.Steps = d.Prev, nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			befriend(t, s, 1)
			updateFriend(t, s, 1, func(f *pod.Friend) {
				f.OldKeys, f.MustUpdate = []pod.OldKey{{PodID: podID(9), PublicKey: podKey(9), Until: day}}, true
			})
			f := friendOf(t, s, 1)
			first := message(&f, pod.Step{Kind: pod.StepNone, Result: pod.ResultOK()})
			first.JTI = "first"
			_, err := s.Receive(t.Context(), first)
			wantErr(t, "Receive(first)", err, nil)
			f = friendOf(t, s, 1)
			d := message(&f, putStep(10, 1))
			d.At = day.Add(time.Minute)
			tt.change(&d)
			before := updateFriend(t, s, 1, func(f *pod.Friend) {
				f.MustUpdate = true
				if tt.status != "" {
					f.Status = tt.status
				}
			})
			receipt, err := s.Receive(t.Context(), d)
			wantErr(t, "Receive()", err, tt.want)
			after := friendOf(t, s, 1)
			if tt.want == nil {
				wantEqual(t, "Receipt.Friend", receipt.Friend, after)
				if after.MustUpdate || !after.LastSeenAt.Equal(d.At) || len(receipt.Results) != len(d.Steps) {
					t.Errorf("Receive() = %+v, friend %+v, want a result for each step, and the friend seen", receipt, after)
				}
			} else {
				wantEqual(t, "Friend()", after, before)
				if seen, err := s.SeenJTI(t.Context(), 1, d.JTI); seen != (name == "jti again") || err != nil {
					t.Errorf("SeenJTI() = %t, %v, want false, nil: nothing of a refused message stays", seen, err)
				}
			}
			wantSound(t, s, path)
		})
	}
}

func TestReceiveAnswersTheSameAgain(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	f := friendOf(t, s, 1)
	asked := pod.ResultOK()
	asked.Page, asked.Data = json.RawMessage(`{"a":1}`), json.RawMessage(`[]`)
	d := message(&f, putStep(10, 1), pod.Step{Kind: pod.StepNone, Result: pod.Refused("unknown", "Unknown.")}, pod.Step{Kind: pod.StepNone, Result: asked})
	receipt, err := s.Receive(t.Context(), d)
	wantErr(t, "Receive()", err, nil)
	wantEqual(t, "Receipt.Results", receipt.Results, []pod.Result{pod.ResultOK(), pod.Refused("unknown", "Unknown."), asked})
	if receipt.Again || !receipt.Changed || receipt.Friend.InSeq != 3 || receipt.Friend.VideoCount != 1 {
		t.Errorf("Receive() = %+v, want a change, the friend at 3", receipt)
	}
	closeStore(t, s)
	s = reopen(t, path)
	_, err = s.Receive(t.Context(), d)
	wantErr(t, "Receive() of the same bytes", err, pod.ErrReplay)
	for _, jti := range []string{"fresh", "fresher", ""} {
		d.JTI = jti
		receipt, err = s.Receive(t.Context(), d)
		wantErr(t, "Receive() signed again", err, nil)
		asked.Page, asked.Data = nil, nil
		wantEqual(t, "Receipt.Results again", receipt.Results, []pod.Result{pod.ResultOK(), pod.Refused("unknown", "Unknown."), asked})
		if !receipt.Again || receipt.Changed || receipt.Friend.InSeq != 3 {
			t.Errorf("Receive() signed again = %+v, want the old results and no effect", receipt)
		}
	}
	d.Op, d.Prev, d.Seq = "an older one", 0, 3 // it came inside an answer, twice
	receipt, err = s.Receive(t.Context(), d)
	if !receipt.Again || len(receipt.Results) != 0 || err != nil {
		t.Errorf("Receive() of an older op inside an answer = %+v, %v, want again without results", receipt, err)
	}
	if rev, _ := s.LastRev(t.Context()); rev != 1 {
		t.Errorf("LastRev() = %d, want 1: applied once", rev)
	}
	wantSound(t, s, path)
}

func TestJTIsAreBoundedAndForgotten(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	wantErr(t, "FillJTIs()", store.FillJTIs(s, 1, 9_999, day.Add(time.Hour)), nil)
	wantEqual(t, "Receive(10,000th)", receive(t, s, 1), []string{})
	f := friendOf(t, s, 1)
	d := message(&f)
	_, err := s.Receive(t.Context(), d)
	if pod.KindOf(err) != pod.KindTooMany {
		t.Errorf("Receive(10,001st) = %v, want one of kind %d", err, pod.KindTooMany)
	}
	wantEqual(t, "Receive() of another friend", receive(t, s, 2), []string{})
	d.At = day.Add(time.Hour)
	for range 11 { // each takes some of the expired ones along
		_, err = s.Receive(t.Context(), d)
		wantErr(t, "Receive() later", err, nil)
		f = friendOf(t, s, 1)
		d = message(&f)
		d.At, d.JTIUntil = day.Add(time.Hour), day.Add(2*time.Hour)
	}
	for _, name := range []string{"jti", "jti-until"} {
		if n, err := store.CountKeys(s, name); n != 11 && n != 10 || err != nil {
			t.Errorf("%s holds %d, %v, want those that are not expired", name, n, err)
		}
	}
	wantErr(t, "DeleteFriend()", s.DeleteFriend(t.Context(), 1), nil)
	if n, _ := store.CountKeys(s, "jti"); n != 0 {
		t.Errorf("jti holds %d after DeleteFriend(), want 0", n)
	}
	wantSound(t, s, path)
}

func TestReceiveQuit(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1)
	receive(t, s, 1, putStep(10, 1))
	old := pod.Step{Kind: pod.StepQuit, Epoch: 3}
	wantEqual(t, "quit of another epoch", receive(t, s, 1, old), []string{"epoch"})
	f := friendOf(t, s, 1)
	d := message(&f, pod.Step{Kind: pod.StepQuit, Epoch: 1})
	d.Prev, d.Seq = 70, 71 // it need not be in order
	d.Steps[0].Epoch = 2
	receipt, err := s.Receive(t.Context(), d)
	wantErr(t, "Receive()", err, nil)
	wantEqual(t, "quit of another epoch, out of order", codes(receipt.Results), []string{"epoch"})
	if receipt.Quit || receipt.Friend.InSeq != 2 {
		t.Errorf("Receive() = %+v, want a friend at 2", receipt)
	}
	d.JTI, d.Op, d.Steps[0].Epoch = "next", "next", 1
	receipt, err = s.Receive(t.Context(), d)
	wantErr(t, "Receive()", err, nil)
	wantEqual(t, "quit", codes(receipt.Results), []string{"ok"})
	if !receipt.Quit || !receipt.Changed || receipt.Friend.Status != pod.StatusFormer || receipt.Friend.VideoCount != 0 {
		t.Errorf("Receive() = %+v, want the friendship to end", receipt)
	}
	wantShown(t, s, false, 10)
	d.JTI = "once more"
	receipt, err = s.Receive(t.Context(), d)
	wantErr(t, "Receive() again", err, nil)
	wantEqual(t, "quit again", codes(receipt.Results), []string{"ok"})
	if receipt.Quit {
		t.Error("Receive() again = quit, want none: it has ended")
	}
	// A new friendship begins: the old quit does not end it.
	updateFriend(t, s, 1, func(f *pod.Friend) { f.Status, f.Epoch = pod.StatusFriend, 2 })
	d.JTI = "replayed"
	_, err = s.Receive(t.Context(), d)
	wantErr(t, "Receive() of the old quit", err, pod.ErrEpoch)
	f = friendOf(t, s, 1)
	both, err := s.Receive(t.Context(), message(&f, pod.Step{Kind: pod.StepQuit, Epoch: 2}, putStep(11, 1)))
	wantErr(t, "Receive()", err, nil)
	wantEqual(t, "steps behind a quit", codes(both.Results), []string{"ok", "not_friend"})
	wantSound(t, s, path)
}

func TestReceiveUpdateAndRotate(t *testing.T) {
	s, path := open(t)
	befriend(t, s, 1, 2)
	update := pod.Step{Kind: pod.StepUpdate, Name: "New name", URL: "http://new.example:1", Class: pod.ClassPublic}
	wantEqual(t, "update", receive(t, s, 1, update), []string{"ok"})
	f := friendOf(t, s, 1)
	if f.Name != "New name" || f.URL != update.URL || f.CallURL != update.URL || f.CallClass != pod.ClassPublic || f.Verified {
		t.Errorf("friend after an update = %+v, want name and address, not verified", f)
	}
	updateFriend(t, s, 1, func(f *pod.Friend) { f.Verified, f.CallURL, f.CallClass = true, "http://typed", pod.ClassAny })
	receive(t, s, 1, update)
	if f = friendOf(t, s, 1); !f.Verified || f.CallURL != "http://typed" {
		t.Errorf("friend after the same update = %+v, want its address as it was", f)
	}
	rotate := func(n int) pod.Step { return pod.Step{Kind: pod.StepRotate, Key: podKey(n), KeyID: podID(n)} }
	bad := rotate(11)
	bad.Key = podKey(12)
	wantEqual(t, "rotate", receive(t, s, 1, rotate(2), bad, rotate(1), rotate(11), rotate(11), rotate(1), rotate(12)),
		[]string{"taken", "invalid", "ok", "ok", "ok", "superseded", "superseded"})
	f = friendOf(t, s, 1)
	want := []pod.OldKey{{PodID: podID(1), PublicKey: podKey(1), Until: day.Add(24 * time.Hour)}}
	wantEqual(t, "OldKeys", f.OldKeys, want)
	if f.PodID != podID(11) || string(f.PublicKey) != string(podKey(11)) {
		t.Errorf("friend after a rotation = %+v, want key 11", f)
	}
	d := message(&f, rotate(12), putStep(10, 1))
	d.SignedBy = podID(1)
	receipt, err := s.Receive(t.Context(), d)
	wantErr(t, "Receive() signed by the old key", err, nil)
	wantEqual(t, "rotate by the old key", codes(receipt.Results), []string{"superseded", "ok"})
	f = friendOf(t, s, 1)
	d = message(&f)
	d.SignedBy, d.At = podID(1), day.Add(24*time.Hour)
	_, err = s.Receive(t.Context(), d)
	wantErr(t, "Receive() signed by the old key a day later", err, pod.ErrNotFriend)
	for n := 20; n < 35; n++ {
		wantEqual(t, "rotate", receive(t, s, 1, rotate(n)), []string{"ok"})
	}
	wantEqual(t, "rotate too often", receive(t, s, 1, rotate(35)), []string{"too_many"})
	wantSound(t, s, path)
}

func TestReceiveViews(t *testing.T) {
	s, path := openWith(t, store.Options{FriendViews: 3})
	befriend(t, s, 1, 2)
	insert(t, s, video(1), video(2, func(v *pod.Video) { v.Privacy = pod.PrivacyUnlisted }), video(3, private), video(4, unfinished))
	receive(t, s, 2, putStep(10, 1))
	rev, _ := s.LastRev(t.Context())
	view := func(n int) pod.Step { return pod.Step{Kind: pod.StepView, UUID: uuid(n)} }
	wantEqual(t, "views", receive(t, s, 1, view(1), view(2), view(3), view(4), view(10), view(99), view(1), view(1), view(3)),
		[]string{"ok", "ok", "not_found", "not_found", "not_found", "not_found", "ok", "too_many", "not_found"})
	wantEqual(t, "views of another friend", receive(t, s, 2, view(1)), []string{"ok"})
	f := friendOf(t, s, 1)
	d := message(&f, view(1))
	d.At = day.Add(24 * time.Hour)
	receipt, err := s.Receive(t.Context(), d)
	wantErr(t, "Receive() a day later", err, nil)
	wantEqual(t, "views a day later", codes(receipt.Results), []string{"ok"})
	v, err := s.Video(t.Context(), 1)
	if now, _ := s.LastRev(t.Context()); v.Views != video(1).Views+4 || now != rev || err != nil {
		t.Errorf("views = %d, rev %d, %v, want %d, %d", v.Views, now, err, video(1).Views+4, rev)
	}
	wantSound(t, s, path)
}
