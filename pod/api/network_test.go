package api_test

import (
	"context"
	"crypto/sha256"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// podID is the id of a pod of the tests.
func podID(name string) pod.PodID { return pod.NewPodID(sha256.Sum256([]byte(name))) }

// network is the friends, mirrors, events and origins of a world.
type network struct {
	mu      sync.Mutex // guards what follows
	friends []pod.Friend
	invites []pod.InviteCode
	queue   []pod.QueueEntry
	joined  pod.Joined
	calls   []string // what the owner did
	join    pod.Join
	ttl     time.Duration
	taken   []pod.Incoming // of other pods, with what was in them
	bodies  []string
	reply   pod.Reply
	fault   error // given by the next call
	mirrors map[pod.VideoID]pod.MirrorState
	events  func(context.Context) <-chan pod.Event // nil: none, at once
}

func newNetwork() *network {
	return &network{
		reply: pod.Reply{Status: 200, ContentType: pod.TypeJOSE, Body: []byte("a.b.c")}, mirrors: map[pod.VideoID]pod.MirrorState{},
		friends: []pod.Friend{
			{ID: 7, PodID: podID("seven"), Name: "Seven", URL: "http://seven.test:9007", Status: pod.StatusFriend, Verified: true, Score: 110, APIVersions: []int{1}, VideoCount: 3, LastSeenAt: start, CreatedAt: start, VouchedBy: podID("eight")},
			{ID: 8, PodID: podID("eight"), Name: "eight", URL: "https://eight.test", Status: pod.StatusFriend, Score: 90, MustUpdate: true, CallsNobody: true, CreatedAt: start.Add(time.Hour)},
			{ID: 9, PodID: podID("nine"), Name: "Nine", URL: "http://nine.test:9009", Status: pod.StatusParked, Verified: true, CreatedAt: start},
			{ID: 10, PodID: podID("ten"), Name: "Ten", URL: "http://ten.test:9010", Status: pod.StatusWaiting, Verified: true, CreatedAt: start},
			{ID: 11, PodID: podID("eleven"), Name: "Eleven", URL: "http://eleven.test:9011", Status: pod.StatusFormer, Verified: true, CreatedAt: start},
			{ID: 12, PodID: podID("twelve"), Name: "Twelve", URL: "http://twelve.test:9012", Status: pod.StatusBlocked, CreatedAt: start},
		},
	}
}

// did notes a call of the owner's and gives the fault that is due.
func (n *network) did(what string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls = append(n.calls, what)
	return n.faultLocked()
}

func (n *network) faultLocked() error {
	err := n.fault
	n.fault = nil
	return err
}

// take reads what another pod sent, as far as it goes.
func (n *network) take(in pod.Incoming) (pod.Reply, error) {
	data, err := io.ReadAll(in.Body)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taken, n.bodies = append(n.taken, in), append(n.bodies, string(data))
	if err != nil {
		return pod.Reply{}, &pod.Error{Kind: pod.KindForbidden, Code: "refused", Msg: "This pod does not take this message.", Err: err}
	}
	return n.reply, n.faultLocked()
}

func (n *network) Introduce(_ context.Context, in pod.Incoming) (pod.Reply, error) { return n.take(in) }
func (n *network) Challenge(_ context.Context, in pod.Incoming) (pod.Reply, error) { return n.take(in) }
func (n *network) Inbox(_ context.Context, in pod.Incoming) (pod.Reply, error)     { return n.take(in) }

func (n *network) Self(context.Context) (pod.Self, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return pod.Self{PodID: podID("self"), PublicKey: "-----BEGIN PUBLIC KEY-----\n", Name: "Test pod", URL: base, Fingerprint: "one two", VideoCount: 4}, n.faultLocked()
}

func (n *network) List(context.Context) ([]pod.Friend, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.friends, n.faultLocked()
}

func (n *network) Fingerprint(id pod.PodID) string { return "words of " + string(id[:4]) }

func (n *network) MakeFriends(_ context.Context, j pod.Join) (pod.Joined, error) {
	err := n.did("make friends")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.join = j
	return n.joined, err
}

func (n *network) on(what string, id pod.PodID) error {
	if !slices.ContainsFunc(n.friends, func(f pod.Friend) bool { return f.PodID == id }) {
		return pod.ErrNotFound
	}
	return n.did(what)
}

func (n *network) QuitAll(context.Context) error                     { return n.did("quit all") }
func (n *network) Accept(_ context.Context, id pod.PodID) error      { return n.on("accept", id) }
func (n *network) Refuse(_ context.Context, id pod.PodID) error      { return n.on("refuse", id) }
func (n *network) Block(_ context.Context, id pod.PodID) error       { return n.on("block", id) }
func (n *network) Restore(_ context.Context, id pod.PodID) error     { return n.on("restore", id) }
func (n *network) Remove(_ context.Context, id pod.PodID) error      { return n.on("remove", id) }
func (n *network) RotateKey(context.Context) error                   { return n.did("rotate") }
func (n *network) Queue(context.Context) ([]pod.QueueEntry, error)   { return n.queue, nil }
func (n *network) Invites(context.Context) ([]pod.InviteCode, error) { return n.invites, nil }

func (n *network) NewInvite(_ context.Context, ttl time.Duration) (pod.InviteCode, error) {
	err := n.did("invite")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ttl = ttl
	return pod.InviteCode{Code: "c0de_-", URL: "peerpod:invite/c0de_-", ExpiresAt: start.Add(ttl)}, err
}

func (n *network) DropInvite(_ context.Context, code string) error {
	if !slices.ContainsFunc(n.invites, func(i pod.InviteCode) bool { return i.Code == code }) {
		return pod.ErrNotFound
	}
	return n.did("drop invite")
}

func (n *network) Mirror(_ context.Context, v pod.Video) error {
	if err := n.did("mirror"); err != nil {
		return err
	}
	n.mirrors[v.ID] = pod.MirrorState{Wanted: true}
	return nil
}

func (n *network) Unmirror(_ context.Context, v pod.Video) error {
	if !n.mirrors[v.ID].Wanted {
		return pod.ErrNotFound
	}
	delete(n.mirrors, v.ID)
	return n.did("unmirror")
}

func (n *network) MirrorState(v pod.Video) pod.MirrorState { return n.mirrors[v.ID] }

func (n *network) Follow(ctx context.Context) <-chan pod.Event {
	if n.events != nil {
		return n.events(ctx)
	}
	none := make(chan pod.Event)
	close(none)
	return none
}

func (n *network) find(id pod.FriendID) (pod.Friend, bool) {
	i := slices.IndexFunc(n.friends, func(f pod.Friend) bool { return f.ID == id })
	if i < 0 {
		return pod.Friend{}, false
	}
	return n.friends[i], true
}

func (n *network) Origin(id pod.FriendID) (name, baseURL string, ok bool) {
	f, ok := n.find(id)
	return f.Name, f.URL, ok
}

func (n *network) OriginID(id pod.FriendID) pod.PodID {
	f, _ := n.find(id)
	return f.PodID
}

// feed gives events, and ends.
func feed(events ...pod.Event) func(context.Context) <-chan pod.Event {
	return func(context.Context) <-chan pod.Event {
		out := make(chan pod.Event, len(events))
		for _, e := range events {
			out <- e
		}
		close(out)
		return out
	}
}

// silence gives no event, and ends with the context.
func silence(ctx context.Context) <-chan pod.Event {
	out := make(chan pod.Event)
	context.AfterFunc(ctx, func() { close(out) })
	return out
}

// slowCalls works longer on an introduction than a body may take to arrive.
type slowCalls struct {
	*network
	ended chan error
}

func (s slowCalls) Introduce(ctx context.Context, in pod.Incoming) (pod.Reply, error) {
	if _, err := io.ReadAll(in.Body); err != nil {
		return pod.Reply{}, err
	}
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
	}
	s.ended <- ctx.Err()
	return s.reply, nil
}
