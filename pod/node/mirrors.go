package node

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/swarm"
)

// dirMirrors holds copies of friends' files, as package swarm keeps them.
const dirMirrors = "mirrors"

// Times between announces to the origin's tracker: while a copy is incomplete, and after
// the origin did not answer.
const (
	announceHungry = 30 * time.Second
	announceAgain  = 5 * time.Minute
)

// mirrors keeps copies of friends' videos on the owner's wish: it fetches them from the
// origin's swarm and stays a seeder of it.
type mirrors struct {
	pod *Pod

	mu      sync.Mutex // guards all below
	ctx     context.Context
	cancel  context.CancelFunc
	running map[pod.VideoID]*runningMirror
	work    sync.WaitGroup
	closed  bool
}

type runningMirror struct {
	record pod.MirrorRecord
	stop   context.CancelFunc
}

func newMirrors(p *Pod) *mirrors {
	return &mirrors{pod: p, running: map[pod.VideoID]*runningMirror{}}
}

// start goes on with the copies that the owner wished before.
func (m *mirrors) start(ctx context.Context) error {
	m.mu.Lock()
	m.ctx, m.cancel = context.WithCancel(ctx)
	m.mu.Unlock()
	m.pod.onClose("mirrors", func(context.Context) error {
		m.mu.Lock()
		m.closed = true
		m.mu.Unlock()
		m.cancel()
		m.work.Wait()
		return nil
	})
	records, err := m.pod.store.Mirrors(ctx)
	if err != nil {
		return fmt.Errorf("read mirrors: %w", err)
	}
	for _, r := range records {
		m.run(r) //nolint:contextcheck // it outlives the start and ends with Close
	}
	m.sweep(records)
	return nil
}

// sweep removes copies that nobody wishes any more.
func (m *mirrors) sweep(records []pod.MirrorRecord) {
	keep := map[string]bool{}
	for _, r := range records {
		keep[r.Infohash.String()] = true
	}
	entries, err := os.ReadDir(filepath.Join(m.pod.cfg.DataDir, dirMirrors))
	if err != nil {
		return // there is none yet
	}
	for _, e := range entries {
		if _, err := pod.ParseInfohash(e.Name()); err == nil && !keep[e.Name()] && !m.pod.catalogue.isMirror(e.Name()) {
			_ = os.RemoveAll(filepath.Join(m.pod.cfg.DataDir, dirMirrors, e.Name()))
		}
	}
}

// run begins to fetch and share one file, in the background.
func (m *mirrors) run(r pod.MirrorRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.running[r.Video] != nil {
		return
	}
	ctx, stop := context.WithCancel(m.ctx)
	m.running[r.Video] = &runningMirror{record: r, stop: stop}
	m.work.Go(func() { m.keep(ctx, r) })
}

// keep fetches a file until it is whole, and tells the origin's tracker that it is here.
func (m *mirrors) keep(ctx context.Context, r pod.MirrorRecord) {
	p, event := m.pod, "started"
	p.catalogue.mirror(r.Infohash)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		whole := p.swarm.MirrorDone(r.Infohash)
		peers, next := m.announce(ctx, r, event, whole)
		if len(peers) > 0 || event == "started" {
			event = ""
		}
		if err := p.swarm.Mirror(ctx, swarm.Mirror{Infohash: r.Infohash, InfoBytes: p.mirrorInfo(r.Infohash), Peers: peers}); err != nil && ctx.Err() == nil {
			p.log.Warn("A friend's video can not be copied just now", pod.LogInfohash, r.Infohash, pod.LogErr, err)
		}
		if !whole {
			next = min(next, announceHungry)
			m.watch(ctx, r)
			if p.swarm.MirrorDone(r.Infohash) {
				event, next = "completed", 0
			}
		}
		timer.Reset(next)
	}
}

// mirrorLook is how often a copy in the making is looked at.
const mirrorLook = 200 * time.Millisecond

