package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func TestBackupWhileWriting(t *testing.T) {
	s, _ := open(t)
	insert(t, s, video(0))
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 30 {
			_, err := s.InsertVideo(context.Background(), video(1+i))
			wantErr(t, "InsertVideo()", err, nil)
		}
	})
	for i := range 5 {
		var copied bytes.Buffer
		n, err := s.Backup(t.Context(), &copied)
		wantErr(t, "Backup()", err, nil)
		if n != int64(copied.Len()) || n == 0 {
			t.Errorf("Backup() = %d bytes, wrote %d", n, copied.Len())
		}
		path := filepath.Join(t.TempDir(), "restored.db")
		wantErr(t, "WriteFile()", os.WriteFile(path, copied.Bytes(), 0o600), nil)
		wantErr(t, "Check(copy)", store.Check(path), nil)
		if i == 4 {
			_, err = reopen(t, path).VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(0)})
			wantErr(t, "VideoByRef() of the copy", err, nil)
		}
	}
	wg.Wait()
}

func TestBackupFileKeepsThree(t *testing.T) {
	now := day
	path, dir := filepath.Join(t.TempDir(), "peerpod.db"), filepath.Join(t.TempDir(), "a", "[b]")
	verified := 0
	s, err := store.Open(path, store.Options{
		Clock:        func() time.Time { now = now.Add(time.Hour); return now },
		VerifyBackup: func(_ context.Context, path string) error { verified++; return store.Check(path) },
	})
	wantErr(t, "Open()", err, nil)
	defer closeStore(t, s)
	wantErr(t, "MkdirAll()", os.MkdirAll(dir, 0o700), nil)
	other := filepath.Join(dir, "before-migration-1.db")
	wantErr(t, "WriteFile()", os.WriteFile(other, nil, 0o600), nil)
	made := []string{}
	for range 5 {
		copied, err := s.BackupFile(t.Context(), dir)
		wantErr(t, "BackupFile()", err, nil)
		made = append(made, copied)
	}
	files, err := os.ReadDir(dir)
	wantErr(t, "ReadDir()", err, nil)
	got := []string{}
	for _, f := range files {
		got = append(got, filepath.Join(dir, f.Name()))
	}
	wantEqual(t, "copies", got, append([]string{other}, made[2:]...))
	if info, err := os.Stat(made[4]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the copy = %v, %v, want 0600", info.Mode(), err)
	}
	if verified != 5 {
		t.Errorf("VerifyBackup was called %d times, want 5", verified)
	}
}

func TestBackupFileThatFailsLeavesNothing(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "peerpod.db")
	s, err := store.Open(path, store.Options{VerifyBackup: func(context.Context, string) error { return errStop }})
	wantErr(t, "Open()", err, nil)
	defer closeStore(t, s)
	_, err = s.BackupFile(t.Context(), dir)
	wantErr(t, "BackupFile() not verified", err, errStop)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.BackupFile(ended, dir)
	wantErr(t, "BackupFile(ended)", err, pod.ErrCancelled)
	_, err = s.Backup(t.Context(), &endsContext{})
	wantErr(t, "Backup() to a writer that fails", err, errStop)
	running, stop := context.WithCancel(t.Context())
	_, err = s.Backup(running, &endsContext{stop: stop})
	wantErr(t, "Backup() ended meanwhile", err, pod.ErrCancelled)
	if files, err := os.ReadDir(dir); len(files) != 0 || err != nil {
		t.Errorf("left after failures: %v, %v, want nothing", files, err)
	}
}

// endsContext is a writer that ends the context at its first write, or fails.
type endsContext struct{ stop func() }

func (w *endsContext) Write(p []byte) (int, error) {
	if w.stop == nil {
		return 0, errStop
	}
	w.stop()
	return len(p), nil
}
