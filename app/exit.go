package app

import (
	"errors"
	"fmt"
	"io"

	"github.com/peerpod/peerpod/pod"
)

// Exit codes of the programs (API.md section 1).
const (
	ExitOK      = 0
	ExitFault   = 1
	ExitConfig  = 2
	ExitDamaged = 3
	ExitInUse   = 4
)

// ExitCode is the code that belongs to an error.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, new(*ConfigError)):
		return ExitConfig
	case errors.Is(err, pod.ErrInUse):
		return ExitInUse
	case errors.Is(err, pod.ErrCorrupt):
		return ExitDamaged
	default:
		return ExitFault
	}
}

// Report writes the error for the person at the terminal and gives its exit code.
func Report(w io.Writer, program string, err error) int {
	if err == nil {
		return ExitOK
	}
	text := err.Error()
	if e, ok := errors.AsType[*pod.Error](err); ok {
		text = e.Msg
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n", program, text)
	return ExitCode(err)
}
