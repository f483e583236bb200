package viewmodel

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

const (
	// onlineFor is how long after its last message a friend counts as online.
	onlineFor = 10 * time.Minute
	// friendsInterval is how often the records are read again though nothing was told:
	// nobody tells of a friend that was merely seen.
	friendsInterval = 30 * time.Second
)

// Presence is the dot before a friend's name.
type Presence int

// The presences.
const (
	PresenceAsleep  Presence = iota // not seen for a while, parked or blocked
	PresenceWaiting                 // one of the two owners has not answered yet
	PresenceOnline                  // seen a moment ago
)

// FriendCard is what is shown of another pod.
type FriendCard struct {
	ID         pod.PodID
	Number     pod.FriendID
	Name       string // never empty
	Host       string // of its address, for people who want to be sure
	Status     pod.FriendStatus
	Presence   Presence
	LastSeenAt time.Time // zero: never
	Videos     int
	MustUpdate bool // its Peerpod is too old or too new for ours
	CallsUs    bool // we can not reach it
	Busy       bool // an action is under way
}

// FriendsState is what the list of friends shows.
type FriendsState struct {
	Requests []FriendCard // they ask for an answer
	Friends  []FriendCard // all others, those that stand first
	Standing int          // friends, parked ones included
	Online   int          // of them
	Faces    int          // counts the changes of names and presences
	Self     pod.Self
	Loading  bool    // the first answer is on its way
	Failure  Failure // the last question failed
	Refused  Failure // the last action failed
	Join     JoinState
	Invite   InviteState
}

// Blank tells that there is nobody yet, so that the window shows how to begin.
func (s FriendsState) Blank() bool {
	return len(s.Requests)+len(s.Friends) == 0 && !s.Loading && !s.Failure.Failed
}

// Friends is the list of other pods, and what the owner does with them.
type Friends struct {
	work     *worker
	network  Network
	clock    func() time.Time
	changed  func() // the library may be another now
	onChange func(FriendsState)
	state    FriendsState

	records []pod.Friend
	busy    map[pod.PodID]bool
	asking  bool
	again   bool // something changed while asking
	askedAt time.Time
}

func newFriends(work *worker, c Config, changed func()) *Friends {
	return &Friends{
		work: work, network: c.Backend.Network, clock: c.Clock, changed: changed, onChange: func(FriendsState) {},
		state: FriendsState{Loading: true}, busy: map[pod.PodID]bool{},
	}
}

// OnChange names the function that hears of each new state.
func (f *Friends) OnChange(do func(FriendsState)) { f.onChange = do }

// State is what the list shows now.
func (f *Friends) State() FriendsState { return f.state }

// Name names the origin of a video and tells whether it is online; "" is unknown.
func (f *Friends) Name(origin pod.FriendID) (name string, online bool) {
	return f.network.FriendName(origin)
}

// Words gives the 12 words of a pod that two people compare.
func (f *Friends) Words(id pod.PodID) string { return f.network.FriendWords(id) }

// Reload asks again; until the answer comes the old list stays.
func (f *Friends) Reload() {
	f.askedAt = f.clock()
	if f.asking {
		f.again = true
		return
	}
	f.asking = true
	f.work.run(f.work.ctx, func(ctx context.Context) func() {
		take := f.load(ctx)
		return func() {
			f.asking = false
			take()
			if f.again {
				f.again = false
				f.Reload()
			}
		}
	})
}

// load runs on a goroutine of the worker.
func (f *Friends) load(ctx context.Context) (take func()) {
	records, err := f.network.Friends(ctx)
	self := pod.Self{}
	if err == nil {
		self, err = f.network.PodSelf(ctx)
	}
	return func() {
		s := f.state
		s.Loading, s.Failure = false, FailureOf(err)
		if err == nil {
			f.records, s.Self = records, self
		}
		f.show(s)
	}
}

// look shows what changes with time alone: who was last seen how long ago.
func (f *Friends) look() {
	now := f.clock()
	if now.Sub(f.askedAt) >= friendsInterval {
		f.Reload()
	} else if _, online := count(f.records, now); online != f.state.Online {
		f.show(f.state)
	}
}

// show makes the cards anew from the records.
func (f *Friends) show(s FriendsState) {
	now := f.clock()
	before := append(slices.Clone(s.Requests), s.Friends...)
	s.Requests, s.Friends = nil, nil
	for _, r := range f.records {
		c := f.card(r, now)
		if r.Status == pod.StatusWaiting {
			s.Requests = append(s.Requests, c)
		} else if r.Status.Shown() {
			s.Friends = append(s.Friends, c)
		}
	}
	slices.SortStableFunc(s.Requests, byName)
	slices.SortStableFunc(s.Friends, func(a, b FriendCard) int {
		return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), byName(a, b))
	})
	s.Standing, s.Online = count(f.records, now)
	if !slices.EqualFunc(before, append(slices.Clone(s.Requests), s.Friends...), sameFace) {
		s.Faces++
	}
	f.set(s)
}

func (f *Friends) card(r pod.Friend, now time.Time) FriendCard {
	return FriendCard{
		ID: r.PodID, Number: r.ID, Name: nameOf(r), Host: hostOf(r), Status: r.Status, Presence: presenceOf(r, now),
		LastSeenAt: r.LastSeenAt, Videos: r.VideoCount, MustUpdate: r.MustUpdate,
		CallsUs: !r.Verified && r.Status.Stands(), Busy: f.busy[r.PodID],
	}
}

func (f *Friends) set(s FriendsState) {
	f.state = s
	f.onChange(s)
}

func count(records []pod.Friend, now time.Time) (standing, online int) {
	for _, r := range records {
		if r.Status.Stands() {
			standing++
		}
		if presenceOf(r, now) == PresenceOnline {
			online++
		}
	}
	return standing, online
}

func presenceOf(r pod.Friend, now time.Time) Presence {
	switch {
	case r.Status == pod.StatusRequested || r.Status == pod.StatusWaiting:
		return PresenceWaiting
	case r.Status == pod.StatusFriend && now.Sub(r.LastSeenAt) < onlineFor:
		return PresenceOnline
	default:
		return PresenceAsleep
	}
}

// nameOf never gives an empty text, which nobody could point at.
func nameOf(r pod.Friend) string {
	return cmp.Or(strings.TrimSpace(r.Name), hostOf(r), string(r.PodID[:min(8, len(r.PodID))]))
}

func hostOf(r pod.Friend) string {
	u, err := url.Parse(cmp.Or(r.URL, r.CallURL))
	if err != nil {
		return ""
	}
	return u.Host
}

// rank brings those that stand to the top and blocked pods to the end.
func rank(s pod.FriendStatus) int {
	return slices.Index([]pod.FriendStatus{pod.StatusFriend, pod.StatusParked, pod.StatusRequested, pod.StatusBlocked}, s)
}

func byName(a, b FriendCard) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(string(a.ID), string(b.ID)))
}

func sameFace(a, b FriendCard) bool {
	return a.Number == b.Number && a.Name == b.Name && a.Presence == b.Presence
}
