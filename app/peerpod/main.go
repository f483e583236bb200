// Command peerpod is Peerpod's desktop program: the window and the pod in one process.
//
// Files and links on the command line are added. A second start on the same data folder
// hands them to the first, whose window comes to the front, and ends with code 0. Closing
// the window ends the pod. See package app for flags and exit codes.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"github.com/peerpod/peerpod/app"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui"
)

// appID is the name under which the desktop keeps the program's settings.
const appID = "org.peerpod.Peerpod"

// lastResort ends a process whose toolkit does not end by itself after the pod is closed:
// fyne was seen to hang in Quit.
const lastResort = 3 * time.Second

// cli is the command line.
type cli struct {
	app.Flags

	Files []string `arg:"" optional:"" help:"Videos to add."`
}

func main() {
	if code, isChild := app.ChildMain(os.Args[1:]); isChild {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	var c cli
	if _, code, ok := app.ParseFlags("peerpod", "Share your videos with friends.", &c, args, stderr); !ok {
		return code
	}
	config, err := app.Load(c.Flags)
	if err != nil {
		return app.Report(stderr, "peerpod", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	files := absolute(c.Files)
	w := &windowBox{ready: make(chan struct{})}
	running, err := app.Start(ctx, config, app.NewLogger(stderr, config.LogFormat), w.open)
	if errors.Is(err, pod.ErrInUse) {
		return app.Report(stderr, "peerpod", app.HandOver(ctx, config.DataDir, files))
	}
	fapp := fyneapp.NewWithID(appID)
	if err != nil {
		code := app.Report(stderr, "peerpod", err)
		ui.ShowStartError(fapp, err)
		return code
	}
	if err := show(ctx, fapp, config, running, w, files); err != nil {
		return app.Report(stderr, "peerpod", errors.Join(err, running.Close(context.WithoutCancel(ctx))))
	}
	return app.ExitOK
}

// show runs the window until the person closes it or the system asks for the end.
func show(ctx context.Context, fapp fyne.App, config app.Config, running *app.Running, box *windowBox, files []string) error {
	var closed error
	window, err := ui.New(ctx, ui.Config{
		App: fapp, Backend: backend(running.Pod), Name: config.Name, Version: app.Version(), Logger: app.NewLogger(os.Stderr, config.LogFormat),
		OnQuit: func() {
			closed = running.Close(context.WithoutCancel(ctx))
			time.AfterFunc(lastResort, func() { os.Exit(app.ExitCode(closed)) })
		},
	})
	if err != nil {
		return err
	}
	box.set(window)
	context.AfterFunc(ctx, window.Quit)
	if len(files) > 0 {
		window.OpenFiles(files)
	}
	window.Run()
	return errors.Join(closed, running.Close(context.WithoutCancel(ctx)))
}

// windowBox holds the window once it is there; another start may call before that.
type windowBox struct {
	once   sync.Once
	ready  chan struct{}
	window *ui.Window
}

func (b *windowBox) set(w *ui.Window) {
	b.once.Do(func() {
		b.window = w
		close(b.ready)
	})
}

// open raises the window and adds files that another start was given.
func (b *windowBox) open(items []string) {
	<-b.ready
	b.window.Raise()
	if len(items) > 0 {
		b.window.OpenFiles(items)
	}
}

// absolute makes paths that hold in another process; what is no file stays as it is.
func absolute(items []string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = item
		if _, err := os.Stat(item); err == nil {
			if path, err := filepath.Abs(item); err == nil {
				out[i] = path
			}
		}
	}
	return out
}
