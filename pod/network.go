package pod

import (
	"io"
	"net/netip"
	"time"
)

// APIVersion is the version of the contract between pods that this program speaks. Each
// answer carries it in HeaderAPIVersions, each request between pods in HeaderAPIVersion.
const (
	APIVersion        = 1
	HeaderAPIVersions = "Peerpod-Api-Versions"
	HeaderAPIVersion  = "Peerpod-Api-Version"
	// TypeJOSE is the content type of signed and sealed bodies (RFC 7515 section 9.2.1).
	TypeJOSE = "application/jose"
)

// Self is what a pod says about itself.
type Self struct {
	PodID       PodID
	PublicKey   string // PEM
	Name        string
	URL         string
	Fingerprint string // 12 words
	VideoCount  int    // public ones of its own
}

// Incoming is a request of another pod.
type Incoming struct {
	Body        io.Reader // not yet bounded
	ContentType string
	Version     string // of HeaderAPIVersion; "" is none
	Source      netip.Addr
	Forwarded   bool // it came through a proxy that nobody configured
}

// Reply is an answer to another pod that is not a problem document.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// Join asks to become friends with a network of pods.
type Join struct {
	Hosts  []string // base URLs; empty: the configured ones
	Invite string   // code or link; "" is none
}

// Joined is what became of a Join: the pods that are new.
type Joined struct {
	Friends []Friend
	Waiting []Friend // they ask their owners, or do not answer just now
	Refused []RefusedHost
}

// RefusedHost is a pod that did not become a friend.
type RefusedHost struct {
	URL    string
	Code   string // for programs
	Reason string // a sentence
}

// InviteCode is an invite as its owner hands it on.
type InviteCode struct {
	Code      string
	URL       string // the same as a link
	ExpiresAt time.Time
	Used      bool
}

// QueueEntry is what waits for one friend.
type QueueEntry struct {
	Friend    Friend
	Waiting   int // activities that were not delivered, the ones on their way included
	InFlight  bool
	NextTryAt time.Time // zero: nothing is due
}

// EventKind sorts the events of a pod that its owner may follow.
type EventKind string

// The kinds of events.
const (
	EventVideo    EventKind = "video"
	EventFriend   EventKind = "friend"
	EventTransfer EventKind = "transfer"
	EventJob      EventKind = "job"
)

// Event tells that something changed; the follower reads again what it shows.
type Event struct {
	Kind   EventKind
	Action string // put, removed, changed …
	Video  UUID   // zero when it is about no single video
	Friend PodID  // "" when it is about no single pod
	At     time.Time
}

// MirrorState tells how far a copy of a friend's video is.
type MirrorState struct {
	Wanted    bool
	Whole     bool
	SizeBytes int64
}
