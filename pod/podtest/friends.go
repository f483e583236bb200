package podtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/seal"
)

// Key gives the PEM of the n-th test key. A key takes seconds to make, so that it is made
// once a machine and kept in the temporary folder.
func Key(tb testing.TB, n int) []byte {
	tb.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("peerpod-keys-%d", os.Getuid()))
	path := filepath.Join(dir, strconv.Itoa(n)+".pem")
	if kept, err := os.ReadFile(path); err == nil {
		return kept
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	made, err := seal.NewKey()
	if err != nil {
		tb.Fatal(err)
	}
	fresh := filepath.Join(tb.TempDir(), "key.pem")
	if err := os.WriteFile(fresh, made.PEM(), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, fs.ErrExist) { // another process may be faster
		tb.Fatal(err)
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return kept
}

// GiveKey puts a key into a data folder, so that its pod needs not make one.
func GiveKey(tb testing.TB, dir string, n int) {
	tb.Helper()
	path := node.KeyPath(dir)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, Key(tb, n), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// Friendly is a network in which everybody accepts everybody and rounds are short.
func Friendly(c *node.Config) {
	c.FriendPolicy, c.Interval, c.ScoreInterval = "open", 100*time.Millisecond, time.Minute
}

// Listed is a pod as the list of friends shows it to its owner.
type Listed struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	URL         string  `json:"url"`
	Status      string  `json:"status"`
	Score       int     `json:"score"`
	VideoCount  int     `json:"videoCount"`
	LastSeenAt  *string `json:"lastSeenAt"`
	APIVersions []int   `json:"apiVersions"`
	MustUpdate  bool    `json:"mustUpdate"`
	Verified    bool    `json:"verified"`
	VouchedBy   string  `json:"vouchedBy"`
	Fingerprint string  `json:"fingerprint"`
	PublicKey   string  `json:"publicKey"`
}

// Me is what the pod says about itself.
func (c *Client) Me() Listed {
	c.t.Helper()
	var me Listed
	c.Get("/api/v1/pods/me").JSON(c.t, &me)
	return me
}

// Owner logs in, if that has not happened.
func (c *Client) Owner() *Client {
	c.t.Helper()
	if c.Token == "" {
		c.Login()
	}
	return c
}

// Pods lists the other pods as their owner sees them.
func (c *Client) Pods() []Listed {
	c.t.Helper()
	a := c.Owner().Get("/api/v1/pods?count=100")
	if a.Status != http.StatusOK {
		c.t.Fatalf("GET pods = %d %s, want 200", a.Status, a.Body)
	}
	var page struct{ Data []Listed }
	a.JSON(c.t, &page)
	return page.Data
}

// FriendURLs lists the addresses of the pods with that status, sorted.
func (c *Client) FriendURLs(status string) []string {
	c.t.Helper()
	urls := []string{}
	for _, p := range c.Pods() {
		if p.Status == status {
			urls = append(urls, p.URL)
		}
	}
	slices.Sort(urls)
	return urls
}

// Post sends a JSON body with the owner's token.
func (c *Client) Post(path string, body any) Answer {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Owner().Do(http.MethodPost, path, strings.NewReader(string(raw)), "Content-Type", "application/json")
}

// MakeFriends asks the hosts.
func (c *Client) MakeFriends(hosts ...string) Answer {
	c.t.Helper()
	return c.Post("/api/v1/pods/makefriends", map[string]any{"hosts": hosts})
}

// Names lists the names of all videos that a pod shows, in the order of their publication.
func (c *Client) Names() []string {
	c.t.Helper()
	var names []string
	for start := 0; ; start += 100 {
		_, videos := c.List("/api/v1/videos?sort=publishedAt&count=100&start=" + strconv.Itoa(start))
		for _, v := range videos {
			names = append(names, v.Name)
		}
		if len(videos) < 100 {
			return names
		}
	}
}
