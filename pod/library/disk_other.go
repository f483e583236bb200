//go:build !linux

package library

import "os"

// flushBehind does nothing where the system has no such hint.
func flushBehind(*os.File, int64, int64) {}
