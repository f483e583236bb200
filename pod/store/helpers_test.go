package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
	"go.etcd.io/bbolt"
)

// day is when the videos of these tests were published, by default.
var day = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// open gives a store in a new folder, closed at the end of the test.
func open(tb testing.TB) (*store.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "peerpod.db")
	return reopen(tb, path), path
}

func reopen(tb testing.TB, path string) *store.Store {
	tb.Helper()
	s, err := store.Open(path, store.Options{HostOf: hostOf})
	if err != nil {
		tb.Fatalf("Open(%s) = %v, want nil", path, err)
	}
	tb.Cleanup(func() { closeStore(tb, s) })
	return s
}

func closeStore(tb testing.TB, s *store.Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Errorf("Close() = %v, want nil", err)
	}
}

func hostOf(f pod.FriendID) string {
	return "pod" + strconv.FormatUint(uint64(f), 10) + ".example:9000"
}

// uuid gives the same UUID for the same number.
func uuid(n int) pod.UUID {
	sum := sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))
	return pod.UUID(sum[:16])
}

func infohash(n int) pod.Infohash {
	sum := sha256.Sum256(strconv.AppendInt([]byte("infohash"), int64(n), 10))
	return pod.Infohash(sum[:20])
}

// video gives a whole video; those of two numbers share nothing that is unique.
func video(n int, change ...func(*pod.Video)) pod.Video {
	original := day.Add(-1000 * time.Hour)
	v := pod.Video{
		UUID: uuid(n), AccountID: 1, ChannelID: 1,
		VideoMeta: pod.VideoMeta{
			Name: fmt.Sprintf("Video %04d", n), Description: "Whales, seen from a small boat.", Support: "Buy me a tea.",
			Tags: []string{"Sea", "whale"}, Category: 16, Licence: 1, Language: "en", Privacy: pod.PrivacyPublic,
			NSFW: true, CommentsPolicy: 1, DownloadEnabled: true, WaitTranscoding: true, OriginallyAt: &original,
		},
		State: pod.StatePublished, Duration: 61 * time.Second, Views: 3, HasPoster: true, PosterRev: 2,
		Files: []pod.VideoFile{{
			Infohash: infohash(n), Name: uuid(n).String() + "-720.mp4", SizeBytes: 1000, PieceLength: 1 << 18, Height: 720, Width: 1280,
			FPS: 29.97, MIME: `video/mp4; codecs="avc1.64001f,mp4a.40.2"`, HasAudio: true, CreatedAt: day,
		}},
		CreatedAt: day, PublishedAt: day.Add(time.Duration(n) * time.Minute), UpdatedAt: day,
	}
	for _, f := range change {
		f(&v)
	}
	return v
}

func insert(t *testing.T, s *store.Store, videos ...pod.Video) []pod.Video {
	t.Helper()
	out := make([]pod.Video, 0, len(videos))
	for _, v := range videos {
		stored, err := s.InsertVideo(t.Context(), v)
		if err != nil {
			t.Fatalf("InsertVideo(%s) = %v, want nil", v.Name, err)
		}
		out = append(out, stored)
	}
	return out
}

// wantErr fails unless err is want (nil: no error).
func wantErr(t *testing.T, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", call, err, want)
	}
}

func wantEqual(t *testing.T, call string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", call, diff)
	}
}

// edit changes a closed database behind the store's back.
func edit(t *testing.T, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatalf("bbolt.Open() = %v, want nil", err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Update(fn); err != nil {
		t.Fatalf("Update() = %v, want nil", err)
	}
}
