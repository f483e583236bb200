package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

// The variables that turn this test binary into a child process.
const (
	childRole = "PEERPOD_TEST_STORE_CHILD"
	childPath = "PEERPOD_TEST_STORE_PATH"
)

// TestChild is not a test: it is what the child processes of other tests run.
func TestChild(t *testing.T) {
	path := os.Getenv(childPath)
	switch os.Getenv(childRole) {
	case "":
		t.Skip("runs in child processes only")
	case "check":
		if err := store.Check(path); err != nil {
			t.Fatal(err)
		}
	case "write":
		write(t, path)
	}
}

// child prepares this test binary to run TestChild in that role.
func child(ctx context.Context, role, path string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	return cmd
}

// write changes the store until it is killed and prints a line for each change that the
// store acknowledged.
func write(t *testing.T, path string) {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	say := func(word string, id pod.UUID) {
		if _, err := fmt.Fprintf(os.Stdout, "%s %s\n", word, id); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; ; n++ {
		v, err := s.InsertVideo(t.Context(), video(0, func(v *pod.Video) {
			v.UUID = pod.NewUUID()
			v.Files[0].Infohash = pod.Infohash(append(v.UUID[:], 1, 2, 3, 4))
		}))
		if err != nil {
			t.Fatal(err)
		}
		say("put", v.UUID)
		if n%3 == 0 {
			say("deleting", v.UUID)
			if _, err := s.DeleteVideo(t.Context(), v.ID); err != nil {
				t.Fatal(err)
			}
			say("deleted", v.UUID)
		}
	}
}

// writeUntilKilled runs a writing child, kills it after some lines and gives all lines
// that it wrote whole.
func writeUntilKilled(t *testing.T, path string, after int) []string {
	t.Helper()
	cmd := child(t.Context(), "write", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err != nil { // the end: what stands before it is not a whole line
			break
		}
		if lines = append(lines, strings.TrimSpace(line)); len(lines) == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(lines) < after {
		t.Fatalf("child wrote %d lines, ended with %v, want %d lines and a kill:\n%s", len(lines), err, after, strings.Join(lines, "\n"))
	}
	return lines
}

func TestAcknowledgedWritesSurviveAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peerpod.db")
	want := map[string]string{} // uuid -> last word about it
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		for _, line := range writeUntilKilled(t, path, 4+round*7) {
			word, id, ok := strings.Cut(line, " ")
			if !ok {
				t.Fatalf("child wrote %q", line)
			}
			want[id] = word
		}
		if dirty, err := store.NeedsCheck(path); !dirty || err != nil {
			t.Errorf("NeedsCheck() after a kill = %t, %v, want true, nil", dirty, err)
		}
		wantErr(t, "Check() after a kill", store.Check(path), nil)
		began := time.Now()
		s := reopen(t, path)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("Open() after a kill took %v, want 5 s at most", took)
		}
		for text, word := range want {
			id, err := pod.ParseUUID(text)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.VideoByRef(t.Context(), pod.VideoRef{UUID: id})
			switch {
			case word == "put" && err != nil, word == "deleted" && !errors.Is(err, pod.ErrNotFound),
				err != nil && !errors.Is(err, pod.ErrNotFound):
				t.Errorf("round %d: video %s, acknowledged as %q: %v", round, text, word, err)
			}
		}
		wantSound(t, s, path)
	}
}

func TestCheckOfDamagedFilesEnds(t *testing.T) {
	s, _ := open(t)
	fill(t, s)
	videos := make([]pod.Video, 0, 300)
	for i := range 300 {
		videos = append(videos, video(100+i))
	}
	wantErr(t, "InsertMany()", store.InsertMany(s, videos), nil)
	sound, err := s.BackupFile(t.Context(), t.TempDir()) // without the free space at the end
	wantErr(t, "BackupFile()", err, nil)
	all := damages(t, sound)
	if len(all) < 20 {
		t.Fatalf("%d damaged files, want 20 at least", len(all))
	}
	if out, err := child(t.Context(), "check", sound).CombinedOutput(); err != nil {
		t.Fatalf("check of the sound file = %v, want success:\n%s", err, out)
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	if testing.Short() {
		names = names[:20]
	}
	for _, name := range names {
		path := all[name]
		t.Run(name, func(t *testing.T) {
			before, err := os.ReadFile(path)
			wantErr(t, "ReadFile()", err, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := child(ctx, "check", path).CombinedOutput()
			if _, failed := errors.AsType[*exec.ExitError](err); !failed || ctx.Err() != nil {
				t.Errorf("check in a child = %v, want an exit code other than 0 within 30 s:\n%s", err, out)
			}
			after, err := os.ReadFile(path)
			wantErr(t, "ReadFile()", err, nil)
			if string(before) != string(after) {
				t.Error("Check() changed the file")
			}
		})
	}
}
