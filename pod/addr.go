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
