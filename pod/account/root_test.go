package account_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
)

func (w *world) filePassword(t *testing.T) string {
	t.Helper()
	info, err := os.Lstat(w.file)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("password file = %v, %v, want a file of mode 0600", info, err)
	}
	text, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	password, whole := strings.CutSuffix(string(text), "\n")
	if !whole || len(password) < 20 {
		t.Fatalf("password file holds %d characters, want 20 at least and a line's end", len(password))
	}
	return password
}

func TestEnsureRootMakesPassword(t *testing.T) {
	t.Parallel()
	w := bare(t)
	if err := w.EnsureRoot(t.Context()); err != nil {
		t.Fatalf("EnsureRoot() = %v", err)
	}
	password := w.filePassword(t)
	if _, err := w.Login(t.Context(), login(password)); err != nil {
		t.Errorf("Login(password of the file) = %v", err)
	}
	if strings.Contains(w.log.String(), password) {
		t.Error("the log holds the password")
	}
	if err := w.build(t).EnsureRoot(t.Context()); err != nil {
		t.Errorf("second EnsureRoot() = %v", err)
	}
	if again := w.filePassword(t); again != password || len(w.store.accounts) != 1 {
		t.Errorf("second EnsureRoot changed the file or made %d accounts", len(w.store.accounts))
	}
	other := bare(t)
	if err := other.EnsureRoot(t.Context()); err != nil || other.filePassword(t) == password {
		t.Errorf("another pod = %v, want another password", err)
	}
}

func TestEnsureRootRecords(t *testing.T) {
	t.Parallel()
	w := dearWorld(t)
	who, err := w.store.AccountByName(t.Context(), "root")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(who.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %q, want argon2id with its costs", who.PasswordHash)
	}
	who.PasswordHash = ""
	now := w.clock.Now()
	want := pod.Account{ID: who.ID, Name: "root", DisplayName: "Owner", Email: "root@localhost", QuotaBytes: -1, CreatedAt: now, UpdatedAt: now}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Errorf("account differs (-want +got):\n%s", diff)
	}
	if len(w.store.channels) != 1 || w.store.channels[0].Name != "root_channel" || w.store.channels[0].AccountID != who.ID || w.store.channels[0].DisplayName == "" {
		t.Errorf("channels = %+v, want root_channel of root", w.store.channels)
	}
	if _, err := os.Lstat(w.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("password file with a password from the environment: %v, want none", err)
	}
}

func TestEnsureRootRefusesBadPassword(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{"short": "seven77", "long": strings.Repeat("x", 1025), "NUL": "eight888\x00", "not UTF-8": "eight888\xff"} {
		w := bare(t)
		accounts := w.build(t, func(c *account.Config) { c.RootPassword = password })
		wantCode(t, "EnsureRoot("+name+")", accounts.EnsureRoot(t.Context()), pod.KindInvalid, "invalid_password")
		if len(w.store.accounts) != 0 {
			t.Errorf("EnsureRoot(%s) made an account", name)
		}
	}
}

func TestEnsureRootKeepsExistingAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accounts := w.build(t, func(c *account.Config) { c.RootPassword = "another password" })
	if err := accounts.EnsureRoot(t.Context()); err != nil {
		t.Fatalf("EnsureRoot() = %v", err)
	}
	w.mustLogin(t)
}

// A start that broke off between file and account must end well at the next.
func TestEnsureRootAfterCrash(t *testing.T) {
	t.Parallel()
	t.Run("file stands, account does not", func(t *testing.T) {
		t.Parallel()
		w := bare(t)
		w.store.failWith("InsertAccount", errDisk)
		if err := w.EnsureRoot(t.Context()); !errors.Is(err, errDisk) {
			t.Fatalf("EnsureRoot() = %v, want the store's error", err)
		}
		password := w.filePassword(t)
		w.store.failWith("InsertAccount", nil)
		if err := w.build(t).EnsureRoot(t.Context()); err != nil {
			t.Fatalf("EnsureRoot() = %v", err)
		}
		if w.filePassword(t) != password {
			t.Error("the second start wrote another password")
		}
		if _, err := w.Login(t.Context(), login(password)); err != nil {
			t.Errorf("Login = %v", err)
		}
	})
	t.Run("password came by environment then", func(t *testing.T) {
		t.Parallel()
		w := bare(t)
		w.store.failWith("InsertAccount", errDisk)
		if err := w.EnsureRoot(t.Context()); err == nil {
			t.Fatal("EnsureRoot() = nil, want the store's error")
		}
		w.store.failWith("InsertAccount", nil)
		accounts := w.build(t, func(c *account.Config) { c.RootPassword = rootPassword })
		if err := accounts.EnsureRoot(t.Context()); err != nil {
			t.Fatalf("EnsureRoot() = %v", err)
		}
		if _, err := os.Lstat(w.file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file with the wrong password stands: %v", err)
		}
	})
	for name, prepare := range map[string]func(file string) error{
		"empty":        func(f string) error { return os.WriteFile(f, nil, 0o600) },
		"cut":          func(f string) error { return os.WriteFile(f, []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 0o600) },
		"short":        func(f string) error { return os.WriteFile(f, []byte("ABC\n"), 0o600) },
		"other text":   func(f string) error { return os.WriteFile(f, []byte("abcdefghijklmnopqrstuvwxyz\n"), 0o600) },
		"huge":         func(f string) error { return os.WriteFile(f, make([]byte, 1<<20), 0o600) },
		"readable":     func(f string) error { return os.WriteFile(f, []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"), 0o644) },
		"link":         func(f string) error { return os.Symlink(f+"-elsewhere", f) },
		"empty folder": func(f string) error { return os.Mkdir(f, 0o700) },
		"link to other": func(f string) error {
			return errors.Join(os.WriteFile(f+"-other", []byte("kept"), 0o600), os.Symlink(f+"-other", f))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bare(t)
			if err := prepare(w.file); err != nil {
				t.Fatal(err)
			}
			if err := w.EnsureRoot(t.Context()); err != nil {
				t.Fatalf("EnsureRoot() = %v", err)
			}
			if _, err := w.Login(t.Context(), login(w.filePassword(t))); err != nil {
				t.Errorf("Login = %v", err)
			}
			if kept, err := os.ReadFile(w.file + "-other"); err == nil && string(kept) != "kept" {
				t.Errorf("the file behind the link = %q, want it untouched", kept)
			}
		})
	}
}

func TestEnsureRootTellsErrors(t *testing.T) {
	t.Parallel()
	w := bare(t)
	w.store.failWith("AccountByName", errDisk)
	if err := w.EnsureRoot(t.Context()); !errors.Is(err, errDisk) {
		t.Errorf("EnsureRoot(broken store) = %v, want the store's error", err)
	}
	for name, file := range map[string]string{"no file": "", "no folder": filepath.Join(t.TempDir(), "none", "file")} {
		w := bare(t)
		accounts := w.build(t, func(c *account.Config) { c.RootPasswordFile = file })
		if err := accounts.EnsureRoot(t.Context()); err == nil || len(w.store.accounts) != 0 {
			t.Errorf("EnsureRoot(%s) = %v with %d accounts, want an error and none", name, err, len(w.store.accounts))
		}
	}
}
