package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Config is all that a person can set.
type Config struct {
	DataDir        string
	Listen         string // HTTP
	BTListen       string // BitTorrent TCP and uTP
	PublicURL      string // "" is found out
	Hosts          []string
	Name           string
	FriendPolicy   string // ask, invited or open
	Entries        []string
	Interval       time.Duration
	ScoreInterval  time.Duration
	Hermetic       bool
	LogFormat      string // text or json
	FFmpeg         string // "" is found out
	STUNServers    []string
	Limits         pod.Limits
	RootPassword   string            // environment only
	FailPoint      func(step string) // tests only
	TrustedProxies []netip.Prefix    // config.toml only; whose forwarding headers count
}

// Defaults are the settings of a pod that nobody configured.
func Defaults() Config {
	return Config{
		DataDir:       defaultDataDir(),
		Listen:        ":9000",
		BTListen:      ":6881",
		Name:          userName() + "'s pod",
		FriendPolicy:  "ask",
		Interval:      time.Minute,
		ScoreInterval: 24 * time.Hour,
		LogFormat:     "text",
		Limits:        pod.DefaultLimits(),
	}
}

// ConfigError is a setting that can not be used. The programs end with code 2.
type ConfigError struct{ Faults []string }

// Error names every fault, one a line.
func (e *ConfigError) Error() string { return strings.Join(e.Faults, "\n") }

// Validate tells all faults at once, as a *ConfigError.
func (c *Config) Validate() error {
	var faults []string
	check := func(key string, err error) {
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", key, err))
		}
	}
	check("data", notEmpty(c.DataDir))
	check("listen", checkAddr(c.Listen))
	check("bt-listen", checkAddr(c.BTListen))
	check("name", checkName(c.Name))
	check("friend-policy", oneOf(c.FriendPolicy, "ask", "invited", "open"))
	check("log-format", oneOf(c.LogFormat, "text", "json"))
	check("interval", positive(c.Interval))
	check("score-interval", positive(c.ScoreInterval))
	if c.PublicURL != "" {
		check("public-url", checkURL(c.PublicURL))
	}
	for _, host := range c.Hosts {
		check("hosts", checkHost(host))
	}
	for _, entry := range c.Entries {
		check("entry", checkURL(entry))
	}
	if len(faults) > 0 {
		return &ConfigError{Faults: faults}
	}
	return nil
}

func notEmpty(text string) error {
	if text == "" {
		return errors.New("may not be empty")
	}
	return nil
}

func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not of the form HOST:PORT or :PORT", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not a port between 0 and 65535", port)
	}
	if host != "" && host != "localhost" && net.ParseIP(host) == nil {
		return fmt.Errorf("%q is not an IP address of this machine", host)
	}
	return nil
}

func checkName(name string) error {
	if n := len([]rune(name)); n < 1 || n > pod.MaxNameLen {
		return fmt.Errorf("has %d characters; 1 to %d are allowed", n, pod.MaxNameLen)
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not of the form http://HOST:PORT or https://HOST", text)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q has a path; a pod lives at the root of its host", text)
	}
	return nil
}

// checkHost accepts a name as it stands in a Host header, without its port.
func checkHost(name string) error {
	if name == "" || strings.ContainsAny(name, ":/@ ") {
		return fmt.Errorf("%q is not a bare host name", name)
	}
	return nil
}

func oneOf(text string, allowed ...string) error {
	if slices.Contains(allowed, text) {
		return nil
	}
	return fmt.Errorf("%q is none of %s", text, strings.Join(allowed, ", "))
}

func positive(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s is not longer than 0", d)
	}
	return nil
}

// defaultDataDir is the folder where programs of this system keep a person's data.
func defaultDataDir() string {
	home, _ := os.UserHomeDir()
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "Peerpod")
		}
		return filepath.Join(home, "AppData", "Local", "Peerpod")
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "Peerpod")
	default:
		if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
			return filepath.Join(dir, "peerpod")
		}
		return filepath.Join(home, ".local", "share", "peerpod")
	}
}

func userName() string {
	u, err := user.Current()
	if err != nil {
		return "My"
	}
	if name, _, _ := strings.Cut(u.Name, ","); strings.TrimSpace(name) != "" {
		return strings.TrimSpace(name)
	}
	return u.Username
}
