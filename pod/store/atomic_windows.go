package store

import (
	"errors"
	"os"
	"path/filepath"
)

// initialMmapBytes is 0: on Windows the file itself would grow to it at once.
const initialMmapBytes = 0

// newFile is a file that gets its name when it is whole: written, synced, renamed.
// Package renameio has no Windows.
type newFile struct {
	*os.File
	path string
	done bool
}

// createFile begins a file that will replace the one at path, in the same folder.
func createFile(path, dir string) (*newFile, error) {
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"*")
	if err != nil {
		return nil, err
	}
	return &newFile{File: f, path: path}, nil
}

// commit syncs the file and gives it its name.
func (f *newFile) commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return nil
}

// drop removes the file, unless it was committed.
func (f *newFile) drop() {
	if !f.done {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

// syncDir does nothing: Windows can not sync a folder, NTFS journals its names.
func syncDir(string) error { return nil }
