package federation

import (
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// run judges a friend by good (+) and bad (-) intervals.
func runIntervals(rec *pod.Friend, intervals string) {
	for _, i := range intervals {
		judge(rec, judgement{good: i == '+', bad: i == '-'})
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, intervals string
		score, want     int
		status          pod.FriendStatus
	}{
		{"one good", "+", 100, 110, pod.StatusFriend},
		{"one bad", "-", 200, 190, pod.StatusFriend},
		{"neither", ".", 100, 100, pod.StatusFriend},
		{"never above the most", "++", 995, 1000, pod.StatusFriend},
		{"ten bad in a row park", "----------", 1000, 900, pod.StatusParked},
		{"nine do not", "---------", 1000, 910, pod.StatusFriend},
		{"a good one between", "---------+---------", 1000, 830, pod.StatusFriend},
		{"parked at 0", "--", 20, 0, pod.StatusParked},
		{"never below 0", "-", 5, 0, pod.StatusParked},
		{"a parked one is not judged", "-----------+", 1000, 900, pod.StatusParked},
		{"FRI-05 flapping", "+-+-+-+-+-+-+-+-+-+-+-+-", 100, 100, pod.StatusFriend},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := pod.Friend{Status: pod.StatusFriend, Score: tt.score}
			runIntervals(&rec, tt.intervals)
			if rec.Score != tt.want || rec.Status != tt.status {
				t.Errorf("judge(%s) = %d %s, want %d %s", tt.intervals, rec.Score, rec.Status, tt.want, tt.status)
			}
		})
	}
}

func TestOwnLineDown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		all, fail int
		want      bool
	}{
		{"nobody", 0, 0, false},
		{"both of two", 2, 2, false},
		{"three of three", 3, 3, true},
		{"four of five", 5, 4, true},
		{"three of four", 4, 3, false},
		{"none of many", 50, 0, false},
	} {
		observed := map[pod.FriendID]judgement{}
		for i := range tt.all {
			observed[pod.FriendID(i+1)] = judgement{good: i >= tt.fail, bad: i < tt.fail}
		}
		if got := ownLineDown(observed); got != tt.want {
			t.Errorf("%s: ownLineDown() = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// fresh makes a schedule with some friends whose turn it is.
func freshSchedule(n int) *schedule {
	s := newSchedule(time.Minute, 24*time.Hour)
	for i := range n {
		s.set(pod.Friend{ID: pod.FriendID(i + 1), Status: pod.StatusFriend, Verified: true})
		s.at(pod.FriendID(i+1), 0)
	}
	return s
}

func TestScheduleBacksOff(t *testing.T) {
	t.Parallel()
	s := freshSchedule(1)
	want := time.Minute
	for range 12 {
		s.turns[1].due = time.Now()
		if ready, _ := s.next(1); len(ready) != 1 {
			t.Fatal("next() gave nobody, want the friend whose turn it is")
		}
		s.ended(1, outcomeFailed, 0)
		if got := s.turns[1].backOff; got != want {
			t.Fatalf("back-off = %s, want %s", got, want)
		}
		want = min(2*want, longestBackOff)
	}
	s.heard(1)
	if ready, _ := s.next(1); len(ready) != 1 {
		t.Error("next() after a sign of life gave nobody, want the friend at once")
	}
}

func TestScheduleBoundsCallsAndKeepsRounds(t *testing.T) {
	t.Parallel()
	s := freshSchedule(50)
	ready, _ := s.next(10)
	if len(ready) != 10 {
		t.Fatalf("next(10) = %d friends, want 10", len(ready))
	}
	if more, _ := s.next(0); len(more) != 0 {
		t.Errorf("next(0) = %d friends, want none", len(more))
	}
	for _, id := range ready {
		s.ended(id, outcomeSaid, 0)
	}
	s.atNextRound()
	if due := time.Until(s.turns[ready[0]].due); due <= 0 || due > time.Minute {
		t.Errorf("the next round is in %s, want within the interval", due)
	}
	s.ended(ready[0], outcomeFailed, time.Hour)
	if due := time.Until(s.turns[ready[0]].due); due < 59*time.Minute {
		t.Errorf("after Retry-After of an hour the turn is in %s", due)
	}
}

func TestScheduleWakesAllWhenTheLineIsBack(t *testing.T) {
	t.Parallel()
	s := freshSchedule(3)
	ready, _ := s.next(3)
	for _, id := range ready {
		s.ended(id, outcomeFailed, 0)
	}
	s.heard(ready[0])
	if again, _ := s.next(3); len(again) != 3 {
		t.Errorf("after one friend answered %d are called, want all 3", len(again))
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	live := pod.Video{VideoMeta: pod.VideoMeta{Privacy: pod.PrivacyPublic}, State: pod.StatePublished}
	hidden := live
	hidden.Privacy = pod.PrivacyPrivate
	for _, tt := range []struct {
		name   string
		change pod.OutChange
		sent   pod.Rev
		want   string
	}{
		{"new", pod.OutChange{Rev: 9, Video: live, PublicFrom: 9}, 5, activityPut},
		{"edited", pod.OutChange{Rev: 9, Video: live, PublicFrom: 2}, 5, activityPut},
		{"removed", pod.OutChange{Rev: 9, Video: live, PublicFrom: 2, Removed: true}, 5, activityRemove},
		{"came and went", pod.OutChange{Rev: 9, Video: live, PublicFrom: 7, Removed: true}, 5, ""},
		{"never public", pod.OutChange{Rev: 9, Video: hidden, Removed: true}, 5, ""},
		{"made private", pod.OutChange{Rev: 9, Video: hidden, PublicFrom: 2, PublicUntil: 9}, 5, activityRemove},
		{"private for long, removed", pod.OutChange{Rev: 9, Video: hidden, PublicFrom: 2, PublicUntil: 4, Removed: true}, 5, ""},
		{"public and private since", pod.OutChange{Rev: 9, Video: hidden, PublicFrom: 7, PublicUntil: 9}, 5, ""},
	} {
		a, some := tell(tt.change, tt.sent, "jws")
		if a.Type != tt.want || some != (tt.want != "") {
			t.Errorf("%s: tell() = %q, %v, want %q", tt.name, a.Type, some, tt.want)
		}
	}
}
