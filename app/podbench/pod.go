package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/peerpod/peerpod/assets"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
)

// rootPassword is that of every pod of a measurement.
const rootPassword = "a-password-for-measurements"

// startPod runs a hermetic pod in this process. change may be nil.
func startPod(ctx context.Context, dir string, change func(*node.Config)) (*node.Pod, error) {
	c := node.Config{
		DataDir: dir, Listen: "127.0.0.1:0", BTListen: "127.0.0.1:0", Name: "podbench", Version: "podbench", Hermetic: true,
		RootPassword: rootPassword, Limits: pod.DefaultLimits(), Web: assets.Web(),
	}
	if change != nil {
		change(&c)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p, err := node.New(c)
	if err != nil {
		return nil, err
	}
	return p, p.Start(ctx)
}

// podWithFilm runs a pod that has published one film of about that size.
func podWithFilm(ctx context.Context, dir string, sizeBytes int64) (*node.Pod, pod.Video, error) {
	path, err := film(ctx, dir, "film.mp4", sizeBytes)
	if err != nil {
		return nil, pod.Video{}, err
	}
	p, err := startPod(ctx, subdir(dir, "pod"), nil)
	if err != nil {
		return nil, pod.Video{}, err
	}
	v, err := p.Import(ctx, path, nil)
	if err != nil {
		closePod(ctx, p)
	}
	return p, v, err
}

func closePod(ctx context.Context, p *node.Pod) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = p.Close(ctx)
}

// subdir names a new folder below dir.
func subdir(dir, name string) string { return filepath.Join(dir, name) }
