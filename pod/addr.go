package pod

import "net/netip"

// Household is what the limits count as one source: an IPv4 address or a loopback address
// alone, the /64 of any other IPv6 address.
func Household(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() && !a.IsLoopback() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits) // bits are always in range
	return prefix
}

// AddrClass sorts addresses by who can reach them: loopback < private < public.
type AddrClass int

// The classes. ClassAny is the bound of an address that our owner gave.
const (
	ClassAny      AddrClass = iota
	ClassLoopback           // this machine
	ClassPrivate            // this network: private, link-local, shared (RFC 6598), unique local
	ClassPublic
)

// sharedSpace is what providers use between themselves and their customers (RFC 6598), and
// what overlay networks use.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// ClassOf tells the class of an address.
func ClassOf(a netip.Addr) AddrClass {
	a = a.Unmap().WithZone("")
	switch {
	case a.IsLoopback():
		return ClassLoopback
	case a.IsPrivate(), a.IsLinkLocalUnicast(), sharedSpace.Contains(a):
		return ClassPrivate
	default:
		return ClassPublic
	}
}
