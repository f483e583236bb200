package viewmodel

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// JoinState is how far "Add friend" is.
type JoinState struct {
	Busy    bool
	Done    int // counts those that came through
	Lines   []JoinLine
	Failure Failure // of the last one
}

// Became is what became of a pod that was asked.
type Became int

// What can become of it.
const (
	BecameFriend  Became = iota
	BecameWaiting        // its owner has to accept
	BecameRefused
)

// JoinLine is what became of one pod.
type JoinLine struct {
	Became Became
	Name   string // of the pod, or its address
	Reason string // of a refusal: a sentence
}

// InviteState is the last invite that was made.
type InviteState struct {
	Busy bool
	Made int // counts the invites
	Code pod.InviteCode
}

// Join makes friends by what a person pasted: an invite, or a pod's address. Join of the
// state tells how it went. Blank text does nothing.
func (f *Friends) Join(text string) {
	join := joinOf(text)
	if f.state.Join.Busy || len(join.Hosts) == 0 && join.Invite == "" {
		return
	}
	s := f.state
	s.Join = JoinState{Busy: true, Done: s.Join.Done}
	f.set(s)
	f.work.run(f.work.ctx, func(ctx context.Context) func() {
		joined, err := f.network.MakeFriends(ctx, join)
		f.changed()
		take := f.load(ctx)
		return func() {
			take()
			s := f.state
			s.Join = JoinState{Done: s.Join.Done, Failure: FailureOf(err)}
			if err == nil {
				s.Join.Done++
				s.Join.Lines = linesOf(joined)
			}
			f.set(s)
		}
	})
}

// DismissJoin takes away what was said of the last Join.
func (f *Friends) DismissJoin() {
	if s := f.state; !s.Join.Busy {
		s.Join = JoinState{Done: s.Join.Done}
		f.set(s)
	}
}

// joinOf reads what a person pasted. An invite as a link has something behind the host, a
// pod's address has not.
func joinOf(text string) pod.Join {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	web := err == nil && u.Host != "" && (strings.EqualFold(u.Scheme, "http") || strings.EqualFold(u.Scheme, "https"))
	if web && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" {
		return pod.Join{Hosts: []string{text}}
	}
	if _, port, err := net.SplitHostPort(text); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err == nil {
			return pod.Join{Hosts: []string{"http://" + text}}
		}
	}
	return pod.Join{Invite: text}
}

func linesOf(j pod.Joined) (lines []JoinLine) {
	for _, r := range j.Friends {
		lines = append(lines, JoinLine{Became: BecameFriend, Name: nameOf(r)})
	}
	for _, r := range j.Waiting {
		lines = append(lines, JoinLine{Became: BecameWaiting, Name: nameOf(r)})
	}
	for _, r := range j.Refused {
		lines = append(lines, JoinLine{Became: BecameRefused, Name: r.URL, Reason: r.Reason})
	}
	return lines
}

// Invite makes an invite; Invite of the state holds it, or Refused tells why there is none.
func (f *Friends) Invite() {
	if f.state.Invite.Busy {
		return
	}
	s := f.state
	s.Invite.Busy, s.Refused = true, Failure{}
	f.set(s)
	f.work.run(f.work.ctx, func(ctx context.Context) func() {
		code, err := f.network.NewInvite(ctx)
		return func() {
			s := f.state
			s.Invite.Busy, s.Refused = false, FailureOf(err)
			if err == nil {
				s.Invite.Made, s.Invite.Code = s.Invite.Made+1, code
			}
			f.set(s)
		}
	})
}

// Accept says yes to a pod that asks.
func (f *Friends) Accept(id pod.PodID) { f.act(id, f.network.AcceptFriend) }

// Refuse says no; the pod may ask again.
func (f *Friends) Refuse(id pod.PodID) { f.act(id, f.network.RefuseFriend) }

// Block ends what there is with a pod and lets it ask no more.
func (f *Friends) Block(id pod.PodID) { f.act(id, f.network.BlockFriend) }

// Restore brings a parked friend back, or lifts a block: that pod may ask again.
func (f *Friends) Restore(id pod.PodID) { f.act(id, f.network.RestoreFriend) }

// Remove ends a friendship, or takes a request back.
func (f *Friends) Remove(id pod.PodID) { f.act(id, f.network.RemoveFriend) }

// act runs one action with a pod. Its card is busy until the list is known anew; Refused
// tells if it went wrong.
func (f *Friends) act(id pod.PodID, do func(context.Context, pod.PodID) error) {
	if f.busy[id] {
		return
	}
	f.busy[id] = true
	s := f.state
	s.Refused = Failure{}
	f.show(s)
	f.work.run(f.work.ctx, func(ctx context.Context) func() {
		err := do(ctx, id)
		f.changed()
		take := f.load(ctx)
		return func() {
			delete(f.busy, id)
			f.state.Refused = FailureOf(err)
			take()
		}
	})
}
