package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwarding are the headers by which proxies tell who asks.
var forwarding = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"}

// proxies are the proxies that the owner named.
type proxies []netip.Prefix

// has tells whether an address is one of a named proxy.
func (p proxies) has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(one netip.Prefix) bool { return one.Contains(a) })
}

// hasPeer tells the same of an address with port.
func (p proxies) hasPeer(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && p.has(at.Addr())
}

// setClient gives a request that came through a named proxy the address of who asks, so
// that all limits count the right one, and takes the forwarding headers away. Where those
// of others stand, and where a named proxy tells no X-Forwarded-For that can be read, they
// stay: whoever reads the request sees that its address is not the asker's.
func (p proxies) setClient(r *http.Request) {
	if len(p) == 0 || !p.hasPeer(r.RemoteAddr) {
		return
	}
	client, ok := p.client(r.Header.Values("X-Forwarded-For"))
	if !ok {
		return
	}
	r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
	for _, name := range forwarding {
		r.Header.Del(name)
	}
}

// client is the last address of a list that is no named proxy: what stands before it may
// be invented. Of named proxies only, it is the first.
func (p proxies) client(list []string) (client netip.Addr, ok bool) {
	entries := strings.Split(strings.Join(list, ","), ",")
	for _, entry := range slices.Backward(entries) {
		if client, ok = forwardedAddr(strings.TrimSpace(entry)); !ok || !p.has(client) {
			return client, ok
		}
	}
	return client, ok
}

// forwardedAddr reads an address, perhaps with a port.
func forwardedAddr(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		at, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = at.Addr()
	}
	return addr.Unmap().WithZone(""), true
}
