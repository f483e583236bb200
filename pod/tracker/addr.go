package tracker

import (
	"net/http"
	"net/netip"
	"strings"
)

// source is the address that the connection comes from. Headers have no say.
func source(r *http.Request) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap().WithZone(""), err == nil
}

// reach is how far an address can be seen.
type reach int

const (
	reachMachine reach = iota // loopback
	reachHome                 // private and link-local
	reachWorld
)

// sharedSpace is the carriers' own (RFC 6598): private for all but the carrier.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func reachOf(a netip.Addr) reach {
	switch {
	case a.IsLoopback():
		return reachMachine
	case a.IsPrivate(), a.IsLinkLocalUnicast(), sharedSpace.Contains(a):
		return reachHome
	default:
		return reachWorld
	}
}

// visible tells whether a peer of that reach may be handed to an asker: private
// addresses stay at home, public ones among public peers (HOSTILE TRK-10). Somebody on
// this machine may see the peers at home.
func visible(asker, peer reach) bool {
	if asker == reachWorld || peer == reachWorld {
		return asker == peer
	}
	return asker <= peer
}

// scrub takes the private addresses of a browser at home out of a session description
// that goes to a browser outside: no peer learns how somebody's home is numbered.
func scrub(sdp string, from, to reach) string {
	if to != reachWorld || from == reachWorld {
		return sdp
	}
	var out strings.Builder
	out.Grow(len(sdp))
	for line := range strings.SplitAfterSeq(sdp, "\n") {
		if !tellsHome(line) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// tellsHome tells whether a line is a candidate with a private address (RFC 8839). The
// address is the fifth field; raddr may tell one too.
func tellsHome(line string) bool {
	text, isCandidate := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:")
	if !isCandidate {
		return false
	}
	for i, field := range strings.Fields(text) {
		a, err := netip.ParseAddr(field)
		if err == nil && i >= 4 && !a.IsUnspecified() && reachOf(a.Unmap()) != reachWorld {
			return true
		}
	}
	return false
}
