package viewmodel_test

import (
	"slices"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func TestJoinReadsWhatWasPasted(t *testing.T) {
	tests := []struct {
		text, host, invite string
	}{
		{"https://bea.test", "https://bea.test", ""},
		{"  HTTP://bea.test:9000/ \n", "HTTP://bea.test:9000/", ""},
		{"bea.test:9000", "http://bea.test:9000", ""},
		{"[::1]:9000", "http://[::1]:9000", ""},
		{"https://bea.test/invite/abc", "", "https://bea.test/invite/abc"},
		{"https://bea.test/#invite=abc", "", "https://bea.test/#invite=abc"},
		{"https://bea.test?invite=abc", "", "https://bea.test?invite=abc"},
		{"peerpod:abc", "", "peerpod:abc"},
		{"ftp://bea.test", "", "ftp://bea.test"},
		{"AbC-_9", "", "AbC-_9"},
		{"%zz", "", "%zz"},
	}
	inBubble(t, func(b *bench) {
		for _, tt := range tests {
			b.joins = nil
			b.model.Friends.Join(tt.text)
			b.drain()
			want := pod.Join{Invite: tt.invite}
			if tt.host != "" {
				want.Hosts = []string{tt.host}
			}
			if len(b.joins) != 1 || b.joins[0].Invite != want.Invite || !slices.Equal(b.joins[0].Hosts, want.Hosts) {
				b.Errorf("Join(%q) asked %+v, want %+v", tt.text, b.joins, want)
			}
		}
		b.joins = nil
		b.model.Friends.Join(" \t")
		b.drain()
		if len(b.joins) != 0 {
			b.Errorf("Join of blanks asked %+v, want nothing", b.joins)
		}
	})
}

func TestJoin(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		f := b.model.Friends
		b.joined = pod.Joined{
			Friends: []pod.Friend{friend("Ana", pod.StatusFriend, 0)},
			Waiting: []pod.Friend{friend("Bea", pod.StatusRequested, 0)},
			Refused: []pod.RefusedHost{{URL: "https://c.test", Code: "blocked", Reason: "It takes nobody."}},
		}
		b.friends = b.joined.Friends
		f.Join("code")
		f.Join("code again") // one at a time
		f.DismissJoin()      // not while it runs
		if s := f.State().Join; !s.Busy {
			t.Errorf("join = %+v, want it busy", s)
		}
		b.drain()
		want := []viewmodel.JoinLine{
			{Became: viewmodel.BecameFriend, Name: "Ana"},
			{Became: viewmodel.BecameWaiting, Name: "Bea"},
			{Became: viewmodel.BecameRefused, Name: "https://c.test", Reason: "It takes nobody."},
		}
		if s := f.State(); s.Join.Busy || s.Join.Done != 1 || !slices.Equal(s.Join.Lines, want) || names(s.Friends) != "Ana" || len(b.joins) != 1 {
			t.Errorf("state = %+v, want %+v after one question", s, want)
		}
		b.joinErr = &pod.Error{Kind: pod.KindUnreachable, Msg: "Nobody answers."}
		f.Join("code")
		b.drain()
		if s := f.State().Join; s.Failure.Msg != "Nobody answers." || s.Done != 1 || len(s.Lines) != 0 {
			t.Errorf("join = %+v, want the failure alone", s)
		}
		f.DismissJoin()
		if s := f.State().Join; s.Failure.Failed || s.Done != 1 {
			t.Errorf("join = %+v, want it forgotten", s)
		}
	})
}

func TestInvite(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		f := b.model.Friends
		f.Invite()
		f.Invite() // one at a time
		if !f.State().Invite.Busy {
			t.Error("the invite is not busy")
		}
		b.drain()
		if s := f.State().Invite; s.Busy || s.Made != 1 || s.Code.Code != "CODE" {
			t.Errorf("invite = %+v, want one", s)
		}
		b.inviteErr = pod.ErrNoSpace
		f.Invite()
		b.drain()
		if s := f.State(); s.Refused.Kind != pod.KindNoSpace || s.Invite.Made != 1 {
			t.Errorf("state = %+v, want no second invite", s)
		}
	})
}
