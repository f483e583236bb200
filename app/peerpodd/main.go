// Command peerpodd is a pod without a window: the same pod as the desktop program's, for
// servers, network disks and tests. It needs no display and is built without cgo.
//
// It prints one line when it is ready, `ready http://HOST:PORT/`, and logs to stderr.
// SIGTERM and SIGINT stop it cleanly. See package app for flags and exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/peerpod/peerpod/app"
)

// cli is the command line.
type cli struct {
	app.Flags

	failPoint func(step string)

	Run     struct{} `cmd:"" default:"1" help:"Run the pod (default)."`
	Check   struct{} `cmd:"" help:"Check the database and the files of a stopped pod; exit code 3 when something is damaged."`
	Version struct{} `cmd:"" help:"Print the version."`
	Backup  struct {
		To string `required:"" help:"File to write; it may not exist." placeholder:"FILE"`
	} `cmd:"" help:"Write everything the pod owns into one file; the pod may run."`
	Restore struct {
		From string `required:"" help:"Backup to read." placeholder:"FILE"`
	} `cmd:"" help:"Unpack a backup into a new data folder."`
	Network struct {
		Pods      int    `required:"" help:"How many pods, 2 to 100." placeholder:"N"`
		Dir       string `required:"" help:"Folder for their data folders." placeholder:"DIR"`
		FirstPort int    `default:"9001" help:"HTTP port of the first pod; the others follow." placeholder:"PORT"`
	} `cmd:"" help:"Run a test network of pods on this machine: friend policy open, each knows one other."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int { return runWith(args, stdout, stderr, nil) }

// runWith is run with a hook that tests end the process in.
func runWith(args []string, stdout, stderr io.Writer, failPoint func(string)) int {
	if code, isChild := app.ChildMain(args); isChild {
		return code
	}
	c := cli{failPoint: failPoint}
	command, code, ok := app.ParseFlags("peerpodd", "Peerpod without a window: share your videos with friends from a server.", &c, args, stderr)
	if !ok {
		return code
	}
	if command == "version" {
		_, _ = fmt.Fprintln(stdout, "peerpodd", app.Version())
		return app.ExitOK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return app.Report(stderr, "peerpodd", c.do(ctx, command, stdout, stderr))
}

func (c *cli) do(ctx context.Context, command string, stdout, stderr io.Writer) error {
	if command == "network" {
		return network(ctx, *c, stdout, stderr)
	}
	config, err := app.Load(c.Flags)
	if err != nil {
		return err
	}
	config.FailPoint = c.failPoint
	switch command {
	case "check":
		return check(ctx, config, stdout)
	case "backup":
		return app.Backup(ctx, config.DataDir, c.Backup.To)
	case "restore":
		return app.Restore(ctx, c.Restore.From, config.DataDir)
	default:
		return serve(ctx, config, stdout, stderr)
	}
}

func check(ctx context.Context, config app.Config, stdout io.Writer) error {
	dir, err := app.OpenDataDir(config.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if err := app.Check(ctx, config.DataDir); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "The database and all files are whole.")
	return err
}

func serve(ctx context.Context, config app.Config, stdout, stderr io.Writer) error {
	running, err := app.Start(ctx, config, app.NewLogger(stderr, config.LogFormat), nil)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "ready %s/\n", running.Pod.LocalURL()); err != nil {
		return errors.Join(err, running.Close(context.WithoutCancel(ctx))) // whoever started us has gone
	}
	<-ctx.Done()
	return running.Close(context.WithoutCancel(ctx))
}
