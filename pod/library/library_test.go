package library_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/library"
)

// filesOfOne is what one video has on disk: file, info dictionary, two pictures.
const filesOfOne = 4

func TestUploadPublishes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, c := range []struct{ content, want, ext string }{{"kept", "kept", "webm"}, {"frag", "fragfrag", "mp4"}} {
		v := h.mustPut(c.content, "  E\u0301te\u0301  ")
		if v.Name != "Été" || v.ID == 0 || v.State != pod.StatePublished || !v.HasPoster || v.Duration != time.Minute {
			t.Errorf("video = %+v, want it published under its name in NFC", v)
		}
		f := v.Files[0]
		if want := v.UUID.String() + "-720." + c.ext; f.Name != want {
			t.Errorf("file name = %q, want %q", f.Name, want)
		}
		if got, err := os.ReadFile(h.File(f)); err != nil || string(got) != c.want {
			t.Errorf("file = %q, %v, want %q", got, err, c.want)
		}
		if got, _ := os.ReadFile(h.Info(f.Infohash)); string(got) != "info of "+f.Name {
			t.Errorf("info = %q", got)
		}
		if got, _ := os.ReadFile(h.Thumbnail(v)); string(got) != "small" {
			t.Errorf("thumbnail = %q, want small", got)
		}
		if got, _ := os.ReadFile(h.Preview(v)); string(got) != "large" {
			t.Errorf("preview = %q, want large", got)
		}
	}
	h.wantFiles(2 * filesOfOne)
	if len(h.changes) != 2 || h.changes[0].Removed {
		t.Errorf("changes = %+v, want two puts", h.changes)
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for _, c := range []struct {
		name, content string
		meta          pod.VideoMeta
		want          pod.Kind
	}{
		{"no video", "x", named("A name"), pod.KindUnplayable},
		{"empty", "", named("A name"), pod.KindUnplayable},
		{"needs a transcode", "t", named("A name"), pod.KindUnplayable},
		{"short name", "k", named("ab"), pod.KindInvalid},
		{"long name", "k", named(strings.Repeat("é", 121)), pod.KindInvalid},
		{"too large", "k" + strings.Repeat(".", 1<<20), named("A name"), pod.KindTooLarge},
	} {
		_, err := h.put(c.content, c.meta)
		wantKind(t, c.name, err, c.want)
		if e, ok := errors.AsType[*pod.Error](err); !ok || !strings.HasSuffix(e.Msg, ".") && e.Msg != "empty" && e.Msg != "no video" {
			t.Errorf("%s: message %q is no sentence", c.name, err)
		}
	}
	h.wantFiles(0)
	if len(h.changes) != 0 {
		t.Errorf("changes = %d, want none", len(h.changes))
	}
}

func TestUploadThatGrowsIsCut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	u, err := h.Begin(t.Context(), pod.UploadRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(u, strings.NewReader(strings.Repeat("k", 2<<20)))
	wantKind(t, "write beyond the limit", err, pod.KindTooLarge)
	u.Abort()
	u.Abort()
	h.wantFiles(0)
	if _, err := u.Finish(t.Context(), pod.FinishUpload{Meta: named("A name")}); err == nil {
		t.Error("Finish after Abort = nil, want an error")
	}
}

func TestFailuresLeaveNothing(t *testing.T) {
	t.Parallel()
	t.Run("store", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		h.store.fail = errors.New("no")
		_, err := h.put("frag", named("A name"))
		wantKind(t, "upload", err, pod.KindInternal)
		h.wantFiles(0)
	})
	t.Run("disk", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(c *library.Config) { c.Media = film{broken: syscall.ENOSPC} })
		_, err := h.put("frag", named("A name"))
		wantKind(t, "upload", err, pod.KindNoSpace)
		h.wantFiles(0)
	})
	t.Run("no room before it begins", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(c *library.Config) { c.Limits.MinFreeBytes = 1 << 60 })
		_, err := h.Begin(t.Context(), pod.UploadRequest{})
		wantKind(t, "begin", err, pod.KindNoSpace)
	})
	t.Run("bad picture", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		u, err := h.Begin(t.Context(), pod.UploadRequest{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(u, "kept")
		_, err = u.Finish(t.Context(), pod.FinishUpload{Meta: named("A name"), Thumbnail: []byte("bad")})
		wantKind(t, "finish", err, pod.KindInvalid)
		h.wantFiles(0)
	})
}

func TestSweepRemovesWhatHasNoRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	kept := h.mustPut("kept", "A name")
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"incoming/a.part", "incoming/b.pub/film.mp4", "videos/00112233445566778899aabbccddeeff00112233/film.mp4",
		"pictures/" + pod.NewUUID().String() + "-1-thumb.jpg", "pictures/" + kept.UUID.String() + "-2-thumb.jpg", "pictures/nonsense",
	} {
		path := filepath.Join(h.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.open(nil)
	h.wantFiles(filesOfOne)
	if got, err := os.ReadFile(h.File(kept.Files[0])); err != nil || string(got) != "kept" {
		t.Errorf("file of the video = %q, %v, want it untouched", got, err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	v := h.mustPut("kept", "A name")
	if err := h.Delete(t.Context(), v.ID); err != nil {
		t.Fatal(err)
	}
	h.wantFiles(0)
	if last := h.changes[len(h.changes)-1]; !last.Removed || last.Video.UUID != v.UUID {
		t.Errorf("last change = %+v, want the removal", last)
	}
	wantKind(t, "second delete", h.Delete(t.Context(), v.ID), pod.KindNotFound)
}

func TestFriendsVideosAreNotOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.store.videos[9] = pod.Video{ID: 9, Origin: 1, VideoMeta: named("A friend's")}
	wantKind(t, "delete", h.Delete(t.Context(), 9), pod.KindForbidden)
	_, err := h.Edit(t.Context(), 9, pod.EditRequest{})
	wantKind(t, "edit", err, pod.KindForbidden)
	_, err = h.Edit(t.Context(), 9, pod.EditRequest{Thumbnail: []byte("picture")})
	wantKind(t, "edit of the picture", err, pod.KindForbidden)
	h.wantFiles(0)
}

func TestEdit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	v := h.mustPut("kept", "A name")
	got, err := h.Edit(t.Context(), v.ID, pod.EditRequest{ChannelID: 7, Change: func(m *pod.VideoMeta) error {
		m.Name, m.Tags = " Another ", []string{"Sea", "sea", " "}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Another" || got.ChannelID != 7 || !cmp.Equal(got.Tags, []string{"Sea"}) || got.Rev <= v.Rev {
		t.Errorf("video = %+v, want the new name, channel, one tag, a higher rev", got)
	}
	_, err = h.Edit(t.Context(), v.ID, pod.EditRequest{Change: func(m *pod.VideoMeta) error { m.Name = ""; return nil }})
	wantKind(t, "edit without a name", err, pod.KindInvalid)
	if after, _ := h.store.Video(t.Context(), v.ID); after.Name != "Another" {
		t.Errorf("name after a refused edit = %q, want Another", after.Name)
	}
	_, err = h.Edit(t.Context(), 99, pod.EditRequest{Thumbnail: []byte("picture")})
	wantKind(t, "edit of nothing", err, pod.KindNotFound)
}

func TestPrivateVideoIsPublishedWhenItBecomesPublic(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := newHouse(t, func(c *library.Config) { c.Clock = func() time.Time { return now } })
	meta := named("A name")
	meta.Privacy = pod.PrivacyPrivate
	v, err := h.put("kept", meta)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	v, err = h.Edit(t.Context(), v.ID, pod.EditRequest{Change: func(m *pod.VideoMeta) error { m.Privacy = pod.PrivacyPublic; return nil }})
	if err != nil || !v.PublishedAt.Equal(now) {
		t.Errorf("publishedAt = %s, %v, want %s", v.PublishedAt, err, now)
	}
}

func TestEditOfThePicture(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	v := h.mustPut("kept", "A name")
	got, err := h.Edit(t.Context(), v.ID, pod.EditRequest{Thumbnail: []byte("mine")})
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(h.Thumbnail(got)); string(data) != "mine" {
		t.Errorf("thumbnail = %q, want mine", data)
	}
	h.wantFiles(filesOfOne)
	h.store.fail = errors.New("no")
	if _, err := h.Edit(t.Context(), v.ID, pod.EditRequest{Thumbnail: []byte("lost")}); err == nil {
		t.Error("edit with a failing store = nil, want an error")
	}
	if data, _ := os.ReadFile(h.Thumbnail(got)); string(data) != "mine" {
		t.Errorf("thumbnail after a failed edit = %q, want mine", data)
	}
	h.wantFiles(filesOfOne)
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("My holiday.mp4", "film")
	var done, total int64
	v, err := h.Import(t.Context(), library.Import{Path: path, ChannelID: 2, Progress: func(d, n int64) { done, total = d, n }})
	if err != nil || v.Name != "My holiday" || v.Privacy != pod.PrivacyPublic {
		t.Fatalf("import = %+v, %v, want a public video named after its file", v, err)
	}
	if done == 0 || done != total {
		t.Errorf("progress = %d of %d, want it to end full", done, total)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "film" {
		t.Errorf("the person's file = %q, %v, want it untouched", data, err)
	}
	kept, err := h.Import(t.Context(), library.Import{Path: write("k.webm", "kept")})
	if err != nil || kept.Name != "k__" {
		t.Errorf("import = %q, %v, want a padded name", kept.Name, err)
	}
	h.wantFiles(2 * filesOfOne)

	if err := os.Symlink(path, filepath.Join(dir, "link.mp4")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.mp4"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]pod.Kind{
		"none.mp4": pod.KindNotFound, "link.mp4": pod.KindUnplayable, "pipe.mp4": pod.KindUnplayable, ".": pod.KindUnplayable,
	} {
		_, err := h.Import(t.Context(), library.Import{Path: filepath.Join(dir, name)})
		wantKind(t, name, err, want)
	}
	_, err = h.Import(t.Context(), library.Import{Path: write("large.mp4", "f"+strings.Repeat(".", 1<<20))})
	wantKind(t, "large file", err, pod.KindTooLarge)
	h.wantFiles(2 * filesOfOne)
}

func TestImportOfAFileThatChanges(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	h := newHouse(t, func(c *library.Config) { c.Media = film{hold: hold} })
	path := filepath.Join(t.TempDir(), "growing.mp4")
	if err := os.WriteFile(path, []byte("film"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := h.Import(t.Context(), library.Import{Path: path})
		failed <- err
	}()
	waitForFiles(t, h, "incoming/*.pub") // Publish waits; the file grows
	if err := os.WriteFile(path, []byte("film that grew"), 0o600); err != nil {
		t.Fatal(err)
	}
	close(hold)
	wantKind(t, "import of a changing file", <-failed, pod.KindConflict)
	h.wantFiles(0)
}

func waitForFiles(t *testing.T, h *house, pattern string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if names, _ := filepath.Glob(filepath.Join(h.Dir, pattern)); len(names) > 0 {
			return
		}
		<-tick.C
	}
	t.Fatalf("%s did not appear", pattern)
}

func TestCancelledImportLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *library.Config) { c.Media = film{hold: make(chan struct{})} })
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, []byte("film"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := h.Import(ctx, library.Import{Path: path})
		failed <- err
	}()
	waitForFiles(t, h, "incoming/*.pub")
	cancel()
	if err := <-failed; !errors.Is(err, pod.ErrCancelled) {
		t.Errorf("cancelled import = %v, want ErrCancelled", err)
	}
	h.wantFiles(0)
}

func TestCloseStopsRunningWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *library.Config) { c.Media = film{hold: make(chan struct{})} })
	u, err := h.Begin(t.Context(), pod.UploadRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(u, "frag")
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := u.Finish(t.Context(), pod.FinishUpload{Meta: named("A name")}); !errors.Is(err, pod.ErrCancelled) {
			t.Errorf("Finish while closing = %v, want ErrCancelled", err)
		}
	})
	waitForFiles(t, h, "incoming/*.pub")
	if err := h.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	group.Wait()
	h.wantFiles(0)
	_, err = h.Begin(t.Context(), pod.UploadRequest{})
	wantKind(t, "Begin after Close", err, pod.KindUnavailable)
	if err := h.Close(t.Context()); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestSameBytesAtOnceAreTwoVideos(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *library.Config) { c.OnChange = nil })
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { h.mustPut("kept", "Same") })
	}
	group.Wait()
	h.wantFiles(5 * filesOfOne)
}
