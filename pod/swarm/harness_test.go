package swarm_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// shelf is the catalogue that the swarms of these tests serve.
type shelf struct {
	mu    sync.Mutex // guards all below
	files map[pod.Infohash]pod.Torrent
	sums  map[pod.Infohash]string
	asked int
}

func newShelf() *shelf {
	return &shelf{files: make(map[pod.Infohash]pod.Torrent), sums: make(map[pod.Infohash]string)}
}

func (s *shelf) Torrent(_ context.Context, ih pod.Infohash) (pod.Torrent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	f, ok := s.files[ih]
	if !ok {
		return f, fmt.Errorf("torrent %s: %w", ih, pod.ErrNotFound)
	}
	return f, nil
}

func (s *shelf) EachInfohash(yield func(pod.Infohash) bool) {
	s.mu.Lock()
	hashes := make([]pod.Infohash, 0, len(s.files))
	for ih := range s.files {
		hashes = append(hashes, ih)
	}
	s.mu.Unlock()
	for _, ih := range hashes {
		if !yield(ih) {
			return
		}
	}
}

func (s *shelf) remove(ih pod.Infohash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, ih)
}

// publish writes a file of random bytes and puts it on the shelf.
func (s *shelf) publish(tb testing.TB, sizeBytes int64) pod.Torrent {
	tb.Helper()
	dir := tb.TempDir()
	path := filepath.Join(dir, "data.mp4")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	h := swarm.NewPieceHasher(sizeBytes)
	whole := sha256.New()
	random := rand.NewChaCha8([32]byte{byte(sizeBytes), byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32())})
	if _, err := io.CopyN(io.MultiWriter(f, h, whole), random, sizeBytes); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	m, err := h.Finish("video-720.mp4")
	if err != nil {
		tb.Fatal(err)
	}
	file := pod.Torrent{Infohash: m.Infohash, InfoBytes: m.InfoBytes, Path: path}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[m.Infohash] = file
	s.sums[m.Infohash] = hex.EncodeToString(whole.Sum(nil))
	return file
}

// start runs a hermetic swarm until the end of the test.
func start(tb testing.TB, files swarm.Files, change ...func(*swarm.Config)) *swarm.Swarm {
	tb.Helper()
	cfg := swarm.Config{ListenAddr: "127.0.0.1:0", Hermetic: true, Files: files, MirrorDir: tb.TempDir(), Limits: pod.DefaultLimits()}
	if os.Getenv("SWARM_LOG") != "" {
		cfg.Logger = slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := swarm.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { closeSwarm(tb, s) })
	return s
}

func closeSwarm(tb testing.TB, s *swarm.Swarm) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		tb.Errorf("Close() = %v, want nil", err)
	}
}

// newLeecher makes an independent client of the torrent library.
func newLeecher(tb testing.TB, change ...func(*torrent.ClientConfig)) *torrent.Client {
	tb.Helper()
	c := torrent.NewDefaultClientConfig()
	c.ListenHost = torrent.LoopbackListenHost
	c.ListenPort = 0
	c.NoDHT, c.DisablePEX, c.DisableTrackers, c.DisableWebtorrent, c.DisableWebseeds = true, true, true, true, true
	c.DisableIPv6, c.NoDefaultPortForwarding = true, true
	c.Slogger = slog.New(slog.DiscardHandler)
	dir := tb.TempDir()
	store := storage.NewFileOpts(storage.NewFileClientOpts{ClientBaseDir: dir, PieceCompletion: storage.NewMapPieceCompletion()})
	c.DefaultStorage = store
	for _, f := range change {
		f(c)
	}
	cl, err := torrent.NewClient(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		cl.Close()
		_ = store.Close()
	})
	return cl
}

func tcpOnly(c *torrent.ClientConfig) { c.DisableUTP = true }
func utpOnly(c *torrent.ClientConfig) { c.DisableTCP = true }
func plain(c *torrent.ClientConfig) {
	c.HeaderObfuscationPolicy = torrent.HeaderObfuscationPolicy{Preferred: false, RequirePreferred: true}
}

func obfuscated(c *torrent.ClientConfig) {
	c.HeaderObfuscationPolicy = torrent.HeaderObfuscationPolicy{Preferred: true, RequirePreferred: true}
}

// add asks a leecher for a torrent by infohash alone, from one peer.
func add(tb testing.TB, cl *torrent.Client, ih pod.Infohash, peers ...string) *torrent.Torrent {
	tb.Helper()
	tor, _ := cl.AddTorrentInfoHash(metainfo.Hash(ih))
	for _, p := range peers {
		tor.AddPeers([]torrent.PeerInfo{{Addr: torrent.StringAddr(p), Trusted: true}})
	}
	return tor
}

// fetch downloads the whole torrent and returns the SHA-256 of its bytes.
func fetch(tb testing.TB, tor *torrent.Torrent) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 90*time.Second)
	defer cancel()
	select {
	case <-tor.GotInfo():
	case <-ctx.Done():
		tb.Fatal("no info dictionary came")
	}
	r := tor.NewReader()
	defer func() { _ = r.Close() }()
	r.SetContext(ctx)
	r.SetReadahead(4 << 20)
	sum := sha256.New()
	if n, err := io.Copy(sum, r); err != nil {
		tb.Fatalf("read after %d of %d bytes: %v", n, tor.Length(), err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func addrOf(s *swarm.Swarm) string { return fmt.Sprintf("127.0.0.1:%d", s.Port()) }

// eventually waits for a condition.
func eventually(tb testing.TB, within time.Duration, what string, cond func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(within)
	defer end.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-end.C:
			tb.Fatalf("after %v still not: %s", within, what)
		}
	}
}

// noLeak returns a check that the goroutines begun since are gone.
func noLeak(tb testing.TB) func() {
	tb.Helper()
	before := runtime.NumGoroutine()
	return func() {
		tb.Helper()
		end := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > before && time.Now().Before(end) {
			runtime.Gosched()
			select {
			case <-time.After(10 * time.Millisecond):
			case <-tb.Context().Done():
			}
		}
		if n := runtime.NumGoroutine(); n > before {
			buf := make([]byte, 1<<20)
			stacks := string(buf[:runtime.Stack(buf, true)])
			tb.Errorf("%d goroutines, want %d:\n%s", n, before, strings.TrimSpace(stacks))
		}
	}
}
