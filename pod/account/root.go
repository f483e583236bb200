package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/peerpod/peerpod/pod"
)

// What the first account is made of.
const (
	rootChannelName    = "root_channel"
	rootChannelDisplay = "Videos of this pod"
	rootDisplay        = "Owner"
	rootEmail          = "root@localhost" // a placeholder: a pod needs no host name
)

// rootPasswordLen is the length that rand.Text gives: at least 128 random bits in
// capital letters and the digits 2 to 7.
const rootPasswordLen = 26

type rootConfig struct {
	password string
	file     string
}

// EnsureRoot creates the owner's account and channel where there is none yet. Without
// a password in the Config it makes one and writes it to the file before the account,
// so that a crash between both leaves a password that the next start takes up.
func (a *Accounts) EnsureRoot(ctx context.Context) error {
	_, err := a.store.AccountByName(ctx, pod.RootName)
	if err == nil {
		return nil
	}
	if !errors.Is(err, pod.ErrNotFound) {
		return fmt.Errorf("read account of the owner: %w", err)
	}
	password := a.root.password
	if password == "" {
		if password, err = keptPassword(a.root.file); err != nil {
			return fmt.Errorf("write password of the owner: %w", err)
		}
	} else if err := checkNewPassword(password); err != nil {
		return fmt.Errorf("first password of the owner: %w", err)
	}
	if err := a.insertRoot(ctx, password); err != nil {
		return fmt.Errorf("create account of the owner: %w", err)
	}
	if a.root.password != "" {
		a.dropPasswordFile() // of a start without environment that broke off
	}
	a.log.Info("Account of the owner created", pod.LogAccount, pod.RootName)
	return nil
}

func (a *Accounts) insertRoot(ctx context.Context, password string) error {
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	now := a.clock().UTC()
	_, _, err = a.store.InsertAccount(ctx, pod.Account{
		Name: pod.RootName, DisplayName: rootDisplay, Email: rootEmail, Role: pod.RoleAdministrator,
		QuotaBytes: -1, PasswordHash: hash, CreatedAt: now, UpdatedAt: now,
	}, pod.Channel{
		Name: rootChannelName, DisplayName: rootChannelDisplay, CreatedAt: now, UpdatedAt: now,
	})
	return err
}

// dropPasswordFile removes a first password that is not, or no longer, the right one.
func (a *Accounts) dropPasswordFile() {
	if a.root.file == "" {
		return
	}
	if err := os.Remove(a.root.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		a.log.Warn("Old password file was not removed", pod.LogErr, err)
	}
}

// keptPassword gives the password in the file, or makes one and writes it there. A file
// that a crash left short is written anew, as is one that others could read or that is
// no plain file.
func keptPassword(file string) (string, error) {
	if file == "" {
		return "", errors.New("no file was given")
	}
	if password, ok := readPassword(file); ok {
		return password, nil
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	password := rand.Text()
	return password, writeNew(file, password+"\n")
}

func readPassword(file string) (password string, ok bool) {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return "", false
	}
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, rootPasswordLen+2))
	if err != nil {
		return "", false
	}
	password, whole := strings.CutSuffix(string(text), "\n")
	if !whole || len(password) != rootPasswordLen || strings.Trim(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", false
	}
	return password, true
}

// writeNew creates the file, for its owner only, and returns when it is on the disk.
func writeNew(file, text string) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // has no fsync of folders
		return nil
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
