package viewmodel_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// people are the other pods of the tests' backend; they do what the fields say.
type people struct {
	peopleMu    sync.Mutex
	friends     []pod.Friend
	friendsErr  error
	selfErr     error
	actErr      error
	joined      pod.Joined
	joinErr     error
	inviteErr   error
	mirrorErr   error
	looks       int // at the list
	did         []string
	joins       []pod.Join
	kept        map[pod.VideoID]pod.MirrorState
	friendsGate chan struct{} // if set, the list waits for it
}

func (p *people) Friends(context.Context) ([]pod.Friend, error) {
	if p.friendsGate != nil {
		<-p.friendsGate
	}
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	p.looks++
	return p.friends, p.friendsErr
}

func (p *people) PodSelf(context.Context) (pod.Self, error) {
	return pod.Self{Name: "Ana's pod", Fingerprint: "twelve words"}, p.selfErr
}

func (p *people) MakeFriends(_ context.Context, join pod.Join) (pod.Joined, error) {
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	p.joins = append(p.joins, join)
	return p.joined, p.joinErr
}

func (p *people) act(name string, id pod.PodID) error {
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	p.did = append(p.did, name+" "+string(id))
	return p.actErr
}

func (p *people) AcceptFriend(_ context.Context, id pod.PodID) error  { return p.act("accept", id) }
func (p *people) RefuseFriend(_ context.Context, id pod.PodID) error  { return p.act("refuse", id) }
func (p *people) BlockFriend(_ context.Context, id pod.PodID) error   { return p.act("block", id) }
func (p *people) RestoreFriend(_ context.Context, id pod.PodID) error { return p.act("restore", id) }
func (p *people) RemoveFriend(_ context.Context, id pod.PodID) error  { return p.act("remove", id) }

func (p *people) NewInvite(context.Context) (pod.InviteCode, error) {
	return pod.InviteCode{Code: "CODE", URL: "https://ana.test/i#CODE"}, p.inviteErr
}

func (p *people) FriendWords(id pod.PodID) string { return "words of " + string(id) }

func (p *people) FriendName(origin pod.FriendID) (string, bool) {
	for _, f := range p.friends {
		if f.ID == origin {
			return f.Name, true
		}
	}
	return "", false
}

func (p *people) KeepVideo(_ context.Context, id pod.VideoID) error {
	p.setKept(id, pod.MirrorState{Wanted: true})
	return p.mirrorErr
}

func (p *people) LetGoVideo(_ context.Context, id pod.VideoID) error {
	p.setKept(id, pod.MirrorState{})
	return p.mirrorErr
}

func (p *people) setKept(id pod.VideoID, state pod.MirrorState) {
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	if p.mirrorErr == nil {
		p.kept = map[pod.VideoID]pod.MirrorState{id: state}
	}
}

func (p *people) KeptState(v pod.Video) pod.MirrorState {
	p.peopleMu.Lock()
	defer p.peopleMu.Unlock()
	return p.kept[v.ID]
}

// friend is a record that was seen so long ago.
func friend(name string, status pod.FriendStatus, seen time.Duration) pod.Friend {
	return pod.Friend{
		ID: pod.FriendID(len(name)), PodID: pod.PodID(strings.ToLower(name)), Name: name, URL: "https://" + strings.ToLower(name) + ".test/",
		Status: status, Verified: true, LastSeenAt: time.Now().Add(-seen), VideoCount: 3,
	}
}
