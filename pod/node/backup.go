package node

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Copies of the database are made once a day while the pod runs. A home computer sleeps
// often, so the age of the newest copy is looked at, not the time since the start.
const (
	backupEvery = 24 * time.Hour
	backupLook  = time.Hour
)

// keepBackups looks now and then whether a copy is due, until the pod stops.
func (p *Pod) keepBackups(ctx context.Context) {
	tick := time.NewTicker(backupLook)
	defer tick.Stop()
	for {
		if err := p.backUpIfDue(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("No copy of the database could be made", pod.LogErr, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// backUpIfDue copies the database when the newest copy is a day old. A pod that never
// had a video has nothing worth a copy.
func (p *Pod) backUpIfDue(ctx context.Context) error {
	rev, err := p.store.LastRev(ctx)
	if err != nil || rev == 0 {
		return err
	}
	dir := backupDir(p.cfg.DataDir)
	if p.cfg.Clock().Sub(newestCopy(dir)) < backupEvery {
		return nil
	}
	_, err = p.store.BackupFile(ctx, dir)
	return err
}

// newestCopy is when the newest copy was made; the zero time when there is none.
func newestCopy(dir string) (newest time.Time) {
	names, _ := filepath.Glob(filepath.Join(dir, "peerpod-*.db"))
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}
