package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	stderrBytes = 4 << 10
	waitDelay   = 2 * time.Second // for the pipes of a killed child
	niceness    = 10
)

// Limits bound a child. A zero field is no bound.
type Limits struct {
	Wall        time.Duration // real time
	CPU         time.Duration // processor time
	MemoryBytes int64         // of address space
	FileBytes   int64         // of each file that it writes
}

// Command is a program to run.
type Command struct {
	Path   string // of the program
	Args   []string
	Stdout io.Writer // nil is nowhere; an error of it ends the child
	Limits Limits
}

// ExitError is the end of a child that did not succeed.
type ExitError struct {
	Program string // its base name
	Stderr  string // the last 4 KiB; a stranger's file has a say in it
	Slow    bool   // it was killed because Limits.Wall was over
	Err     error
}

// Error names program and cause, and the end of what the program said.
func (f *ExitError) Error() string { return fmt.Sprintf("%s: %v: %q", f.Program, f.Err, f.Stderr) }

// Unwrap gives the cause.
func (f *ExitError) Unwrap() error { return f.Err }

// Run runs the program and waits for its end.
func Run(ctx context.Context, c Command) error {
	limited, stop := ctx, context.CancelFunc(func() {})
	if c.Limits.Wall > 0 {
		limited, stop = context.WithTimeout(ctx, c.Limits.Wall)
	}
	defer stop()
	var said tail
	cmd := exec.CommandContext(limited, c.Path, c.Args...) //nolint:gosec // path and arguments are ours
	cmd.Env = []string{}
	cmd.Stdout, cmd.Stderr = c.Stdout, &said
	cmd.WaitDelay = waitDelay
	isolate(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(c.Path), err)
	}
	bad := restrict(cmd.Process.Pid, c.Limits)
	if bad != nil {
		stop()
	}
	err := cmd.Wait()
	if bad != nil {
		return fmt.Errorf("restrict %s: %w", filepath.Base(c.Path), bad)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		slow := errors.Is(limited.Err(), context.DeadlineExceeded)
		return &ExitError{Program: filepath.Base(c.Path), Stderr: said.String(), Slow: slow, Err: err}
	}
	return nil
}

// tail keeps the last bytes written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > stderrBytes {
		p = p[len(p)-stderrBytes:]
	}
	t.b = append(t.b, p...)
	if over := len(t.b) - stderrBytes; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return n, nil
}

func (t *tail) String() string { return string(t.b) }
