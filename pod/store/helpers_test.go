package store_test

import (
	"context"
	"crypto/rand"
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
	return reopenWith(tb, path, store.Options{})
}

// openWith gives a store in a new folder with these options.
func openWith(tb testing.TB, o store.Options) (*store.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "peerpod.db")
	return reopenWith(tb, path, o), path
}

func reopenWith(tb testing.TB, path string, o store.Options) *store.Store {
	tb.Helper()
	o.HostOf = hostOf
	s, err := store.Open(path, o)
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

// podKey gives a key of a pod, podID its ID; the same for the same number.
func podKey(n int) []byte { return strconv.AppendInt([]byte("public key "), int64(n), 10) }

func podID(n int) pod.PodID { return pod.NewPodID(sha256.Sum256(podKey(n))) }

// befriend makes friends of the pods with these numbers, at epoch 1.
func befriend(tb testing.TB, s *store.Store, numbers ...int) []pod.Friend {
	tb.Helper()
	out := make([]pod.Friend, 0, len(numbers))
	for _, n := range numbers {
		f, err := s.ChangeFriend(context.Background(), podID(n), "", func(f *pod.Friend) error {
			host := hostOf(pod.FriendID(n))
			*f = pod.Friend{
				PodID: f.PodID, PublicKey: podKey(n), Name: "Pod " + strconv.Itoa(n), URL: "http://" + host, CallURL: "http://" + host,
				CallClass: pod.ClassPrivate, Verified: true, Status: pod.StatusFriend, APIVersions: []int{1}, Score: pod.ScoreStart,
				Epoch: 1, OurRun: "ours", TheirRun: "theirs", LastSeenAt: day, RequestedAt: day, CreatedAt: day,
				ToldName: "Me", ToldURL: "http://me.example:9000", ToldKey: podID(0),
			}
			return nil
		})
		if err != nil {
			tb.Fatalf("ChangeFriend(%d) = %v, want nil", n, err)
		}
		out = append(out, f)
	}
	return out
}

// setStatus gives a friend another status.
func setStatus(t *testing.T, s *store.Store, n pod.FriendID, status pod.FriendStatus) pod.Friend {
	t.Helper()
	return updateFriend(t, s, n, func(f *pod.Friend) { f.Status = status })
}

func updateFriend(t *testing.T, s *store.Store, n pod.FriendID, change func(*pod.Friend)) pod.Friend {
	t.Helper()
	f, err := s.UpdateFriend(t.Context(), n, func(f *pod.Friend) error { change(f); return nil })
	if err != nil {
		t.Fatalf("UpdateFriend(%d) = %v, want nil", n, err)
	}
	return f
}

func friendOf(t *testing.T, s *store.Store, n pod.FriendID) pod.Friend {
	t.Helper()
	f, err := s.Friend(t.Context(), n)
	if err != nil {
		t.Fatalf("Friend(%d) = %v, want nil", n, err)
	}
	return f
}

// remote gives a friend's video as it comes over the wire.
func remote(n int, change ...func(*pod.Video)) pod.Video {
	return video(n, append([]func(*pod.Video){func(v *pod.Video) {
		v.AccountID, v.ChannelID, v.HasPoster, v.PosterRev, v.PosterSource = 0, 0, false, 0, 5
		v.Author = pod.Author{AccountName: "ann", AccountDisplay: "Ann", ChannelName: "sea", ChannelDisplay: "At sea"}
	}}, change...)...)
}

func putStep(n int, rev pod.Rev, change ...func(*pod.Video)) pod.Step {
	return pod.Step{Kind: pod.StepPut, Video: remote(n, change...), OriginRev: rev}
}

func removeStep(n int, rev pod.Rev) pod.Step {
	return pod.Step{Kind: pod.StepRemove, UUID: uuid(n), OriginRev: rev}
}

// message gives the next message of a friend in order, new in op and jti.
func message(f *pod.Friend, steps ...pod.Step) pod.Delivery {
	return pod.Delivery{
		Friend: f.ID, SignedBy: f.PodID, Epoch: f.Epoch, JTI: rand.Text(), JTIUntil: day.Add(20 * time.Minute), Op: rand.Text(),
		Prev: f.InSeq, Seq: f.InSeq + uint64(len(steps)), Steps: steps, At: day,
	}
}

// receive takes the next message of a friend and gives the codes of its results.
func receive(t *testing.T, s *store.Store, n pod.FriendID, steps ...pod.Step) []string {
	t.Helper()
	f := friendOf(t, s, n)
	receipt, err := s.Receive(t.Context(), message(&f, steps...))
	if err != nil {
		t.Fatalf("Receive() = %v, want nil", err)
	}
	return codes(receipt.Results)
}

// codes gives the code of each result that was refused, "ok" of the others.
func codes(results []pod.Result) []string {
	out := []string{}
	for _, r := range results {
		if r.Status == "refused" {
			out = append(out, r.Code)
		} else {
			out = append(out, r.Status)
		}
	}
	return out
}
