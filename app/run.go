package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/peerpod/peerpod/assets"
	"github.com/peerpod/peerpod/pod/node"
)

// stopTimeout bounds a clean stop (API.md section 1: within 10 s).
const stopTimeout = 9 * time.Second

// Running is a pod that serves, with all that its process owns.
type Running struct {
	Pod      *node.Pod
	dir      *DataDir
	instance *Instance
	log      *slog.Logger
}

// Start locks the data folder, checks the database after a crash and starts the pod. open
// is called when another start hands its files over; nil without a window.
func Start(ctx context.Context, c Config, log *slog.Logger, open func([]string)) (*Running, error) {
	dir, err := OpenDataDir(c.DataDir)
	if err != nil {
		return nil, err
	}
	run := &Running{dir: dir, log: log}
	if err := run.start(ctx, c, open); err != nil {
		return nil, errors.Join(err, run.Close(context.WithoutCancel(ctx)))
	}
	return run, nil
}

func (r *Running) start(ctx context.Context, c Config, open func([]string)) error {
	if err := CheckAfterCrash(ctx, c.DataDir); err != nil {
		return err
	}
	p, err := node.New(nodeConfig(c, r.log))
	if err != nil {
		return err
	}
	r.Pod = p
	if err := p.Start(ctx); err != nil {
		return err
	}
	r.instance, err = ServeInstance(ctx, c.DataDir, Calls{Open: open, Snapshot: p.Snapshot})
	return err
}

// Close stops the pod in its order and gives the data folder free. It may be called twice.
func (r *Running) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	var errs []error
	if r.instance != nil {
		errs = append(errs, r.instance.Close())
		r.instance = nil
	}
	if r.Pod != nil {
		errs = append(errs, r.Pod.Close(ctx))
		r.Pod = nil
	}
	if r.dir != nil {
		errs = append(errs, r.dir.Close())
		r.dir = nil
	}
	return errors.Join(errs...)
}

func nodeConfig(c Config, log *slog.Logger) node.Config {
	return node.Config{
		DataDir:      c.DataDir,
		Listen:       c.Listen,
		BTListen:     c.BTListen,
		PublicURL:    c.PublicURL,
		Hosts:        c.Hosts,
		Name:         c.Name,
		Version:      Version(),
		Hermetic:     c.Hermetic,
		FFmpeg:       c.FFmpeg,
		STUNServers:  c.STUNServers,
		Limits:       c.Limits,
		RootPassword: c.RootPassword,
		FriendPolicy: c.FriendPolicy, Entries: c.Entries, Interval: c.Interval, ScoreInterval: c.ScoreInterval, TrustedProxies: c.TrustedProxies, FailPoint: c.FailPoint,
		Web:       assets.Web(),
		CheckCopy: checkInChild,
		Logger:    log,
	}
}
