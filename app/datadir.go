package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/peerpod/peerpod/pod"
)

// DataDir is a data folder that this process owns until Close.
type DataDir struct {
	Path string
	lock *flock.Flock
}

// OpenDataDir makes the folder when it is missing, tightens its mode to 0700 and locks
// it. Another process in it: pod.ErrInUse.
func OpenDataDir(path string) (*DataDir, error) {
	if err := prepareDir(path); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(path, "lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, &pod.Error{Kind: pod.KindInternal, Op: "lock data folder", Msg: "Peerpod can not write in its data folder " + path + ": " + explainPathError(err) + ".", Err: err}
	}
	if !locked {
		return nil, &pod.Error{Kind: pod.KindConflict, Op: "lock data folder", Msg: "Peerpod is already running with the data folder " + path + ".", Err: pod.ErrInUse}
	}
	return &DataDir{Path: path, lock: lock}, nil
}

// Close gives the folder free.
func (d *DataDir) Close() error {
	if err := d.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock data folder: %w", err)
	}
	return nil
}

func prepareDir(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return &ConfigError{Faults: []string{"data: the folder " + path + " can not be made: " + explainPathError(err)}}
		}
		return nil
	}
	if err != nil {
		return &ConfigError{Faults: []string{"data: " + path + ": " + explainPathError(err)}}
	}
	if !info.IsDir() {
		return &ConfigError{Faults: []string{"data: " + path + " is a file, not a folder"}}
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // a folder needs its x bit
			return &ConfigError{Faults: []string{"data: others can read the folder " + path + ", and its mode can not be changed: " + explainPathError(err)}}
		}
	}
	return nil
}
