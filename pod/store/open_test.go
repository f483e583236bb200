package store_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
	"go.etcd.io/bbolt"
)

var update = flag.Bool("update", false, "write testdata again")

func TestSecondOpenIsRefused(t *testing.T) {
	s, path := open(t)
	began := time.Now()
	_, err := store.Open(path, store.Options{})
	took := time.Since(began)
	wantErr(t, "second Open()", err, pod.ErrInUse)
	if e, ok := errors.AsType[*pod.Error](err); !ok || e.Msg == "" || e.Code != "in_use" {
		t.Errorf("second Open() = %#v, want a *pod.Error with a sentence", err)
	}
	if took > 1500*time.Millisecond {
		t.Errorf("second Open() took %v, want 1.5 s at most", took)
	}
	insert(t, s, video(1)) // the first is unaffected
}

func TestMarkerLivesFromOpenToClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peerpod.db")
	wantDirty := func(when string, want bool) {
		t.Helper()
		if got, err := store.NeedsCheck(path); got != want || err != nil {
			t.Errorf("NeedsCheck() %s = %t, %v, want %t, nil", when, got, err, want)
		}
	}
	wantDirty("before the first Open", false)
	s := reopen(t, path)
	wantDirty("while open", true)
	closeStore(t, s)
	wantDirty("after Close", false)
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("after Close: %v, want the database alone", names)
	}
	s = reopen(t, path)
	closeStore(t, s)
	wantErr(t, "SetMarker()", store.SetMarker(s), nil) // as if killed
	wantDirty("after a kill", true)
	_, err := store.OpenMigrating(path, store.Options{}, 3, func(*bbolt.Tx) error { return errStop })
	wantErr(t, "OpenMigrating()", err, errStop)
	wantDirty("after an Open that failed", true)
	closeStore(t, reopen(t, path))
	wantDirty("after Close", false)
	_, err = store.OpenMigrating(path, store.Options{}, 3, func(*bbolt.Tx) error { return errStop })
	wantErr(t, "OpenMigrating()", err, errStop)
	wantDirty("after an Open that failed", false)
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	path := filled(t)
	edit(t, path, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), store.Seal([]byte("schema"), []byte("99")))
	})
	before, err := os.ReadFile(path)
	wantErr(t, "ReadFile()", err, nil)
	_, err = store.Open(path, store.Options{})
	wantErr(t, "Open()", err, pod.ErrNewerSchema)
	if e, ok := errors.AsType[*pod.Error](err); !ok || !strings.Contains(e.Msg, "newer version") {
		t.Errorf("Open() = %v, want a *pod.Error with a sentence", err)
	}
	wantErr(t, "Check()", store.Check(path), pod.ErrNewerSchema)
	after, err := os.ReadFile(path)
	wantErr(t, "ReadFile()", err, nil)
	if !bytes.Equal(before, after) {
		t.Error("Open() changed a database of a newer schema")
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
		t.Errorf("after Open(): %v, want the database alone", names)
	}
}

func TestDamagedFileIsLeftAlone(t *testing.T) {
	sound, err := os.ReadFile(filled(t))
	wantErr(t, "ReadFile()", err, nil)
	size := os.Getpagesize()
	for name, data := range map[string][]byte{
		"empty": {}, "cut in the header": sound[:size/2], "cut behind the header": sound[:2*size], "cut": sound[:3*size],
		"headers zeroed": append(make([]byte, 2*size), sound[2*size:]...),
		"text":           []byte(strings.Repeat("hello ", 10_000)),
		"rest zeroed":    append(bytes.Clone(sound[:2*size]), make([]byte, len(sound)-2*size)...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "peerpod.db")
			wantErr(t, "WriteFile()", os.WriteFile(path, data, 0o600), nil)
			_, err := store.Open(path, store.Options{})
			wantErr(t, "Open()", err, pod.ErrCorrupt)
			wantErr(t, "Check()", store.Check(path), pod.ErrCorrupt)
			after, err := os.ReadFile(path)
			wantErr(t, "ReadFile()", err, nil)
			if !bytes.Equal(data, after) {
				t.Error("Open() changed a damaged database")
			}
		})
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := store.Open(dir, store.Options{})
	wantErr(t, "Open(folder)", err, pod.ErrInvalid)
	_, err = store.Open(filepath.Join(dir, "no", "such", "folder.db"), store.Options{})
	wantErr(t, "Open(no folder)", err, os.ErrNotExist)
}

func TestFirstStartThatWasKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peerpod.db")
	wantErr(t, "WriteFile()", os.WriteFile(path+".new", []byte("half a database"), 0o600), nil)
	s := reopen(t, path)
	insert(t, s, video(1))
	wantSound(t, s, path)
	if _, err := os.Stat(path + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat(rest of the first start) = %v, want %v", err, os.ErrNotExist)
	}
}

func TestMigration(t *testing.T) {
	path, dir := filled(t), t.TempDir()
	o := store.Options{BackupDir: filepath.Join(dir, "backups")}
	mark := func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("fresh"))
		return err
	}
	for range 2 { // the second time it has nothing to do
		s, err := store.OpenMigrating(path, o, 3, mark)
		if err != nil {
			t.Fatalf("OpenMigrating() = %v, want nil", err)
		}
		_, err = s.Video(t.Context(), 3)
		wantErr(t, "Video()", err, nil)
		closeStore(t, s)
	}
	_, err := store.Open(path, o)
	wantErr(t, "Open() by the older version", err, pod.ErrNewerSchema)
	copies, _ := filepath.Glob(filepath.Join(o.BackupDir, "*"))
	if len(copies) != 1 {
		t.Fatalf("copies after one migration = %v, want one", copies)
	}
	wantErr(t, "Check(copy)", store.Check(copies[0]), nil) // the old schema, whole
	_, err = reopen(t, copies[0]).Video(t.Context(), 3)
	wantErr(t, "Video() of the copy", err, nil)
}