// watch waits until a copy is whole, a while at most.
func (m *mirrors) watch(ctx context.Context, r pod.MirrorRecord) {
	tick := time.NewTicker(mirrorLook)
	defer tick.Stop()
	limit := time.NewTimer(announceHungry)
	defer limit.Stop()
	for !m.pod.swarm.MirrorDone(r.Infohash) {
		select {
		case <-tick.C:
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
	m.pod.emit(pod.Event{Kind: pod.EventTransfer, Action: "whole", At: m.pod.cfg.Clock()})
	m.pod.tell()
}

// announce asks the origin's tracker for peers. Peers that lie further inwards than the
// tracker are left out.
func (m *mirrors) announce(ctx context.Context, r pod.MirrorRecord, event string, whole bool) (peers []string, next time.Duration) {
	v, err := m.pod.store.Video(ctx, r.Video)
	if err != nil {
		return nil, announceAgain
	}
	rec, ok := m.pod.origin(v.Origin)
	if !ok {
		return nil, announceAgain
	}
	a := swarm.Announce{Infohash: r.Infohash, PeerID: m.pod.swarm.PeerID(), Port: m.pod.swarm.Port(), LeftBytes: r.SizeBytes, Event: event}
	if whole {
		a.LeftBytes = 0
	}
	res, err := m.pod.fetch.Do(ctx, fetch.Request{
		Method: http.MethodGet, URL: rec.CallURL + "/tracker/announce?" + a.Query(), Narrowest: rec.CallClass, MaxBytes: 64 << 10,
	})
	if err != nil {
		return nil, announceAgain
	}
	answer, err := swarm.ParseAnnounce(res.Body)
	if err != nil {
		return nil, announceAgain
	}
	for _, peer := range answer.Peers {
		if allowedPeer(peer, res.Class) {
			peers = append(peers, peer.String())
		}
	}
	return peers, answer.Interval
}

func allowedPeer(peer netip.AddrPort, tracker pod.AddrClass) bool {
	a := peer.Addr().Unmap()
	return peer.Port() >= 1024 && !a.IsUnspecified() && !a.IsMulticast() && pod.ClassOf(a) >= tracker
}

// reconcile lets copies go whose videos went.
func (m *mirrors) reconcile(ctx context.Context) {
	records, err := m.pod.store.Mirrors(ctx)
	if err != nil {
		return
	}
	wished := map[pod.VideoID]bool{}
	for _, r := range records {
		wished[r.Video] = true
	}
	m.mu.Lock()
	var gone []pod.MirrorRecord
	for id, running := range m.running {
		if !wished[id] {
			gone = append(gone, running.record)
		}
	}
	m.mu.Unlock()
	for _, r := range gone {
		m.letGo(r)
	}
}

// letGo stops sharing a copy and removes it.
func (m *mirrors) letGo(r pod.MirrorRecord) {
	m.mu.Lock()
	running := m.running[r.Video]
	delete(m.running, r.Video)
	shared := false // another friend's video has the same file
	for _, other := range m.running {
		shared = shared || other.record.Infohash == r.Infohash
	}
	m.mu.Unlock()
	if running == nil {
		return
	}
	running.stop()
	if shared {
		return
	}
	p := m.pod
	p.catalogue.unmirror(r.Infohash)
	p.tracker.Forget(r.Infohash)
	p.swarm.Forget(r.Infohash)
	if err := os.RemoveAll(filepath.Join(p.cfg.DataDir, dirMirrors, r.Infohash.String())); err != nil {
		p.log.Warn("A copy could not be removed; the next start tries again", pod.LogInfohash, r.Infohash, pod.LogErr, err)
	}
}

// Mirror keeps a copy of a friend's video, within the owner's budget.
func (m *mirrors) Mirror(ctx context.Context, v pod.Video) error {
	if v.IsLocal() {
		return &pod.Error{Kind: pod.KindConflict, Code: "own_video", Op: "keep video", Msg: "This is your own video: it is here already."}
	}
	f, ok := best(v)
	if !ok {
		return &pod.Error{Kind: pod.KindConflict, Code: "no_file", Op: "keep video", Msg: "This video has no file yet. Try again later."}
	}
	if m.pod.catalogue.isOwn(f.Infohash) {
		return &pod.Error{Kind: pod.KindConflict, Code: "own_video", Op: "keep video", Msg: "The same file is here already: you publish it yourself."}
	}
	r := pod.MirrorRecord{Video: v.ID, Infohash: f.Infohash, Name: f.Name, SizeBytes: f.SizeBytes, CreatedAt: m.pod.cfg.Clock().UTC()}
	err := m.pod.store.PutMirror(ctx, r, m.pod.cfg.Limits.MirrorBytes)
	if errors.Is(err, pod.ErrTooLarge) {
		return &pod.Error{Kind: pod.KindTooLarge, Code: "quota_reached", Op: "keep video", Msg: "The space for copies of friends' videos is used up. Let another copy go, or allow more in the settings.", Err: err}
	}
	if err != nil {
		return err
	}
	m.run(r) //nolint:contextcheck // it outlives the request and ends with Close
	return nil
}

// Unmirror lets a copy go.
func (m *mirrors) Unmirror(ctx context.Context, v pod.Video) error {
	err := m.pod.store.DeleteMirror(ctx, v.ID)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return err
	}
	m.mu.Lock()
	running := m.running[v.ID]
	m.mu.Unlock()
	if running != nil {
		m.letGo(running.record)
	}
	return nil
}

// MirrorState tells how far a copy is.
func (m *mirrors) MirrorState(v pod.Video) pod.MirrorState {
	m.mu.Lock()
	running := m.running[v.ID]
	m.mu.Unlock()
	if running == nil {
		return pod.MirrorState{}
	}
	return pod.MirrorState{Wanted: true, Whole: m.pod.swarm.MirrorDone(running.record.Infohash), SizeBytes: running.record.SizeBytes}
}

// whole gives the copy of a file, if all of it is here.
func (m *mirrors) whole(v pod.Video, f pod.VideoFile) bool {
	m.mu.Lock()
	running := m.running[v.ID]
	m.mu.Unlock()
	return running != nil && running.record.Infohash == f.Infohash && m.pod.swarm.MirrorDone(f.Infohash)
}

// mirrorInfo is the info dictionary of a copy that an earlier run began; nil when peers
// have to be asked for it.
func (p *Pod) mirrorInfo(ih pod.Infohash) []byte {
	info, err := p.root.ReadFile(mirrorPath(ih, "info"))
	if err != nil || pod.Infohash(sha1.Sum(info)) != ih {
		return nil
	}
	return info
}

// mirrorPath is where a part of a copy lies inside the data folder.
func mirrorPath(ih pod.Infohash, part string) string {
	return filepath.Join(dirMirrors, ih.String(), part)
}

// best is the file with the most lines.
func best(v pod.Video) (pod.VideoFile, bool) {
	var out pod.VideoFile
	for _, f := range v.Files {
		if out.Infohash.IsZero() || f.Height > out.Height {
			out = f
		}
	}
	return out, !out.Infohash.IsZero()
}

// KeepVideo is for the window: it keeps a copy of a friend's video.
func (p *Pod) KeepVideo(ctx context.Context, id pod.VideoID) error {
	v, err := p.store.Video(ctx, id)
	if err != nil {
		return err
	}
	return p.mirrors.Mirror(ctx, v)
}

// LetGoVideo is for the window: it removes the copy of a friend's video.
func (p *Pod) LetGoVideo(ctx context.Context, id pod.VideoID) error {
	v, err := p.store.Video(ctx, id)
	if err != nil {
		return err
	}
	return p.mirrors.Unmirror(ctx, v)
}

// KeptState is for the window: it tells how far a copy is.
func (p *Pod) KeptState(v pod.Video) pod.MirrorState { return p.mirrors.MirrorState(v) }

// trackersOf are the announce URLs of a pod.
func trackersOf(base string) []string { return links{base: strings.TrimRight(base, "/")}.Trackers() }
