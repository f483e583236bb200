package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
	"github.com/peerpod/peerpod/pod/store"
)

// DatabasePath is where the database lies in a data folder.
func DatabasePath(dataDir string) string { return filepath.Join(dataDir, "peerpod.db") }

// backupDir is where copies of the database are kept.
func backupDir(dataDir string) string { return filepath.Join(dataDir, "backups") }

// NeedsCheck tells whether the last process in the data folder did not end cleanly.
func NeedsCheck(dataDir string) (bool, error) { return store.NeedsCheck(DatabasePath(dataDir)) }

// CheckDatabase reads the whole database in this process. A damaged file may crash it:
// call it in a child process.
func CheckDatabase(path string) error { return store.Check(path) }

// Snapshot copies the database of a pod that does not run.
func Snapshot(ctx context.Context, dataDir string, w io.Writer) error {
	s, err := store.Open(DatabasePath(dataDir), store.Options{BackupDir: backupDir(dataDir)})
	if err != nil {
		return err
	}
	_, err = s.Backup(ctx, w)
	return errors.Join(err, s.Close())
}

// CheckFiles tells whether each video's files are there with the right size. The database
// must be whole and not in use. Missing ones: pod.ErrCorrupt, with a count for the person.
func CheckFiles(ctx context.Context, dataDir string) error {
	s, err := store.Open(DatabasePath(dataDir), store.Options{BackupDir: backupDir(dataDir)})
	if err != nil {
		return err
	}
	bad, all := 0, 0
	paths := library.Paths{Dir: dataDir}
	err = s.EachFile(ctx, func(_ pod.Privacy, f pod.VideoFile) error {
		all++
		info, err := os.Stat(paths.File(f))
		if err != nil || info.Size() != f.SizeBytes || !exists(paths.Info(f.Infohash)) {
			bad++
		}
		return nil
	})
	if err = errors.Join(err, s.Close()); err != nil || bad == 0 {
		return err
	}
	return &pod.Error{
		Kind: pod.KindInternal, Op: "check files", Err: pod.ErrCorrupt,
		Msg: fmt.Sprintf("The database is whole, but %d of %d video files are missing or have another length. Put them back from a backup, or delete these videos.", bad, all),
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
