package store_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
	"go.etcd.io/bbolt"
)

// wantSound closes the store and lets Check look at it.
func wantSound(t *testing.T, s *store.Store, path string) {
	t.Helper()
	closeStore(t, s)
	wantErr(t, "Check()", store.Check(path), nil)
}

// filled makes a closed store with all kinds of records.
func filled(t *testing.T) string {
	t.Helper()
	s, path := open(t)
	fill(t, s)
	wantSound(t, s, path)
	return path
}

func fill(t *testing.T, s *store.Store) {
	t.Helper()
	a, c := account("root")
	_, _, err := s.InsertAccount(t.Context(), a, c)
	wantErr(t, "InsertAccount()", err, nil)
	stored, err := s.InsertSession(t.Context(), session("a", time.Hour))
	wantErr(t, "InsertSession()", err, nil)
	_, err = s.RotateSession(t.Context(), stored.ID, session("b", time.Hour))
	wantErr(t, "RotateSession()", err, nil)
	_, err = s.OAuthClient(t.Context())
	wantErr(t, "OAuthClient()", err, nil)
	insert(t, s, video(1), video(2), video(3))
	_, err = s.DeleteVideo(t.Context(), 2)
	wantErr(t, "DeleteVideo()", err, nil)
	fillFriends(t, s)
}

// fillFriends stores what came with the second schema: friend 1 with videos 10 and 11 and
// all that is exchanged, friend 2 by an invite, and a pod that is no friend.
func fillFriends(t *testing.T, s *store.Store) {
	t.Helper()
	befriend(t, s, 1)
	for id, expires := range map[string]time.Time{"used": farOff, "free": farOff} {
		err := s.InsertInvite(t.Context(), pod.Invite{ID: id, Secret: []byte("secret"), ExpiresAt: expires, CreatedAt: day})
		wantErr(t, "InsertInvite()", err, nil)
	}
	_, err := s.ChangeFriend(t.Context(), podID(2), "used", func(f *pod.Friend) error {
		f.PublicKey, f.Status, f.Epoch = podKey(2), pod.StatusFriend, 1
		f.OldKeys = []pod.OldKey{{PodID: podID(22), PublicKey: podKey(22), Until: day}}
		return nil
	})
	wantErr(t, "ChangeFriend()", err, nil)
	setStatus(t, s, befriend(t, s, 3)[0].ID, pod.StatusFormer)
	receive(t, s, 1, putStep(10, 1), putStep(11, 2), removeStep(12, 3), pod.Step{Kind: pod.StepView, UUID: uuid(1)})
	receive(t, s, 2, putStep(20, 1), putStep(21, 2))
	v, err := s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(21)})
	wantErr(t, "VideoByRef()", err, nil)
	_, err = s.DeleteVideo(t.Context(), v.ID)
	wantErr(t, "DeleteVideo()", err, nil)
	setStatus(t, s, 2, pod.StatusParked)
	err = s.Freeze(t.Context(), pod.Frozen{Friend: 1, Epoch: 1, Op: "op", Seq: 1, Activities: []json.RawMessage{[]byte(`{"type":"greeting"}`)}})
	wantErr(t, "Freeze()", err, nil)
	err = s.KeepSigned(t.Context(), []pod.SignedVideo{{Video: 3, Rev: 3, Key: podID(0), JWS: "a.b.c"}})
	wantErr(t, "KeepSigned()", err, nil)
	v, err = s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(10)})
	wantErr(t, "VideoByRef()", err, nil)
	err = s.PutMirror(t.Context(), pod.MirrorRecord{Video: v.ID, Infohash: infohash(10), Name: "x.mp4", SizeBytes: 1000, CreatedAt: day}, 1000)
	wantErr(t, "PutMirror()", err, nil)
}

// farOff is a time that no test reaches.
var farOff = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

func TestFlippedByteIsFoundByReadAndCheck(t *testing.T) {
	for _, at := range []int{0, 1, 4, 5, 40} { // version, checksum, payload
		t.Run(fmt.Sprintf("byte %d", at), func(t *testing.T) {
			path := filled(t)
			edit(t, path, func(tx *bbolt.Tx) error {
				b := tx.Bucket([]byte("videos"))
				record := bytes.Clone(b.Get(store.IDKey(3)))
				record[at] ^= 0x20
				return b.Put(store.IDKey(3), record)
			})
			wantErr(t, "Check()", store.Check(path), pod.ErrCorrupt)
			s := reopen(t, path)
			_, err := s.Video(t.Context(), 3)
			wantErr(t, "Video()", err, pod.ErrCorrupt)
			_, err = s.VideoByRef(t.Context(), pod.VideoRef{UUID: uuid(3)})
			wantErr(t, "VideoByRef()", err, pod.ErrCorrupt)
			_, err = s.ListVideos(t.Context(), pod.VideoQuery{Count: 5})
			wantErr(t, "ListVideos()", err, pod.ErrCorrupt)
			_, err = s.Changes(t.Context(), 0, 10)
			wantErr(t, "Changes()", err, pod.ErrCorrupt)
			_, err = s.Video(t.Context(), 1)
			wantErr(t, "Video() of another", err, nil)
			closeStore(t, s)
			if dirty, err := store.NeedsCheck(path); !dirty || err != nil {
				t.Errorf("NeedsCheck() after a read met damage = %t, %v, want true, nil", dirty, err)
			}
		})
	}
}

