package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
)

// backupKind is one series of copies: the beginning of their names and how many stay.
type backupKind struct {
	prefix string
	keep   int
}

var (
	dailyBackup     = backupKind{prefix: "peerpod-", keep: 3}
	migrationBackup = backupKind{prefix: "before-migration-", keep: 1}
)

// backupTime names a copy so that names sort as their times do.
const backupTime = "20060102T150405.000000000Z"

// backupSuffix ends the names of copies.
const backupSuffix = ".db"

// Backup writes a copy of the whole database, as it is at this moment, and tells its
// length in bytes. Others can read and write meanwhile. The copy opens like the original.
func (s *Store) Backup(ctx context.Context, w io.Writer) (int64, error) {
	out := &endingWriter{ctx: ctx, w: w}
	err := s.view(ctx, "back up", func(tx *bbolt.Tx) error {
		if _, err := tx.WriteTo(out); out.err == nil {
			return err
		}
		return out.err // bbolt gives its text only
	})
	return out.n, err
}

// BackupFile writes a copy into the folder, which is made if it is missing, and gives
// its path. The copy is on the disk, under its name, when it returns. Of the copies that
// BackupFile made there the newest three stay.
func (s *Store) BackupFile(ctx context.Context, dir string) (string, error) {
	path, err := s.backupFile(ctx, dir, dailyBackup)
	if err != nil {
		return "", s.fault("back up", err)
	}
	return path, nil
}

func (s *Store) backupFile(ctx context.Context, dir string, kind backupKind) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, kind.prefix+s.opts.Clock().UTC().Format(backupTime)+backupSuffix)
	f, err := createFile(path, dir)
	if err != nil {
		return "", err
	}
	defer f.drop()
	if _, err := s.Backup(ctx, f); err != nil {
		return "", err
	}
	if err := s.opts.VerifyBackup(ctx, f.Name()); err != nil {
		return "", fmt.Errorf("verify copy: %w", err)
	}
	if err := f.commit(); err != nil {
		return "", err
	}
	return path, errors.Join(syncDir(dir), kind.prune(dir))
}

// prune removes the oldest copies of its kind.
func (k backupKind) prune(dir string) error {
	files, err := os.ReadDir(dir) // sorted by name, so by time
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f os.DirEntry) bool {
		return !strings.HasPrefix(f.Name(), k.prefix) || !strings.HasSuffix(f.Name(), backupSuffix)
	})
	for _, f := range files[:max(0, len(files)-k.keep)] {
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// endingWriter counts bytes, keeps its error, and stops a long copy when the context ends.
type endingWriter struct {
	ctx context.Context // lives as long as one call of Backup
	w   io.Writer
	n   int64
	err error
}

func (w *endingWriter) Write(p []byte) (n int, err error) {
	if w.ctx.Err() != nil {
		w.err = ended(w.ctx, "copy")
		return 0, w.err
	}
	n, w.err = w.w.Write(p)
	w.n += int64(n)
	return n, w.err
}
