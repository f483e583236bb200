package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Options are what Open takes beside the path. The zero value is good.
type Options struct {
	Logger *slog.Logger     // nil logs nothing
	Clock  func() time.Time // nil is time.Now
	// BackupDir takes the copy that Open makes before it migrates; "" is the folder
	// "backups" beside the database.
	BackupDir string
	// VerifyBackup looks at each finished copy before it gets its name, best by Check in
	// a child process. An error drops the copy. nil trusts it.
	VerifyBackup func(ctx context.Context, path string) error
	// HostOf tells host:port of this pod, for VideoQuery.Host; it is asked for 0 only, for
	// those of friends are known. It must not call the store. nil knows no host.
	HostOf func(pod.FriendID) string
	// FriendVideos is how many videos of one friend are kept, FriendViews how many views
	// of one friend count in a day. 0 is what pod.DefaultLimits says.
	FriendVideos, FriendViews int
}

func (o Options) withDefaults(path string) Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.BackupDir == "" {
		o.BackupDir = filepath.Join(filepath.Dir(path), "backups")
	}
	if o.VerifyBackup == nil {
		o.VerifyBackup = func(context.Context, string) error { return nil }
	}
	if o.HostOf == nil {
		o.HostOf = func(pod.FriendID) string { return "" }
	}
	limits := pod.DefaultLimits()
	o.FriendVideos, o.FriendViews = cmp.Or(o.FriendVideos, limits.FriendVideos), cmp.Or(o.FriendViews, limits.FriendViews)
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	opts    Options
	path    string
	db      *bbolt.DB
	damaged atomic.Bool // a read met damage: the next start must check

	closeOnce sync.Once
	closeErr  error
}

// Close waits for running transactions, closes the database and marks the stop as
// clean. It may be called twice.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	if s.damaged.Load() {
		return nil
	}
	return clearMarker(s.path)
}

// view runs one reading transaction.
func (s *Store) view(ctx context.Context, op string, fn func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return ended(ctx, op)
	}
	return s.fault(op, s.db.View(fn))
}

// update runs one writing transaction: all of fn's changes are on the disk when it
// returns nil, none when it returns an error.
func (s *Store) update(ctx context.Context, op string, fn func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return ended(ctx, op)
	}
	return s.fault(op, s.db.Update(fn))
}

func ended(ctx context.Context, op string) error {
	return fmt.Errorf("%s: %w: %w", op, pod.ErrCancelled, context.Cause(ctx))
}

// fault turns bbolt's and the system's errors into the domain's and remembers damage.
func (s *Store) fault(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pod.ErrCorrupt):
		s.damaged.Store(true)
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return fmt.Errorf("%s: store is closed: %w", op, pod.ErrCancelled)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: %w: %w", op, pod.ErrNoSpace, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}
