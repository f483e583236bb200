package fetch

import (
	"net"
	"net/netip"

	"github.com/peerpod/peerpod/pod"
)

// Allowed is the policy by itself.
func Allowed(at netip.AddrPort, narrowest pod.AddrClass) error { return allowed(at, narrowest) }

// StayHome binds a client's connections to loopback: a kernel routes no public address
// from there, so that no packet of a test leaves the machine.
func StayHome(c Config) *Client {
	client := New(c)
	for class := range client.calls {
		d := &dialer{
			narrowest: pod.AddrClass(class), timeout: client.config.DialTimeout, resolver: c.Resolver,
			local: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, log: client.log,
		}
		client.calls[class] = newTransport(client.config, d, connsPerHost)
		client.streams[class] = newTransport(client.config, d, streamsPerHost)
	}
	return client
}
