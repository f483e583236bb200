// Package utp is the uTP socket (BEP 29) that github.com/anacrolix/torrent asks for.
//
// The torrent library imports github.com/anacrolix/go-utp, which not every module
// proxy serves. This nested module stands in for it (a replace line in Peerpod's
// go.mod) and offers the few names that the library uses: NewSocket,
// NewSocketFromPacketConn, Option, WithLogger, Socket, FirewallCallback, Default.
// The protocol itself is github.com/anacrolix/utp, in pure Go.
//
// Between that library and the UDP socket stands a gate, because the library trusts
// what it reads. The gate
//
//   - lets a SYN in only if the firewall callback agrees and the limits on connections
//     hold (in all, per address, and for those that never sent a byte);
//   - drops packets that belong to no connection, without an answer;
//   - never lets a SYN and a dial to the same address meet: the library panics if a
//     dialled connection takes the number of a SYN that waits to be accepted;
//   - clamps the receive window that we advertise, or a fast sender overruns the
//     kernel's buffer and the transfer collapses;
//   - hands every other datagram (DHT, STUN) to Socket.ReadFrom;
//   - goes on after a read error that is not the end of the socket.
//
// Goroutines: the library's one reader per socket, which ends with Close; its timers.
// Locks: the library has one mutex for the process and calls the gate with it held;
// the gate never calls the library with its own mutex held.
//
// There is no LEDBAT in the library: prefer TCP and cap the rate where it matters.
package utp
