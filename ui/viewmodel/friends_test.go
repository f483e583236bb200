package viewmodel_test

import (
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// names gives the names of cards in their order.
func names(cards []viewmodel.FriendCard) string {
	var all []string
	for _, c := range cards {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

func find(t *testing.T, s viewmodel.FriendsState, name string) viewmodel.FriendCard {
	t.Helper()
	for _, c := range append(s.Requests, s.Friends...) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no card of %s among %s", name, names(s.Friends))
	return viewmodel.FriendCard{}
}

func TestFriendsBlank(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		f := b.model.Friends
		if s := f.State(); !s.Loading || s.Blank() {
			t.Errorf("state of a fresh model = %+v, want it to load", s)
		}
		b.model.Start()
		b.drain()
		if s := f.State(); s.Loading || !s.Blank() || s.Self.Fingerprint != "twelve words" || s.Faces != 0 {
			t.Errorf("state without friends = %+v, want it blank, with the own words", s)
		}
	})
}

func TestFriendsCards(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		silent := friend("Nessie", pod.StatusFriend, 0)
		silent.LastSeenAt = time.Time{}
		old := friend("Olga", pod.StatusFriend, time.Minute)
		old.MustUpdate, old.Verified = true, false
		asks := friend("zoe", pod.StatusWaiting, 0)
		asks.Verified = false
		b.friends = []pod.Friend{
			friend("Zora", pod.StatusFriend, time.Hour), friend("bea", pod.StatusFriend, 9*time.Minute), old, silent,
			friend("Parker", pod.StatusParked, time.Minute), friend("Rita", pod.StatusRequested, 0),
			friend("Bruno", pod.StatusBlocked, 0), friend("Former", pod.StatusFormer, 0), friend("Refused", pod.StatusRefused, 0),
			asks, friend("Yan", pod.StatusWaiting, 0),
		}
		f := b.model.Friends
		f.Reload()
		b.drain()
		s := f.State()
		if got, want := names(s.Requests), "Yan zoe"; got != want {
			t.Errorf("requests = %q, want %q", got, want)
		}
		if got, want := names(s.Friends), "bea Nessie Olga Zora Parker Rita Bruno"; got != want {
			t.Errorf("friends = %q, want %q", got, want)
		}
		if s.Standing != 5 || s.Online != 2 || s.Faces != 1 || s.Blank() {
			t.Errorf("standing, online, faces = %d, %d, %d, want 5, 2, 1", s.Standing, s.Online, s.Faces)
		}
		for name, want := range map[string]viewmodel.Presence{
			"bea": viewmodel.PresenceOnline, "Olga": viewmodel.PresenceOnline, "Zora": viewmodel.PresenceAsleep, "Nessie": viewmodel.PresenceAsleep,
			"Parker": viewmodel.PresenceAsleep, "Rita": viewmodel.PresenceWaiting, "zoe": viewmodel.PresenceWaiting, "Bruno": viewmodel.PresenceAsleep,
		} {
			if got := find(t, s, name).Presence; got != want {
				t.Errorf("presence of %s = %v, want %v", name, got, want)
			}
		}
		if c := find(t, s, "Olga"); !c.MustUpdate || !c.CallsUs || c.Host != "olga.test" || c.Videos != 3 {
			t.Errorf("card = %+v, want the version and the address told", c)
		}
		if find(t, s, "zoe").CallsUs {
			t.Error("a pod that only asks is said to call us")
		}
		if got := f.Words("bea"); got != "words of bea" {
			t.Errorf("Words = %q", got)
		}
		if name, online := f.Name(3); name != "bea" || !online {
			t.Errorf("Name(3) = %q, %v, want bea, online", name, online)
		}
	})
}

func TestFriendsNames(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		nameless, lost, broken := friend(" ", pod.StatusFriend, 0), friend("", pod.StatusFriend, 0), friend("", pod.StatusFriend, 0)
		nameless.URL, nameless.CallURL = "", "http://10.0.0.7:9000"
		lost.URL, lost.PodID = "", "abcdefghijkl"
		broken.URL, broken.PodID = "http://[::1", "xyz"
		b.friends = []pod.Friend{nameless, lost, broken}
		b.model.Friends.Reload()
		b.drain()
		if got, want := names(b.model.Friends.State().Friends), "10.0.0.7:9000 abcdefgh xyz"; got != want {
			t.Errorf("names = %q, want %q", got, want)
		}
	})
}