func TestCheckComparesIndexes(t *testing.T) {
	drop := func(bucket string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			key, _ := b.Cursor().First()
			return b.Delete(bytes.Clone(key))
		}
	}
	put := func(bucket string, key []byte, payload string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(bucket)).Put(key, store.Seal(key, []byte(payload)))
		}
	}
	tests := map[string]func(*bbolt.Tx) error{
		"entry wrong":            put("video-uuid", store.UUIDKey(uuid(1), 0), "3"),
		"uuid of nobody":         put("video-uuid", store.UUIDKey(uuid(99), 0), "3"),
		"size wrong":             put("video-account", store.PairKey(1, 1), "7"),
		"account of nobody":      put("video-account", store.PairKey(5, 1), "7"),
		"file of nobody":         put("files", make([]byte, store.FileKeyLen()), "{}"),
		"change of nobody":       put("changes", store.IDKey(2), `{"video":1}`),
		"removal of a video":     put("changes", store.IDKey(1), `{"video":1,"last":{"id":1,"uuid":"`+uuid(1).String()+`"}}`),
		"name of nobody":         put("account-name", []byte("mallory"), "1"),
		"channel name":           put("channel-name", []byte("mallory"), "1"),
		"token of nobody":        put("session-access", bytes.Repeat([]byte{1}, 32), "1"),
		"spent of nobody":        put("session-spent", bytes.Repeat([]byte{1}, 32), `{"session":9}`),
		"record of other number": put("accounts", store.IDKey(2), `{"id":1}`),
		"number never given":     put("accounts", store.IDKey(77), `{"id":77,"name":"mallory"}`),
		"not JSON":               put("channels", store.IDKey(1), `{`),
		"key of nobody":          put("friend-key", make([]byte, 32), "1"),
		"jti of nobody":          put("jti", store.JTIKey(9, "x"), `"2026-01-01T00:00:00Z"`),
		"jti without time":       put("jti", store.JTIKey(1, "x"), `"2026-01-01T00:00:00Z"`),
		"answer to nobody":       put("inbox", store.IDKey(9), `{"op":"x"}`),
		"answer to a former":     put("inbox", store.IDKey(3), `{"op":"x"}`),
		"message to nobody":      put("outbox", store.IDKey(9), `{"friend":9}`),
		"message of other epoch": put("outbox", store.IDKey(1), `{"friend":1,"epoch":2}`),
		"removal by nobody":      put("removed", store.TombstoneKey(9, uuid(1)), `{"rev":1,"epoch":1}`),
		"removal of old epoch":   put("removed", store.TombstoneKey(1, uuid(1)), `{"rev":1}`),
		"removed but there":      put("removed", store.TombstoneKey(1, uuid(10)), `{"rev":1,"epoch":1}`),
		"views of nobody":        put("friend-views", store.IDKey(9), `{"day":"2026-01-01","count":1}`),
		"origin of nobody":       put("video-origin", store.OriginKey(1, 1, 99), "99"),
		"own change of nobody":   put("out", store.IDKey(2), `{"video":2}`),
		"own change forgotten":   put("out", store.IDKey(3), `{"video":1}`),
		"removal not noted":      put("changes", store.IDKey(2), `{"video":99,"last":{"id":99,"uuid":"`+uuid(9).String()+`","origin":1}}`),
		"noted but not removed":  put("gone", store.IDKey(1), "3"),
		"signed of nobody":       put("signed", store.IDKey(99), `{"video":99}`),
		"signed of a friend":     put("signed", store.IDKey(4), `{"video":4}`),
		"mirror of nobody":       put("mirrors", store.IDKey(99), `{"video":99}`),
		"mirror of an own video": put("mirrors", store.IDKey(3), `{"video":3}`),
		"other invite":           put("invites", []byte("free"), `{"id":"used"}`),
		"friend of other key":    put("friends", store.IDKey(3), `{"id":3,"podId":"`+string(podID(4))+`","status":"former"}`),
		"friend miscounts":       put("friends", store.IDKey(3), `{"id":3,"podId":"`+string(podID(3))+`","status":"former","videoCount":1}`),
		"score out of range":     put("friends", store.IDKey(3), `{"id":3,"podId":"`+string(podID(3))+`","status":"former","score":1001}`),
		"friends back":           func(tx *bbolt.Tx) error { return tx.Bucket([]byte("friends")).SetSequence(1) },
		"hidden without reason": func(tx *bbolt.Tx) error {
			return store.EditVideo(tx, 4, func(v *pod.Video) { v.Hidden = true })
		},
		"video of a former friend": func(tx *bbolt.Tx) error {
			return store.EditVideo(tx, 4, func(v *pod.Video) { v.Origin = 3 })
		},
		"public without a change": func(tx *bbolt.Tx) error {
			return store.EditVideo(tx, 3, func(v *pod.Video) { v.Privacy = pod.PrivacyPrivate })
		},
		"row under other key": func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte("video-rows"))
			key, record := b.Cursor().First()
			return b.Put(append(bytes.Clone(key[:len(key)-1]), 99), bytes.Clone(record))
		},
		"no bucket":    func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("channel-name")) },
		"no schema":    drop("meta"),
		"counter back": func(tx *bbolt.Tx) error { return tx.Bucket([]byte("files")).SetSequence(1) },
		"revs back":    func(tx *bbolt.Tx) error { return tx.Bucket([]byte("changes")).SetSequence(1) },
	}
	for _, bucket := range []string{
		"videos", "video-uuid", "video-rows", "video-account", "files", "changes", "accounts", "account-name",
		"channels", "channel-name", "channel-account", "sessions", "session-access", "session-refresh", "session-spent", "session-spent-by",
		"friends", "friend-key", "jti-until", "video-origin", "out", "gone", "jti",
	} {
		tests["dropped from "+bucket] = drop(bucket)
	}
	sound, err := os.ReadFile(filled(t))
	wantErr(t, "ReadFile()", err, nil)
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "peerpod.db")
			wantErr(t, "WriteFile()", os.WriteFile(path, sound, 0o600), nil)
			if name == "no schema" { // the OAuth client comes first
				edit(t, path, damage)
			}
			edit(t, path, damage)
			wantErr(t, "Check()", store.Check(path), pod.ErrCorrupt)
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	dir := t.TempDir()
	wantErr(t, "Check(missing)", store.Check(filepath.Join(dir, "none.db")), os.ErrNotExist)
	s, path := open(t)
	defer closeStore(t, s)
	wantErr(t, "Check(open)", store.Check(path), pod.ErrInUse)
}

