package swarm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/peerpod/peerpod/pod"
)

// Mirror asks for a copy of a file that other peers have.
type Mirror struct {
	InfoBytes []byte       // bencoded info dictionary; may be empty if Infohash is set
	Infohash  pod.Infohash // needed without InfoBytes: the dictionary is fetched from peers
	Peers     []string     // host:port of peers to dial besides those that come
}

// Names within MIRRORS/INFOHASH. The name in the info dictionary is a stranger's word and
// never becomes a path (HOSTILE, TOR-01).
const (
	mirrorDataName = "data"
	mirrorInfoName = "info"
	mirrorDoneName = "done" // exists when all pieces are on disk
)

// mirror is one copy, whole or in the making. It is the library's storage for it.
type mirror struct {
	dir string

	stopped  chan struct{}
	stopOnce sync.Once
	complete chan struct{} // closed when all pieces are there

	mu        sync.Mutex // guards all below
	infoBytes []byte
	info      info
	file      *os.File
	have      []bool
	left      int      // pieces that are missing
	peers     []string // that may be dialled for it
}

// Mirror starts to copy a file into Config.MirrorDir and returns; while it is incomplete
// the pieces that are there are served. A mirror of the same infohash that runs already
// only gets the new peers. Errors wrap pod.ErrInvalid, pod.ErrExists (published here).
func (s *Swarm) Mirror(ctx context.Context, req Mirror) error {
	ih := req.Infohash
	if len(req.InfoBytes) > 0 {
		if sum := hashInfo(req.InfoBytes); ih.IsZero() || ih == sum {
			ih = sum
		} else {
			return fmt.Errorf("mirror: info dictionary has another infohash: %w", pod.ErrInvalid)
		}
		if _, err := parseInfo(req.InfoBytes); err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
	}
	if ih.IsZero() || s.cfg.MirrorDir == "" {
		return fmt.Errorf("mirror without infohash or folder: %w", pod.ErrInvalid)
	}
	if _, err := s.cfg.Files.Torrent(ctx, ih); err == nil {
		return fmt.Errorf("mirror of our own file: %w", pod.ErrExists)
	} else if !errors.Is(err, pod.ErrNotFound) {
		return fmt.Errorf("mirror: %w", err)
	}
	if err := s.startMirror(ctx, ih, req); err != nil {
		return fmt.Errorf("mirror %s: %w", ih, err)
	}
	s.addPeers(ih, req.Peers)
	return nil
}

func (s *Swarm) startMirror(ctx context.Context, ih pod.Infohash, req Mirror) error {
	return s.exclusively(ctx, ih, func() error {
		s.mu.Lock()
		m := s.mirrors[ih]
		s.mu.Unlock()
		if m == nil {
			var err error
			if m, err = newMirror(filepath.Join(s.cfg.MirrorDir, ih.String()), req.InfoBytes); err != nil {
				return err
			}
		}
		s.mu.Lock()
		s.mirrors[ih] = m
		s.mu.Unlock()
		m.allow(&s.allow, req.Peers)
		if s.touch(ih) {
			return nil
		}
		if err := s.add(ih, m.raw(), m, m); err != nil {
			return err
		}
		s.mu.Lock()
		t := s.live[ih].torrent
		s.mu.Unlock()
		if !s.spawn(func() { s.runMirror(ih, t, m) }) {
			return ErrClosed
		}
		return nil
	})
}

// runMirror asks for all pieces once the info dictionary is known.
func (s *Swarm) runMirror(ih pod.Infohash, t *torrent.Torrent, m *mirror) {
	select {
	case <-t.GotInfo():
	case <-t.Closed():
		return
	case <-s.ctx.Done():
		return
	}
	if err := m.keepInfo(t.Metainfo().InfoBytes); err != nil {
		s.log.Warn("Mirror is given up", pod.LogInfohash, ih, pod.LogErr, err)
		s.Forget(ih)
		return
	}
	t.DownloadAll()
	select {
	case <-m.complete:
	case <-m.stopped:
		return
	case <-s.ctx.Done():
		return
	}
	if err := m.finish(); err != nil {
		s.log.Warn("Mirror could not be marked as whole", pod.LogInfohash, ih, pod.LogErr, err)
		return
	}
	s.log.Info("Mirror is whole", pod.LogInfohash, ih)
}

func (s *Swarm) addPeers(ih pod.Infohash, addrs []string) {
	s.mu.Lock()
	a := s.live[ih]
	s.mu.Unlock()
	if a == nil {
		return
	}
	peers := make([]torrent.PeerInfo, 0, len(addrs))
	for _, addr := range addrs {
		peers = append(peers, torrent.PeerInfo{Addr: torrent.StringAddr(addr), Source: torrent.PeerSourceDirect, Trusted: true})
	}
	a.torrent.AddPeers(peers)
}

// MirrorDone tells whether a mirror has all its pieces.
func (s *Swarm) MirrorDone(ih pod.Infohash) bool {
	s.mu.Lock()
	m := s.mirrors[ih]
	s.mu.Unlock()
	return m != nil && m.isDone()
}

