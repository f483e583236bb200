package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/peerpod/peerpod/pod"
)

const (
	// maxLive bounds the torrents that are awake at a time: whoever announces can wake one.
	maxLive = 500
	// filesTimeout bounds the look into Files, so that one that hangs blocks nobody for ever.
	filesTimeout = 15 * time.Second
)

// awake is a torrent that the library holds.
type awake struct {
	torrent *torrent.Torrent
	used    time.Time // when it last had a peer or was woken
	mirror  *mirror   // nil for a published file
}

// Wake makes a torrent ready for peers; of one that is awake it renews the time. The
// error wraps pod.ErrNotFound for an unknown infohash, ErrDamaged for a file that has
// changed, ErrBusy when too many are awake.
func (s *Swarm) Wake(ctx context.Context, ih pod.Infohash) error {
	if s.touch(ih) {
		return nil
	}
	if err := s.exclusively(ctx, ih, func() error { return s.wake(ctx, ih) }); err != nil {
		return fmt.Errorf("wake %s: %w", ih, err)
	}
	return nil
}

// touch renews an awake torrent's time and tells whether it is awake.
func (s *Swarm) touch(ih pod.Infohash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.live[ih]
	if a == nil {
		return false
	}
	a.used = time.Now()
	return true
}

// exclusively runs fn while nobody else wakes or drops that torrent.
func (s *Swarm) exclusively(ctx context.Context, ih pod.Infohash, fn func() error) error {
	for {
		s.mu.Lock()
		if s.state != stateRunning {
			s.mu.Unlock()
			return ErrClosed
		}
		other := s.busy[ih]
		if other == nil {
			break
		}
		s.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done := make(chan struct{})
	s.busy[ih] = done
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.busy, ih)
		s.mu.Unlock()
		close(done)
	}()
	return fn()
}

// wake looks the torrent up and adds it; it runs exclusively.
func (s *Swarm) wake(ctx context.Context, ih pod.Infohash) error {
	if s.touch(ih) {
		return nil
	}
	if err := s.makeRoom(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, filesTimeout)
	defer cancel()
	file, err := s.cfg.Files.Torrent(ctx, ih)
	if errors.Is(err, pod.ErrNotFound) {
		s.mu.Lock()
		m := s.mirrors[ih]
		s.mu.Unlock()
		if m == nil {
			return err
		}
		return s.add(ih, m.raw(), m, m)
	}
	if err != nil {
		return err
	}
	store, err := s.openSeed(ih, file)
	if err != nil {
		return err
	}
	return s.add(ih, file.InfoBytes, store, nil)
}

// add gives a torrent to the library; it runs exclusively.
func (s *Swarm) add(ih pod.Infohash, infoBytes []byte, store storage.ClientImpl, m *mirror) error {
	t, fresh := s.client.AddTorrentOpt(torrent.AddTorrentOpts{
		InfoHash: metainfo.Hash(ih), InfoBytes: infoBytes, Storage: store,
		DisableInitialPieceCheck: m == nil,
	})
	if !fresh {
		return fmt.Errorf("torrent is known to the library already: %w", ErrBusy)
	}
	s.mu.Lock()
	closed := s.state != stateRunning
	if !closed {
		s.live[ih] = &awake{torrent: t, used: time.Now(), mirror: m}
	}
	s.mu.Unlock()
	if closed {
		t.Drop()
		return ErrClosed
	}
	s.log.Debug("Torrent is awake", pod.LogInfohash, ih)
	return nil
}

// Forget stops serving a torrent at once: it is dropped and its connections are closed
// before Forget returns. Whether it may wake again is for Files to say.
func (s *Swarm) Forget(ih pod.Infohash) {
	s.mu.Lock()
	m := s.mirrors[ih]
	delete(s.mirrors, ih)
	delete(s.damaged, ih)
	s.mu.Unlock()
	if m != nil {
		m.stop()
		m.disallow(&s.allow)
	}
	s.drop(ih, func(*awake) bool { return true })
}

// drop takes a torrent from the library if it is awake and cond holds.
func (s *Swarm) drop(ih pod.Infohash, cond func(*awake) bool) {
	_ = s.exclusively(s.ctx, ih, func() error { // an error means that all is closed anyway
		s.mu.Lock()
		a := s.live[ih]
		if a == nil || !cond(a) {
			s.mu.Unlock()
			return nil
		}
		delete(s.live, ih)
		s.mu.Unlock()
		a.torrent.Drop()
		s.log.Debug("Torrent sleeps", pod.LogInfohash, ih)
		return nil
	})
}

// makeRoom puts the torrent that was longest without peers to sleep when too many live.
func (s *Swarm) makeRoom() error {
	s.mu.Lock()
	if len(s.live) < maxLive {
		s.mu.Unlock()
		return nil
	}
	live := s.snapshotLocked()
	s.mu.Unlock()
	var oldest *liveEntry
	for i := range live {
		e := &live[i]
		if e.idle() && (oldest == nil || e.used.Before(oldest.used)) {
			oldest = e
		}
	}
	if oldest == nil {
		return fmt.Errorf("%d torrents are awake: %w", maxLive, ErrBusy)
	}
	s.drop(oldest.ih, func(*awake) bool { return true })
	return nil
}

// liveEntry is a copy of one awake torrent's state.
type liveEntry struct {
	ih pod.Infohash
	awake
}

func (s *Swarm) snapshotLocked() []liveEntry {
	list := make([]liveEntry, 0, len(s.live))
	for ih, a := range s.live {
		list = append(list, liveEntry{ih, *a})
	}
	return list
}

// idle tells whether nothing holds the torrent awake.
func (e *liveEntry) idle() bool {
	return (e.mirror == nil || e.mirror.isDone()) && len(e.torrent.PeerConns()) == 0
}

// sweep puts torrents to sleep that have no peers, until the swarm closes.
func (s *Swarm) sweep() {
	for s.wait(min(s.cfg.IdleAfter/4, 30*time.Second)) {
		s.mu.Lock()
		live := s.snapshotLocked()
		s.mu.Unlock()
		for i := range live {
			e := &live[i]
			if !e.idle() {
				s.touch(e.ih)
				continue
			}
			if time.Since(e.used) > s.cfg.IdleAfter {
				s.drop(e.ih, func(a *awake) bool { return time.Since(a.used) > s.cfg.IdleAfter })
			}
		}
	}
}
