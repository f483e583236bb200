package swarm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// seedFrom lets a client seed a published file from its folder.
func seedFrom(tb testing.TB, cl *torrent.Client, f pod.Torrent, peers ...string) *torrent.Torrent {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.Link(f.Path, filepath.Join(dir, "video-720.mp4")); err != nil {
		tb.Fatal(err)
	}
	tor, _ := cl.AddTorrentOpt(torrent.AddTorrentOpts{
		InfoHash: metainfo.Hash(f.Infohash), InfoBytes: f.InfoBytes,
		Storage: storage.NewFileOpts(storage.NewFileClientOpts{ClientBaseDir: dir, PieceCompletion: storage.NewMapPieceCompletion()}),
	})
	if err := tor.VerifyDataContext(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	for _, p := range peers {
		tor.AddPeers([]torrent.PeerInfo{{Addr: torrent.StringAddr(p), Trusted: true}})
	}
	return tor
}

func seeding(c *torrent.ClientConfig) { c.Seed = true }

func TestBridge(t *testing.T) {
	const size = 2<<20 + 99
	tests := []struct {
		name   string
		browse bool // the seeder is a browser, else the leecher is
	}{{"browser to TCP", true}, {"TCP to browser", false}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			elsewhere := newShelf()
			file := elsewhere.publish(t, size)
			s := start(t, newShelf())
			if err := s.Mirror(t.Context(), swarm.Mirror{InfoBytes: file.InfoBytes}); err != nil {
				t.Fatalf("Mirror() = %v, want nil", err)
			}
			var tor *torrent.Torrent
			if tt.browse {
				tor = add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(s))
				seedFrom(t, newBrowser(t, s, file.Infohash, seeding), file, tab)
			} else {
				tor = add(t, newBrowser(t, s, file.Infohash), file.Infohash, tab)
				seedFrom(t, newLeecher(t, tcpOnly, seeding), file, addrOf(s))
			}
			if got, want := fetch(t, tor), elsewhere.sums[file.Infohash]; got != want {
				t.Errorf("SHA-256 = %s, want %s", got, want)
			}
			eventually(t, 20*time.Second, "mirror is whole", func() bool { return s.MirrorDone(file.Infohash) })
		})
	}
}

func TestMirrorSurvives(t *testing.T) {
	t.Parallel()
	files, dir := newShelf(), t.TempDir()
	file := files.publish(t, 700_000)
	seeder := start(t, files)
	inDir := func(c *swarm.Config) { c.MirrorDir = dir }
	request := swarm.Mirror{Infohash: file.Infohash, Peers: []string{addrOf(seeder)}}
	first := start(t, newShelf(), inDir)
	if err := first.Mirror(t.Context(), request); err != nil {
		t.Fatalf("Mirror() = %v, want nil", err)
	}
	done := filepath.Join(dir, file.Infohash.String(), "done")
	eventually(t, 20*time.Second, "mirror is marked as whole", func() bool { _, err := os.Stat(done); return err == nil })
	closeSwarm(t, first)
	second := start(t, newShelf(), inDir, func(c *swarm.Config) { c.IdleAfter = 100 * time.Millisecond })
	if err := second.Mirror(t.Context(), swarm.Mirror{InfoBytes: file.InfoBytes}); err != nil {
		t.Fatalf("second Mirror() = %v, want nil", err)
	}
	eventually(t, 5*time.Second, "mirror is whole again", func() bool { return second.MirrorDone(file.Infohash) })
	eventually(t, 5*time.Second, "whole mirror sleeps", func() bool { return second.Live() == 0 })
	if got, want := fetch(t, add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(second))), files.sums[file.Infohash]; got != want {
		t.Errorf("SHA-256 from the mirror = %s, want %s", got, want)
	}
}

func TestMirrorRefuses(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files)
	for _, tt := range []struct {
		name string
		req  swarm.Mirror
		want error
	}{
		{"nothing", swarm.Mirror{}, pod.ErrInvalid},
		{"own file", swarm.Mirror{Infohash: file.Infohash}, pod.ErrExists},
		{"other infohash", swarm.Mirror{Infohash: pod.Infohash{1}, InfoBytes: file.InfoBytes}, pod.ErrInvalid},
		{"path as a name", swarm.Mirror{InfoBytes: hostileInfo("../../x", 16<<10, 16<<10, 1)}, pod.ErrInvalid},
		{"huge length", swarm.Mirror{InfoBytes: hostileInfo("x", 1<<62, 16<<10, 1)}, pod.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := s.Mirror(t.Context(), tt.req); !errors.Is(err, tt.want) {
				t.Errorf("Mirror() = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestMirrorOfNobody(t *testing.T) {
	check := noLeak(t)
	t.Run("forget", func(t *testing.T) {
		s := start(t, newShelf())
		ih := pod.Infohash{7}
		if err := s.Mirror(t.Context(), swarm.Mirror{Infohash: ih, Peers: []string{"127.0.0.1:1"}}); err != nil {
			t.Fatalf("Mirror() = %v, want nil", err)
		}
		if s.Live() != 1 || s.MirrorDone(ih) {
			t.Errorf("Live(), MirrorDone() = %d, %v, want 1, false", s.Live(), s.MirrorDone(ih))
		}
		s.Forget(ih)
		if s.Live() != 0 {
			t.Errorf("Live() = %d after Forget, want 0", s.Live())
		}
	})
	check()
}

// lies is a storage of zeros that claims to be complete.
type lies struct{}

func (lies) OpenTorrent(context.Context, *metainfo.Info, metainfo.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{Piece: func(metainfo.Piece) storage.PieceImpl { return lies{} }}, nil
}

func (lies) ReadAt(b []byte, _ int64) (int, error)  { return len(b), nil }
func (lies) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }
func (lies) MarkComplete() error                    { return nil }
func (lies) MarkNotComplete() error                 { return nil }
func (lies) Completion() storage.Completion         { return storage.Completion{Ok: true, Complete: true} }

// TestWrongData: what does not fit its hash is neither kept nor served on (HOSTILE, TOR-07).
func TestWrongData(t *testing.T) {
	t.Parallel()
	files := newShelf()
	file := files.publish(t, 2<<20)
	liar := newLeecher(t, tcpOnly, seeding)
	liar.AddTorrentOpt(torrent.AddTorrentOpts{InfoHash: metainfo.Hash(file.Infohash), InfoBytes: file.InfoBytes, Storage: lies{}})
	s := start(t, newShelf())
	request := swarm.Mirror{InfoBytes: file.InfoBytes, Peers: []string{fmt.Sprintf("127.0.0.1:%d", liar.LocalPort())}}
	if err := s.Mirror(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "wrong bytes came", func() bool { return s.Stats().TCP.BytesDown >= 256<<10 })
	tor := add(t, newLeecher(t, tcpOnly), file.Infohash, addrOf(s))
	select {
	case <-tor.GotInfo():
		tor.DownloadAll()
	case <-time.After(3 * time.Second): // banned addresses are refused, and all are one here
	}
	if s.MirrorDone(file.Infohash) || tor.BytesCompleted() != 0 {
		t.Errorf("MirrorDone(), bytes served on = %v, %d, want false, 0", s.MirrorDone(file.Infohash), tor.BytesCompleted())
	}
}
