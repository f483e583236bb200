package tracker_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/tracker"
)

// peers decodes the compact lists of an answer.
func peers(answer map[string]any) []string {
	list := []string{}
	for key, size := range map[string]int{"peers": 4, "peers6": 16} {
		text, _ := answer[key].(string)
		for ; len(text) >= size+2; text = text[size+2:] {
			ip, _ := netip.AddrFromSlice([]byte(text[:size]))
			list = append(list, netip.AddrPortFrom(ip, uint16(text[size])<<8|uint16(text[size+1])).String())
		}
	}
	return list
}

func reason(answer map[string]any) string {
	text, _ := answer["failure reason"].(string)
	return text
}

func TestAnnounceRefusals(t *testing.T) {
	tr := start(t, tracker.Config{})
	hash, peer := url.QueryEscape(string(known[:])), strings.Repeat("p", 20)
	good := "info_hash=" + hash + "&peer_id=" + peer + "&port=6881"
	tests := []struct{ name, query, want string }{
		{"nothing", "", "info_hash"},
		{"infohash of 19 bytes", "info_hash=" + strings.Repeat("a", 19) + "&peer_id=" + peer + "&port=1", "info_hash"},
		{"infohash of 21 bytes", "info_hash=" + strings.Repeat("a", 21) + "&peer_id=" + peer + "&port=1", "info_hash"},
		{"two infohashes", good + "&info_hash=" + hash, "info_hash"},
		{"no peer_id", "info_hash=" + hash + "&port=1", "peer_id"},
		{"peer_id of 19 bytes", "info_hash=" + hash + "&port=1&peer_id=" + peer[1:], "peer_id"},
		{"two peer_ids", good + "&peer_id=" + peer, "peer_id"},
		{"no port", "info_hash=" + hash + "&peer_id=" + peer, "port"},
		{"port 0", "info_hash=" + hash + "&peer_id=" + peer + "&port=0", "port"},
		{"port 65536", "info_hash=" + hash + "&peer_id=" + peer + "&port=65536", "port"},
		{"port -1", "info_hash=" + hash + "&peer_id=" + peer + "&port=-1", "port"},
		{"left is no number", good + "&left=x", "left"},
		{"numwant is no number", good + "&numwant=x", "numwant"},
		{"bad escape", good + "&x=%zz", "query"},
		{"unknown infohash", "info_hash=" + url.QueryEscape(string(unknown[:])) + "&peer_id=" + peer + "&port=1", "does not have"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := get(t, tr.ServeAnnounce, "127.0.0.1:4000", "/tracker/announce?"+test.query, nil)
			if !strings.Contains(reason(got), test.want) {
				t.Errorf("announce(%q) = %v, want a failure reason with %q", test.query, got, test.want)
			}
		})
	}
	if swarms, n, addrs := tr.Memory(); swarms+n+addrs != 0 {
		t.Errorf("after refusals %d swarms, %d peers, %d addresses are kept, want none", swarms, n, addrs)
	}
}

