//go:build unix

package child_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/media/child"
)

// sh runs a script: the shell is the foreign program here.
func sh(text string, out io.Writer, l child.Limits) child.Command {
	return child.Command{Path: "/bin/sh", Args: []string{"-c", text}, Stdout: out, Limits: l}
}

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script, out, stderr string
		fails                     bool
	}{
		{"well", "echo yes", "yes\n", "", false},
		{"badly", "echo no; echo why >&2; exit 3", "no\n", "why\n", true},
		{"by a signal", "kill -KILL $$", "", "", true},
		{"talking much", "i=0; while [ $i -lt 3000 ]; do echo abcdef; i=$((i+1)); done >&2; exit 1", "", strings.Repeat("abcdef\n", 586)[6:], true},
		{"without environment", `echo "$HOME$USER$LANG"`, "\n", "", false},
		{"without input", "cat", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := child.Run(t.Context(), sh(tt.script, &out, child.Limits{Wall: time.Minute}))
			var f *child.ExitError
			if errors.As(err, &f) != tt.fails || !tt.fails && err != nil {
				t.Fatalf("Run() = %v, want failure %v", err, tt.fails)
			}
			if out.String() != tt.out {
				t.Errorf("output = %q, want %q", out.String(), tt.out)
			}
			if f == nil {
				return
			}
			if len(f.Stderr) > 4096 || !strings.HasSuffix(tt.stderr, f.Stderr) || f.Stderr == "" && tt.stderr != "" {
				t.Errorf("Stderr = %d bytes, %.20q, want the end of %d", len(f.Stderr), f.Stderr, len(tt.stderr))
			}
			if f.Program != "sh" || f.Slow || f.Unwrap() == nil || !strings.Contains(f.Error(), "sh: ") {
				t.Errorf("Run() = %+v", f)
			}
		})
	}
}

func TestRunOfNoProgram(t *testing.T) {
	t.Parallel()
	err := child.Run(t.Context(), child.Command{Path: filepath.Join(t.TempDir(), "none")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run() = %v, want %v", err, os.ErrNotExist)
	}
}

// gone waits until a process is no more.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for dead := false; !dead; {
		select {
		case <-tick.C:
			dead = errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid)
		case <-deadline:
			t.Fatalf("process %d lives on", pid)
		}
	}
}

// zombie tells that a process ended and that nobody asked for its end, as happens in
// containers without an init.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

func TestTimeAndContextKillTheWholeGroup(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"wall", "context", "writer"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			pids := make(chan int, 1)
			w := writerFunc(func(p []byte) (int, error) {
				pid, err := strconv.Atoi(strings.TrimSpace(string(p)))
				if err != nil {
					return 0, err
				}
				pids <- pid
				if by == "context" {
					cancel()
				}
				return len(p), nil
			})
			limits := child.Limits{}
			if by == "wall" {
				limits.Wall = time.Second
			}
			script := "sleep 600 & echo $!; wait"
			if by == "writer" {
				script = "echo $$; exec yes" // the second line is no number
			}
			err := child.Run(ctx, sh(script, w, limits))
			var f *child.ExitError
			switch {
			case by == "context" && !errors.Is(err, context.Canceled):
				t.Errorf("Run() = %v, want %v", err, context.Canceled)
			case by == "wall" && (!errors.As(err, &f) || !f.Slow):
				t.Errorf("Run() = %v, want a slow failure", err)
			case err == nil:
				t.Error("Run() = nil, want an error")
			}
			gone(t, <-pids)
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestLimits(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux sets limits of a running process")
	}
	var out bytes.Buffer
	limits := child.Limits{Wall: time.Minute, CPU: 7 * time.Second, MemoryBytes: 1 << 30, FileBytes: 1 << 20}
	// The limits are set just after the start: wait for them as the script sees them.
	script := `until [ "$(ulimit -t)" = 7 ] && [ "$(nice)" = 10 ]; do :; done; ulimit -t; ulimit -v; ulimit -f; nice`
	if err := child.Run(t.Context(), sh(script, &out, limits)); err != nil {
		t.Fatalf("Run() = %v, want no error", err)
	}
	if want := "7\n1048576\n2048\n10\n"; out.String() != want {
		t.Errorf("limits = %q, want %q", out.String(), want)
	}
	file := filepath.Join(t.TempDir(), "f")
	err := child.Run(t.Context(), sh(`until [ "$(ulimit -t)" = 7 ]; do :; done; exec head -c 4000000 /dev/zero >`+file, nil, limits))
	about, statErr := os.Stat(file)
	if err == nil || statErr != nil || about.Size() > 1<<20 {
		t.Errorf("Run() = %v and a file of %v, want an error and at most 1 MiB", err, about)
	}
	err = child.Run(t.Context(), sh("while :; do :; done", nil, child.Limits{CPU: time.Second}))
	var f *child.ExitError
	if !errors.As(err, &f) || f.Slow {
		t.Errorf("Run() = %v, want a failure by the limit of processor time", err)
	}
}
