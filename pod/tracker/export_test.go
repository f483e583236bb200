package tracker

import "time"

// Encode, Decode and DecodeRequest are the codec of the WebSocket protocol.
var (
	Encode = encodeBinary
	Decode = decodeBinary
	Scrub  = scrub
)

// DecodeRequest decodes one message and tells which close code it deserves, 0 if none.
func DecodeRequest(kind int, data []byte) int {
	m, err := decodeRequest(kind, data)
	if err == nil {
		_, _, _, _ = m.hashes(), m.left(), m.want(), m.usableOffers()
		return 0
	}
	return err.(violation).code //nolint:errorlint,forcetypeassert // it returns nothing else
}

// The reaches of addresses.
const (
	ReachMachine = reachMachine
	ReachHome    = reachHome
	ReachWorld   = reachWorld
)

// Hurry shortens the times of sockets.
func (t *Tracker) Hurry(idle, ping, message time.Duration) {
	t.pace.idle, t.pace.ping, t.pace.message = idle, ping, message
	t.pace.write = time.Second
}

// HurrySweep shortens the time between two sweeps.
func (t *Tracker) HurrySweep(every time.Duration) { t.pace.sweep = every }

// Memory tells how many swarms, peers and addresses the registry holds.
func (t *Tracker) Memory() (swarms, peers, addrs int) {
	t.registry.mu.Lock()
	defer t.registry.mu.Unlock()
	return len(t.registry.swarms), t.registry.peers, len(t.registry.perAddr)
}