// damages writes damaged copies of a database and gives their paths.
func damages(t *testing.T, sound string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := os.Getpagesize()
	out, dir := map[string]string{}, t.TempDir()
	add := func(name string, change func([]byte) []byte) {
		path := filepath.Join(dir, fmt.Sprintf("%d.db", len(out)))
		if err := os.WriteFile(path, change(bytes.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		out[name] = path
	}
	for _, size := range []int{0, 1, 100, pageSize, 2*pageSize - 1, 2 * pageSize, len(data) / 2, len(data) - pageSize, len(data) - 1} {
		add(fmt.Sprintf("cut at %d", size), func(b []byte) []byte { return b[:size] })
	}
	add("both headers zeroed", func(b []byte) []byte { clear(b[:2*pageSize]); return b })
	add("text", func([]byte) []byte { return bytes.Repeat([]byte("This is not a database.\n"), 2000) })
	leaves, branches := pages(t, sound)
	for i, page := range []int{leaves[0], leaves[len(leaves)/3], leaves[2*len(leaves)/3], leaves[len(leaves)-1], branches[0]} {
		at := page * pageSize
		add(fmt.Sprintf("page %d zeroed", page), func(b []byte) []byte { clear(b[at : at+pageSize]); return b })
		add(fmt.Sprintf("page %d overwritten", page), func(b []byte) []byte {
			copy(b[at:], bytes.Repeat([]byte{0xa5, byte(i), 0xff}, pageSize/3))
			return b
		})
		add(fmt.Sprintf("page %d counts 65535", page), func(b []byte) []byte {
			binary.LittleEndian.PutUint16(b[at+10:], 0xffff)
			return b
		})
		add(fmt.Sprintf("page %d over the end", page), func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[at+12:], 1<<30)
			return b
		})
	}
	first := branches[0]*pageSize + 16 + 8 // page number of its first child
	add("circle of pages", func(b []byte) []byte {
		binary.LittleEndian.PutUint64(b[first:], uint64(branches[0]))
		return b
	})
	add("child far away", func(b []byte) []byte { binary.LittleEndian.PutUint64(b[first:], 1<<40); return b })
	add("page twice", func(b []byte) []byte { copy(b[leaves[1]*pageSize:], b[leaves[2]*pageSize:][:pageSize]); return b })
	return out
}

// pages lists the leaf and branch pages of a database.
func pages(t *testing.T, path string) (leaves, branches []int) {
	t.Helper()
	edit(t, path, func(tx *bbolt.Tx) error {
		for id := 2; ; id++ {
			page, err := tx.Page(id)
			if err != nil || page == nil {
				return err
			}
			switch page.Type {
			case "leaf":
				leaves = append(leaves, id)
			case "branch":
				branches = append(branches, id)
			}
			id += page.OverflowCount
		}
	})
	if len(leaves) < 10 || len(branches) < 1 {
		t.Fatalf("database of %d leaves and %d branches, want more", len(leaves), len(branches))
	}
	return leaves, branches
}