func TestAnnounceOverHTTP(t *testing.T) {
	self := &fakePod{port: 6881}
	tr := start(t, tracker.Config{Seeder: self})
	server := serve(t, tr)
	q := url.Values{"info_hash": {string(known[:])}, "peer_id": {strings.Repeat("a", 20)}, "port": {"7001"}, "left": {"9"}, "event": {"started"}}
	answer, err := server.Client().Get(server.URL + "/tracker/announce?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	got := decode(t, string(body))
	want := map[string]any{
		"complete": 1, "incomplete": 1, "downloaded": 0, "interval": 60, "min interval": 30,
		"peers": "\x7f\x00\x00\x01\x1a\xe1", // this pod, where the asker called it
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("announce (-want +got):\n%s", diff)
	}
	eventually(t, "the torrent to wake", func() bool { return self.woken(known) == 1 })

	for _, method := range []string{http.MethodPost, http.MethodHead} {
		r := httptest.NewRequest(method, "/tracker/announce?"+q.Encode(), nil)
		w := httptest.NewRecorder()
		tr.ServeAnnounce(w, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s announce = %d, want 405", method, w.Code)
		}
	}
}

func TestAnnounceTakesTheSourceAddress(t *testing.T) {
	tr := start(t, tracker.Config{})
	header := http.Header{"X-Forwarded-For": {"8.8.8.8"}, "Forwarded": {"for=8.8.8.8"}, "X-Real-Ip": {"8.8.8.8"}}
	target := "/tracker/announce?info_hash=" + url.QueryEscape(string(known[:])) + "&peer_id=" + strings.Repeat("a", 20) + "&port=7001&ip=8.8.8.8&ipv4=8.8.8.8&ipv6=2001:db8::1"
	get(t, tr.ServeAnnounce, "[::ffff:9.9.9.9]:5000", target, header)
	got := peers(asker{"9.9.9.10:1", id('b'), 7002}.announce(t, tr, known, ""))
	if diff := cmp.Diff([]string{"9.9.9.9:7001"}, got); diff != "" {
		t.Errorf("peers (-want +got):\n%s", diff)
	}
}

func TestAnnounceKeepsReachesApart(t *testing.T) {
	all := map[string]string{
		"machine": "127.0.0.1:1", "machine 2": "127.0.0.2:1", "home": "192.168.1.5:1", "home 6": "[fd00::5]:1",
		"link": "169.254.3.3:1", "carrier": "100.64.1.1:1", "world": "9.9.9.9:1", "world 6": "[2001:db8:1::5]:1",
	}
	tests := []struct {
		asker string
		want  []string
	}{
		{"machine", []string{"carrier", "home", "home 6", "link", "machine 2"}},
		{"home", []string{"carrier", "home 6", "link"}},
		{"home 6", []string{"carrier", "home", "link"}},
		{"world", []string{"world 6"}},
		{"world 6", []string{"world"}},
	}
	for _, test := range tests {
		t.Run(test.asker, func(t *testing.T) {
			tr := start(t, tracker.Config{})
			names := map[string]string{}
			letter := byte('a')
			for name, from := range all {
				at := netip.AddrPortFrom(netip.MustParseAddrPort(from).Addr(), 7000+uint16(letter))
				names[at.String()] = name
				if name != test.asker {
					asker{from, id(letter), int(at.Port())}.announce(t, tr, known, "")
				}
				letter++
			}
			got := map[string]bool{}
			for _, at := range peers((asker{all[test.asker], id('z'), 9}).announce(t, tr, known, "")) {
				got[names[at]] = true
			}
			want := map[string]bool{}
			for _, name := range test.want {
				want[name] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s sees (-want +got):\n%s", test.asker, diff)
			}
		})
	}
}

func TestAnnounceInterval(t *testing.T) {
	now := newClock()
	tr := start(t, tracker.Config{Clock: now.Now})
	a := asker{"127.0.0.1:4000", id('a'), 7001}
	steps := []struct {
		name, query string
		after       time.Duration
		refused     bool
		want        pod.PeerCounts
	}{
		{"first", "left=5", 0, false, pod.PeerCounts{Leechers: 1}},
		{"again at once", "left=4", 10 * time.Millisecond, true, pod.PeerCounts{Leechers: 1}},
		{"an event", "event=started&left=4", 0, false, pod.PeerCounts{Leechers: 1}},
		{"a change: all is there", "left=0", 0, false, pod.PeerCounts{Seeders: 1}},
		{"again", "left=0", 0, true, pod.PeerCounts{Seeders: 1}},
		{"again after the interval", "left=0", 30 * time.Second, false, pod.PeerCounts{Seeders: 1}},
		{"a change: something is missing", "left=7", 0, false, pod.PeerCounts{Leechers: 1}},
		{"completed without left", "event=completed", 0, false, pod.PeerCounts{Seeders: 1, Completed: 1}},
		{"completed again", "event=completed&left=0", 0, false, pod.PeerCounts{Seeders: 1, Completed: 1}},
		{"stopped", "event=stopped", 0, false, pod.PeerCounts{Completed: 1}},
		{"stopped again", "event=stopped", 0, false, pod.PeerCounts{Completed: 1}},
		{"anew", "left=0", 0, false, pod.PeerCounts{Seeders: 1, Completed: 1}},
	}
	for _, step := range steps {
		now.Add(step.after)
		got := a.announce(t, tr, known, step.query)
		if refused := reason(got) != ""; refused != step.refused {
			t.Errorf("%s: announce(%s) = %v, want refused %v", step.name, step.query, got, step.refused)
		}
		if counts := tr.Counts(known); counts != step.want {
			t.Errorf("%s: Counts() = %+v, want %+v", step.name, counts, step.want)
		}
	}
	moved := a
	moved.port = 7009
	if got := moved.announce(t, tr, known, "left=0"); reason(got) != "" {
		t.Errorf("announce of another port = %v, want it to count as a change", got)
	}
	elsewhere := a
	elsewhere.from = "127.0.0.2:4000"
	if got := elsewhere.announce(t, tr, known, "event=stopped"); reason(got) != "" || tr.Counts(known).Seeders != 1 {
		t.Errorf("stopped from another address = %v, counts %+v, want the peer to stay", got, tr.Counts(known))
	}
}

func TestAnnounceCapsPeersOfOneAddress(t *testing.T) {
	tests := []struct {
		name string
		from func(i int) string
		want int
	}{
		{"one address", func(int) string { return "127.0.0.1:4000" }, 20},
		{"many loopback addresses", func(i int) string { return fmt.Sprintf("127.0.1.%d:4000", i) }, 100},
		{"one household by IPv6", func(i int) string { return fmt.Sprintf("[2001:db8:0:1::%x]:4000", i+1) }, 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := start(t, tracker.Config{})
			for i := range 100 {
				peer := id('x')
				peer[0] = byte(i)
				asker{test.from(i), peer, 7000 + i}.announce(t, tr, known, "left=1")
			}
			if got := tr.Counts(known).Leechers; got != test.want {
				t.Errorf("Counts().Leechers = %d, want %d", got, test.want)
			}
			from := "127.0.9.9:1"
			if strings.HasPrefix(test.from(0), "[") {
				from = "9.9.9.9:1"
			}
			if got := (asker{from, id('h'), 9000}).announce(t, tr, known, ""); reason(got) != "" || len(peers(got)) == 0 {
				t.Errorf("announce of an honest peer = %v, want peers", got)
			}
		})
	}
}

