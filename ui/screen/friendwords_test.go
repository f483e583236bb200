package screen

import (
	"testing"
	"time"

	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func TestCardWords(t *testing.T) {
	english(t)
	now := time.Date(2026, 5, 3, 12, 0, 0, 0, time.Local)
	two := now.Add(-48 * time.Hour)
	tests := []struct {
		name  string
		card  viewmodel.FriendCard
		exact bool
		want  string
	}{
		{"asleep", viewmodel.FriendCard{Status: pod.StatusFriend, LastSeenAt: two, Videos: 12}, false, "last seen 2 days ago · 12 videos"},
		{"exactly", viewmodel.FriendCard{Status: pod.StatusFriend, LastSeenAt: two, Videos: 12, Host: "bea.test"}, true, "last seen 2026-05-01 12:00 · 12 videos · bea.test"},
		{"no host", viewmodel.FriendCard{Status: pod.StatusParked, LastSeenAt: two}, true, "last seen 2026-05-01 12:00 · 0 videos"},
		{"online", viewmodel.FriendCard{Status: pod.StatusFriend, LastSeenAt: now, Presence: viewmodel.PresenceOnline, Videos: 3}, false, "online · 3 videos"},
		{"never", viewmodel.FriendCard{Status: pod.StatusFriend}, false, "not seen yet · 0 videos"},
		{"asks", viewmodel.FriendCard{Status: pod.StatusWaiting, LastSeenAt: now, Host: "bea.test:9000"}, false, "bea.test:9000"},
		{"asked", viewmodel.FriendCard{Status: pod.StatusRequested, Host: "bea.test"}, true, "bea.test"},
		{"blocked", viewmodel.FriendCard{Status: pod.StatusBlocked, Host: "bea.test"}, false, "bea.test"},
	}
	for _, tt := range tests {
		if got := cardWords(tt.card, now, tt.exact); got != tt.want {
			t.Errorf("%s: cardWords = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNoteWords(t *testing.T) {
	english(t)
	tests := []struct {
		card viewmodel.FriendCard
		want string
	}{
		{viewmodel.FriendCard{Status: pod.StatusFriend}, ""},
		{viewmodel.FriendCard{Status: pod.StatusRequested}, "Waiting for an answer."},
		{viewmodel.FriendCard{Status: pod.StatusParked}, "Asleep for a while: its videos are hidden."},
		{viewmodel.FriendCard{Status: pod.StatusBlocked}, "Blocked: it can not ask you."},
		{
			viewmodel.FriendCard{Status: pod.StatusFriend, MustUpdate: true, CallsUs: true},
			"It must update Peerpod. New videos wait until then. It can not be reached from here: it calls us.",
		},
	}
	for _, tt := range tests {
		if got := noteWords(tt.card); got != tt.want {
			t.Errorf("noteWords(%+v) = %q, want %q", tt.card, got, tt.want)
		}
	}
}

func TestJoinWords(t *testing.T) {
	english(t)
	tests := []struct {
		join viewmodel.JoinState
		want []said
	}{
		{viewmodel.JoinState{}, nil},
		{viewmodel.JoinState{Busy: true}, []said{{"Asking. This can take a minute.", fynetheme.ColorNameForeground}}},
		{
			viewmodel.JoinState{Failure: viewmodel.Failure{Failed: true, Kind: pod.KindUnreachable}},
			[]said{{"That pod does not answer. It may be asleep; try again later.", fynetheme.ColorNameError}},
		},
		{
			viewmodel.JoinState{Lines: []viewmodel.JoinLine{
				{Became: viewmodel.BecameFriend, Name: "Ana's pod"},
				{Became: viewmodel.BecameWaiting, Name: "Bea's pod"},
				{Became: viewmodel.BecameRefused, Name: "c.test", Reason: "It takes nobody."},
				{Became: viewmodel.BecameRefused, Name: "d.test"},
			}},
			[]said{
				{"Ana's pod is your friend now", fynetheme.ColorNameSuccess},
				{"Bea's pod was asked; its owner has to accept", fynetheme.ColorNameForeground},
				{"c.test: It takes nobody.", fynetheme.ColorNameError},
				{"d.test did not become your friend", fynetheme.ColorNameError},
			},
		},
	}
	for _, tt := range tests {
		got := joinWords(tt.join)
		if len(got) != len(tt.want) {
			t.Fatalf("joinWords(%+v) = %v, want %v", tt.join, got, tt.want)
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("joinWords(%+v)[%d] = %v, want %v", tt.join, i, got[i], tt.want[i])
			}
		}
	}
}

func TestFriendFailureWords(t *testing.T) {
	english(t)
	if got := friendFailureWords(viewmodel.Failure{Failed: true, Msg: "Said by the pod."}); got != "Said by the pod." {
		t.Errorf("friendFailureWords = %q, want the pod's sentence", got)
	}
	said := map[string]pod.Kind{}
	for _, k := range []pod.Kind{pod.KindInternal, pod.KindNotFound, pod.KindInvalid, pod.KindUnreachable} {
		words := friendFailureWords(viewmodel.Failure{Failed: true, Kind: k})
		if other, twice := said[words]; twice || words == "" {
			t.Errorf("friendFailureWords of kinds %v and %v are the same: %q", k, other, words)
		}
		said[words] = k
	}
}

func TestPresenceColor(t *testing.T) {
	if presenceColor(viewmodel.PresenceOnline) != fynetheme.ColorNameSuccess || presenceColor(viewmodel.PresenceWaiting) != fynetheme.ColorNameWarning ||
		presenceColor(viewmodel.PresenceAsleep) != theme.ColorNameSecondary {
		t.Error("the dots are not green, amber and grey")
	}
}
