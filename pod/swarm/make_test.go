package swarm_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/anacrolix/torrent/metainfo"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

func TestPieceHasher(t *testing.T) {
	t.Parallel()
	const kib = 1 << 10
	tests := []struct {
		size, hint  int64
		pieceLength int64
	}{
		{1, 0, 256 * kib},
		{256 * kib, 256 * kib, 256 * kib},
		{256*kib + 1, 1, 256 * kib},
		{3*1024*kib + 77, 3 * 1024 * kib, 256 * kib},
		{700 * kib, 4 << 30, 256 * kib},
		{700 * kib, 4<<30 + 1, 512 * kib},
		{2100 * kib, 10 << 30, 1024 * kib},
		{9000 * kib, 64 << 30, 4096 * kib},
		{5000 * kib, -3, 256 * kib},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d of %d", tt.size, tt.hint), func(t *testing.T) {
			t.Parallel()
			data := make([]byte, tt.size)
			_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
			h := swarm.NewPieceHasher(tt.hint)
			for rest := data; len(rest) > 0; {
				n := min(len(rest), 1+rand.IntN(300*kib))
				if got, err := h.Write(rest[:n]); got != n || err != nil {
					t.Fatalf("Write(%d bytes) = %d, %v, want all", n, got, err)
				}
				rest = rest[n:]
			}
			m, err := h.Finish("a-720.mp4")
			if err != nil {
				t.Fatalf("Finish() = %v, want nil", err)
			}
			var pieces []byte
			for piece := range slices.Chunk(data, int(tt.pieceLength)) {
				sum := sha1.Sum(piece)
				pieces = append(pieces, sum[:]...)
			}
			want := fmt.Sprintf("d6:lengthi%de4:name9:a-720.mp412:piece lengthi%de6:pieces%d:%se", tt.size, tt.pieceLength, len(pieces), pieces)
			if string(m.InfoBytes) != want {
				t.Errorf("InfoBytes = %.80q, want %.80q", m.InfoBytes, want)
			}
			if m.Infohash != sha1.Sum(m.InfoBytes) || m.SizeBytes != tt.size || m.PieceLength != tt.pieceLength {
				t.Errorf("Finish() = %+v, want sums of %d bytes", m, tt.size)
			}
		})
	}
}

func TestPieceHasherRefuses(t *testing.T) {
	for _, tt := range []struct{ name, file, data string }{
		{"empty file", "a.mp4", ""},
		{"no name", "", "x"},
		{"path", "a/b", "x"},
		{"parent", "..", "x"},
		{"device", "CON.mp4", "x"},
		{"control", "a\x00b", "x"},
		{"long", strings.Repeat("a", 300), "x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := swarm.NewPieceHasher(0)
			_, _ = h.Write([]byte(tt.data))
			if _, err := h.Finish(tt.file); !errors.Is(err, pod.ErrInvalid) {
				t.Errorf("Finish(%.20q) = %v, want pod.ErrInvalid", tt.file, err)
			}
		})
	}
}

