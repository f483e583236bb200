package viewmodel_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// file makes a file in a folder and gives its path.
func file(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func titles(s viewmodel.ImportsState) string {
	var all []string
	for _, r := range s.Rows {
		all = append(all, r.Title)
	}
	return strings.Join(all, " ")
}

// gated is a bench whose imports wait for a word for each file.
func gated(b *bench, paths ...string) map[string]chan error {
	gates := map[string]chan error{}
	for _, p := range paths {
		gates[p] = make(chan error)
	}
	b.importing = func(_ context.Context, path string, _ func(viewmodel.Progress)) (pod.Video, error) {
		err := <-gates[path]
		return pod.Video{ID: 5, VideoMeta: pod.VideoMeta{Name: "One, published"}}, err
	}
	return gates
}

func phases(s viewmodel.ImportsState) (all []viewmodel.Phase) {
	for _, r := range s.Rows {
		all = append(all, r.Phase)
	}
	return all
}

func TestImportsQueue(t *testing.T) {
	dir := t.TempDir()
	one, two, three := file(t, dir, "one.mp4"), file(t, dir, "two.mp4"), file(t, dir, "three.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		gates := gated(b, one, two, three)
		m := b.model.Imports
		m.OnChange(b.model.ImportsChanged)
		m.Add([]string{one, two, three})
		b.drain()
		m.Add([]string{two}) // is in the queue already
		b.drain()
		want := []viewmodel.Phase{viewmodel.PhaseRunning, viewmodel.PhaseWaiting, viewmodel.PhaseWaiting}
		if got := phases(m.State()); !slices.Equal(got, want) {
			t.Fatalf("phases = %v, want %v", got, want)
		}
		if got := b.model.Status.State().Imports; got != 3 {
			t.Errorf("status counts %d imports, want 3", got)
		}
		m.Cancel(3) // waits: is gone at once
		gates[one] <- nil
		b.drain()
		if first := m.State().Rows[0]; first.Phase != viewmodel.PhaseDone || first.Video.ID != 5 || first.Title != "One, published" {
			t.Errorf("first row = %+v, want it done", first)
		}
		gates[two] <- &pod.Error{Kind: pod.KindNoSpace, Msg: "The disk is full."}
		b.drain()
		open, done, refused := m.State().Counts()
		if open != 0 || done != 1 || refused != 1 || m.State().Rows[1].Reason.Msg != "The disk is full." {
			t.Errorf("rows = %+v, want one done and one refused", m.State().Rows)
		}
	})
}

func TestImportsRetryAndDismiss(t *testing.T) {
	dir := t.TempDir()
	one, two := file(t, dir, "one.mp4"), file(t, dir, "two.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		gates := gated(b, one, two)
		m := b.model.Imports
		m.Add([]string{one, two})
		b.drain()
		gates[one] <- nil
		b.drain()
		gates[two] <- pod.ErrNoSpace
		b.drain()
		m.Dismiss(1)
		m.Retry(2)
		b.drain()
		if rows := m.State().Rows; len(rows) != 1 || rows[0].Phase != viewmodel.PhaseRunning || rows[0].Reason.Failed {
			t.Errorf("rows = %+v, want the second once more", rows)
		}
		m.Retry(2)   // runs already
		m.Dismiss(2) // only what is over can be dismissed
		m.DismissAll()
		gates[two] <- nil
		b.drain()
		if got := phases(m.State()); !slices.Equal(got, []viewmodel.Phase{viewmodel.PhaseDone}) {
			t.Errorf("phases = %v, want one done", got)
		}
		m.DismissAll()
		if len(m.State().Rows) != 0 {
			t.Errorf("rows = %+v, want none", m.State().Rows)
		}
	})
}

func TestImportsCancel(t *testing.T) {
	path := file(t, t.TempDir(), "long.mp4")
	tests := []struct {
		name string
		err  func(ctx context.Context) error
	}{
		{"the context's error", func(ctx context.Context) error { return ctx.Err() }},
		{"the pod's word", func(context.Context) error { return fmt.Errorf("copy: %w", pod.ErrCancelled) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				t := b.T
				b.importing = func(ctx context.Context, _ string, _ func(viewmodel.Progress)) (pod.Video, error) {
					<-ctx.Done()
					time.Sleep(time.Second) //nolint:forbidigo // it takes a while to clean up
					return pod.Video{}, tt.err(ctx)
				}
				m := b.model.Imports
				m.Add([]string{path})
				b.drain()
				m.Cancel(m.State().Rows[0].ID)
				b.drain()
				if got := m.State().Rows[0].Phase; got != viewmodel.PhaseStopping {
					t.Errorf("phase = %v, want stopping", got)
				}
				b.pass(2 * time.Second)
				if len(m.State().Rows) != 0 {
					t.Errorf("rows = %+v, want none", m.State().Rows)
				}
			})
		})
	}
}

