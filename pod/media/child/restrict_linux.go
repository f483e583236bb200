package child

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// restrict sets the bounds of a running child.
func restrict(pid int, l Limits) error {
	bounds := []struct {
		resource int
		value    int64
	}{
		{unix.RLIMIT_AS, l.MemoryBytes},
		{unix.RLIMIT_CPU, int64((l.CPU + time.Second - 1) / time.Second)},
		{unix.RLIMIT_FSIZE, l.FileBytes},
	}
	for _, b := range bounds {
		if b.value <= 0 {
			continue
		}
		limit := unix.Rlimit{Cur: uint64(b.value), Max: uint64(b.value)}
		if err := unix.Prlimit(pid, b.resource, &limit, nil); err != nil && !gone(err) {
			return fmt.Errorf("set limit %d: %w", b.resource, err)
		}
	}
	if err := unix.Setpriority(unix.PRIO_PGRP, pid, niceness); err != nil && !gone(err) {
		return fmt.Errorf("set priority: %w", err)
	}
	return nil
}

// gone tells that the child ended before it was reached.
func gone(err error) bool { return errors.Is(err, unix.ESRCH) }
