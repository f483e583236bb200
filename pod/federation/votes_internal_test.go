package federation

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/peerpod/peerpod/pod"
)

func testID(n int) pod.PodID { return pod.NewPodID([32]byte{byte(n), byte(n >> 8)}) }

func TestCount(t *testing.T) {
	list := func(voter int, at string, pods ...int) ballot {
		b := ballot{voter: testID(voter), remote: netip.MustParseAddr(at), class: pod.ClassOf(netip.MustParseAddr(at))}
		for _, n := range pods {
			b.pods = append(b.pods, wirePod{ID: testID(n), URL: "http://pod.example"})
		}
		return b
	}
	const home = "127.0.0.1"
	for _, test := range []struct {
		name    string
		ballots []ballot
		want    []int
	}{
		{"nobody asked", nil, nil},
		{"one list counts whole", []ballot{list(1, home, 7, 8)}, []int{7, 8}},
		{"half is not enough", []ballot{list(1, home, 7), list(2, home, 8)}, nil},
		{"two of three", []ballot{list(1, home, 7, 8), list(2, home, 7), list(3, home)}, []int{7}},
		{"two of four", []ballot{list(1, home, 7), list(2, home, 7), list(3, home), list(4, home)}, nil},
		{"repeated entry (FRI-01)", []ballot{list(1, home, 7, 7, 7, 7), list(2, home), list(3, home)}, nil},
		{"repeated key (FRI-03)", []ballot{list(1, home, 7), list(1, home, 7), list(1, home, 7), list(2, home)}, nil},
		{"one key in two /24 (FRI-03)", []ballot{list(1, "8.8.8.1", 7), list(1, "8.8.9.1", 7), list(2, "9.9.9.9")}, nil},
		{"one /24 (FRI-03)", []ballot{list(1, "8.8.8.1", 7), list(2, "8.8.8.2", 7), list(3, "8.8.8.3", 7), list(4, "9.9.9.9")}, nil},
		{"one /48 (FRI-03)", []ballot{list(1, "2600:1:2::1", 7), list(2, "2600:1:2:9::1", 7), list(3, "2600:1:3::1")}, nil},
		{"two /24", []ballot{list(1, "8.8.8.1", 7), list(2, "8.8.9.2", 7), list(3, "9.9.9.9")}, []int{7}},
		{"private addresses vote each", []ballot{list(1, "192.168.1.1", 7), list(2, "192.168.1.2", 7), list(3, "192.168.1.3")}, []int{7}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var want []pod.PodID
			for _, n := range test.want {
				want = append(want, testID(n))
			}
			var got []pod.PodID
			for _, r := range count(test.ballots) {
				got = append(got, r.id)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("count() = %v, want %v", got, want)
			}
		})
	}
}

// TestCountOfTheSixPods is pod 6 of API.md's network, which asks 1, 2 and 3 when only two
// of them know 4 and one knows 5.
func TestCountOfTheSixPods(t *testing.T) {
	lists := map[int][]int{1: {2, 3, 4}, 2: {1, 3, 4}, 3: {1, 2, 5}}
	var ballots []ballot
	for voter, friends := range lists {
		b := ballot{voter: testID(voter), remote: netip.MustParseAddr("127.0.0.1"), class: pod.ClassLoopback}
		for _, n := range friends {
			b.pods = append(b.pods, wirePod{ID: testID(n), URL: "http://pod.example"})
		}
		ballots = append(ballots, b)
	}
	got := map[pod.PodID]int{}
	for _, r := range count(ballots) {
		got[r.id] = r.votes
	}
	if len(got) != 4 || got[testID(4)] != 2 || got[testID(1)] != 2 || got[testID(5)] != 0 {
		t.Errorf("votes = %v, want 1, 2, 3 and 4 with two each", got)
	}
}

func TestCountKeepsWhereItWasLearned(t *testing.T) {
	at := func(voter int, addr, url string) ballot {
		remote := netip.MustParseAddr(addr)
		return ballot{voter: testID(voter), remote: remote, class: pod.ClassOf(remote), pods: []wirePod{{ID: testID(9), URL: url}}}
	}
	got := count([]ballot{at(1, "8.8.8.8", "http://192.168.1.1:9000"), at(2, "192.168.1.9", "http://192.168.1.1:9000"), at(3, "9.9.9.9", "http://a.example"), at(4, "9.8.9.9", "http://b.example")})
	want := []callPlace{{"http://192.168.1.1:9000", pod.ClassPublic}, {"http://192.168.1.1:9000", pod.ClassPrivate}, {"http://a.example", pod.ClassPublic}}
	if len(got) != 1 || !slices.Equal(got[0].places, want) {
		t.Errorf("places = %+v, want %+v", got, want)
	}
}
