package account_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
)

const rootPassword = "correct horse battery"

var home = netip.MustParseAddr("192.0.2.1")

// world is an Accounts with all that stands around it.
type world struct {
	*account.Accounts
	store *fakeStore
	clock *clock
	log   *logBuffer
	file  string
	dear  bool // hashes cost what they cost outside of tests
}

// newWorld builds Accounts with the account root, whose password is rootPassword.
func newWorld(t *testing.T, change ...func(*account.Config)) *world {
	t.Helper()
	return bare(t).withRoot(t, change...)
}

// dearWorld is newWorld with the costs of a real pod.
func dearWorld(t *testing.T, change ...func(*account.Config)) *world {
	t.Helper()
	w := bare(t)
	w.dear = true
	return w.withRoot(t, change...)
}

// bare is a world without accounts yet and without a password in the environment.
func bare(t *testing.T) *world {
	t.Helper()
	w := &world{store: newFakeStore(), clock: newClock(), log: &logBuffer{}, file: filepath.Join(t.TempDir(), "root-password.txt")}
	w.Accounts = w.build(t)
	return w
}

func (w *world) withRoot(t *testing.T, change ...func(*account.Config)) *world {
	t.Helper()
	w.Accounts = w.build(t, append([]func(*account.Config){func(c *account.Config) { c.RootPassword = rootPassword }}, change...)...)
	if err := w.EnsureRoot(t.Context()); err != nil {
		t.Fatalf("EnsureRoot() = %v", err)
	}
	return w
}

func (w *world) build(t *testing.T, change ...func(*account.Config)) *account.Accounts {
	t.Helper()
	c := account.Config{
		Store: w.store, Clock: w.clock.Now, RootPasswordFile: w.file,
		Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	accounts, err := account.New(c)
	if err != nil {
		t.Fatalf("New() = %v", err)
	}
	if !w.dear {
		account.Cheapen(accounts)
	}
	return accounts
}

func login(password string) account.Login {
	return account.Login{ClientID: "client", ClientSecret: "secret", Username: "root", Password: password, Source: home}
}

func (w *world) mustLogin(t *testing.T) account.Tokens {
	t.Helper()
	tokens, err := w.Login(t.Context(), login(rootPassword))
	if err != nil {
		t.Fatalf("Login() = %v", err)
	}
	return tokens
}

func refresh(token string) account.Refresh {
	return account.Refresh{ClientID: "client", ClientSecret: "secret", RefreshToken: token}
}

// wantCode fails unless the error is a *pod.Error of this kind and code, with a
// sentence for a person.
func wantCode(t *testing.T, what string, err error, kind pod.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*pod.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Errorf("%s = %v, want code %s", what, err, code)
		return
	}
	if !strings.HasSuffix(e.Msg, ".") || strings.Contains(e.Msg, "failed to") {
		t.Errorf("%s says %q, want a whole sentence", what, e.Msg)
	}
}

// logBuffer collects log lines of several goroutines.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write adds one line.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
