package search_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/search"
)

func TestApplyUpdatesAndRemoves(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	apply(t, index, named("first draft", "second draft"))
	changed := video(1, "final cut")
	apply(t, index, []pod.Change{{Rev: 4, Video: video(2, "second draft"), Removed: true}, {Rev: 3, Video: changed}})
	for text, want := range map[string][]pod.VideoID{"draft": nil, "first": nil, "final": ids(1)} {
		if got := find(t, index, search.Query{Text: text}); !slices.Equal(got.IDs, want) {
			t.Errorf("Search(%q) = %v, want %v", text, got.IDs, want)
		}
	}
	if got := index.LastRev(); got != 4 {
		t.Errorf("LastRev() = %d, want 4", got)
	}
}

func TestApplyIsIdempotent(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	old := named("old name", "other")
	apply(t, index, old)
	apply(t, index, []pod.Change{{Rev: 3, Video: video(1, "new name")}})
	apply(t, index, old)
	apply(t, index, nil)
	if got := find(t, index, search.Query{Text: "old"}); got.Total != 0 {
		t.Errorf("Search(old) found %d after old changes came again, want 0", got.Total)
	}
	if got := find(t, index, search.Query{Text: "name"}); got.Total != 1 || index.LastRev() != 3 {
		t.Errorf("Search(name) = %d at rev %d, want 1 at rev 3", got.Total, index.LastRev())
	}
}

func TestApplyWritesManyInBatches(t *testing.T) {
	t.Parallel()
	names := make([]string, 1203)
	for i := range names {
		names[i] = "number " + strconv.Itoa(i)
	}
	dir := t.TempDir()
	index := open(t, dir)
	apply(t, index, named(names...))
	if got := find(t, index, search.Query{Text: "number"}); got.Total != len(names) {
		t.Errorf("Search(number) found %d, want %d", got.Total, len(names))
	}
	if err := index.Close(); err != nil {
		t.Fatalf("Close() = %v", err)
	}
	again := open(t, dir)
	if got := find(t, again, search.Query{Text: "number"}); got.Total != len(names) || again.LastRev() != 1203 {
		t.Errorf("after reopening: %d videos at rev %d, want 1203 at 1203", got.Total, again.LastRev())
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	apply(t, index, named("something"))
	if err := index.Clear(t.Context()); err != nil {
		t.Fatalf("Clear() = %v", err)
	}
	if got := find(t, index, search.Query{Text: "something"}); got.Total != 0 || index.LastRev() != 0 {
		t.Errorf("after Clear: %d videos at rev %d, want none at 0", got.Total, index.LastRev())
	}
	apply(t, index, named("something"))
	if got := find(t, index, search.Query{Text: "something"}); got.Total != 1 {
		t.Errorf("after Clear and Apply: %d videos, want 1", got.Total)
	}
}

func TestCloseTwiceAndUseAfter(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	for range 2 {
		if err := index.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	_, searchErr := index.Search(t.Context(), search.Query{Text: "x"})
	for name, err := range map[string]error{
		"Search": searchErr, "Apply": index.Apply(t.Context(), named("abc")), "Clear": index.Clear(t.Context()),
	} {
		if pod.KindOf(err) != pod.KindUnavailable {
			t.Errorf("%s after Close = %v, want KindUnavailable", name, err)
		}
	}
}

func TestOpenOnlyOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir)
	apply(t, first, named("kept"))
	if _, err := search.Open(search.Config{Dir: dir}); !errors.Is(err, pod.ErrInUse) {
		t.Errorf("second Open = %v, want ErrInUse", err)
	}
	if got := find(t, first, search.Query{Text: "kept"}); got.Total != 1 {
		t.Errorf("after the second Open: %d videos, want 1", got.Total)
	}
	if _, err := search.Open(search.Config{}); err == nil {
		t.Error("Open without a folder = nil, want an error")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Open(search.Config{Dir: file}); err == nil {
		t.Error("Open of a file = nil, want an error")
	}
}

// filesOf lists the files of a closed index, the largest first.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	sizes := map[string]int64{}
	err := filepath.WalkDir(filepath.Join(dir, "index"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		sizes[path] = info.Size()
		files = append(files, path)
		return err
	})
	if err != nil || len(files) < 3 {
		t.Fatalf("index has the files %v (%v), want three at least", files, err)
	}
	slices.SortFunc(files, func(a, b string) int { return int(sizes[b] - sizes[a]) })
	return files
}

func TestOpenReplacesDamagedIndex(t *testing.T) {
	t.Parallel()
	edit := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, change(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cases := []struct {
		name   string
		damage func(t *testing.T, path string)
	}{
		{"empty", edit(func([]byte) []byte { return nil })},
		{"cut in half", edit(func(b []byte) []byte { return b[:len(b)/2] })},
		{"cut to a page", edit(func(b []byte) []byte { return b[:min(len(b), 4096)] })},
		{"text", edit(func([]byte) []byte { return []byte("this is no index") })},
		{"zeros", edit(func(b []byte) []byte { return make([]byte, len(b)) })},
		{"missing", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"flipped byte in the middle", edit(func(b []byte) []byte { b[len(b)/2] ^= 0x55; return b })},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for i := range 3 {
				dir := t.TempDir()
				fill(t, dir)
				path := filesOf(t, dir)[i]
				tt.damage(t, path)
				checkSound(t, dir, filepath.Base(path))
			}
		})
	}
}

