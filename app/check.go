package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
)

// checkArg makes a program check one database and end: a damaged file was seen to crash
// the process that reads it, so another process does.
const checkArg = "check-database"

// checkTimeout bounds the child: reading a database of 10,000 videos takes a second.
const checkTimeout = 60 * time.Second

// ChildMain runs the child's part when the arguments ask for it. Programs call it first.
func ChildMain(args []string) (code int, isChild bool) {
	if len(args) != 2 || args[0] != checkArg {
		return 0, false
	}
	if err := node.CheckDatabase(args[1]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return ExitDamaged, true
	}
	return ExitOK, true
}

// CheckDatabase checks a database in a child process: pod.ErrCorrupt when it is damaged,
// with a sentence that names the newest backup.
func CheckDatabase(ctx context.Context, dataDir string) error {
	path := node.DatabasePath(dataDir)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil // a fresh pod
	}
	if err := checkInChild(ctx, path); err != nil {
		return &pod.Error{Kind: pod.KindInternal, Op: "check database", Msg: damagedText(dataDir), Err: errors.Join(pod.ErrCorrupt, err)}
	}
	return nil
}

// checkInChild reads a whole database file in another process.
func checkInChild(ctx context.Context, path string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, checkArg, path) //nolint:gosec // our own program
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("check database: %w: %s", err, lastBytes(stderr.Bytes()))
	}
	return nil
}

// CheckAfterCrash checks the database when the last process did not end well.
func CheckAfterCrash(ctx context.Context, dataDir string) error {
	unclean, err := node.NeedsCheck(dataDir)
	if err != nil {
		return fmt.Errorf("look for a clean end: %w", err)
	}
	if !unclean {
		return nil
	}
	return CheckDatabase(ctx, dataDir)
}

func damagedText(dataDir string) string {
	text := "The database of this pod is damaged. It was left as it is."
	if backup := newestBackup(dataDir); backup != "" {
		return text + " The newest good copy is " + backup + ": to go back to it, move " + node.DatabasePath(dataDir) +
			" aside and copy the backup to its place. Your video files are not touched by this."
	}
	return text + " There is no copy of it on this machine. Restore a backup of your own with: peerpodd restore --data NEWFOLDER --from FILE"
}

func newestBackup(dataDir string) string {
	names, _ := filepath.Glob(filepath.Join(dataDir, "backups", "*.db"))
	newest, at := "", time.Time{}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(at) {
			newest, at = name, info.ModTime()
		}
	}
	return newest
}

// lastBytes keeps the end of what a child said.
func lastBytes(b []byte) []byte {
	const most = 4 << 10
	if len(b) > most {
		return b[len(b)-most:]
	}
	return b
}
