package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/peerpod/peerpod/app"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/xdnd"
)

// asProgram makes this test binary behave as peerpod.
const asProgram = "PEERPOD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// screen starts an X server with a software display and gives its name.
func screen(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatalf("Xvfb: %v (make test installs it)", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = r.Close() // not before: the server ends when it can not write its number again
	})
	_ = w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb said %q: %v", number, err)
	}
	return ":" + strings.TrimSpace(number)
}

// program is the real desktop program on a screen of its own.
type program struct {
	cmd    *exec.Cmd
	exited chan struct{}
	log    *strings.Builder
}

func (p *program) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		t.Fatalf("peerpod did not end; log:\n%s", p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

func start(t *testing.T, display, dir, listen string, args ...string) *program {
	t.Helper()
	p := &program{exited: make(chan struct{}), log: &strings.Builder{}}
	p.cmd = exec.CommandContext(context.Background(), os.Args[0], append([]string{"--data", dir, "--listen", listen, "--bt-listen", "127.0.0.1:0", "--hermetic", "--name", "Ana's pod"}, args...)...)
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "DISPLAY="+display, "WAYLAND_DISPLAY=", "LANG=en_US.UTF-8", "LIBGL_ALWAYS_SOFTWARE=1",
		"XDG_RUNTIME_DIR="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir(), "PEERPOD_ROOT_PASSWORD="+podtest.RootPassword)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, which the cleanup kills
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("log of peerpod:\n%s", p.log)
		}
	})
	return p
}

// freePort finds a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestDropOnTheRealWindowPublishes(t *testing.T) {
	if testing.Short() {
		t.Skip("a real window under Xvfb takes long")
	}
	display, dir, listen := screen(t), t.TempDir(), freePort(t)
	p := start(t, display, dir, listen)
	desk, err := xdnd.Open(display)
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	window, err := desk.Window(ctx, "Peerpod")
	if err != nil {
		t.Fatalf("no window: %v", err)
	}
	podtest.Eventually(t, "the window is painted", func() bool { return colours(desk, window) > 20 })
	before := colours(desk, window)

	bad := filepath.Join(t.TempDir(), "not a video.mp4")
	if err := os.WriteFile(bad, []byte(strings.Repeat("words ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := desk.Drop(ctx, window, []string{podtest.MP4(t), podtest.WebM(t), bad}); err != nil {
		t.Fatalf("drop: %v", err)
	}
	client := podtest.NewClient(t, "http://"+listen)
	defer client.CloseIdle()
	podtest.Eventually(t, "two videos are listed", func() bool {
		total, _ := client.List("/api/v1/videos")
		return total == 2
	})
	podtest.Eventually(t, "their posters are on the screen", func() bool { return colours(desk, window) > before+200 })
	_, videos := client.List("/api/v1/videos?sort=name")
	for _, v := range videos {
		file := client.Video(v.UUID).Files[0]
		if a := client.Get(file.FileURL); a.Status != http.StatusOK || int64(len(a.Body)) != file.Size {
			t.Errorf("file of %s = %d with %d bytes, want 200 with %d", v.Name, a.Status, len(a.Body), file.Size)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "incoming")); len(left) != 0 {
		t.Errorf("incoming has %v, want it empty", left)
	}

	second := start(t, display, dir, freePort(t), podtest.WebM(t))
	if code := second.wait(t); code != app.ExitOK {
		t.Errorf("second start = %d, want 0", code)
	}
	podtest.Eventually(t, "the second start's file is listed", func() bool {
		total, _ := client.List("/api/v1/videos")
		return total == 3
	})
	client.CloseIdle()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != app.ExitOK {
		t.Errorf("exit code after SIGTERM = %d, want 0", code)
	}
}

// colours counts the different colours of a window: an empty one has few, posters many.
func colours(desk *xdnd.Desk, window xdnd.Window) int {
	picture, err := desk.Picture(window)
	if err != nil {
		return 0
	}
	seen := map[string]bool{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			seen[fmt.Sprint(picture.At(x, y))] = true
		}
	}
	return len(seen)
}
