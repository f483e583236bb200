package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod/node"
)

// benchStart times peerpodd from its call to its ready line with 10 and 1,000 videos and
// reads what it holds in memory when nobody asks for anything.
func benchStart(ctx context.Context, dir string) ([]figure, error) {
	program, err := buildDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	film, err := tinyFilm(ctx, dir)
	if err != nil {
		return nil, err
	}
	var all []figure
	for _, n := range []int{10, 1000} {
		data := subdir(dir, fmt.Sprint(n))
		goroutines, err := fill(ctx, data, film, n)
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
		d, err := startDaemon(ctx, program, data)
		if err != nil {
			return 0, 0, err
		}
		times = append(times, d.ready)
		<-time.After(2 * time.Second)
		rss, err = d.rss()
		if err = errors.Join(err, d.stop()); err != nil {
			return 0, 0, err
		}
	}
	return median(times), rss, nil
}
