package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for a process that has the database.
const lockTimeout = time.Second

// newSuffix ends the name of a database that is not whole yet.
const newSuffix = ".new"

// Open opens the database at path; a missing one is made. It brings an older schema up
// to date, after a copy into Options.BackupDir. Errors for a person, as *pod.Error:
// pod.ErrInUse after one second while another process has the database,
// pod.ErrNewerSchema and pod.ErrCorrupt; in these cases the file is untouched.
//
// Two processes must not make the same new database at once: the caller holds the
// lock of the data folder.
func Open(path string, o Options) (*Store, error) { return openWith(path, o, migrations()) }

func openWith(path string, o Options, steps []migration) (*Store, error) {
	o = o.withDefaults(path)
	version, err := inspect(path, latest(steps))
	if errors.Is(err, fs.ErrNotExist) {
		version, err = latest(steps), create(path, steps)
	}
	if err != nil {
		return nil, forPerson(err)
	}
	db, err := openFile(path, &bbolt.Options{Timeout: lockTimeout, InitialMmapSize: initialMmapBytes})
	if err != nil {
		return nil, forPerson(err)
	}
	s := &Store{opts: o, path: path, db: db}
	unclean, err := NeedsCheck(path)
	if err == nil {
		err = setMarker(path, o.Clock())
	}
	if err == nil && version < latest(steps) {
		err = s.migrate(context.Background(), version, steps)
	}
	if err != nil {
		s.damaged.Store(unclean) // Close leaves a marker that it found
		return nil, errors.Join(forPerson(s.fault("open store", err)), s.Close())
	}
	return s, nil
}

// inspect reads the schema's version without writing a byte, so that a database that
// can not be used stays as it is. It gives fs.ErrNotExist when there is no file.
func inspect(path string, ours int) (version int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("open store: %w", err)
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("open store: not a file: %w", pod.ErrInvalid)
	}
	err = readOnly(path, func(tx *bbolt.Tx) error {
		if version, err = schemaVersion(tx); err != nil {
			return err
		}
		if version > ours {
			return fmt.Errorf("schema %d, ours is %d: %w", version, ours, pod.ErrNewerSchema)
		}
		return haveBuckets(tx, version)
	})
	return version, err
}

func haveBuckets(tx *bbolt.Tx, version int) error {
	for _, b := range bucketsOf(version) {
		if tx.Bucket([]byte(b)) == nil {
			return fmt.Errorf("bucket %s is missing: %w", b, pod.ErrCorrupt)
		}
	}
	return nil
}

// readOnly runs fn in a transaction of a database that no other process writes. What
// bbolt does on damage, panics and memory faults, becomes pod.ErrCorrupt; only faults
// in bbolt's own goroutine (that of Tx.Check) can still end the process.
func readOnly(path string, fn func(*bbolt.Tx) error) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if info.Size() == 0 { // bbolt would write a new database
		return fmt.Errorf("open store: empty file: %w", pod.ErrCorrupt)
	}
	db, err := openFile(path, &bbolt.Options{Timeout: lockTimeout, ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		return err
	}
	return errors.Join(guard(func() error {
		tx, err := db.Begin(false)
		if err != nil {
			return fmt.Errorf("open store: %w: %w", pod.ErrCorrupt, err)
		}
		if tx.Size() > info.Size() { // the map ends beyond the file: reading there is SIGBUS
			err = fmt.Errorf("file of %d bytes, its header says %d: %w", info.Size(), tx.Size(), pod.ErrCorrupt)
		} else {
			err = guard(func() error { return fn(tx) })
		}
		return errors.Join(err, tx.Rollback())
	}), db.Close())
}

// guard turns a panic or a memory fault of fn into pod.ErrCorrupt.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", pod.ErrCorrupt, cause)
		}
	}()
	return fn()
}

// openFile opens the bbolt file and translates its errors.
func openFile(path string, o *bbolt.Options) (*bbolt.DB, error) {
	var (
		db   *bbolt.DB
		file *os.File
	)
	o.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	err := guard(func() (err error) {
		db, err = bbolt.Open(path, 0o600, o)
		return err
	})
	if err != nil {
		_ = file.Close() // after a panic it is open still, and locked
	}
	_, system := errors.AsType[*fs.PathError](err)
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("open store: %w", pod.ErrInUse)
	case system, errors.Is(err, pod.ErrCorrupt):
		return nil, fmt.Errorf("open store: %w", err)
	default: // bbolt's own words for a file that is none of its
		return nil, fmt.Errorf("open store: %w: %w", pod.ErrCorrupt, err)
	}
}

// create makes a new database beside its place and renames it, whole, into it: a file
// without content is always damage, never the rest of a first start.
func create(path string, steps []migration) error {
	temp := path + newSuffix
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make store: %w", err)
	}
	db, err := openFile(temp, &bbolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error { return applySteps(tx, 0, steps) })
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("make store: %w", errors.Join(err, os.Remove(temp)))
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("make store: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// forPerson adds the sentence that a person reads when the start stops.
func forPerson(err error) error {
	e := &pod.Error{Op: "open store", Err: err}
	switch {
	case errors.Is(err, pod.ErrInUse):
		e.Kind, e.Code = pod.KindConflict, "in_use"
		e.Msg = "Another Peerpod is using this data folder. Close it first, or choose another folder."
	case errors.Is(err, pod.ErrNewerSchema):
		e.Kind, e.Code = pod.KindConflict, "newer_schema"
		e.Msg = "A newer version of Peerpod wrote this data folder. Install that version, or choose another folder. Nothing was changed."
	case errors.Is(err, pod.ErrCorrupt):
		e.Kind, e.Code = pod.KindInternal, "damaged"
		e.Msg = "The database of this data folder is damaged. Restore the newest backup; the damaged file is kept as it is."
	default:
		return err
	}
	return e
}
