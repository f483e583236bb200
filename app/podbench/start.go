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
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod/node"
)

// benchStart times peerpodd from its call to its ready line with 10 and 1,000 videos and
// reads what it holds in memory when nobody asks for anything.
func benchStart(ctx context.Context, dir string) ([]figure, error) {
	program := filepath.Join(dir, "peerpodd")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./app/peerpodd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build peerpodd: %w: %s", err, out)
	}
	var all []figure
	for _, n := range []int{10, 1000} {
		data := subdir(dir, fmt.Sprint(n))
		goroutines, err := fill(ctx, data, filepath.Join(dir, "tiny.webm"), n)
		if err != nil {
			return all, err
		}
		ready, rss, err := launch(ctx, program, data)
		if err != nil {
			return all, err
		}
		all = append(all,
			figure{what: fmt.Sprintf("start → ready, %d videos", n), ours: seconds(ready), goal: "< 1 s"},
			figure{what: fmt.Sprintf("idle memory (RSS), %d videos", n), ours: fmt.Sprintf("%d MB", rss>>20), goal: "≤ 120 MB"},
			figure{what: fmt.Sprintf("goroutines of an idle pod, %d videos", n), ours: fmt.Sprint(goroutines), goal: "≤ 100"})
	}
	return all, nil
}

// fill publishes n small films and gives how many goroutines the idle pod has after that.
func fill(ctx context.Context, data, film string, n int) (goroutines int, err error) {
	if _, err := os.Stat(film); err != nil {
		if err := ffmpeg(ctx, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=2", "-c:v", "libvpx", "-deadline", "realtime", film); err != nil {
			return 0, err
		}
	}
	before := runtime.NumGoroutine()
	p, err := startPod(ctx, data, func(c *node.Config) { c.FFmpeg = "none" })
	if err != nil {
		return 0, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for range n {
		group.Go(func() error {
			_, err := p.Import(within, film, nil)
			return err
		})
	}
	err = group.Wait()
	goroutines = runtime.NumGoroutine() - before
	closePod(ctx, p)
	return goroutines, err
}

// launch starts the program five times and gives the median time to its ready line and
// the memory that it holds two seconds later.
func launch(ctx context.Context, program, data string) (ready time.Duration, rss int64, err error) {
	var times []time.Duration
	for range 5 {
		cmd := exec.CommandContext(ctx, program, "--data", data, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			return 0, 0, err
		}
		begun := time.Now()
		if err := cmd.Start(); err != nil {
			return 0, 0, err
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		times = append(times, time.Since(begun))
		if err == nil && strings.HasPrefix(line, "ready ") {
			<-time.After(2 * time.Second)
			rss, err = residentBytes(cmd.Process.Pid)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err = errors.Join(err, cmd.Wait()); err != nil {
			return 0, 0, fmt.Errorf("peerpodd: %w: %s", err, stderr.Bytes())
		}
	}
	return median(times), rss, nil
}

// residentBytes reads a process's resident memory, files it has mapped included.
func residentBytes(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb int64
			_, err := fmt.Sscanf(rest, "%d kB", &kb)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}
