package uifake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Friend is another pod with that number, seen a minute ago.
func Friend(n int, name string) pod.Friend {
	sum := [32]byte{byte(n)}
	host := strings.ToLower(strings.Fields(name)[0])
	return pod.Friend{
		ID: pod.FriendID(n), PodID: pod.NewPodID(sum), Name: name, URL: "https://" + strings.Trim(host, "'s") + ".example:9000",
		Verified: true, Status: pod.StatusFriend, LastSeenAt: time.Now().Add(-time.Minute), VideoCount: 4 * n,
	}
}

// Befriend replaces the friends and tells the window.
func (f *Fake) Befriend(friends ...pod.Friend) {
	f.mu.Lock()
	f.friends = friends
	f.mu.Unlock()
	f.tell()
}

// Joining says how MakeFriends answers from now on.
func (f *Fake) Joining(answer func(pod.Join) (pod.Joined, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.joining = answer
}

// Acts is what was done with friends and copies, in order: "accept 3".
func (f *Fake) Acts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.acts)
}

func (f *Fake) friendsNow() []pod.Friend {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.friends)
}

// Friends gives the friends as they are.
func (f *Fake) Friends(context.Context) ([]pod.Friend, error) {
	all := f.friendsNow()
	f.mu.Lock()
	defer f.mu.Unlock()
	return all, f.fail
}

// PodSelf is Ana's pod.
func (f *Fake) PodSelf(context.Context) (pod.Self, error) {
	return pod.Self{Name: "Ana's pod", Fingerprint: "abandon ability able about above absent absorb abstract absurd abuse access accident"}, nil
}

// MakeFriends does what Joining says; without it a pod of that address is a friend at once.
func (f *Fake) MakeFriends(_ context.Context, join pod.Join) (pod.Joined, error) {
	f.mu.Lock()
	answer, n := f.joining, len(f.friends)+1
	f.mu.Unlock()
	if answer != nil {
		return answer(join)
	}
	fresh := Friend(n, fmt.Sprintf("Pod %d", n))
	f.mu.Lock()
	f.friends = append(slices.Clone(f.friends), fresh)
	f.mu.Unlock()
	return pod.Joined{Friends: []pod.Friend{fresh}}, nil
}

// actOn notes what was done and gives the friend its new status; "" forgets it.
func (f *Fake) actOn(act string, id pod.PodID, status pod.FriendStatus) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.friends, func(r pod.Friend) bool { return r.PodID == id })
	if f.fail != nil || i < 0 {
		return &pod.Error{Kind: pod.KindOf(f.fail), Op: act, Err: f.fail}
	}
	f.acts = append(f.acts, fmt.Sprintf("%s %d", act, f.friends[i].ID))
	f.friends = slices.Clone(f.friends)
	if f.friends[i].Status = status; status == "" {
		f.friends = slices.Delete(f.friends, i, i+1)
	}
	return nil
}

// AcceptFriend makes a pod that asks a friend.
func (f *Fake) AcceptFriend(_ context.Context, id pod.PodID) error {
	return f.actOn("accept", id, pod.StatusFriend)
}

// RefuseFriend sends it away.
func (f *Fake) RefuseFriend(_ context.Context, id pod.PodID) error { return f.actOn("refuse", id, "") }

// BlockFriend blocks a pod.
func (f *Fake) BlockFriend(_ context.Context, id pod.PodID) error {
	return f.actOn("block", id, pod.StatusBlocked)
}

// RestoreFriend wakes a parked friend, and forgets a blocked pod.
func (f *Fake) RestoreFriend(_ context.Context, id pod.PodID) error {
	status := pod.StatusFriend
	for _, r := range f.friendsNow() {
		if r.PodID == id && r.Status == pod.StatusBlocked {
			status = ""
		}
	}
	return f.actOn("restore", id, status)
}

// RemoveFriend forgets a pod.
func (f *Fake) RemoveFriend(_ context.Context, id pod.PodID) error { return f.actOn("remove", id, "") }

// NewInvite gives always the same one.
func (f *Fake) NewInvite(context.Context) (pod.InviteCode, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return pod.InviteCode{
		Code: "CODE", URL: "https://ana.example:9000/invite#CODE", ExpiresAt: time.Date(2026, 5, 8, 12, 0, 0, 0, time.Local),
	}, f.fail
}

// FriendWords begins with the pod's number.
func (f *Fake) FriendWords(id pod.PodID) string {
	return string(id[:4]) + " zebra zero zone zoo youth young yellow year wrong write wrist"
}

// FriendName names the friend that has that number.
func (f *Fake) FriendName(origin pod.FriendID) (name string, online bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.friends {
		if r.ID == origin {
			return r.Name, r.Status == pod.StatusFriend && time.Since(r.LastSeenAt) < 10*time.Minute
		}
	}
	return "", false
}

// KeepVideo copies a video at once.
func (f *Fake) KeepVideo(_ context.Context, id pod.VideoID) error {
	return f.copy("keep", id, pod.MirrorState{Wanted: true, Whole: true, SizeBytes: 12_000_000})
}

// LetGoVideo drops the copy.
func (f *Fake) LetGoVideo(_ context.Context, id pod.VideoID) error {
	return f.copy("let go", id, pod.MirrorState{})
}

func (f *Fake) copy(act string, id pod.VideoID, state pod.MirrorState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	f.acts = append(f.acts, fmt.Sprintf("%s %d", act, id))
	if f.kept == nil {
		f.kept = map[pod.VideoID]pod.MirrorState{}
	}
	f.kept[id] = state
	return nil
}

// KeptState tells what KeepVideo and LetGoVideo left.
func (f *Fake) KeptState(v pod.Video) pod.MirrorState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept[v.ID]
}