func TestImportsProgress(t *testing.T) {
	path := file(t, t.TempDir(), "long.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		done := make(chan struct{})
		b.importing = func(_ context.Context, _ string, progress func(viewmodel.Progress)) (pod.Video, error) {
			for i := range int64(1000) { // ten seconds, a hundred reports a second
				progress(viewmodel.Progress{Stage: viewmodel.StageCopy, DoneBytes: i * 1000, TotalBytes: 1_000_000})
				time.Sleep(10 * time.Millisecond) //nolint:forbidigo // the bubble's own clock
			}
			progress(viewmodel.Progress{Stage: viewmodel.StagePublish, DoneBytes: 0, TotalBytes: 500})
			<-done
			return pod.Video{}, nil
		}
		m := b.model.Imports
		var rows []viewmodel.ImportRow
		m.OnChange(func(s viewmodel.ImportsState) { rows = append(rows, s.Rows[0]) })
		m.Add([]string{path})
		for range 25 { // the main goroutine runs four times a second
			b.pass(200 * time.Millisecond)
		}
		if n := len(rows); n < 15 || n > 30 {
			t.Errorf("changes in 5 s = %d, want about 25", n)
		}
		last := rows[len(rows)-1]
		if last.BPS < 90_000 || last.BPS > 110_000 {
			t.Errorf("speed = %.0f, want about 100000", last.BPS)
		}
		if last.Fraction < 0.2 || last.Fraction > 0.28 { // half of the first half
			t.Errorf("fraction = %.2f, want about 0.24", last.Fraction)
		}
		if last.Left < 4*time.Second || last.Left > 6*time.Second {
			t.Errorf("left = %v, want about 5s", last.Left)
		}
		b.pass(10 * time.Second)
		last = rows[len(rows)-1]
		if last.Progress.Stage != viewmodel.StagePublish || last.BPS != 0 || last.Left != 0 {
			t.Errorf("row = %+v, want a new stage of unknown speed", last)
		}
		close(done)
		b.pass(time.Second)
	})
}

// A pod that reads a file once only has no stage of copying: its bar begins at the left too.
func TestImportsWithFewerStages(t *testing.T) {
	path := file(t, t.TempDir(), "short.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		b.importing = func(ctx context.Context, _ string, progress func(viewmodel.Progress)) (pod.Video, error) {
			progress(viewmodel.Progress{Stage: viewmodel.StagePublish, TotalBytes: 100})
			time.Sleep(time.Second) //nolint:forbidigo // the bubble's own clock
			progress(viewmodel.Progress{Stage: viewmodel.StagePublish, DoneBytes: 50, TotalBytes: 100})
			<-ctx.Done()
			return pod.Video{}, ctx.Err()
		}
		m := b.model.Imports
		m.Add([]string{path})
		b.pass(500 * time.Millisecond)
		if got := m.State().Rows[0].Fraction; got != 0 {
			t.Errorf("fraction at the start = %v, want 0", got)
		}
		b.pass(time.Second)
		if got := m.State().Rows[0].Fraction; got < 0.4 || got > 0.5 {
			t.Errorf("fraction half-way = %v, want nearly a half", got)
		}
	})
}

// A report that comes when the import is over, and one at the same instant, change nothing.
func TestImportsLateProgress(t *testing.T) {
	path := file(t, t.TempDir(), "short.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		b.importing = func(_ context.Context, _ string, progress func(viewmodel.Progress)) (pod.Video, error) {
			progress(viewmodel.Progress{DoneBytes: 1, TotalBytes: 2})
			return pod.Video{VideoMeta: pod.VideoMeta{Name: "done"}}, nil
		}
		m := b.model.Imports
		m.Add([]string{path})
		b.drain()
		b.pass(time.Second)
		if got := m.State().Rows[0].Phase; got != viewmodel.PhaseDone {
			t.Errorf("phase = %v, want done", got)
		}
	})
}

