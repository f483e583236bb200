package app

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
)

// A backup is one tar file: the database first, then settings and keys, then the videos.
// The database of a running pod is read through its instance port in one transaction;
// a video that is deleted meanwhile is in the snapshot but not in the file, and `check`
// says so after a restore.

// databaseName is the database's name in a backup.
const databaseName = "peerpod.db"

// backupTrees are the folders, backupFiles the single files of a data folder that a
// backup holds.
var (
	backupTrees = []string{"videos", "pictures", "keys"}
	backupFiles = []string{"config.toml", "root-password.txt"}
)

// Backup writes everything the pod owns into one new file. It works beside a running pod.
func Backup(ctx context.Context, dataDir, target string) (err error) {
	if _, err := os.Stat(node.DatabasePath(dataDir)); err != nil {
		return &ConfigError{Faults: []string{"data: there is no pod in " + dataDir}}
	}
	part := target + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &ConfigError{Faults: []string{"to: " + explainPathError(err)}}
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	err = writeBackup(ctx, dataDir, out)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return syncDir(filepath.Dir(target))
}

func writeBackup(ctx context.Context, dataDir string, out io.Writer) error {
	tw := tar.NewWriter(out)
	if err := addDatabase(ctx, tw, dataDir); err != nil {
		return err
	}
	for _, name := range backupFiles {
		if err := addFile(tw, dataDir, name); err != nil {
			return err
		}
	}
	for _, tree := range backupTrees {
		err := filepath.WalkDir(filepath.Join(dataDir, tree), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return ignoreMissing(err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			name, err := filepath.Rel(dataDir, p)
			if err != nil {
				return err
			}
			return addFile(tw, dataDir, filepath.ToSlash(name))
		})
		if err != nil {
			return fmt.Errorf("back up %s: %w", tree, err)
		}
	}
	return tw.Close()
}

// addDatabase copies the database into a temporary file first: tar wants its size.
func addDatabase(ctx context.Context, tw *tar.Writer, dataDir string) error {
	tmp, err := os.CreateTemp(dataDir, ".snapshot-*")
	if err != nil {
		return fmt.Errorf("make snapshot: %w", err)
	}
	defer func() { _ = tmp.Close(); _ = os.Remove(tmp.Name()) }()
	if err := snapshot(ctx, dataDir, tmp); err != nil {
		return fmt.Errorf("make snapshot: %w", err)
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	return addOpen(tw, tmp, databaseName)
}

// snapshot asks the running pod, or reads the database itself when none runs.
func snapshot(ctx context.Context, dataDir string, w io.Writer) error {
	dir, err := OpenDataDir(dataDir)
	if err == nil {
		return errors.Join(node.Snapshot(ctx, dataDir, w), dir.Close())
	}
	if !errors.Is(err, pod.ErrInUse) {
		return err
	}
	res, err := callInstance(ctx, dataDir, http.MethodGet, "/snapshot", nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.Trailer.Get("X-Complete") != "yes" {
		return errors.New("the running pod did not finish its snapshot")
	}
	return nil
}

func addFile(tw *tar.Writer, dataDir, name string) error {
	f, err := os.Open(filepath.Join(dataDir, filepath.FromSlash(name)))
	if err != nil {
		return ignoreMissing(err)
	}
	defer func() { _ = f.Close() }()
	return addOpen(tw, f, name)
}

func addOpen(tw *tar.Writer, f *os.File, name string) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	header := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime(), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := tw.WriteHeader(header); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	if _, err := io.CopyN(tw, f, info.Size()); err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Restore unpacks a backup into a new or empty data folder and checks it.
func Restore(ctx context.Context, from, dataDir string) error {
	in, err := os.Open(from)
	if err != nil {
		return &ConfigError{Faults: []string{"from: " + explainPathError(err)}}
	}
	defer func() { _ = in.Close() }()
	if entries, err := os.ReadDir(dataDir); err == nil && len(entries) > 0 {
		return &ConfigError{Faults: []string{"data: " + dataDir + " is not empty; a backup is restored into a new folder"}}
	}
	dir, err := OpenDataDir(dataDir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := unpack(ctx, in, dataDir); err != nil {
		return err
	}
	if err := node.MarkRestored(dataDir); err != nil {
		return fmt.Errorf("mark restored folder: %w", err)
	}
	return Check(ctx, dataDir)
}

func unpack(ctx context.Context, in io.Reader, dataDir string) error {
	root, err := os.OpenRoot(dataDir)
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	tr := tar.NewReader(in)
	for {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return syncDir(dataDir)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || header.Typeflag != tar.TypeReg || !wantedName(header.Name) {
			return &pod.Error{Kind: pod.KindInvalid, Op: "restore", Msg: "This file is not a whole backup of Peerpod.", Err: errors.Join(pod.ErrCorrupt, err)}
		}
		if err := unpackFile(root, header.Name, tr); err != nil {
			return fmt.Errorf("restore %s: %w", header.Name, err)
		}
	}
}

// wantedName accepts only names that a backup of ours has.
func wantedName(name string) bool {
	if name != path.Clean(name) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return false
	}
	if name == databaseName {
		return true
	}
	if slices.Contains(backupFiles, name) {
		return true
	}
	for _, tree := range backupTrees {
		if strings.HasPrefix(name, tree+"/") {
			return true
		}
	}
	return false
}

func unpackFile(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	out, err := root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Sync(), out.Close())
}

// Check reads the whole database in a child process, then looks at each file on disk.
func Check(ctx context.Context, dataDir string) error {
	if _, err := os.Stat(node.DatabasePath(dataDir)); err != nil {
		return &ConfigError{Faults: []string{"data: there is no pod in " + dataDir}}
	}
	if err := CheckDatabase(ctx, dataDir); err != nil {
		return err
	}
	return node.CheckFiles(ctx, dataDir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrPermission) { // Windows syncs no folders
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