func TestAnnounceNumwantAndForms(t *testing.T) {
	self := &fakePod{port: 6881}
	tr := start(t, tracker.Config{Seeder: self, Answerer: self})
	for i := range 150 {
		peer := id('x')
		peer[0] = byte(i)
		asker{fmt.Sprintf("127.1.0.%d:1", i), peer, 7000}.announce(t, tr, known, "left=1")
	}
	tests := []struct {
		query string
		want  int
	}{{"", 50}, {"&numwant=-1", 50}, {"&numwant=0", 0}, {"&numwant=7", 7}, {"&numwant=100000", 100}, {"&event=stopped", 0}}
	for i, test := range tests {
		who := asker{"127.0.0.1:1", id('0' + byte(i)), 7100 + i}
		if got := len(peers(who.announce(t, tr, known, "left=1"+test.query))); got != test.want {
			t.Errorf("announce(%s) = %d peers, want %d", test.query, got, test.want)
		}
	}
	got := asker{"127.0.0.1:1", id('L'), 7200}.announce(t, tr, known, "compact=0&numwant=2")
	list, ok := got["peers"].([]any)
	if !ok || len(list) != 2 {
		t.Fatalf("announce(compact=0) = %v, want a list of 2", got)
	}
	first, _ := list[0].(map[string]any)
	if first["ip"] == "" || first["port"] == 0 || len(fmt.Sprint(first["peer id"])) != 20 {
		t.Errorf("announce(compact=0) = %v, want ip, port and peer id", first)
	}
}

func TestAnnounceSeedersGetNoSeeders(t *testing.T) {
	tr := start(t, tracker.Config{})
	asker{"127.0.0.1:1", id('a'), 1001}.announce(t, tr, known, "left=0")
	asker{"127.0.0.1:1", id('b'), 1002}.announce(t, tr, known, "left=3")
	got := peers(asker{"127.0.0.1:1", id('c'), 1003}.announce(t, tr, known, "left=0"))
	if diff := cmp.Diff([]string{"127.0.0.1:1002"}, got); diff != "" {
		t.Errorf("peers (-want +got):\n%s", diff)
	}
}

