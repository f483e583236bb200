package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
)

var errDisk = errors.New("disk is gone")

func TestNewNeedsStore(t *testing.T) {
	t.Parallel()
	if _, err := account.New(account.Config{}); err == nil {
		t.Error("New(no store) = nil, want an error")
	}
	accounts, err := account.New(account.Config{Store: newFakeStore()})
	if err != nil {
		t.Fatalf("New(store only) = %v", err)
	}
	if client, err := accounts.Client(t.Context()); err != nil || client.ID != "client" {
		t.Errorf("Client() = %v, %v, want the store's", client, err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct {
		name   string
		change func(*account.Login)
		code   string
	}{
		{"right", func(*account.Login) {}, ""},
		{"name in capitals", func(l *account.Login) { l.Username = "Root" }, ""},
		{"wrong client id", func(l *account.Login) { l.ClientID = "other" }, "invalid_client"},
		{"wrong client secret", func(l *account.Login) { l.ClientSecret = "" }, "invalid_client"},
		{"wrong password", func(l *account.Login) { l.Password += "x" }, "invalid_grant"},
		{"empty password", func(l *account.Login) { l.Password = "" }, "invalid_grant"},
		{"unknown name", func(l *account.Login) { l.Username = "nobody" }, "invalid_grant"},
		{"impossible name", func(l *account.Login) { l.Username = strings.Repeat("../", 5000) }, "invalid_grant"},
		{"name with NUL", func(l *account.Login) { l.Username = "root\x00" }, "invalid_grant"},
		{"password with NUL", func(l *account.Login) { l.Password += "\x00" }, "invalid_password"},
		{"longest password", func(l *account.Login) { l.Password = strings.Repeat("x", 1024) }, "invalid_grant"},
		{"password too long", func(l *account.Login) { l.Password = strings.Repeat("x", 1025) }, "invalid_password"},
		{"password of 10 MiB", func(l *account.Login) { l.Password = strings.Repeat("x", 10<<20) }, "invalid_password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := login(rootPassword)
			tt.change(&l)
			tokens, err := w.Login(t.Context(), l)
			if tt.code != "" {
				wantCode(t, "Login", err, pod.KindInvalid, tt.code)
				return
			}
			if err != nil {
				t.Fatalf("Login = %v", err)
			}
			who, err := w.Authenticate(t.Context(), tokens.Access)
			if err != nil || who.Name != "root" {
				t.Errorf("Authenticate = %q, %v, want root", who.Name, err)
			}
			if len(tokens.Access) != 43 || len(tokens.Refresh) != 43 || tokens.Access == tokens.Refresh ||
				tokens.AccessExpiresIn != 24*time.Hour || tokens.RefreshExpiresIn != 14*24*time.Hour {
				t.Errorf("Login = %+v, want two tokens of 43 characters for 1 and 14 days", tokens)
			}
		})
	}
}

// Nothing in the answer may tell an unknown name from a wrong password or a block.
func TestLoginHasOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := func(change func(*account.Login)) string {
		l := login(rootPassword)
		change(&l)
		_, err := w.Login(t.Context(), l)
		return fmt.Sprint(err)
	}
	wrong := answer(func(l *account.Login) { l.Password = "wrong" })
	unknown := answer(func(l *account.Login) { l.Username = "nobody" })
	w.store.setRoot(func(a *pod.Account) { a.Blocked = true })
	blocked := answer(func(*account.Login) {})
	if wrong != unknown || wrong != blocked {
		t.Errorf("answers differ: %q, %q, %q", wrong, unknown, blocked)
	}
}

func TestLoginCostsTheSameForUnknownNames(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	w := dearWorld(t, func(c *account.Config) { c.Limits.LoginsPerAccountAddr, c.Limits.LoginsPerAddr = 1000, 1000 })
	median := func(name string) time.Duration {
		took := make([]time.Duration, 9)
		for i := range took {
			l := login("wrong password")
			l.Username = name
			begin := time.Now()
			_, err := w.Login(t.Context(), l)
			took[i] = time.Since(begin)
			wantCode(t, "Login", err, pod.KindInvalid, "invalid_grant")
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	known, unknown, impossible := median("root"), median("nobody"), median("no/body")
	t.Logf("known %v, unknown %v, impossible %v", known, unknown, impossible)
	if unknown < known/3 || impossible < known/3 {
		t.Errorf("Login of unknown names took %v and %v, want about %v", unknown, impossible, known)
	}
}

func TestLoginTellsStoreErrors(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"OAuthClient", "AccountByName", "InsertSession"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.store.failWith(method, errDisk)
			_, err := w.Login(t.Context(), login(rootPassword))
			if !errors.Is(err, errDisk) || pod.KindOf(err) != pod.KindInternal {
				t.Errorf("Login = %v, want the store's error", err)
			}
		})
	}
	t.Run("damaged hash", func(t *testing.T) {
		t.Parallel()
		for _, hash := range []string{
			"", "x", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21l$c29tZXNhbHRzb21lc29tZXNhbHQ",
			"$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$c29tZXNhbHRzb21lc29tZXNhbHQ", "$argon2id$v=19$m=19456,t=2,p=1,x$c29tZXNhbHRzb21l$c29tZXNhbHRzb21lc29tZXNhbHQ",
			"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHRzb21l$c29tZXNhbHRzb21lc29tZXNhbHQ",
		} {
			w := newWorld(t)
			w.store.setRoot(func(a *pod.Account) { a.PasswordHash = hash })
			if _, err := w.Login(t.Context(), login(rootPassword)); pod.KindOf(err) != pod.KindInternal {
				t.Errorf("Login(stored hash %q) = %v, want KindInternal", hash, err)
			}
		}
	})
}

