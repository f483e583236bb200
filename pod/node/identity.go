package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/seal"
)

// Files of the folder of keys.
const (
	keyDir       = "keys"
	keyFile      = "identity.pem"
	oldKeyPrefix = "superseded-"
	keySuffix    = ".pem"
)

// KeyPath is where a pod's private key lies in its data folder.
func KeyPath(dataDir string) string { return filepath.Join(dataDir, keyDir, keyFile) }

// loadKeys reads this pod's keys; the first start makes one. A key that is missing while
// there are friends stops the start: with another key they would not know this pod.
func (p *Pod) loadKeys(ctx context.Context) (*federation.Keyring, error) {
	dir := filepath.Join(p.cfg.DataDir, keyDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of keys: %w", err)
	}
	current, err := p.readKey(KeyPath(p.cfg.DataDir))
	if errors.Is(err, fs.ErrNotExist) {
		current, err = p.firstKey(ctx)
	}
	if err != nil {
		return nil, err
	}
	old, err := p.readOldKeys(dir)
	if err != nil {
		return nil, err
	}
	ring := federation.NewKeyring(current, old...)
	ring.Save = func(current *seal.Key, old []*seal.Key) error { return saveKeys(dir, current, old) }
	return ring, nil
}

func (p *Pod) firstKey(ctx context.Context) (*seal.Key, error) {
	friends, err := p.store.Friends(ctx)
	if err != nil {
		return nil, fmt.Errorf("read friends: %w", err)
	}
	if len(friends) > 0 {
		return nil, &pod.Error{
			Kind: pod.KindInternal, Op: "load key", Err: fs.ErrNotExist,
			Msg: "The key of this pod is missing (keys/identity.pem in its data folder), but it has friends, who know it by that key only. Put the file back from a backup, then start again.",
		}
	}
	key, err := seal.NewKey()
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := writeWhole(KeyPath(p.cfg.DataDir), key.PEM()); err != nil {
		return nil, fmt.Errorf("keep key: %w", err)
	}
	return key, nil
}

// readKey reads one private key. A file that others may read is closed to them.
func (p *Pod) readKey(path string) (*seal.Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		p.log.Warn("The file of a private key was open to other users of this machine; it is closed now", pod.LogName, filepath.Base(path))
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, fmt.Errorf("close key file: %w", err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseKey(raw)
	if err != nil {
		return nil, &pod.Error{
			Kind: pod.KindInternal, Op: "load key", Err: err,
			Msg: "The key of this pod (" + keyDir + "/" + filepath.Base(path) + " in its data folder) is damaged. Put the file back from a backup, then start again.",
		}
	}
	return key, nil
}

func (p *Pod) readOldKeys(dir string) ([]*seal.Key, error) {
	names, err := filepath.Glob(filepath.Join(dir, oldKeyPrefix+"*"+keySuffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var old []*seal.Key
	for _, name := range names {
		key, err := p.readKey(name)
		if err != nil {
			return nil, err
		}
		old = append(old, key)
	}
	return old, nil
}

// saveKeys writes the superseded keys first: a crash between must not lose one that
// friends still use.
func saveKeys(dir string, current *seal.Key, old []*seal.Key) error {
	keep := map[string]bool{}
	for _, key := range old {
		name := oldKeyPrefix + string(key.ID())[:20] + keySuffix
		keep[name] = true
		if err := writeWhole(filepath.Join(dir, name), key.PEM()); err != nil {
			return err
		}
	}
	if err := writeWhole(filepath.Join(dir, keyFile), current.PEM()); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), oldKeyPrefix) && !keep[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeWhole writes a file of mode 0600 so that after a crash it is there whole or not at
// all: a new file, synced, renamed, its folder synced.
func writeWhole(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrPermission) { // Windows syncs no folders
		return err
	}
	return nil
}
