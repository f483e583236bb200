package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod/node"
)

// benchUpload times a dropped file of 10 MB until it is listed, beside its poster alone.
func benchUpload(ctx context.Context, dir string) ([]figure, error) {
	path, err := film(ctx, dir, "ten.mp4", 10<<20)
	if err != nil {
		return nil, err
	}
	with, err := publishTimes(ctx, subdir(dir, "with"), path, 5, nil)
	if err != nil {
		return nil, err
	}
	without, err := publishTimes(ctx, subdir(dir, "without"), path, 5, func(c *node.Config) { c.FFmpeg = "none" })
	if err != nil {
		return nil, err
	}
	poster, err := timed(func() error {
		return ffmpeg(ctx, "-ss", "1", "-i", path, "-frames:v", "1", "-vf", "scale=1280:-2", filepath.Join(dir, "poster.jpg"))
	})
	return []figure{
		{what: "10 MB dropped → listed, no poster", ours: seconds(median(without)), goal: "< 0.30 s"},
		{what: "10 MB dropped → listed, with poster", ours: seconds(median(with)), floor: "one poster by ffmpeg alone " + seconds(poster), ratio: ratio(median(with), poster), goal: "< 0.30 s + poster"},
	}, err
}

// benchPublish publishes 1 GiB beside cp and fsync of the same file.
func benchPublish(ctx context.Context, dir string) ([]figure, error) {
	path, err := film(ctx, dir, "gib.mp4", 1<<30)
	if err != nil {
		return nil, err
	}
	var ours, copies []time.Duration
	for range 3 { // in turns, so that both see the same machine
		took, err := timed(func() error { return copySync(path, filepath.Join(dir, "copy")) })
		if err != nil {
			return nil, err
		}
		copies = append(copies, took)
		_ = os.Remove(filepath.Join(dir, "copy"))
		published, err := publishTimes(ctx, subdir(dir, fmt.Sprintf("pod-%d", len(ours))), path, 1, nil)
		if err != nil {
			return nil, err
		}
		ours = append(ours, published...)
	}
	return []figure{{
		what: "1 GiB MP4 published (fragments, pieces, poster)", ours: seconds(median(ours)), floor: "copy + fsync " + seconds(median(copies)),
		ratio: ratio(median(ours), median(copies)), goal: "≤ 2",
	}}, nil
}

// publishTimes imports a file n times into a fresh pod and gives each time from the call
// until the list has it.
func publishTimes(ctx context.Context, dir, path string, n int, change func(*node.Config)) ([]time.Duration, error) {
	p, err := startPod(ctx, dir, change)
	if err != nil {
		return nil, err
	}
	defer closePod(ctx, p)
	defer func() { _ = os.RemoveAll(filepath.Join(dir, "videos")) }()
	var all []time.Duration
	for range n {
		took, err := timed(func() error {
			v, err := p.Import(ctx, path, nil)
			if err != nil {
				return err
			}
			page, err := p.SearchVideos(ctx, v.Name, 0, 10)
			if err == nil && page.Total == 0 {
				err = errors.New("the video was published and not found")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}

func copySync(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func timed(f func() error) (time.Duration, error) {
	begun := time.Now()
	err := f()
	return time.Since(begun), err
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
