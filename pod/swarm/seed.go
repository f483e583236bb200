package swarm

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/peerpod/peerpod/pod"
)

var errReadOnly = errors.New("published files are not written to")

// noStorage refuses torrents that came without a storage of their own.
type noStorage struct{}

func (noStorage) OpenTorrent(context.Context, *metainfo.Info, metainfo.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{}, fmt.Errorf("torrent without storage: %w", pod.ErrNotFound)
}

// fileStamp tells whether a file is still the one that we looked at.
type fileStamp struct {
	sizeBytes int64
	changed   time.Time
}

func stampOf(fi os.FileInfo) fileStamp { return fileStamp{fi.Size(), fi.ModTime()} }

// seed is the storage of one published file. Nothing is hashed when it opens; the file is
// opened when a peer first asks, and each piece is checked against its hash before its
// first byte goes out, and again after the file's time has changed.
type seed struct {
	path   string
	info   info
	damage func(fileStamp, error) // called once

	mu       sync.Mutex // guards all below
	file     *os.File   // nil until the first read
	stamp    fileStamp
	verified []bool
	failed   error
	closed   bool
}

// openSeed checks a published file by its size; it runs when the torrent wakes.
func (s *Swarm) openSeed(ih pod.Infohash, t pod.Torrent) (*seed, error) {
	if hashInfo(t.InfoBytes) != ih {
		return nil, fmt.Errorf("info dictionary has another infohash: %w", ErrDamaged)
	}
	i, err := parseInfo(t.InfoBytes)
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(t.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at published file: %w", err)
	}
	var stamp fileStamp // stays empty for a file that is gone
	if err == nil {
		stamp = stampOf(fi)
	}
	s.mu.Lock()
	before, bad := s.damaged[ih]
	s.mu.Unlock()
	if bad && before == stamp {
		return nil, ErrDamaged
	}
	if stamp.sizeBytes != i.SizeBytes {
		s.reportDamage(ih, stamp, fmt.Errorf("file has %d bytes, the torrent %d", stamp.sizeBytes, i.SizeBytes))
		return nil, ErrDamaged
	}
	sd := &seed{path: t.Path, info: i, verified: make([]bool, i.pieceCount())}
	sd.damage = func(stamp fileStamp, err error) {
		// In a goroutine, because the library reads while it holds the torrent.
		s.spawn(func() {
			s.reportDamage(ih, stamp, err)
			s.drop(ih, func(*awake) bool { return true })
		})
	}
	return sd, nil
}

// reportDamage remembers, logs and tells that a file has changed.
func (s *Swarm) reportDamage(ih pod.Infohash, stamp fileStamp, err error) {
	s.mu.Lock()
	s.damaged[ih] = stamp
	s.mu.Unlock()
	s.log.Error("Published file has changed and is not seeded", pod.LogInfohash, ih, pod.LogErr, err)
	if s.cfg.Damaged != nil {
		s.spawn(func() { s.cfg.Damaged(ih) })
	}
}

// OpenTorrent gives the library the file's pieces.
func (sd *seed) OpenTorrent(context.Context, *metainfo.Info, metainfo.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{
		Piece: func(p metainfo.Piece) storage.PieceImpl { return seedPiece{sd, p.Index()} },
		Close: sd.close,
	}, nil
}

func (sd *seed) close() error {
	sd.mu.Lock()
	defer sd.mu.Unlock()
	sd.closed = true
	if sd.file == nil {
		return nil
	}
	err := sd.file.Close()
	sd.file = nil
	return err
}

// seedPiece is one piece of a published file.
type seedPiece struct {
	seed  *seed
	index int
}

func (p seedPiece) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (p seedPiece) MarkComplete() error                { return nil }
func (p seedPiece) MarkNotComplete() error             { return nil }

// Completion trusts what was published: that is why nothing is hashed at the start.
func (p seedPiece) Completion() storage.Completion {
	return storage.Completion{Ok: true, Complete: true}
}

// ReadAt gives bytes of a piece that fits its hash.
func (p seedPiece) ReadAt(b []byte, off int64) (int, error) {
	file, err := p.seed.check(p.index)
	if err != nil {
		return 0, err
	}
	n, err := file.ReadAt(b, int64(p.index)*p.seed.info.PieceLength+off)
	if err != nil && n < len(b) {
		if errors.Is(err, os.ErrClosed) {
			return n, err
		}
		p.seed.fail(fmt.Errorf("read published file: %w", err))
		return n, ErrDamaged
	}
	return n, nil
}

// check opens the file if need be, looks whether it changed and hashes the piece if it
// was not hashed since. Hashing under the lock costs parallel readers of one torrent
// little: each piece is hashed once.
func (sd *seed) check(index int) (*os.File, error) {
	sd.mu.Lock()
	defer sd.mu.Unlock()
	if sd.failed != nil {
		return nil, sd.failed
	}
	if sd.closed {
		return nil, os.ErrClosed
	}
	if err := sd.lookLocked(); err != nil {
		return nil, sd.failLocked(err)
	}
	if !sd.verified[index] {
		sum := sha1.New()
		part := io.NewSectionReader(sd.file, int64(index)*sd.info.PieceLength, sd.info.pieceSize(index))
		if _, err := io.Copy(sum, part); err != nil {
			return nil, sd.failLocked(fmt.Errorf("read published file: %w", err))
		}
		if string(sum.Sum(nil)) != string(sd.info.Pieces[index*20:index*20+20]) {
			return nil, sd.failLocked(fmt.Errorf("piece %d does not fit its hash", index))
		}
		sd.verified[index] = true
	}
	return sd.file, nil
}

// lookLocked opens the file or sees whether it has changed since it was opened.
func (sd *seed) lookLocked() error {
	if sd.file == nil {
		f, err := os.Open(sd.path)
		if err != nil {
			return fmt.Errorf("open published file: %w", err)
		}
		sd.file = f
	}
	fi, err := sd.file.Stat()
	if err != nil {
		return fmt.Errorf("look at published file: %w", err)
	}
	stamp := stampOf(fi)
	if stamp == sd.stamp {
		return nil
	}
	sd.stamp = stamp
	clear(sd.verified)
	if stamp.sizeBytes != sd.info.SizeBytes {
		return fmt.Errorf("file has %d bytes, the torrent %d", stamp.sizeBytes, sd.info.SizeBytes)
	}
	return nil
}

func (sd *seed) fail(err error) {
	sd.mu.Lock()
	defer sd.mu.Unlock()
	_ = sd.failLocked(err)
}

func (sd *seed) failLocked(err error) error {
	if sd.failed == nil {
		sd.failed = fmt.Errorf("%w: %w", ErrDamaged, err)
		sd.damage(sd.stamp, err)
	}
	return sd.failed
}
