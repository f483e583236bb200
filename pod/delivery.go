package pod

import (
	"encoding/json"
	"time"
)

// Activities of one message, and records of one page of a catalogue, are bounded.
const (
	MaxActivities = 100
	// MaxMessageBytes bounds a sealed message or answer on the wire.
	MaxMessageBytes = 1 << 20
	// MaxPlainBytes bounds the activities of a message before it is sealed: sealing makes
	// two layers of base64 of them, and the whole must arrive within 10 s over a slow
	// home's line (0.4 Mbit/s).
	MaxPlainBytes = 256 << 10
)

// StepKind tells what an activity of a friend does to the store.
type StepKind int

// The kinds of steps.
const (
	StepNone   StepKind = iota // nothing to store: Result is final (refused, greeting …)
	StepPut                    // Video is put
	StepRemove                 // the video UUID is removed
	StepUpdate                 // the friend's Name, and URL, change
	StepRotate                 // the friend's key becomes Key
	StepQuit                   // the friend ends the friendship of epoch Epoch
	StepView                   // one view of our own video UUID
)

// Step is one decoded and checked activity of a friend.
type Step struct {
	Kind      StepKind
	Video     Video // for StepPut: of the friend; ID, Origin, Rev and HasPoster are the store's
	UUID      UUID
	OriginRev Rev // the origin's count of changes
	Name, URL string
	Class     AddrClass // the narrowest class that URL may lead to
	Key       []byte    // SPKI DER
	KeyID     PodID
	Epoch     uint64
	Result    Result // for StepNone; else what the step gives when it is applied
}

// Result is what became of one activity. It travels as it stands.
type Result struct {
	Status string          `json:"status"`           // ok or refused; both are final
	Code   string          `json:"code,omitempty"`   // why it was refused, for programs
	Detail string          `json:"detail,omitempty"` // the same for people
	Page   json.RawMessage `json:"page,omitempty"`   // answer to catalogue.get; never stored
	Data   json.RawMessage `json:"data,omitempty"`   // answer to other questions; never stored
}

// ResultOK is the result of an activity that was applied.
func ResultOK() Result { return Result{Status: "ok"} }

// Refused is the final result of an activity that was not applied.
func Refused(code, detail string) Result {
	return Result{Status: "refused", Code: code, Detail: detail}
}

// Delivery is one verified message of a friend, decoded.
type Delivery struct {
	Friend   FriendID
	SignedBy PodID // the key of the friend that signed it, a superseded one perhaps
	Epoch    uint64
	JTI      string // "" for a message that came inside an answer: its answer's nonce was checked
	JTIUntil time.Time
	Op       string // "" when there is nothing but acknowledgements
	Prev     uint64
	Seq      uint64
	Steps    []Step
	At       time.Time
}

// Receipt is what the store made of a Delivery.
type Receipt struct {
	Again   bool     // the op was answered before: Results are the old ones
	Results []Result // one for each step
	Quit    bool     // the friendship ended by it
	Changed bool     // videos changed
	Friend  Friend   // as it stands now
}

// OutChange is one change of this pod's own catalogue that friends may have to know.
type OutChange struct {
	Rev     Rev   // in the order of telling: for a video that is public no more, PublicUntil
	Video   Video // for a removal: as it last was
	Removed bool
	// PublicFrom is the change with which the video was public first; 0 is never.
	PublicFrom Rev
	// PublicUntil is the change with which it was public no more; 0 while it is.
	PublicUntil Rev
}

// Frozen is the message on its way to a friend: what it says stays the same until it is
// answered, how often it is sent.
type Frozen struct {
	Friend     FriendID
	Epoch      uint64
	Op         string
	Prev       uint64
	Seq        uint64
	Activities []json.RawMessage
	SentRev    Rev // of the friend, once it is delivered
	// What the friend knows of us once it is delivered; "" is unchanged.
	ToldName, ToldURL string
	ToldKey           PodID
}

// CataloguePage is a friend's answer to catalogue.get, decoded and checked.
type CataloguePage struct {
	Steps []Step // StepPut and StepRemove only
	Next  Rev    // the origin's count to ask on from
	Last  bool
}

// Delivered is the friend's answer to a Frozen message.
type Delivered struct {
	Friend FriendID
	Epoch  uint64
	Op     string
	Page   *CataloguePage // nil when the message did not ask for one
	At     time.Time
}

// SignedVideo is a video as this pod signed it for friends (typ video+jws).
type SignedVideo struct {
	Video VideoID
	Rev   Rev
	Key   PodID  // that signed
	JWS   string // compact
}
