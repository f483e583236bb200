package server

import "time"

// The small tools that have tables of their own.
var (
	FileName    = fileName
	Disposition = disposition
	IsUpload    = isUpload
)

// AllowHost tells whether a server with that base URL and those names takes a Host header.
func AllowHost(baseURL string, names []string, header string) bool {
	return newHosts(baseURL, names).allow(header)
}

// Busy takes all places for short requests, and those of who waits for one if line is
// set; free gives them back.
func (s *Server) Busy(line bool) (free func()) {
	fill(s.busy.running)
	if line {
		fill(s.busy.waiting)
	}
	return func() {
		drain(s.busy.running)
		if line {
			drain(s.busy.waiting)
		}
	}
}

// Waiting tells how many short requests wait for a place.
func (s *Server) Waiting() int { return len(s.busy.waiting) }

func fill(places chan struct{}) {
	for range cap(places) {
		places <- struct{}{}
	}
}

func drain(places chan struct{}) {
	for range cap(places) {
		<-places
	}
}

// Patience is how long one write may take.
func (s *Server) Patience(d time.Duration) { s.patience = d }