func TestScrape(t *testing.T) {
	self := &fakePod{port: 6881}
	tr := start(t, tracker.Config{Seeder: self})
	asker{"127.0.0.1:1", id('a'), 1001}.announce(t, tr, known, "left=3")
	query := func(hashes ...pod.Infohash) string {
		q := url.Values{}
		for _, ih := range hashes {
			q.Add("info_hash", string(ih[:]))
		}
		return "/tracker/scrape?" + q.Encode()
	}
	got := get(t, tr.ServeScrape, "127.0.0.1:1", query(known, another, unknown), nil)
	want := map[string]any{"files": map[string]any{
		string(known[:]):   map[string]any{"complete": 1, "downloaded": 0, "incomplete": 1},
		string(another[:]): map[string]any{"complete": 1, "downloaded": 0, "incomplete": 0},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scrape (-want +got):\n%s", diff)
	}
	many := make([]pod.Infohash, 51)
	for name, target := range map[string]string{"full": query(), "51": query(many...), "short": "/tracker/scrape?info_hash=abc", "escape": "/tracker/scrape?info_hash=%z"} {
		if got := get(t, tr.ServeScrape, "127.0.0.1:1", target, nil); reason(got) == "" {
			t.Errorf("scrape %s = %v, want a failure reason", name, got)
		}
	}
	if got := get(t, tr.ServeScrape, "127.0.0.1:1", query(many[:50]...), nil); reason(got) != "" {
		t.Errorf("scrape of 50 = %v, want no failure", got)
	}
}

func TestSilentClientsAreForgotten(t *testing.T) {
	now := newClock()
	tr := start(t, tracker.Config{Clock: now.Now, Limits: pod.Limits{PeersPerAddrAndHash: 20}, Catalogue: everything{}})
	tr.HurrySweep(5 * time.Millisecond)
	swarms := 1000
	if testing.Short() {
		swarms = 50
	}
	for i := range swarms {
		ih := pod.Infohash{byte(i), byte(i >> 8), 1}
		for p := range 10 {
			peer := id('x')
			peer[0] = byte(p)
			asker{fmt.Sprintf("127.0.%d.%d:1", i%10, p+1), peer, 7000}.announce(t, tr, ih, "left=1")
		}
	}
	if _, n, _ := tr.Memory(); n != swarms*10 {
		t.Fatalf("peers = %d, want %d", n, swarms*10)
	}
	now.Add(2*time.Minute - time.Second)
	stays := pod.Infohash{1, 0, 1}
	asker{"127.0.0.9:1", id('s'), 7000}.announce(t, tr, stays, "left=1")
	now.Add(2 * time.Second)
	eventually(t, "silent peers to go", func() bool { s, n, a := tr.Memory(); return s == 1 && n == 1 && a == 1 })
	now.Add(2 * time.Minute)
	eventually(t, "the last peer to go", func() bool { s, n, a := tr.Memory(); return s+n+a == 0 })
}

// everything knows each infohash.
type everything struct{}

func (everything) Knows(pod.Infohash) bool { return true }

func TestForgetAndClose(t *testing.T) {
	tr := start(t, tracker.Config{})
	asker{"127.0.0.1:1", id('a'), 1001}.announce(t, tr, known, "event=completed")
	asker{"127.0.0.1:1", id('a'), 1001}.announce(t, tr, another, "left=3")
	tr.Forget(known)
	tr.Forget(unknown)
	if got := tr.Counts(known); got != (pod.PeerCounts{}) {
		t.Errorf("Counts() after Forget() = %+v, want none", got)
	}
	if got := tr.Counts(another); got.Leechers != 1 {
		t.Errorf("Counts() of another swarm = %+v, want 1 leecher", got)
	}
	if err := tr.Close(t.Context()); err != nil {
		t.Fatalf("Close() = %v, want no error", err)
	}
	if got := (asker{"127.0.0.1:1", id('b'), 1001}).announce(t, tr, another, ""); !strings.Contains(reason(got), "closing") {
		t.Errorf("announce after Close() = %v, want a failure reason", got)
	}
}

func TestNewWantsACatalogue(t *testing.T) {
	if _, err := tracker.New(tracker.Config{}); err == nil {
		t.Error("New() without catalogue = no error, want one")
	}
}

func FuzzAnnounce(f *testing.F) {
	f.Add("info_hash="+url.QueryEscape(string(known[:]))+"&peer_id=aaaaaaaaaaaaaaaaaaaa&port=1&left=0&event=completed&compact=0", "127.0.0.1:1")
	f.Add("port=0&%zz", "")
	f.Add("info_hash=a;b", "[fe80::1%eth0]:5")
	tr, err := tracker.New(tracker.Config{Catalogue: everything{}, Limits: pod.DefaultLimits()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = tr.Close(context.Background()) })
	f.Fuzz(func(t *testing.T, query, from string) {
		r := httptest.NewRequest(http.MethodGet, "/tracker/announce", nil)
		r.URL.RawQuery, r.RemoteAddr = query, from
		for _, handle := range []http.HandlerFunc{tr.ServeAnnounce, tr.ServeScrape} {
			w := httptest.NewRecorder()
			if handle(w, r); w.Code != http.StatusOK {
				t.Errorf("GET ?%s = %d, want 200", query, w.Code)
			}
			decode(t, w.Body.String())
		}
	})
}
