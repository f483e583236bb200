// Package mediatest makes small videos with ffmpeg, for the tests of package media and
// the packages below it.
//
// Each test makes what it needs in its own folder: nothing binary is committed. A test
// that needs ffmpeg fails without it, because `make test` installs it.
package mediatest

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Make runs ffmpeg and gives the path of the file that it wrote. args are all options
// between the global ones and the output, separated by blanks.
func Make(tb testing.TB, name, args string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	list := append([]string{"-nostdin", "-v", "error", "-y"}, strings.Fields(args)...)
	Run(tb, "ffmpeg", append(list, path)...)
	return path
}

// Picture and Sound are inputs for Make, with {} for the seconds.
const (
	Picture = "-f lavfi -i testsrc2=size=160x90:rate=30:duration={}"
	Sound   = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration={}"
)

// Inputs gives both inputs for so many seconds.
func Inputs(seconds string) string {
	return strings.ReplaceAll(Picture+" "+Sound+" ", "{}", seconds)
}

// Run runs a program and gives what it wrote.
func Run(tb testing.TB, program string, args ...string) string {
	tb.Helper()
	var out, fault bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), program, args...) //nolint:gosec // tests name the programs
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, fault.String())
	}
	return out.String()
}