func TestFriendsFailures(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		f := b.model.Friends
		b.friends = []pod.Friend{friend("bea", pod.StatusFriend, 0)}
		f.Reload()
		b.drain()
		b.friendsErr = errBroken
		f.Reload()
		b.drain()
		if s := f.State(); !s.Failure.Failed || s.Failure.Msg != "" || names(s.Friends) != "bea" {
			t.Errorf("state = %+v, want a failure without foreign words and the old list", s)
		}
		b.friendsErr, b.selfErr = nil, errBroken
		f.Reload()
		b.drain()
		if s := f.State(); !s.Failure.Failed || s.Blank() {
			t.Errorf("state = %+v, want a failure", s)
		}
		b.selfErr = nil
		f.Reload()
		b.drain()
		if s := f.State(); s.Failure.Failed {
			t.Errorf("state = %+v, want none", s)
		}
	})
}

// What changes while the list is being read is read once more, not many times.
func TestFriendsReloadWhileAsking(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.friendsGate = make(chan struct{})
		for range 5 {
			b.model.Friends.Reload()
		}
		close(b.friendsGate)
		b.drain()
		if b.looks != 2 {
			t.Errorf("looks = %d, want 2", b.looks)
		}
	})
}

func TestFriendsChangeWithTime(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.friends = []pod.Friend{friend("bea", pod.StatusFriend, 9*time.Minute+50*time.Second)}
		var states []viewmodel.FriendsState
		b.model.Friends.OnChange(func(s viewmodel.FriendsState) {
			states = append(states, s)
			b.model.FriendsChanged(s)
		})
		b.model.Start()
		b.pass(2 * time.Second)
		if s := b.model.Status.State(); len(states) != 1 || s.Friends != 1 || s.Online != 1 {
			t.Fatalf("status = %+v after %d changes, want one friend online after one", s, len(states))
		}
		b.pass(10 * time.Second) // nobody told: the clock alone did it
		if s := b.model.Status.State(); len(states) != 2 || s.Online != 0 || states[1].Faces != 2 || b.looks != 1 {
			t.Errorf("status = %+v after %d changes, want nobody online, without another question", s, len(states))
		}
		b.peopleMu.Lock()
		b.friends = []pod.Friend{friend("bea", pod.StatusFriend, 0)}
		b.peopleMu.Unlock()
		b.pass(30 * time.Second)
		if s := b.model.Status.State(); s.Online != 1 {
			t.Errorf("status = %+v, want the friend that was seen again", s)
		}
		before := b.looks
		b.changed[0]()
		b.pass(time.Second)
		if b.looks != before+1 {
			t.Errorf("looks after a change = %d, want %d", b.looks, before+1)
		}
	})
}

func TestFriendActions(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		b.friends = []pod.Friend{friend("bea", pod.StatusWaiting, 0)}
		f := b.model.Friends
		f.Reload()
		b.drain()
		f.Accept("bea")
		if !f.State().Requests[0].Busy {
			t.Error("the card is not busy while the pod works")
		}
		f.Refuse("bea") // one at a time
		b.drain()
		f.Refuse("bea")
		b.drain()
		f.Block("bea")
		b.drain()
		f.Restore("bea")
		b.drain()
		f.Remove("bea")
		b.drain()
		if got, want := strings.Join(b.did, ", "), "accept bea, refuse bea, block bea, restore bea, remove bea"; got != want {
			t.Errorf("did %q, want %q", got, want)
		}
		if s := f.State(); s.Refused.Failed || s.Requests[0].Busy {
			t.Errorf("state = %+v, want it idle", s)
		}
		b.actErr = &pod.Error{Kind: pod.KindUnavailable, Msg: "It is asleep."}
		f.Accept("bea")
		b.drain()
		if s := f.State(); s.Refused.Msg != "It is asleep." || s.Failure.Failed {
			t.Errorf("state = %+v, want the refusal", s)
		}
		b.actErr = nil
		f.Accept("bea")
		if f.State().Refused.Failed {
			t.Error("an old refusal stays while the next action runs")
		}
		b.drain()
	})
}
