// Package child runs a foreign program, such as ffmpeg on a file that a stranger sent,
// so that it can do little harm.
//
// Run starts the program itself, never a shell, with an empty environment, no input and
// its own process group. When the context ends or the time is over the whole group is
// killed. Of what the program says on its error stream the last 4 KiB are kept, for the
// log.
//
//	err := child.Run(ctx, child.Command{
//		Path: "/usr/bin/ffprobe", Args: args, Stdout: &out,
//		Limits: child.Limits{Wall: 30 * time.Second, MemoryBytes: 2 << 30},
//	})
//
// On Linux the program has bounds on memory (RLIMIT_AS), processor time (RLIMIT_CPU) and
// file size (RLIMIT_FSIZE), and is nice 10. Go can not set them between fork and exec,
// so they are set on the running child at once after its start: for a millisecond, in
// which it loads its libraries, it has none. On other systems the wall clock is the only
// bound.
//
// Run waits for the program and for the goroutines that copy its output. Errors are the
// context's own, *ExitError for a program that ended badly, or those of starting it.
package child
