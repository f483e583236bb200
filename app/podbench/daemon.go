package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of the processor time in /proc.
const tick = 10 * time.Millisecond

// buildDaemon makes peerpodd as it is shipped, without cgo.
func buildDaemon(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "peerpodd")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./app/peerpodd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build peerpodd: %w: %s", err, out)
	}
	return program, nil
}

// daemon is a pod in a process of its own.
type daemon struct {
	process
	url    string
	ready  time.Duration // from its call to its ready line
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// startDaemon runs a hermetic peerpodd on a data folder. flags come besides.
func startDaemon(ctx context.Context, program, data string, flags ...string) (*daemon, error) {
	flags = append(flags, "--data", data, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic")
	return startServer(exec.CommandContext(ctx, program, flags...))
}

// startServer runs a program that prints a ready line with its address.
func startServer(cmd *exec.Cmd) (*daemon, error) {
	d := &daemon{cmd: cmd}
	d.cmd.Stderr = &d.stderr
	d.cmd.Env = append(os.Environ(), "PEERPOD_ROOT_PASSWORD="+rootPassword)
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	d.ready = time.Since(begun)
	url, isReady := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !isReady {
		_ = d.cmd.Process.Kill()
		return nil, errors.Join(errors.New("the program is not ready"), err, d.stop())
	}
	d.process, d.url = process(d.cmd.Process.Pid), strings.TrimSuffix(url, "/")
	return d, nil
}

// stop ends the process cleanly; what it logged is told when it does not.
func (d *daemon) stop() error {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	if err := d.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(d.cmd.Path), err, d.stderr.Bytes())
	}
	return nil
}

// process is the number of a process that is looked at from outside.
type process int

// self is the process that measures.
func self() process { return process(os.Getpid()) }

// cpu is the processor time that the process used, in steps of a tick.
func (p process) cpu() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("stat of a process is too short")
	}
	var user, system int64
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	return time.Duration(user+system) * tick, err
}

// rss is the resident memory of the process, files that it has mapped included.
func (p process) rss() (int64, error) { return p.status("VmRSS:") }

// peakRSS is the most that rss was since the last resetPeak.
func (p process) peakRSS() (int64, error) { return p.status("VmHWM:") }

func (p process) resetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p), []byte("5"), 0)
}

func (p process) status(key string) (sizeBytes int64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			var kb int64
			_, err := fmt.Sscanf(rest, "%d kB", &kb)
			return kb << 10, err
		}
	}
	return 0, errors.New("no " + key)
}

// usage is what a process used while something ran.
type usage struct {
	wall, cpu    time.Duration
	before, peak int64 // resident bytes
}

func (u usage) growth() string { return fmt.Sprintf("%d MB", (u.peak-u.before)>>20) }

// meter measures what a process uses from now on.
func meter(p process) (stop func() (usage, error), err error) {
	var u usage
	if u.before, err = p.rss(); err != nil {
		return nil, err
	}
	begunCPU, err := p.cpu()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	return func() (usage, error) {
		u.wall = time.Since(begun)
		cpu, err := p.cpu()
		u.cpu = cpu - begunCPU
		peak, errPeak := p.peakRSS()
		u.peak = peak
		return u, errors.Join(err, errPeak)
	}, p.resetPeak()
}

// Bounds of waiting for a process to have nothing to do.
const (
	idleLook  = 500 * time.Millisecond
	idleTicks = 2
	idleLooks = 4 // in a row
	patience  = 5 * time.Minute
)

// waitIdle waits until processes hardly use the processor.
func waitIdle(ctx context.Context, all ...*daemon) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last, quiet := make([]time.Duration, len(all)), 0
	return poll(ctx, idleLook, func() (bool, error) {
		busy := false
		for i, d := range all {
			cpu, err := d.cpu()
			if err != nil {
				return false, err
			}
			busy = busy || cpu-last[i] > idleTicks*tick
			last[i] = cpu
		}
		quiet++
		if busy {
			quiet = 0
		}
		return quiet >= idleLooks, nil
	})
}

// poll asks again and again until the answer is yes.
func poll(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