func hashed(tb testing.TB, data string) swarm.Metainfo {
	tb.Helper()
	h := swarm.NewPieceHasher(int64(len(data)))
	_, _ = h.Write([]byte(data))
	m, err := h.Finish("0b7c-720.mp4")
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func TestTorrentFile(t *testing.T) {
	m := hashed(t, "some bytes")
	links := swarm.Links{
		Trackers: []string{"http://pod.test:9000/tracker/announce", "ws://pod.test:9000/tracker/socket"},
		WebSeeds: []string{"http://pod.test:9000/static/web-videos/0b7c-720.mp4"},
	}
	raw, err := swarm.TorrentFile(m.InfoBytes, links)
	if err != nil {
		t.Fatalf("TorrentFile() = %v, want nil", err)
	}
	mi, err := metainfo.Load(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the library does not read it: %v", err)
	}
	if mi.HashInfoBytes() != metainfo.Hash(m.Infohash) || mi.Announce != links.Trackers[0] || !slices.Equal(mi.UrlList, links.WebSeeds) {
		t.Errorf("TorrentFile() = %+v, want infohash, announce and url-list", mi)
	}
	if len(mi.AnnounceList) != 2 || mi.AnnounceList[1][0] != links.Trackers[1] {
		t.Errorf("announce-list = %v, want two tiers", mi.AnnounceList)
	}
	bare, err := swarm.TorrentFile(m.InfoBytes, swarm.Links{})
	if err != nil || bytes.Contains(bare, []byte("announce")) || bytes.Contains(bare, []byte("url-list")) {
		t.Errorf("TorrentFile() without links = %q, %v", bare, err)
	}
	if _, err := swarm.TorrentFile([]byte("d4:name1:xe"), links); !errors.Is(err, pod.ErrInvalid) {
		t.Errorf("TorrentFile(half an info) = %v, want pod.ErrInvalid", err)
	}
}

func TestMagnet(t *testing.T) {
	ih, err := pod.ParseInfohash("0123456789abcdef0123456789abcdef01234567")
	if err != nil {
		t.Fatal(err)
	}
	got := swarm.Magnet(ih, "a b&c.mp4", 77, swarm.Links{Trackers: []string{"http://h:1/a?b=c", "ws://h:1/s"}, WebSeeds: []string{"http://h:1/v.mp4"}})
	want := "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=a%20b%26c.mp4&xl=77" +
		"&tr=http%3A%2F%2Fh%3A1%2Fa%3Fb%3Dc&tr=ws%3A%2F%2Fh%3A1%2Fs&ws=http%3A%2F%2Fh%3A1%2Fv.mp4"
	if got != want {
		t.Errorf("Magnet() = %s, want %s", got, want)
	}
	if got := swarm.Magnet(ih, "", 0, swarm.Links{}); got != "magnet:?xt=urn:btih:"+ih.String() {
		t.Errorf("Magnet() without words = %s", got)
	}
}

func FuzzMagnet(f *testing.F) {
	f.Add("a b.mp4", "http://h/t?x=1&y=2")
	f.Add("ä+%20", "ws://[::1]:9000/s")
	f.Fuzz(func(t *testing.T, name, tracker string) {
		u, err := url.Parse(swarm.Magnet(pod.Infohash{1}, name, 5, swarm.Links{Trackers: []string{tracker}}))
		if err != nil {
			t.Fatal(err)
		}
		if q := u.Query(); q.Get("dn") != name || q.Get("tr") != tracker || q.Get("xl") != "5" {
			t.Errorf("Magnet(%q, %q) gives back %v", name, tracker, q)
		}
	})
}

// hostileInfo is an info dictionary with numbers that need not fit.
func hostileInfo(name string, length, pieceLength int64, pieces int) []byte {
	return fmt.Appendf(nil, "d6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se",
		length, len(name), name, pieceLength, pieces*20, strings.Repeat("h", pieces*20))
}

func TestHostileInfo(t *testing.T) {
	const p = 16 << 10
	for _, tt := range []struct {
		name string
		raw  []byte
	}{
		{"empty", nil},
		{"no dictionary", []byte("i5e")},
		{"trailing bytes", append(hostileInfo("x", p, p, 1), 'x')},
		{"parent folder", hostileInfo("../../x", p, p, 1)},
		{"absolute", hostileInfo("/etc/x", p, p, 1)},
		{"drive", hostileInfo(`C:\x`, p, p, 1)},
		{"device", hostileInfo("CON", p, p, 1)},
		{"device with ending", hostileInfo("com1.mp4", p, p, 1)},
		{"NUL", hostileInfo("a\x00b", p, p, 1)},
		{"long name", hostileInfo(strings.Repeat("n", 300), p, p, 1)},
		{"dot", hostileInfo(".", p, p, 1)},
		{"no name", hostileInfo("", p, p, 1)},
		{"trailing dot", hostileInfo("x.", p, p, 1)},
		{"length 2^63", []byte("d6:lengthi9223372036854775808e4:name1:x12:piece lengthi16384e6:pieces0:e")},
		{"length 2^62", hostileInfo("x", 1<<62, p, 1)},
		{"negative length", hostileInfo("x", -1, p, 1)},
		{"zero length", hostileInfo("x", 0, p, 0)},
		{"too few pieces", hostileInfo("x", 3*p, p, 1)},
		{"too many pieces", hostileInfo("x", p, p, 2)},
		{"zero piece length", hostileInfo("x", p, 0, 1)},
		{"half a hash", []byte("d6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces10:aaaaaaaaaae")},
		{"leading zero", []byte("d6:lengthi01e4:name1:x12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae")},
		{"deep", []byte("d1:a" + strings.Repeat("l", 100_000) + strings.Repeat("e", 100_000) + "e")},
		{"many keys", []byte("d" + manyKeys(1000) + "e")},
		{"keys out of order", []byte("d4:name1:x6:lengthi1e12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae")},
		{"several files", []byte("d5:filesle4:name1:x12:piece lengthi16384e6:pieces0:e")},
		{"string beyond the end", []byte("d4:name999999999999:xe")},
		{"100 MiB", bytes.Repeat([]byte("x"), 100<<20)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := swarm.TorrentFile(tt.raw, swarm.Links{}); !errors.Is(err, pod.ErrInvalid) {
				t.Errorf("TorrentFile(%.40q) = %v, want pod.ErrInvalid", tt.raw, err)
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "4:%04di1e", i)
	}
	return b.String()
}

func FuzzTorrentFile(f *testing.F) {
	f.Add(hostileInfo("x", 16<<10, 16<<10, 1))
	f.Add(hostileInfo("x", 1<<62, 16<<10, 1))
	f.Add([]byte("d1:alllleeee"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := swarm.TorrentFile(raw, swarm.Links{Trackers: []string{"http://h/"}})
		if err != nil {
			return
		}
		mi, err := metainfo.Load(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("TorrentFile(%q) gives what the library refuses: %v", raw, err)
		}
		if !bytes.Equal(mi.InfoBytes, raw) {
			t.Errorf("info of TorrentFile(%q) = %q", raw, mi.InfoBytes)
		}
	})
}
