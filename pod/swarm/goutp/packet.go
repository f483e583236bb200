package utp

import (
	"encoding/binary"
	"net"
	"net/netip"
)

// Types of packets and the header's layout (BEP 29).
const (
	typeData  = 0
	typeFin   = 1
	typeState = 2
	typeReset = 3
	typeSyn   = 4

	headerLen    = 20
	connIDOffset = 2
	windowOffset = 12
)

// header is what the gate looks at in a packet.
type header struct {
	kind   byte
	connID uint16
}

// parseHeader tells whether a datagram is a uTP packet that the library would take.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerLen || b[0]&0x0f != 1 || b[0]>>4 > typeSyn {
		return header{}, false
	}
	next, rest := b[1], b[headerLen:]
	for next != 0 {
		if len(rest) < 2 || len(rest) < int(rest[1])+2 {
			return header{}, false
		}
		next, rest = rest[0], rest[int(rest[1])+2:]
	}
	return header{kind: b[0] >> 4, connID: binary.BigEndian.Uint16(b[connIDOffset:])}, true
}

// clampWindow lowers the receive window that a packet of ours advertises.
func clampWindow(b []byte, most uint32) {
	field := b[windowOffset : windowOffset+4]
	if binary.BigEndian.Uint32(field) > most {
		binary.BigEndian.PutUint32(field, most)
	}
}

// addrPort makes a comparable address; the zero value stands for other networks.
func addrPort(addr net.Addr) netip.AddrPort {
	u, ok := addr.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := u.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
