//go:build !windows

package store

import (
	"fmt"
	"os"

	"github.com/google/renameio/v2"
)

// initialMmapBytes is address space for the database to grow into: while it lasts a
// writer need not wait for readers such as a slow backup.
const initialMmapBytes = 64 << 20

// newFile is a file that gets its name when it is whole: written, synced, renamed.
type newFile struct{ *renameio.PendingFile }

// createFile begins a file that will replace the one at path, in the same folder.
func createFile(path, dir string) (*newFile, error) {
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithPermissions(0o600))
	if err != nil {
		return nil, err
	}
	return &newFile{f}, nil
}

// commit syncs the file and gives it its name.
func (f *newFile) commit() error { return f.CloseAtomicallyReplace() }

// drop removes the file, unless it was committed.
func (f *newFile) drop() { _ = f.Cleanup() }

// syncDir makes names made, changed and removed in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
