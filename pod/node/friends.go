package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/fetch"
)

// inviteLife is how long an invite made in the window is good.
const inviteLife = 7 * 24 * time.Hour

// onlineAfter is how long ago a friend was heard at most to be shown as online.
const onlineAfter = 10 * time.Minute

// restoredMark is a file that a restore leaves in the data folder: what friends were told
// since the backup is unknown, so that friendships begin anew.
const restoredMark = "restored"

// MarkRestored tells the next start that the data folder comes from a backup.
func MarkRestored(dataDir string) error {
	return writeWhole(filepath.Join(dataDir, restoredMark), nil)
}

func (p *Pod) makeFederation(ctx context.Context) error {
	keys, err := p.loadKeys(ctx)
	if err != nil {
		return err
	}
	mark := filepath.Join(p.cfg.DataDir, restoredMark)
	if _, err := os.Stat(mark); err == nil {
		if err := errors.Join(p.store.RenewRuns(ctx), os.Remove(mark)); err != nil {
			return fmt.Errorf("begin friendships anew: %w", err)
		}
	}
	p.fetch = fetch.New(fetch.Config{Logger: p.cfg.part("fetch"), Version: p.cfg.Version})
	p.onClose("fetch", func(context.Context) error { p.fetch.CloseIdle(); return nil })
	p.federation, err = federation.New(federation.Config{
		Store: p.store, Fetch: p.fetch, Keys: keys, Name: p.cfg.Name, URL: func() string { return p.links.base },
		Public: publicURL(p.cfg.PublicURL), Policy: federation.Policy(p.cfg.FriendPolicy), Entries: p.cfg.Entries,
		Interval: p.cfg.Interval, ScoreInterval: p.cfg.ScoreInterval, Limits: p.cfg.Limits,
		OnEvent: p.onFriendEvent, Clock: p.cfg.Clock, Logger: p.cfg.part("federation"), FailPoint: p.cfg.FailPoint,
	})
	return err
}

// publicURL tells whether the owner gave an address that the Internet reaches.
func publicURL(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err != nil || pod.ClassOf(addr) == pod.ClassPublic
}

// startFederation begins to call friends, once they can call back.
func (p *Pod) startFederation(ctx context.Context) error {
	p.onClose("federation", p.federation.Close)
	if err := p.startRemote(ctx); err != nil {
		return err
	}
	return p.federation.Start(ctx)
}

// onFriendEvent follows what happens among friends. It must not block.
func (p *Pod) onFriendEvent(e pod.Event) {
	p.faces.forget()
	if e.Kind == pod.EventVideo {
		p.remote.nudge()
	}
	p.emit(e)
	p.tell()
}

// faces are the records of friends as lists of their videos need them: each row asks. They
// are a second old at most.
type faces struct {
	mu  sync.Mutex // guards both
	at  time.Time
	all map[pod.FriendID]pod.Friend
}

// facesAge is how old the records may be.
const facesAge = time.Second

func (f *faces) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = nil
}

// origin gives a friend's record for its videos.
func (p *Pod) origin(id pod.FriendID) (pod.Friend, bool) {
	p.faces.mu.Lock()
	defer p.faces.mu.Unlock()
	if p.faces.all == nil || time.Since(p.faces.at) > facesAge {
		records, err := p.store.Friends(p.work)
		if err != nil {
			return pod.Friend{}, false
		}
		p.faces.at, p.faces.all = time.Now(), make(map[pod.FriendID]pod.Friend, len(records))
		for i := range records {
			p.faces.all[records[i].ID] = records[i]
		}
	}
	rec, ok := p.faces.all[id]
	return rec, ok
}

// The methods below are for the window, as those in owner.go.

// Friends lists all pods that the owner sees.
func (p *Pod) Friends(ctx context.Context) ([]pod.Friend, error) {
	all, err := p.store.Friends(ctx)
	shown := []pod.Friend{}
	for i := range all {
		if all[i].Status.Shown() {
			shown = append(shown, all[i])
		}
	}
	return shown, err
}

// PodSelf is what this pod says about itself.
func (p *Pod) PodSelf(ctx context.Context) (pod.Self, error) { return p.federation.Self(ctx) }

// MakeFriends asks other pods.
func (p *Pod) MakeFriends(ctx context.Context, j pod.Join) (pod.Joined, error) {
	return p.federation.MakeFriends(ctx, j)
}

// AcceptFriend says yes to a pod that waits.
func (p *Pod) AcceptFriend(ctx context.Context, id pod.PodID) error {
	return p.federation.Accept(ctx, id)
}

// RefuseFriend says no to a pod that waits.
func (p *Pod) RefuseFriend(ctx context.Context, id pod.PodID) error {
	return p.federation.Refuse(ctx, id)
}

// BlockFriend refuses a pod from now on.
func (p *Pod) BlockFriend(ctx context.Context, id pod.PodID) error {
	return p.federation.Block(ctx, id)
}

// RestoreFriend brings a parked friend back, or lifts a block.
func (p *Pod) RestoreFriend(ctx context.Context, id pod.PodID) error {
	return p.federation.Restore(ctx, id)
}

// RemoveFriend ends a friendship.
func (p *Pod) RemoveFriend(ctx context.Context, id pod.PodID) error {
	return p.federation.Remove(ctx, id)
}

// NewInvite makes an invite.
func (p *Pod) NewInvite(ctx context.Context) (pod.InviteCode, error) {
	return p.federation.NewInvite(ctx, inviteLife)
}

// FriendWords is the fingerprint of a pod's key, in 12 words.
func (p *Pod) FriendWords(id pod.PodID) string { return p.federation.Fingerprint(id) }

// FriendName is the name of a video's origin and whether it was heard of just now.
func (p *Pod) FriendName(id pod.FriendID) (name string, online bool) {
	rec, ok := p.origin(id)
	if !ok {
		return "", false
	}
	return rec.Name, rec.Status == pod.StatusFriend && p.cfg.Clock().Sub(rec.LastSeenAt) < onlineAfter
}
