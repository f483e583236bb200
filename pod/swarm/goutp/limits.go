package utp

import "time"

// Limits bound what strangers can open. A field that is 0 takes its default.
type Limits struct {
	Conns           int           // connections in all, incoming and outgoing; 256
	ConnsPerAddr    int           // incoming connections of one address; 32
	Embryos         int           // accepted connections that never sent a byte; 64
	EmbryosPerAddr  int           // the same, of one address; 16
	WindowBytes     int           // receive window that we advertise; 100,000
	OtherDatagrams  int           // datagrams that wait for ReadFrom; 128
	PendingAccepts  int           // SYNs that wait for Accept; 32, at most 48
	ClosingLifetime time.Duration // how long a closed connection may still send; 16 s
}

// maxPendingAccepts stays below the library's backlog of 50, at which it evicts.
const maxPendingAccepts = 48

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Conns, 256)
	set(&l.ConnsPerAddr, 32)
	set(&l.Embryos, 64)
	set(&l.EmbryosPerAddr, 16)
	set(&l.WindowBytes, 100_000)
	set(&l.OtherDatagrams, 128)
	set(&l.PendingAccepts, 32)
	l.PendingAccepts = min(l.PendingAccepts, maxPendingAccepts)
	if l.ClosingLifetime <= 0 {
		l.ClosingLifetime = 16 * time.Second // the library resends for 15 s
	}
	return l
}
