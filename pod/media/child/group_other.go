//go:build !unix

package child

import "os/exec"

// isolate does nothing here: the child alone is killed, which is enough for ffmpeg.
func isolate(*exec.Cmd) {}
