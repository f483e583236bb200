package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/app"
	"github.com/peerpod/peerpod/pod"
)

func TestDataDirIsLockedAndTightened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b")
	dir, err := app.OpenDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.OpenDataDir(path); !errors.Is(err, pod.ErrInUse) || app.ExitCode(err) != app.ExitInUse {
		t.Errorf("second OpenDataDir = %v, want ErrInUse", err)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	again, err := app.OpenDataDir(path)
	if err != nil {
		t.Fatalf("OpenDataDir after Close = %v", err)
	}
	defer func() { _ = again.Close() }()
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("mode = %o, want 700", info.Mode().Perm())
	}
}

func TestDataDirThatIsAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.OpenDataDir(path); app.ExitCode(err) != app.ExitConfig || !strings.Contains(err.Error(), "not a folder") {
		t.Errorf("OpenDataDir of a file = %v, want a ConfigError", err)
	}
}

func TestSecondStartHandsItsFilesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := make(chan []string, 1)
	first, err := app.ServeInstance(t.Context(), dir, app.Calls{Open: func(items []string) { got <- items }})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/home/ana/a film.mp4", "magnet:?xt=urn:btih:x"}
	if err := app.HandOver(t.Context(), dir, want); err != nil {
		t.Fatal(err)
	}
	if items := <-got; !slices.Equal(items, want) {
		t.Errorf("items = %q, want %q", items, want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := app.HandOver(t.Context(), dir, want); err == nil {
		t.Error("HandOver to nobody = nil, want an error")
	}
}

func TestInstancePortWantsItsSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := app.ServeInstance(t.Context(), dir, app.Calls{
		Open:     func([]string) { t.Error("a stranger opened files") },
		Snapshot: func(context.Context, io.Writer) error { t.Error("a stranger read the database"); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	path := filepath.Join(dir, "instance.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("instance.json = %v, %v, want mode 0600", info, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var me struct{ Addr string }
	if err := json.Unmarshal(data, &me); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "Bearer ", "Bearer wrong"} {
		for _, path := range []string{"/open", "/snapshot"} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+me.Addr+path, strings.NewReader("[]"))
			req.Header.Set("Authorization", token)
			res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with token %q = %d, want 401", path, token, res.StatusCode)
			}
		}
	}
}

func TestReportSpeaksToThePerson(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	code := app.Report(&out, "peerpodd", &pod.Error{Kind: pod.KindConflict, Op: "lock", Msg: "It runs already.", Err: pod.ErrInUse})
	if code != app.ExitInUse || out.String() != "peerpodd: It runs already.\n" {
		t.Errorf("Report = %d %q, want %d and the sentence alone", code, out.String(), app.ExitInUse)
	}
	for err, want := range map[error]int{nil: 0, errors.New("x"): app.ExitFault, pod.ErrCorrupt: app.ExitDamaged, &app.ConfigError{}: app.ExitConfig} {
		if got := app.ExitCode(err); got != want {
			t.Errorf("ExitCode(%v) = %d, want %d", err, got, want)
		}
	}
}
