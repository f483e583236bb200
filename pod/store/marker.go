package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// markerSuffix ends the name of the file that stands beside an open database.
const markerSuffix = ".dirty"

// NeedsCheck tells whether the database at path was not closed cleanly, so that Check
// should run, in a child process, before Open. It does not open the database, and is
// false when there is none.
func NeedsCheck(path string) (bool, error) {
	for _, name := range []string{path, path + markerSuffix} {
		switch _, err := os.Lstat(name); {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("look for marker: %w", err)
		}
	}
	return true, nil
}

// setMarker writes the marker, on the disk when it returns.
func setMarker(path string, now time.Time) error {
	text := "Peerpod has this database open, or did not stop cleanly. Since " + now.UTC().Format(time.RFC3339) + ".\n"
	if err := writeSynced(path+markerSuffix, []byte(text)); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func clearMarker(path string) error {
	if err := os.Remove(path + markerSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove marker: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