func newMirror(dir string, infoBytes []byte) (*mirror, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	m := &mirror{dir: dir, stopped: make(chan struct{}), complete: make(chan struct{})}
	if len(infoBytes) > 0 {
		if err := m.keepInfo(infoBytes); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// keepInfo checks the info dictionary and writes it beside the data.
func (m *mirror) keepInfo(raw []byte) error {
	i, err := parseInfo(raw)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.infoBytes, m.info = raw, i
	m.mu.Unlock()
	if err := os.WriteFile(filepath.Join(m.dir, mirrorInfoName), raw, 0o600); err != nil {
		return fmt.Errorf("keep info dictionary: %w", err)
	}
	return nil
}

// raw gives the info dictionary; nil is not known yet.
func (m *mirror) raw() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.infoBytes
}

func (m *mirror) isDone() bool {
	select {
	case <-m.complete:
		return true
	default:
		return false
	}
}

// allow lets the mirror's peers be dialled until disallow.
func (m *mirror) allow(a *allowed, peers []string) {
	a.add(peers)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peers = append(m.peers, peers...)
}

func (m *mirror) disallow(a *allowed) {
	m.mu.Lock()
	peers := m.peers
	m.peers = nil
	m.mu.Unlock()
	a.remove(peers)
}

func (m *mirror) stop() { m.stopOnce.Do(func() { close(m.stopped) }) }

// finish writes what tells a later start that the copy is whole.
func (m *mirror) finish() error {
	m.mu.Lock()
	f := m.file
	m.mu.Unlock()
	if f != nil {
		if err := f.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			return fmt.Errorf("sync mirror: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(m.dir, mirrorDoneName), nil, 0o600)
}

// OpenTorrent opens the data file; called by the library when it has the info dictionary.
func (m *mirror) OpenTorrent(_ context.Context, mi *metainfo.Info, _ metainfo.Hash) (storage.TorrentImpl, error) {
	if mi.IsDir() || mi.HasV2() {
		return storage.TorrentImpl{}, fmt.Errorf("mirror of several files: %w", pod.ErrInvalid)
	}
	i := info{Name: mi.Name, SizeBytes: mi.Length, PieceLength: mi.PieceLength, Pieces: mi.Pieces}
	if err := i.check(); err != nil {
		return storage.TorrentImpl{}, err
	}
	f, err := os.OpenFile(filepath.Join(m.dir, mirrorDataName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return storage.TorrentImpl{}, fmt.Errorf("open mirror: %w", err)
	}
	_, err = os.Stat(filepath.Join(m.dir, mirrorDoneName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storage.TorrentImpl{}, errors.Join(err, f.Close())
	}
	whole := err == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	m.file = f
	m.info = i
	m.have = make([]bool, i.pieceCount())
	m.left = i.pieceCount()
	if whole {
		for index := range m.have {
			m.gotLocked(index)
		}
	}
	return storage.TorrentImpl{
		Piece: func(p metainfo.Piece) storage.PieceImpl { return mirrorPiece{m, p.Index(), whole} },
		Close: m.closeFile,
	}, nil
}

func (m *mirror) closeFile() error {
	m.mu.Lock()
	f := m.file
	m.file = nil
	m.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.Close()
}

func (m *mirror) gotLocked(index int) {
	if m.have[index] {
		return
	}
	m.have[index] = true
	if m.left--; m.left == 0 && !m.isDone() {
		close(m.complete)
	}
}

// mirrorPiece is one piece of a mirror.
type mirrorPiece struct {
	mirror *mirror
	index  int
	known  bool // the copy was whole when it was opened
}

func (p mirrorPiece) handle() (*os.File, int64, error) {
	p.mirror.mu.Lock()
	defer p.mirror.mu.Unlock()
	if p.mirror.file == nil {
		return nil, 0, os.ErrClosed
	}
	return p.mirror.file, int64(p.index) * p.mirror.info.PieceLength, nil
}

// ReadAt reads what is on disk; the library asks for complete pieces only.
func (p mirrorPiece) ReadAt(b []byte, off int64) (int, error) {
	f, start, err := p.handle()
	if err != nil {
		return 0, err
	}
	return f.ReadAt(b, start+off)
}

// WriteAt writes a chunk; the library checks the piece's hash when it is whole.
func (p mirrorPiece) WriteAt(b []byte, off int64) (int, error) {
	f, start, err := p.handle()
	if err != nil {
		return 0, err
	}
	return f.WriteAt(b, start+off)
}

// MarkComplete is called when the piece fits its hash.
func (p mirrorPiece) MarkComplete() error {
	p.mirror.mu.Lock()
	defer p.mirror.mu.Unlock()
	p.mirror.gotLocked(p.index)
	return nil
}

// MarkNotComplete is called when the piece does not fit its hash.
func (p mirrorPiece) MarkNotComplete() error {
	p.mirror.mu.Lock()
	defer p.mirror.mu.Unlock()
	if p.mirror.have[p.index] && p.mirror.left > 0 {
		p.mirror.have[p.index] = false
		p.mirror.left++
	}
	return nil
}

// Completion is unknown for what an earlier run left: the library hashes it once.
func (p mirrorPiece) Completion() storage.Completion {
	p.mirror.mu.Lock()
	defer p.mirror.mu.Unlock()
	if p.mirror.have[p.index] {
		return storage.Completion{Ok: true, Complete: true}
	}
	return storage.Completion{Ok: p.known, Complete: false}
}