func TestMigrationThatFailsChangesNothing(t *testing.T) {
	path := filled(t)
	_, err := store.OpenMigrating(path, store.Options{}, 3, func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("videos")), errStop)
	})
	wantErr(t, "OpenMigrating()", err, errStop)
	wantErr(t, "Check()", store.Check(path), nil)
	_, err = store.OpenMigrating(path, store.Options{
		BackupDir: filepath.Join(path, "not a folder"),
	}, 3, func(*bbolt.Tx) error { t.Error("migrated without a copy"); return nil })
	if err == nil {
		t.Error("OpenMigrating() without a place for the copy = nil, want an error")
	}
	s := reopen(t, path)
	_, err = s.Video(t.Context(), 3)
	wantErr(t, "Video()", err, nil)
}

// kept puts a database of testdata into a new folder.
func kept(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	wantErr(t, "ReadFile()", err, nil)
	path := filepath.Join(t.TempDir(), "peerpod.db")
	wantErr(t, "WriteFile()", os.WriteFile(path, data, 0o600), nil)
	return path
}

// TestSchema1 opens a database of the first schema, which knew no friends.
func TestSchema1(t *testing.T) {
	path := kept(t, "schema-1.db")
	wantErr(t, "Check() before", store.Check(path), nil)
	verified := 0
	o := store.Options{VerifyBackup: func(_ context.Context, path string) error { verified++; return store.Check(path) }}
	s := reopenWith(t, path, o)
	if verified != 1 {
		t.Errorf("copies verified before the migration = %d, want 1", verified)
	}
	wantFirst(t, s)
	changes, err := s.OutChanges(t.Context(), 0, 10)
	wantErr(t, "OutChanges()", err, nil)
	wantEqual(t, "OutChanges()", outs(changes), []out{{1, 1, false, 1, 0}, {3, 3, false, 3, 0}})
	befriend(t, s, 1)
	wantSound(t, s, path)
	s = reopenWith(t, path, o)
	if verified != 1 {
		t.Errorf("copies verified after the second Open = %d, want 1", verified)
	}
	wantFirst(t, s)
}

// TestSchema2 opens a database of the second schema. It was written by
// go test ./pod/store -run TestSchema2 -update, and is not written again after a release.
func TestSchema2(t *testing.T) {
	if *update {
		s, _ := open(t)
		fill(t, s)
		copied, err := s.BackupFile(t.Context(), t.TempDir())
		wantErr(t, "BackupFile()", err, nil)
		data, err := os.ReadFile(copied)
		wantErr(t, "ReadFile()", err, nil)
		wantErr(t, "WriteFile()", os.WriteFile("testdata/schema-2.db", data, 0o600), nil)
	}
	path := kept(t, "schema-2.db")
	s := reopen(t, path)
	wantFirst(t, s)
	f, err := s.FriendByPodID(t.Context(), podID(1))
	wantErr(t, "FriendByPodID()", err, nil)
	if f.ID != 1 || f.VideoCount != 2 || f.InSeq != 4 || f.Name != "Pod 1" {
		t.Errorf("FriendByPodID() = %+v, want friend 1 with 2 videos at 4", f)
	}
	got, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(10)})
	wantErr(t, "VideoByRef()", err, nil)
	want := remote(10, func(v *pod.Video) {
		v.ID, v.Origin, v.Rev, v.OriginRev, v.OriginEpoch, v.Files[0].ID = got.ID, 1, got.Rev, 1, 1, got.Files[0].ID
	})
	wantEqual(t, "VideoByRef()", got, want)
	frozen, ok, err := s.InFlight(t.Context(), 1)
	if !ok || err != nil || frozen.Op != "op" {
		t.Errorf("InFlight() = %+v, %t, %v, want that of op", frozen, ok, err)
	}
	mirrors, err := s.Mirrors(t.Context())
	if len(mirrors) != 1 || err != nil {
		t.Errorf("Mirrors() = %v, %v, want one", mirrors, err)
	}
	invite, err := s.Invite(t.Context(), "used")
	if invite.UsedBy != podID(2) || err != nil {
		t.Errorf("Invite() = %+v, %v, want one of pod 2", invite, err)
	}
	wantSound(t, s, path)
}

// wantFirst looks at what fill stored since the first schema.
func wantFirst(t *testing.T, s *store.Store) {
	t.Helper()
	want := video(3)
	want.ID, want.Rev, want.Files[0].ID = 3, 3, 3
	got, err := s.Video(t.Context(), 3)
	wantErr(t, "Video()", err, nil)
	wantEqual(t, "Video()", got, want)
	wantEqual(t, "Changes()", steps(t, s, 0, 3), []step{{1, 1, false}, {3, 3, false}, {4, 2, true}})
	a, _ := account("root")
	a.ID = 1
	root, err := s.AccountByName(t.Context(), "root")
	wantErr(t, "AccountByName()", err, nil)
	wantEqual(t, "AccountByName()", root, a)
	_, err = s.SessionByAccess(t.Context(), hash("access b"))
	wantErr(t, "SessionByAccess()", err, nil)
	if _, spent, err := s.SpentRefresh(t.Context(), hash("refresh a")); !spent || err != nil {
		t.Errorf("SpentRefresh() = %t, %v, want true, nil", spent, err)
	}
}
