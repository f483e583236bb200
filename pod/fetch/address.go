package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"github.com/peerpod/peerpod/pod"
)

// dialer connects for the requests of one Narrowest.
type dialer struct {
	narrowest pod.AddrClass
	timeout   time.Duration
	resolver  *net.Resolver
	local     net.Addr // nil but in tests
	log       *slog.Logger
}

// dial connects to the first address of a name that the policy allows and that answers.
func (d *dialer) dial(ctx context.Context, network, target string) (net.Conn, error) {
	if at, err := netip.ParseAddrPort(target); err == nil { // some systems turn 0.0.0.0 into 127.0.0.1
		if err := d.check(at); err != nil {
			return nil, err
		}
	}
	tried := make(chan struct{}, 1)
	nd := net.Dialer{
		Timeout: d.timeout, Resolver: d.resolver, LocalAddr: d.local,
		ControlContext: func(_ context.Context, _, real string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(real)
			if err != nil {
				return fmt.Errorf("%w: %s", ErrAddress, real)
			}
			if err = d.check(at); err == nil {
				select {
				case tried <- struct{}{}:
				default:
				}
			}
			return err
		},
	}
	conn, err := nd.DialContext(ctx, network, target)
	if errors.Is(err, ErrAddress) && len(tried) > 0 { // one address is refused, another one is silent
		return nil, fmt.Errorf("%w: no allowed address of the name answers", ErrUnreachable)
	}
	return conn, err
}

// check applies the policy to the address of a socket, and notes what it refuses.
func (d *dialer) check(at netip.AddrPort) error {
	err := allowed(at, d.narrowest)
	if err != nil {
		d.log.Debug("An address was refused", pod.LogAddr, at.String(), pod.LogErr, err)
	}
	return err
}

// allowed tells whether an address may be called by a request of that bound.
func allowed(at netip.AddrPort, narrowest pod.AddrClass) error {
	addr := at.Addr().Unmap().WithZone("")
	if !allowedPort(at.Port()) {
		return fmt.Errorf("%w: port %d", ErrAddress, at.Port())
	}
	if err := never(addr); err != nil {
		return err
	}
	if narrowest > pod.ClassAny && pod.ClassOf(addr) < narrowest {
		return fmt.Errorf("%w: narrower than where it was learned", ErrAddress)
	}
	if narrowest < pod.ClassPublic {
		return nil
	}
	if nat64.Contains(addr) { // whoever has only IPv6 reaches the IPv4 internet through it
		addr = v4At(addr, 12)
	}
	if err := ssrf.New().SafeAddr(addr); err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return nil
}

// allowedPort keeps requests away from the services that have fixed ports.
func allowedPort(port uint16) bool { return port >= 1024 || port == 80 || port == 443 }

// Addresses that no pod has.
var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8") // RFC 791: Linux takes 0.0.0.0 for itself
	broadcast   = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	metadata    = []netip.Addr{ // they hand out the keys of a rented machine
		netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
	}
)

// IPv6 addresses that stand for an IPv4 address.
var (
	nat64      = ssrf.IPv6NAT64Prefix                     // RFC 6052
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")  // RFC 8215
	compatible = netip.MustParsePrefix("::/96")           // RFC 4291, given up
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765
	sixToFour  = netip.MustParsePrefix("2002::/16")       // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")       // RFC 4380
)

// never refuses what no pod may be called at, whoever gave the address.
func never(addr netip.Addr) error {
	if err := neverPlain(addr); err != nil {
		return err
	}
	for _, inner := range embedded(addr) {
		if err := neverPlain(inner); err != nil {
			return err
		}
		if pod.ClassOf(inner) < pod.ClassOf(addr) {
			return fmt.Errorf("%w: a narrower address in disguise", ErrAddress)
		}
	}
	return nil
}

func neverPlain(addr netip.Addr) error {
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast() || addr == broadcast || thisNetwork.Contains(addr) {
		return fmt.Errorf("%w: no address of a machine", ErrAddress)
	}
	if slices.Contains(metadata, addr) {
		return fmt.Errorf("%w: metadata service", ErrAddress)
	}
	return nil
}

// embedded gives the IPv4 addresses that an IPv6 address leads to.
func embedded(addr netip.Addr) []netip.Addr {
	switch {
	case !addr.Is6() || addr.IsLoopback():
		return nil
	case nat64.Contains(addr), localNAT64.Contains(addr), compatible.Contains(addr), translated.Contains(addr):
		return []netip.Addr{v4At(addr, 12)}
	case sixToFour.Contains(addr):
		return []netip.Addr{v4At(addr, 2)}
	case teredo.Contains(addr): // its server, and its client with all bits turned
		client := v4At(addr, 12).As4()
		for i := range client {
			client[i] ^= 0xff
		}
		return []netip.Addr{v4At(addr, 4), netip.AddrFrom4(client)}
	default:
		return nil
	}
}

// v4At reads an IPv4 address out of an IPv6 address.
func v4At(addr netip.Addr, offset int) netip.Addr {
	all := addr.As16()
	return netip.AddrFrom4([4]byte(all[offset : offset+4]))
}
