package app_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/app"
)

type cli struct {
	app.Flags
	Run struct{} `cmd:"" default:"1"`
}

// load runs the programs' way from arguments to a Config, in a data folder with that file.
func load(t *testing.T, file string, args ...string) (app.Config, error) {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c cli
	if _, code, ok := app.ParseFlags("peerpodd", "test", &c, append([]string{"--data", dir}, args...), io.Discard); !ok {
		t.Fatalf("ParseFlags(%q) ended with code %d", args, code)
	}
	return app.Load(c.Flags)
}

func TestLoadRank(t *testing.T) {
	file := "listen = \"127.0.0.1:1\"\nname = \"from the file\"\nbt_listen = \":2\"\ninterval = \"5s\"\n\n[limits]\nupload-bytes = 7\nbody-timeout = \"3s\"\n"
	t.Setenv("PEERPOD_NAME", "from the environment")
	t.Setenv("PEERPOD_LISTEN", "127.0.0.1:3")
	got, err := load(t, file, "--listen", "127.0.0.1:4", "--entry", "http://a:1", "--entry", "http://b:2")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"flag over environment", got.Listen, "127.0.0.1:4"},
		{"environment over file", got.Name, "from the environment"},
		{"file over default, underscore as in the environment", got.BTListen, ":2"},
		{"duration", got.Interval.String(), "5s"},
		{"default", got.FriendPolicy, "ask"},
		{"repeated flag", strings.Join(got.Entries, " "), "http://a:1 http://b:2"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.name, c.got, c.want)
		}
	}
	if got.Limits.UploadBytes != 7 || got.Limits.BodyTimeout != 3*time.Second {
		t.Errorf("limits = %d, %s, want 7, 3s", got.Limits.UploadBytes, got.Limits.BodyTimeout)
	}
}

func TestLoadNamesTheFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, want string }{
		{"unknown key", "name = \"x\"\nlisten-on = 1\n", "config.toml line 2: listen-on"},
		{"wrong type", "hermetic = \"yes\"\n", "config.toml line 1: hermetic"},
		{"bad value", "friend-policy = \"everybody\"\n", "friend-policy"},
		{"bad duration", "interval = \"soon\"\n", "interval"},
		{"zero duration", "interval = \"0s\"\n", "interval"},
		{"bad address", "listen = \"9000\"\n", "listen"},
		{"bad port", "bt-listen = \":70000\"\n", "bt-listen"},
		{"bad url", "public-url = \"pod.example\"\n", "public-url"},
		{"url with path", "public-url = \"http://pod.example/x\"\n", "public-url"},
		{"bad host", "hosts = [\"http://nas.lan\"]\n", "hosts"},
		{"unknown limit", "[limits]\nbananas = 1\n", "limits.bananas"},
		{"bad limit", "[limits]\nupload-bytes = \"much\"\n", "limits.upload-bytes"},
		{"bad limit duration", "[limits]\nbody-timeout = 3\n", "limits.body-timeout"},
		{"newer file", "version = 99\n", "version"},
		{"no TOML", "name = \n", "config.toml line 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.file)
			if fault := new(app.ConfigError); !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load(%q) = %v, want a ConfigError that names %q", c.file, err, c.want)
			}
			if code := app.ExitCode(err); code != app.ExitConfig {
				t.Errorf("ExitCode(%v) = %d, want %d", err, code, app.ExitConfig)
			}
		})
	}
}

func TestLoadTellsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "listen = \"x\"\nname = \"\"\nlog-format = \"xml\"\n")
	for _, key := range []string{"listen", "name", "log-format"} {
		if err == nil || !strings.Contains(err.Error(), key+":") {
			t.Errorf("Load = %v, want it to name %s", err, key)
		}
	}
}

func TestParseFlagsRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--bananas"}, {"--interval", "soon"}, {"nonsense"}, {"--listen"}} {
		var c cli
		var out strings.Builder
		if _, code, ok := app.ParseFlags("peerpodd", "test", &c, args, &out); ok || code != app.ExitConfig || out.Len() == 0 {
			t.Errorf("ParseFlags(%q) = %d, %v with %q, want code 2 and a message", args, code, ok, out.String())
		}
	}
}
