package store_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func invite(id string) pod.Invite {
	return pod.Invite{ID: id, Secret: []byte("secret of " + id), ExpiresAt: day.Add(time.Hour), CreatedAt: day}
}

func TestInvitesComeAndGo(t *testing.T) {
	now := day
	s, path := openWith(t, store.Options{Clock: func() time.Time { return now }})
	for _, id := range []string{"b", "a"} {
		wantErr(t, "InsertInvite()", s.InsertInvite(t.Context(), invite(id)), nil)
	}
	wantErr(t, "InsertInvite() again", s.InsertInvite(t.Context(), invite("a")), pod.ErrExists)
	wantErr(t, "InsertInvite() without ID", s.InsertInvite(t.Context(), invite("")), pod.ErrInvalid)
	wantErr(t, "InsertInvite() with long ID", s.InsertInvite(t.Context(), invite(string(make([]byte, 40_000)))), pod.ErrInvalid)
	all, err := s.Invites(t.Context())
	wantErr(t, "Invites()", err, nil)
	wantEqual(t, "Invites()", all, []pod.Invite{invite("a"), invite("b")})
	one, err := s.Invite(t.Context(), "b")
	wantErr(t, "Invite()", err, nil)
	wantEqual(t, "Invite()", one, invite("b"))
	wantErr(t, "DeleteInvite()", s.DeleteInvite(t.Context(), "b"), nil)
	wantErr(t, "DeleteInvite() again", s.DeleteInvite(t.Context(), "b"), pod.ErrNotFound)
	_, err = s.Invite(t.Context(), "b")
	wantErr(t, "Invite()", err, pod.ErrNotFound)
	now = day.Add(2 * time.Hour)
	late := invite("c")
	late.ExpiresAt = now.Add(time.Hour)
	wantErr(t, "InsertInvite()", s.InsertInvite(t.Context(), late), nil)
	all, err = s.Invites(t.Context())
	wantErr(t, "Invites()", err, nil)
	wantEqual(t, "Invites() after a was swept", all, []pod.Invite{late})
	wantSound(t, s, path)
}

func TestInvitesAreBounded(t *testing.T) {
	now := day
	s, _ := openWith(t, store.Options{Clock: func() time.Time { return now }})
	invites := make([]pod.Invite, 0, 1000)
	for i := range 1000 {
		invites = append(invites, invite(strconv.Itoa(i)))
	}
	wantErr(t, "FillInvites()", store.FillInvites(s, invites), nil)
	err := s.InsertInvite(t.Context(), invite("more"))
	if pod.KindOf(err) != pod.KindTooMany {
		t.Errorf("InsertInvite(1001st) = %v, want one of kind %d", err, pod.KindTooMany)
	}
	now = day.Add(time.Hour)
	wantErr(t, "InsertInvite() when all expired", s.InsertInvite(t.Context(), invite("more")), nil)
}

func TestInviteServesOnePod(t *testing.T) {
	now := day
	s, path := openWith(t, store.Options{Clock: func() time.Time { return now }})
	wantErr(t, "InsertInvite()", s.InsertInvite(t.Context(), invite("one")), nil)
	join := func(n int, id string, change func(*pod.Friend) error) error {
		_, err := s.ChangeFriend(t.Context(), podID(n), id, change)
		return err
	}
	ok := func(f *pod.Friend) error { f.Status = pod.StatusFriend; return nil }
	never := func(*pod.Friend) error { t.Error("change ran with an invite that is no good"); return nil }
	wantErr(t, "ChangeFriend(unknown invite)", join(1, "none", never), pod.ErrNotFound)
	wantErr(t, "ChangeFriend() that fails", join(1, "one", func(*pod.Friend) error { return errStop }), errStop)
	wantErr(t, "ChangeFriend() of another then", join(2, "one", ok), nil) // the failure did not use it
	wantErr(t, "ChangeFriend() of the same pod", join(2, "one", ok), nil)
	wantErr(t, "ChangeFriend() of another pod", join(1, "one", never), pod.ErrNotFound)
	_, err := s.FriendByPodID(t.Context(), podID(1))
	wantErr(t, "FriendByPodID()", err, pod.ErrNotFound)
	updateFriend(t, s, 1, func(f *pod.Friend) {
		f.OldKeys, f.PodID = []pod.OldKey{{PodID: f.PodID, Until: day}}, podID(3)
	})
	wantErr(t, "ChangeFriend() of the same pod, new key", join(3, "one", ok), nil)
	now = day.Add(time.Hour)
	wantErr(t, "ChangeFriend(expired invite)", join(2, "one", never), pod.ErrNotFound)
	wantSound(t, s, path)
}