func TestLoginRenewsOldHash(t *testing.T) {
	t.Parallel()
	w := dearWorld(t)
	salt, b64 := []byte("somesaltsomesalt"), base64.RawStdEncoding
	key := argon2.IDKey([]byte("old password"), salt, 1, 64, 1, 32)
	w.store.setRoot(func(a *pod.Account) {
		a.PasswordHash = "$argon2id$v=19$m=64,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(key)
	})
	if _, err := w.Login(t.Context(), login("old password")); err != nil {
		t.Fatalf("Login(hash of other costs) = %v", err)
	}
	who, err := w.store.AccountByName(t.Context(), "root")
	if err != nil || !strings.HasPrefix(who.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash after login = %q, want one of today's costs", who.PasswordHash)
	}
	if _, err := w.Login(t.Context(), login("old password")); err != nil {
		t.Errorf("Login(renewed hash) = %v", err)
	}
}

func TestLoginComposesCharacters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.RootPassword = "se\u0301same ouvre-toi" })
	if _, err := w.Login(t.Context(), login("s\u00e9same ouvre-toi")); err != nil {
		t.Errorf("Login(composed form) = %v, want nil", err)
	}
}

func TestLoginLimitPerAccountAndAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Limits.LoginsPerAccountAddr = 3 })
	for range 3 {
		_, err := w.Login(t.Context(), login("wrong"))
		wantCode(t, "Login", err, pod.KindInvalid, "invalid_grant")
	}
	w.clock.Add(5 * time.Minute)
	_, err := w.Login(t.Context(), login(rootPassword))
	wantCode(t, "Login after three wrong ones", err, pod.KindTooMany, "too_many_requests")
	if e, ok := errors.AsType[*pod.Error](err); ok && e.RetryAfter != 10*time.Minute {
		t.Errorf("RetryAfter = %v, want 10m", e.RetryAfter)
	}
	away := login(rootPassword)
	away.Source = netip.MustParseAddr("198.51.100.7")
	if _, err := w.Login(t.Context(), away); err != nil {
		t.Errorf("Login from another address = %v, want nil", err)
	}
	w.clock.Add(10 * time.Minute)
	if _, err := w.Login(t.Context(), login(rootPassword)); err != nil {
		t.Errorf("Login 15 minutes later = %v, want nil", err)
	}
}

func TestLoginForgivesAfterRightPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *account.Config) { c.Limits.LoginsPerAccountAddr = 2 })
	for range 3 {
		_, err := w.Login(t.Context(), login("wrong"))
		wantCode(t, "Login", err, pod.KindInvalid, "invalid_grant")
		w.mustLogin(t)
	}
}

func TestLoginLimitPerAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, wrong, right string
		blocked            bool
	}{
		{"same IPv4", "192.0.2.1", "192.0.2.1", true},
		{"other IPv4 of the network", "192.0.2.1", "192.0.2.2", false},
		{"IPv4 within IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"same /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"other /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"zone makes no difference", "fe80::1%eth0", "fe80::1%eth1", true},
		{"loopback addresses each alone", "127.0.0.1", "127.0.0.2", false},
		{"loopback IPv6", "::1", "::1", true},
		{"loopback IPv6 apart from its /64", "::1", "::2", false},
		{"no address", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *account.Config) { c.Limits.LoginsPerAddr = 2 })
			wrong, right := login("wrong"), login(rootPassword)
			wrong.Source, _ = netip.ParseAddr(tt.wrong)
			right.Source, _ = netip.ParseAddr(tt.right)
			for i := range 2 {
				wrong.Username = fmt.Sprintf("name%d", i) // each account once
				_, err := w.Login(t.Context(), wrong)
				wantCode(t, "Login", err, pod.KindInvalid, "invalid_grant")
			}
			_, err := w.Login(t.Context(), right)
			if tt.blocked {
				wantCode(t, "Login", err, pod.KindTooMany, "too_many_requests")
			} else if err != nil {
				t.Errorf("Login = %v, want nil", err)
			}
		})
	}
}

// Many tries at once must not slip through before the first is counted.
func TestLoginLimitHoldsInParallel(t *testing.T) {
	t.Parallel()
	w := dearWorld(t, func(c *account.Config) { c.Limits.LoginsPerAccountAddr = 3 })
	var group sync.WaitGroup
	var hashed, refused atomic.Int64
	for range 30 {
		group.Go(func() {
			_, err := w.Login(t.Context(), login("wrong"))
			if pod.KindOf(err) == pod.KindTooMany {
				refused.Add(1)
			} else {
				hashed.Add(1)
			}
		})
	}
	group.Wait()
	if n := hashed.Load(); n < 3 || n > 4 || hashed.Load()+refused.Load() != 30 {
		t.Errorf("%d of 30 wrong passwords were tried, %d refused, want 3 (at most 4) tried", n, refused.Load())
	}
}

func TestLoginEndsWithContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Login(ctx, login(rootPassword))
	if !errors.Is(err, pod.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("Login(cancelled) = %v, want ErrCancelled", err)
	}
}

func TestLoginSweepsExpiredSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLogin(t)
	w.clock.Add(15 * 24 * time.Hour)
	w.mustLogin(t)
	if n := w.store.sessionCount(); n != 1 {
		t.Errorf("%d sessions after one expired, want 1", n)
	}
	w.store.failWith("DeleteExpiredSessions", errDisk)
	w.clock.Add(2 * time.Hour)
	w.mustLogin(t) // a sweep that does not work keeps nobody out
}
