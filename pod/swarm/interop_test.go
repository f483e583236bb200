package swarm_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// torrentFile writes the .torrent of a published file.
func torrentFile(tb testing.TB, f pod.Torrent) string {
	tb.Helper()
	raw, err := swarm.TorrentFile(f.InfoBytes, swarm.Links{})
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "v.torrent")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// run starts a program to its end and returns its output.
func run(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 150*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s: %v\n%s%s", name, err, out, problems.String())
	}
	return string(out)
}

// python finds an interpreter that has libtorrent: the first in PATH may be another than
// the system's.
func python(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(tb.Context(), name, "-c", "import libtorrent").Run() == nil {
			return name
		}
	}
	tb.Skip("python3-libtorrent is not installed")
	return ""
}

func needAria2(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath("aria2c"); err != nil {
		tb.Skip("aria2 is not installed")
	}
}

func sumOf(tb testing.TB, path string) string {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func leech(tb testing.TB, torrent, peer, transport string) (folder string, took time.Duration) {
	tb.Helper()
	folder = tb.TempDir()
	out := run(tb, python(tb), "testdata/libtorrent_peer.py", "leech", torrent, folder, peer, transport)
	seconds, err := strconv.ParseFloat(strings.TrimSpace(out), 64)
	if err != nil {
		tb.Fatalf("libtorrent printed %q", out)
	}
	return folder, time.Duration(seconds * float64(time.Second))
}

func TestLibtorrent(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a child process")
	}
	python(t)
	files := newShelf()
	file := files.publish(t, 4<<20+321)
	torrent := torrentFile(t, file)
	s := start(t, files)
	for _, transport := range []string{"utp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			before := s.Stats()
			folder, took := leech(t, torrent, addrOf(s), transport)
			t.Logf("took %v", took)
			if got, want := sumOf(t, filepath.Join(folder, "video-720.mp4")), files.sums[file.Infohash]; got != want {
				t.Errorf("SHA-256 = %s, want %s", got, want)
			}
			after := s.Stats()
			utp, tcp := after.UTP.BytesUp-before.UTP.BytesUp, after.TCP.BytesUp-before.TCP.BytesUp
			if (transport == "utp") != (utp > 4<<20) || (transport == "tcp") != (tcp > 4<<20) {
				t.Errorf("%d bytes by uTP and %d by TCP, want all by %s", utp, tcp, transport)
			}
		})
	}
}

func TestAria2(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a child process")
	}
	needAria2(t)
	files := newShelf()
	file := files.publish(t, 4<<20+321)
	s := start(t, files)
	// The smallest tracker: it names one peer.
	peer := string([]byte{127, 0, 0, 1, byte(s.Port() >> 8), byte(s.Port())})
	tracker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "d8:intervali60e5:peers6:"+peer+"e")
	}))
	defer tracker.Close()
	magnet := swarm.Magnet(file.Infohash, "v", 0, swarm.Links{Trackers: []string{tracker.URL + "/announce"}})
	folder := t.TempDir()
	run(t, "aria2c", "--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
		"--seed-time=0", "--file-allocation=none", "--listen-port=21000-29999", "--bt-stop-timeout=60", "--quiet", "-d", folder, magnet)
	if got, want := sumOf(t, filepath.Join(folder, "video-720.mp4")), files.sums[file.Infohash]; got != want {
		t.Errorf("SHA-256 = %s, want %s", got, want)
	}
}

func TestLibtorrentSeedsMirror(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a child process")
	}
	python(t)
	files := newShelf()
	file := files.publish(t, 1<<20)
	port := seedByLibtorrent(t, torrentFile(t, file), file)
	s := start(t, newShelf())
	if err := s.Mirror(t.Context(), swarm.Mirror{Infohash: file.Infohash, Peers: []string{"127.0.0.1:" + port}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 60*time.Second, "mirror is whole", func() bool { return s.MirrorDone(file.Infohash) })
}

// seedByLibtorrent seeds a published file until the end of the test and gives the port.
func seedByLibtorrent(tb testing.TB, torrent string, f pod.Torrent) string {
	tb.Helper()
	folder := tb.TempDir()
	if err := os.Link(f.Path, filepath.Join(folder, "video-720.mp4")); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, python(tb), "testdata/libtorrent_peer.py", "seed", torrent, folder)
	if _, err := cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(port)
}

// BenchmarkSeed measures 256 MiB over TCP to libtorrent, from a swarm and from a libtorrent
// seeder in turn: compare the two.
func BenchmarkSeed(b *testing.B) {
	python(b)
	const size = 256 << 20
	files := newShelf()
	file := files.publish(b, size)
	torrent := torrentFile(b, file)
	s := start(b, files)
	theirs := "127.0.0.1:" + seedByLibtorrent(b, torrent, file)
	var took [2]time.Duration
	for b.Loop() {
		for i, peer := range []string{addrOf(s), theirs} {
			_, d := leech(b, torrent, peer, "tcp")
			took[i] += d
		}
	}
	mbps := func(d time.Duration) float64 { return size / 1e6 * float64(b.N) / d.Seconds() }
	b.ReportMetric(mbps(took[0]), "MB/s")
	b.ReportMetric(mbps(took[1]), "libtorrent-MB/s")
	b.ReportMetric(mbps(took[0])/mbps(took[1]), "ratio")
}

// BenchmarkPieceHasher is to be compared with sha1sum and sha256sum of as many bytes.
func BenchmarkPieceHasher(b *testing.B) {
	buf := make([]byte, 1<<20)
	const size = 256 << 20
	b.SetBytes(size)
	for b.Loop() {
		h := swarm.NewPieceHasher(size)
		for range size / len(buf) {
			_, _ = h.Write(buf)
		}
		if _, err := h.Finish("v.mp4"); err != nil {
			b.Fatal(err)
		}
	}
}
