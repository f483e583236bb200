package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/gofrs/flock"

	"github.com/peerpod/peerpod/pod"
)

// What lies in the folder.
const (
	lockName    = "lock"
	indexName   = "index"
	openingName = "opening" // stands while the index is being opened: a crash meanwhile leaves it
)

var keyForm = []byte("peerpod_form")

var errDamaged = errors.New("search index is damaged")

// settings keep scorch small: one state is kept, and the writer rests a moment between
// two writes, so that a full disk does not make it spin.
func settings() map[string]any {
	return map[string]any{
		"bolt_timeout":           "1s",
		"numSnapshotsToKeep":     1,
		"scorchPersisterOptions": map[string]any{"PersisterNapTimeMSec": 5, "PersisterNapUnderNumFiles": 1000},
		"scorchMergePlanOptions": map[string]any{"FloorSegmentSize": 2000},
	}
}

// Open opens the index in the folder, or makes it. One that is damaged, or of another
// form, is removed first. A folder that is open elsewhere is pod.ErrInUse.
func Open(c Config) (*Index, error) {
	if c.Dir == "" {
		return nil, errors.New("open search index: no folder was given")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open search index: %w", err)
	}
	lock := flock.New(filepath.Join(c.Dir, lockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock search index: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("lock search index: %w", pod.ErrInUse)
	}
	x := &Index{dir: c.Dir, log: c.Logger, lock: lock}
	if err := x.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open search index: %w", err), lock.Unlock())
	}
	return x, nil
}

func (x *Index) open() error {
	opened, rev, err := openExisting(x.dir)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			x.log.Warn("Search index is built anew", pod.LogErr, err)
		}
		rev = 0
		if opened, err = create(x.dir); err != nil {
			return err
		}
	}
	x.bleve = opened
	x.rev.Store(uint64(rev))
	return nil
}

// create removes whatever is there and makes an empty index.
func create(dir string) (bleve.Index, error) {
	path := filepath.Join(dir, indexName)
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(filepath.Join(dir, openingName)); err != nil {
		return nil, err
	}
	fresh, err := bleve.NewUsing(path, bleve.NewIndexMapping(), scorch.Name, scorch.Name, settings())
	if err != nil {
		return nil, err
	}
	if err := fresh.SetInternal(keyForm, []byte(formVersion)); err != nil {
		return nil, errors.Join(err, fresh.Close())
	}
	return fresh, nil
}

// openExisting opens an index that is whole and of our form. Damaged files can crash
// the process in a goroutine of bleve; the file "opening" then tells the next start.
func openExisting(dir string) (opened bleve.Index, rev pod.Rev, err error) {
	path, marker := filepath.Join(dir, indexName), filepath.Join(dir, openingName)
	if _, err := os.Lstat(path); err != nil {
		return nil, 0, err
	}
	if _, err := os.Lstat(marker); err == nil {
		return nil, 0, fmt.Errorf("the last start ended while opening it: %w", errDamaged)
	}
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		return nil, 0, err
	}
	err = guarded(func() (err error) {
		if rev, err = inspect(path); err != nil {
			return err
		}
		opened, err = bleve.OpenUsing(path, settings())
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	if err := os.Remove(marker); err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, rev, nil
}

// guarded makes a panic of bleve over damaged files an error. A mapped file that is too
// short faults, which ends a process unless it is asked to panic instead.
func guarded(open func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return open()
}

// inspect opens the index for reading only, so that nothing in it runs yet, and checks
// its form and the checksum of each file.
func inspect(path string) (rev pod.Rev, err error) {
	readOnly := settings()
	readOnly["read_only"] = true
	opened, err := bleve.OpenUsing(path, readOnly)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errDamaged, err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	form, err := opened.GetInternal(keyForm)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if string(form) != formVersion {
		return 0, fmt.Errorf("%w: it is of another form", errDamaged)
	}
	if err := checkFiles(opened); err != nil {
		return 0, fmt.Errorf("%w: %w", errDamaged, err)
	}
	value, err := opened.GetInternal(keyRev)
	if err != nil || len(value) != 0 && len(value) != 8 {
		return 0, fmt.Errorf("%w: its last change is not readable", errDamaged)
	}
	if len(value) == 8 {
		rev = pod.Rev(binary.BigEndian.Uint64(value))
	}
	return rev, nil
}

// checkFiles compares the checksum at the end of each file that the index uses.
func checkFiles(opened bleve.Index) error {
	inner, err := opened.Advanced()
	if err != nil {
		return err
	}
	reader, err := inner.Reader()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return errors.New("it is of another kind")
	}
	for _, s := range snapshot.Segments() {
		if file, ok := s.Segment().(interface{ Path() string }); ok {
			if err := checkFile(file.Path()); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFile reads a file whose last four bytes are the CRC-32 of what stands before.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyN(sum, f, info.Size()-crc32.Size); err != nil {
		return err
	}
	var want [crc32.Size]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if sum.Sum32() != binary.BigEndian.Uint32(want[:]) {
		return errors.New("a file has a wrong checksum")
	}
	return nil
}
