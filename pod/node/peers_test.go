package node_test

import (
	"bytes"
	"encoding/hex"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod/podtest"
)

// infohash reads the hexadecimal infohash out of a magnet link.
func infohash(t *testing.T, magnet string) string {
	t.Helper()
	u, err := url.Parse(magnet)
	if err != nil {
		t.Fatal(err)
	}
	hash, ok := strings.CutPrefix(u.Query().Get("xt"), "urn:btih:")
	if !ok || len(hash) != 40 {
		t.Fatalf("magnet %q has no infohash", magnet)
	}
	return hash
}

// announce asks the pod's HTTP tracker for peers.
func announce(p *podtest.Pod, hash string) podtest.Answer {
	raw, _ := hex.DecodeString(hash)
	q := url.Values{"info_hash": {string(raw)}, "peer_id": {"-XX0000-abcdefghijkl"}, "port": {"51413"}, "uploaded": {"0"}, "downloaded": {"0"}, "left": {"1"}, "compact": {"1"}, "event": {"started"}}
	return p.Get("/tracker/announce?" + q.Encode())
}

// onlyPeers takes the web seed out of a magnet link, so that bytes can come from peers only.
func onlyPeers(t *testing.T, magnet string) string {
	t.Helper()
	u, err := url.Parse(magnet)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if !strings.HasPrefix(pair, "ws=") {
			kept = append(kept, pair)
		}
	}
	return "magnet:?" + strings.Join(kept, "&")
}

// fetchByAria2 downloads a magnet link with aria2c over TCP and gives the file's bytes.
func fetchByAria2(t *testing.T, magnet string) []byte {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "aria2c", "--dir="+dir, "--seed-time=0", "--enable-dht=false", "--enable-dht6=false",
		"--bt-enable-lpd=false", "--enable-peer-exchange=false", "--summary-interval=0", "--console-log-level=warn",
		"--bt-stop-timeout=60", "--follow-torrent=mem", "--disable-ipv6=true", onlyPeers(t, magnet))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("aria2c: %v\n%s", err, out)
	}
	return onlyFile(t, dir)
}

func onlyFile(t *testing.T, dir string) []byte {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "*-*.*"))
	if len(names) != 1 {
		t.Fatalf("%d files were fetched, want one: %q", len(names), names)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBitTorrentClientFetchesByMagnet(t *testing.T) {
	p := podtest.New(t, 1)[0]
	for kind, path := range films(t) {
		v := p.Upload(path, podtest.Fields{"name": "For everybody " + kind})
		want := p.Get(v.Files[0].FileURL).Body
		if got := fetchByAria2(t, v.Files[0].MagnetURI); !bytes.Equal(got, want) {
			t.Errorf("aria2c got %d bytes of %s with another hash, want the %d of fileUrl", len(got), kind, len(want))
		}
	}
	if up := p.Node.Swarm().Stats().TCP.BytesUp; up < 1<<20 {
		t.Errorf("bytes sent over TCP = %d, want more than 1 MiB", up)
	}
}

func TestLibtorrentFetchesByUTPAlone(t *testing.T) {
	p := podtest.New(t, 1)[0]
	v := p.Upload(podtest.MP4(t), podtest.Fields{"name": "By uTP"})
	want := p.Get(v.Files[0].FileURL).Body
	dir := t.TempDir()
	// Debian's python3-libtorrent belongs to the system's own python3.
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/utp_leech.py", onlyPeers(t, v.Files[0].MagnetURI), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("libtorrent: %v\n%s", err, out)
	}
	if got := onlyFile(t, dir); !bytes.Equal(got, want) {
		t.Errorf("libtorrent got %d bytes with another hash, want the %d of fileUrl", len(got), len(want))
	}
	if up := p.Node.Swarm().Stats().UTP.BytesUp; up < int64(len(want)) {
		t.Errorf("bytes sent over uTP = %d, want at least the file's %d", up, len(want))
	}
}
