package federation

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/peerpod/peerpod/pod"
)

// maxPlaces bounds the addresses that are tried of one recommended pod.
const maxPlaces = 3

// callPlace is an address of a pod, and which addresses it may lead to.
type callPlace struct {
	url   string
	class pod.AddrClass
}

// ballot is the list of friends of one pod that answered.
type ballot struct {
	voter  pod.PodID
	remote netip.Addr // where it answered
	class  pod.AddrClass
	pods   []wirePod
}

// recommended is a pod that voters call a friend.
type recommended struct {
	id     pod.PodID
	places []callPlace
	voters []pod.PodID
	votes  int
}

// district is what has one vote: a key, and for public addresses all keys in one /24 or
// /48, which one attacker can have for little money.
func district(b ballot) string {
	remote := b.remote.Unmap().WithZone("")
	if !remote.IsValid() || pod.ClassOf(remote) != pod.ClassPublic {
		return string(b.voter)
	}
	bits := 24
	if remote.Is6() {
		bits = 48
	}
	prefix, _ := remote.Prefix(bits) // bits are always in range
	return prefix.String()
}

// count gives the pods that more than half of the districts recommend, those with most
// votes first. A pod that stands twice on a list has one vote of it.
func count(ballots []ballot) []recommended {
	all := map[pod.PodID]*recommended{}
	voted := map[string]map[pod.PodID]bool{}
	seen := map[pod.PodID]bool{}
	for _, b := range ballots {
		if seen[b.voter] {
			continue
		}
		seen[b.voter] = true
		name := district(b)
		if voted[name] == nil {
			voted[name] = map[pod.PodID]bool{}
		}
		b.countInto(all, voted[name])
	}
	var chosen []recommended
	for _, r := range all {
		if 2*r.votes > len(voted) {
			chosen = append(chosen, *r)
		}
	}
	slices.SortFunc(chosen, func(a, b recommended) int {
		return cmp.Or(cmp.Compare(b.votes, a.votes), cmp.Compare(a.id, b.id))
	})
	return chosen
}

// countInto adds a list to the votes; voted are the pods that its district voted for.
func (b *ballot) countInto(all map[pod.PodID]*recommended, voted map[pod.PodID]bool) {
	for _, p := range b.pods[:min(len(b.pods), maxListed)] {
		r := all[p.ID]
		if r == nil {
			r = &recommended{id: p.ID}
			all[p.ID] = r
		}
		if at := (callPlace{p.URL, b.class}); len(r.places) < maxPlaces && !slices.Contains(r.places, at) {
			r.places = append(r.places, at)
		}
		if !slices.Contains(r.voters, b.voter) {
			r.voters = append(r.voters, b.voter)
		}
		if !voted[p.ID] {
			voted[p.ID] = true
			r.votes++
		}
	}
}