func TestImportsFolders(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "films/a.mp4")
	file(t, dir, "films/sub/b.mp4")
	file(t, dir, "films/.hidden/c.mp4")
	file(t, dir, "films/.d.mp4")
	file(t, dir, "elsewhere.mp4")
	if err := os.Symlink(filepath.Join(dir, "elsewhere.mp4"), filepath.Join(dir, "films/link.mp4")); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(b *bench) {
		t := b.T
		b.importing = func(context.Context, string, func(viewmodel.Progress)) (pod.Video, error) {
			return pod.Video{VideoMeta: pod.VideoMeta{Name: "done"}}, nil
		}
		m := b.model.Imports
		m.Add([]string{filepath.Join(dir, "films"), filepath.Join(dir, "empty"), filepath.Join(dir, "nobody.mp4"), os.DevNull})
		b.drain()
		if _, done, refused := m.State().Counts(); done != 2 || refused != 3 {
			t.Errorf("done, refused = %d, %d, want 2, 3: %s", done, refused, titles(m.State()))
		}
		for _, r := range m.State().Rows {
			if r.Phase == viewmodel.PhaseRefused && (r.Reason.Msg == "" || strings.Contains(r.Reason.Msg, "/")) {
				t.Errorf("reason for %s = %q, want a sentence without a path", r.Title, r.Reason.Msg)
			}
		}
	})
}

func TestImportsUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	closed := file(t, dir, "outer/closed/a.mp4")
	if err := os.Chmod(filepath.Dir(closed), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(closed), 0o700) })
	inBubble(t, func(b *bench) {
		t := b.T
		m := b.model.Imports
		m.Add([]string{closed, filepath.Join(dir, "outer")})
		b.drain()
		if _, _, refused := m.State().Counts(); refused != 2 {
			t.Errorf("rows = %+v, want two refused", m.State().Rows)
		}
	})
}

func TestImportsTooMany(t *testing.T) {
	dir := t.TempDir()
	for i := range 1003 {
		file(t, dir, fmt.Sprintf("%04d.mp4", i))
	}
	extra := file(t, t.TempDir(), "extra.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		b.importing = func(ctx context.Context, _ string, _ func(viewmodel.Progress)) (pod.Video, error) {
			<-ctx.Done()
			return pod.Video{}, ctx.Err()
		}
		m := b.model.Imports
		m.Add([]string{dir, extra})
		b.drain()
		if open, _, refused := m.State().Counts(); open != 1000 || refused != 1 {
			t.Errorf("open, refused = %d, %d, want 1000, 1", open, refused)
		}
	})
}

func TestImportsFolderAfterClose(t *testing.T) {
	dir := t.TempDir()
	file(t, dir, "a.mp4")
	inBubble(t, func(b *bench) {
		t := b.T
		b.model.Imports.Add([]string{dir})
		b.model.Close()
		b.drain()
		if len(b.model.Imports.State().Rows) != 0 {
			t.Error("rows after Close, want none")
		}
	})
}

func TestProgressFraction(t *testing.T) {
	tests := []struct {
		in   viewmodel.Progress
		want float64
	}{
		{viewmodel.Progress{}, 0},
		{viewmodel.Progress{Stage: viewmodel.StageCopy, DoneBytes: 5, TotalBytes: 10}, 0.24},
		{viewmodel.Progress{Stage: viewmodel.StagePublish, DoneBytes: 20, TotalBytes: 10}, 0.96},
		{viewmodel.Progress{Stage: viewmodel.StagePoster}, 0.96},
		{viewmodel.Progress{Stage: 9}, 0},
		{viewmodel.Progress{Stage: -1}, 0},
	}
	for _, tt := range tests {
		if got := tt.in.Fraction(); got < tt.want-1e-9 || got > tt.want+1e-9 {
			t.Errorf("Fraction(%+v) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestUnreadableWords(t *testing.T) {
	forbidden, gone := viewmodel.Unreadable(fs.ErrPermission), viewmodel.Unreadable(fs.ErrNotExist)
	if forbidden.Msg == gone.Msg || forbidden.Msg == "" || gone.Msg == "" {
		t.Errorf("Unreadable = %q and %q, want two sentences", forbidden.Msg, gone.Msg)
	}
}
