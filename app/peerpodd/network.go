package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/peerpod/peerpod/app"
)

// A test network: the first design's, with one pod a port.
const (
	networkBTOffset = 10_000 // from the first HTTP port to the first BitTorrent port
	networkMost     = 100
)

// network runs N pods of this machine in one process, until ctx ends, each in its own
// folder pod-1, pod-2 … Each knows one other as its entry: 1 asks 2, 2 asks 3, … and the
// last asks 1. It prints one ready line for each.
func network(ctx context.Context, c cli, stdout, stderr io.Writer) error {
	n := c.Network.Pods
	if n < 2 || n > networkMost {
		return &app.ConfigError{Faults: []string{fmt.Sprintf("pods: %d is not between 2 and %d", n, networkMost)}}
	}
	if last := networkBTPort(c.Network.FirstPort, n); c.Network.FirstPort < 1 || last > 65_535 {
		return &app.ConfigError{Faults: []string{fmt.Sprintf("first-port: %d leaves no room for %d pods", c.Network.FirstPort, n)}}
	}
	var pods []*app.Running
	for i := range n {
		running, err := app.Start(ctx, networkConfig(c, i), app.NewLogger(stderr, deref(c.LogFormat, "text")), nil)
		if err != nil {
			return errors.Join(fmt.Errorf("pod %d: %w", i+1, err), closeAll(ctx, pods))
		}
		pods = append(pods, running)
		if _, err := fmt.Fprintf(stdout, "ready %s/\n", running.Pod.LocalURL()); err != nil {
			return errors.Join(err, closeAll(ctx, pods))
		}
	}
	<-ctx.Done()
	return closeAll(ctx, pods)
}

// networkBTPort is the BitTorrent port of one pod. Every second one is for WebRTC.
func networkBTPort(firstPort, i int) int { return firstPort + networkBTOffset + 2*i }

func closeAll(ctx context.Context, pods []*app.Running) error {
	errs := make([]error, 0, len(pods))
	for _, p := range pods {
		errs = append(errs, p.Close(context.WithoutCancel(ctx)))
	}
	return errors.Join(errs...)
}

// networkConfig is the configuration of one pod of the network, 0 being the first.
func networkConfig(c cli, i int) app.Config {
	config := app.Defaults()
	base := c.Network.FirstPort
	config.DataDir = filepath.Join(c.Network.Dir, "pod-"+strconv.Itoa(i+1))
	config.Listen = "127.0.0.1:" + strconv.Itoa(base+i)
	config.BTListen = "127.0.0.1:" + strconv.Itoa(networkBTPort(base, i))
	config.Name = "Pod " + strconv.Itoa(i+1)
	config.FriendPolicy, config.Hermetic = "open", true
	config.Entries = []string{"http://127.0.0.1:" + strconv.Itoa(base+(i+1)%c.Network.Pods)}
	config.Interval = deref(c.Interval, 10*time.Second)
	config.ScoreInterval = deref(c.ScoreInterval, time.Hour)
	config.RootPassword = os.Getenv("PEERPOD_ROOT_PASSWORD")
	return config
}

func deref[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