func fill(t *testing.T, dir string) {
	t.Helper()
	index := open(t, dir)
	for rev := range pod.Rev(3) {
		v := video(pod.VideoID(rev+1), "healthy "+strconv.Itoa(int(rev)))
		apply(t, index, []pod.Change{{Rev: rev + 1, Video: v}})
	}
	if err := index.Close(); err != nil {
		t.Fatalf("Close() = %v", err)
	}
}

// checkSound opens an index that was damaged: it has everything (the damage hit unused
// bytes), an older state of its own or nothing, always with the Rev of that state, and
// works. In each state of fill there are as many videos as its Rev says.
func checkSound(t *testing.T, dir, file string) {
	t.Helper()
	index := open(t, dir)
	rev, total := index.LastRev(), find(t, index, search.Query{Text: "healthy"}).Total
	if total != int(rev) || rev > 3 {
		t.Errorf("damaged %s: %d videos at rev %d, want as many as the rev", file, total, rev)
	}
	apply(t, index, []pod.Change{{Rev: 9, Video: video(9, "healthy again")}})
	if got := find(t, index, search.Query{Text: "again"}); got.Total != 1 {
		t.Errorf("damaged %s: Search(again) found %d, want 1", file, got.Total)
	}
	if err := index.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

// A flipped byte in a file of the index is found by its checksum, wherever it is.
func TestOpenReplacesFlippedByte(t *testing.T) {
	t.Parallel()
	for part := range 4 {
		dir := t.TempDir()
		fill(t, dir)
		for _, path := range filesOf(t, dir) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(path) == ".zap" {
				data[part*len(data)/4] ^= 1
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if index := open(t, dir); index.LastRev() != 0 {
			t.Errorf("LastRev() after a flipped byte in part %d = %d, want 0", part, index.LastRev())
		}
	}
}

func TestOpenReplacesCutRoot(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	fill(t, source)
	root := filepath.Join("index", "store", "root.bolt")
	whole, err := os.ReadFile(filepath.Join(source, root))
	if err != nil {
		t.Fatal(err)
	}
	for size := 0; size < len(whole); size += 4096 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, root), int64(size)); err != nil {
			t.Fatal(err)
		}
		checkSound(t, dir, "root cut to "+strconv.Itoa(size))
	}
}

func TestOpenReplacesFolderThatIsNoIndex(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"file", "empty folder", "crash while opening"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "index")
			var err error
			switch name {
			case "file":
				err = os.WriteFile(path, []byte("x"), 0o600)
			case "empty folder":
				err = os.Mkdir(path, 0o700)
			default:
				fill(t, dir)
				err = os.WriteFile(filepath.Join(dir, "opening"), nil, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			index := open(t, dir)
			if index.LastRev() != 0 {
				t.Errorf("LastRev() = %d, want 0", index.LastRev())
			}
			apply(t, index, named("fresh"))
			if err := index.Close(); err != nil {
				t.Fatal(err)
			}
			if again := open(t, dir); again.LastRev() != 1 {
				t.Errorf("LastRev() after reopening = %d, want 1", again.LastRev())
			}
		})
	}
}

func TestTwoIndexesDoNotMix(t *testing.T) {
	t.Parallel()
	one, two := open(t, t.TempDir()), open(t, t.TempDir())
	apply(t, one, named("only here"))
	if got := find(t, two, search.Query{Text: "only"}); got.Total != 0 || two.LastRev() != 0 {
		t.Errorf("the other index has %d videos at rev %d, want none", got.Total, two.LastRev())
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	apply(t, one, []pod.Change{{Rev: 2, Video: video(2, "only here too")}})
	if got := find(t, one, search.Query{Text: "only"}); got.Total != 2 {
		t.Errorf("after the other was closed: %d videos, want 2", got.Total)
	}
}

func TestSearchWhileApplying(t *testing.T) {
	t.Parallel()
	index := open(t, t.TempDir())
	var group sync.WaitGroup
	group.Go(func() {
		for rev := range pod.Rev(30) {
			if err := index.Apply(t.Context(), []pod.Change{{Rev: rev + 1, Video: video(pod.VideoID(rev%5+1), "moving target")}}); err != nil {
				t.Errorf("Apply = %v", err)
			}
			if rev == 15 {
				if err := index.Clear(t.Context()); err != nil {
					t.Errorf("Clear = %v", err)
				}
			}
		}
	})
	for range 3 {
		group.Go(func() {
			for range 30 {
				if got, err := index.Search(t.Context(), search.Query{Text: "moving", Count: 10}); err != nil || got.Total > 5 {
					t.Errorf("Search = %d, %v, want 5 at most", got.Total, err)
				}
			}
		})
	}
	group.Wait()
}

// Not parallel: it counts the goroutines of this package in the whole process.
func TestCloseEndsGoroutines(t *testing.T) {
	for range 5 {
		index := open(t, t.TempDir())
		apply(t, index, named("abc"))
		if err := index.Close(); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		stacks := make([]byte, 1<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "scorch.(*Scorch)")
	}
	deadline := time.Now().Add(5 * time.Second)
	for count() > 0 && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := count(); n > 0 {
		t.Errorf("%d goroutines of bleve run after Close, want none", n)
	}
}
