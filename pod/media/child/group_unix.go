//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// isolate gives the child a process group of its own, all of which dies with it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
