package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/peerpod/peerpod/app"
	"github.com/peerpod/peerpod/pod/podtest"
)

// asProgram makes this test binary behave as peerpodd, so that the tests drive the real
// program, its child processes included.
const asProgram = "PEERPODD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(runWith(os.Args[1:], os.Stdout, os.Stderr, failPoint()))
	}
	os.Exit(m.Run())
}

// process is a running peerpodd.
type process struct {
	*podtest.Client
	cmd    *exec.Cmd
	stderr *lockedBuffer
	dir    string
	exited chan struct{}
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "PEERPOD_ROOT_PASSWORD="+podtest.RootPassword)
	return cmd
}

// launch starts peerpodd on a data folder and waits until it says ready.
func launch(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	return launchWith(t, "", dir, args...)
}

// launchWith is launch with one more environment variable.
func launchWith(t *testing.T, env, dir string, args ...string) *process {
	t.Helper()
	p := &process{dir: dir, stderr: &lockedBuffer{}, exited: make(chan struct{})}
	p.cmd = command(t, append([]string{"--data", dir, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic", "--name", "Test pod"}, args...)...)
	p.cmd.Stderr = p.stderr
	p.cmd.Env = append(p.cmd.Env, env)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("log of peerpodd:\n%s", p.stderr)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("peerpodd said %q, want its ready line; log:\n%s", line, p.stderr)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok || !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.HasSuffix(url, "/") {
		t.Fatalf("ready line = %q, want ready http://127.0.0.1:PORT/", line)
	}
	p.Client = podtest.NewClient(t, url)
	go func() { // ends with the process, which the cleanup kills
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	return p
}

// kill ends the process as a power switch would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
	if p.Client != nil {
		p.CloseIdle()
	}
}

// stop ends the process politely and gives its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(12 * time.Second):
		t.Fatal("peerpodd did not end within 10 s of SIGTERM")
	}
	p.CloseIdle()
	return p.cmd.ProcessState.ExitCode()
}

type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// finish runs a command to its end.
func finish(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	out, err := command(t, args...).CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	} else if err != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

func TestReadyThenCleanStop(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	if a := p.Get("/api/v1/ping"); a.Status != http.StatusOK || string(a.Body) != "pong" {
		t.Errorf("ping = %d %q, want 200 pong", a.Status, a.Body)
	}
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code after SIGTERM = %d, want 0", code)
	}
	if code, out := finish(t, "check", "--data", p.dir); code != 0 {
		t.Errorf("check after a clean stop = %d %q, want 0", code, out)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	begun := time.Now()
	code, out := finish(t, "--data", p.dir, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic")
	if code != app.ExitInUse || !strings.Contains(out, "already running") {
		t.Errorf("second start = %d %q, want %d and a message", code, out, app.ExitInUse)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("second start took %s to give up", took)
	}
	if a := p.Get("/api/v1/ping"); a.Status != http.StatusOK {
		t.Errorf("ping of the first = %d, want 200", a.Status)
	}
}

func TestBadConfigurationStopsTheStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "config.toml"), []byte("listne = \":1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown flag", []string{"--data", t.TempDir(), "--listne", ":1"}, "listne"},
		{"bad value", []string{"--data", t.TempDir(), "--friend-policy", "nobody"}, "friend-policy"},
		{"unknown key in the file", []string{"--data", broken}, "listne"},
		{"data folder is a file", []string{"--data", file}, "data"},
		{"check without a pod", []string{"check", "--data", t.TempDir()}, "no pod"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if code, out := finish(t, c.args...); code != app.ExitConfig || !strings.Contains(out, c.want) {
				t.Errorf("peerpodd %q = %d %q, want %d and a message with %q", c.args, code, out, app.ExitConfig, c.want)
			}
		})
	}
}

func TestRootPasswordFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := &process{exited: make(chan struct{})}
	p.cmd = command(t, "--data", dir, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic")
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = bufio.NewReader(stdout).ReadString('\n')
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, stdout)
	_ = p.cmd.Wait()
	info, err := os.Stat(filepath.Join(dir, "root-password.txt"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 12 {
		t.Fatalf("root-password.txt = %v, %v, want a file of mode 0600 with a password", info, err)
	}
}

func TestTokensAndVideosSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir)
	v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "Stays"})
	token := p.Token
	p.stop(t)
	p = launch(t, dir)
	p.Token = token
	if a := p.Get("/api/v1/users/me"); a.Status != http.StatusOK {
		t.Errorf("users/me with the old token = %d, want 200", a.Status)
	}
	if got := p.Video(v.UUID); got.Name != "Stays" || got.ID != v.ID {
		t.Errorf("video after a restart = %+v, want %+v", got, v)
	}
}

func TestBackupOfARunningPodIsRestored(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	v := p.Upload(podtest.WebM(t), podtest.Fields{"name": "In the backup"})
	sum := podtest.SHA256(p.Get(v.Files[0].FileURL).Body)
	file := filepath.Join(t.TempDir(), "peerpod.tar")
	if code, out := finish(t, "backup", "--data", p.dir, "--to", file); code != 0 {
		t.Fatalf("backup = %d %s, want 0", code, out)
	}
	if code, out := finish(t, "backup", "--data", p.dir, "--to", filepath.Join(t.TempDir(), "none", "x")); code != app.ExitConfig {
		t.Errorf("backup into a folder that is not there = %d %s, want %d", code, out, app.ExitConfig)
	}
	p.stop(t)
	other := filepath.Join(t.TempDir(), "restored")
	if code, out := finish(t, "restore", "--data", other, "--from", file); code != 0 {
		t.Fatalf("restore = %d %s, want 0", code, out)
	}
	if code, _ := finish(t, "restore", "--data", other, "--from", file); code != app.ExitConfig {
		t.Errorf("restore over a pod = %d, want %d", code, app.ExitConfig)
	}
	r := launch(t, other)
	if got := podtest.SHA256(r.Get("/static/web-videos/" + filepath.Base(v.Files[0].FileURL)).Body); got != sum {
		t.Errorf("restored file has SHA-256 %s, want %s", got, sum)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.tar")
	if err := os.WriteFile(bad, bytes.Repeat([]byte("no tar "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := finish(t, "restore", "--data", filepath.Join(t.TempDir(), "new"), "--from", bad); code != app.ExitDamaged {
		t.Errorf("restore = %d %s, want %d", code, out, app.ExitDamaged)
	}
}

func TestDamagedDatabaseIsToldNotMended(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	p.Upload(podtest.WebM(t), nil)
	p.kill()
	db := filepath.Join(p.dir, "peerpod.db")
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	for at := 2 * 4096; at < len(data); at += 4096 { // every page but the two that name the root
		copy(data[at:], bytes.Repeat([]byte{0xA5}, 64))
	}
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := finish(t, "--data", p.dir, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic"); code != app.ExitDamaged || !strings.Contains(out, "damaged") {
		t.Errorf("start = %d %s, want %d and a message", code, out, app.ExitDamaged)
	}
	if code, _ := finish(t, "check", "--data", p.dir); code != app.ExitDamaged {
		t.Errorf("check = %d, want %d", code, app.ExitDamaged)
	}
	if after, _ := os.ReadFile(db); !bytes.Equal(after, data) {
		t.Error("the damaged database was changed")
	}
}

func TestMissingFileIsFoundByCheck(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	p.Upload(podtest.WebM(t), nil)
	p.stop(t)
	names, _ := filepath.Glob(filepath.Join(p.dir, "videos", "*", "*.webm"))
	if len(names) != 1 {
		t.Fatalf("files = %q, want one", names)
	}
	if err := os.Truncate(names[0], 100); err != nil {
		t.Fatal(err)
	}
	if code, out := finish(t, "check", "--data", p.dir); code != app.ExitDamaged || !strings.Contains(out, "1 of 1") {
		t.Errorf("check = %d %s, want %d and a count", code, out, app.ExitDamaged)
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	if code, out := finish(t, "version"); code != 0 || !strings.HasPrefix(out, "peerpodd ") {
		t.Errorf("version = %d %q, want 0 and the version", code, out)
	}
	if code, out := finish(t, "--help"); code != 0 || !strings.Contains(out, "--public-url") {
		t.Errorf("--help = %d %q, want 0 and the flags", code, out)
	}
}
