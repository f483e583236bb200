package library

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushStep is how much is written before the disk is told to begin.
const flushStep = 8 << 20

// flushBehind starts the write-back of the bytes from..to without waiting, once a step
// is full. It is a hint: its errors show at the sync.
func flushBehind(f *os.File, from, to int64) {
	first, last := from/flushStep*flushStep, to/flushStep*flushStep
	if last > first {
		_ = unix.SyncFileRange(int(f.Fd()), first, last-first, unix.SYNC_FILE_RANGE_WRITE)
	}
}
