package pod

import (
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

// PodID names a pod: lower-case base32 without padding of the SHA-256 of its public key
// (SPKI DER). It changes only when the pod changes its key.
type PodID string //nolint:revive // pod.ID would say less: the package has many ids

// podIDLen is the number of base32 digits of 256 bits.
const podIDLen = 52

// NewPodID makes the ID of a key from the key's SHA-256.
func NewPodID(sum [32]byte) PodID {
	return PodID(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])))
}

// ParsePodID reads what NewPodID made, and nothing else.
func ParsePodID(text string) (PodID, error) {
	sum, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(text))
	if err != nil || len(text) != podIDLen || len(sum) != 32 || NewPodID([32]byte(sum)) != PodID(text) {
		return "", fmt.Errorf("pod id: %w", ErrInvalid)
	}
	return PodID(text), nil
}

// Sum gives the SHA-256 that the ID stands for; zero for an ID that was not parsed.
func (id PodID) Sum() (sum [32]byte) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(string(id)))
	if err == nil && len(raw) == len(sum) {
		copy(sum[:], raw)
	}
	return sum
}

// FriendStatus is how this pod stands to another one.
type FriendStatus string

// The statuses. The last two are not shown: of such pods only key and epoch are kept.
const (
	StatusFriend    FriendStatus = "friend"
	StatusRequested FriendStatus = "requested" // we asked, or our owner accepted; the other has not answered yet
	StatusWaiting   FriendStatus = "waiting"   // it asked; our owner has not answered yet
	StatusParked    FriendStatus = "parked"    // a friend that was away for long: its videos are hidden
	StatusBlocked   FriendStatus = "blocked"
	StatusFormer    FriendStatus = "former"  // the friendship ended
	StatusRefused   FriendStatus = "refused" // our owner said no
)

// Stands tells whether there is a friendship: messages are taken, changes are kept for it.
func (s FriendStatus) Stands() bool { return s == StatusFriend || s == StatusParked }

// Shown tells whether the owner sees a pod of this status in lists.
func (s FriendStatus) Shown() bool { return s != "" && s != StatusFormer && s != StatusRefused }

// Scores of friends (API.md section 4).
const (
	ScoreStart = 100
	ScoreMax   = 1000
	ScoreStep  = 10
	// ScoreAbuse is taken off at once for proven abuse.
	ScoreAbuse = 100
	// ParkAfter bad score intervals in a row park a friend.
	ParkAfter = 10
)

// Friend is the record of another pod. Its number stays when its key changes.
type Friend struct {
	ID        FriendID
	PodID     PodID
	PublicKey []byte   // SPKI DER
	OldKeys   []OldKey // superseded ones, youngest last
	Name      string
	URL       string // as the pod names itself; goes into links, magnets and lists
	CallURL   string // where we call it, without a slash at its end
	// CallClass is the narrowest class of address that CallURL may lead to; ClassAny when
	// our owner gave it.
	CallClass AddrClass
	// Verified tells that CallURL answered for this key. Others are never recommended, and
	// called once per score interval only.
	Verified bool
	// CallsNobody tells that this friend could not reach us: we greet it every interval.
	CallsNobody bool
	Status      FriendStatus
	APIVersions []int
	MustUpdate  bool  // it speaks no version of ours: messages wait
	Via         PodID // the friend that it says we have in common; "" is none
	VouchedBy   PodID // the common friend that signed this pod's key; "" is none

	Score        int
	BadIntervals int  // in a row
	Abused       bool // parked for proven abuse: only our owner restores it
	LastSeenAt   time.Time

	Epoch        uint64 // of the standing friendship; 0 before the first
	HighestEpoch uint64 // ever had with this key; kept after the end
	OurRun       string // random; another one starts a new epoch
	TheirRun     string
	ClockOffset  time.Duration // its clock minus ours, as far as it matters

	RequestedAt time.Time // when our introduction began; it is given up after 30 days
	Invite      string    // the code that our introduction answers; "" is none
	QuitEpoch   uint64    // the epoch whose end we still owe a notice of; 0 is none
	QuitUntil   time.Time // when the notice is given up

	// The streams of the standing epoch. The store sets them back when Epoch changes.
	OutSeq         uint64 // activities that were delivered to it
	InSeq          uint64 // activities that were taken from it
	SentRev        Rev    // changes up to here were delivered, or are in the catalogue that it reads
	CatalogueUpto  Rev    // what it reads as our catalogue ends here
	CatalogueAfter Rev    // how far we have read its catalogue
	CatalogueDone  bool   // we have read all of it
	ToldName       string // what it knows of us
	ToldURL        string
	ToldKey        PodID

	VideoCount int // of its videos that we hold; kept by the store
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// OldKey is a superseded key of a friend.
type OldKey struct {
	PodID     PodID
	PublicKey []byte    // SPKI DER
	Until     time.Time // messages that it signed are taken until then
}

// Invite lets one unknown pod become a friend at once.
type Invite struct {
	ID        string // public; 128 bits in base64url
	Secret    []byte // 32 bytes; never travels but in the code
	ExpiresAt time.Time
	UsedBy    PodID // "" while it is good
	CreatedAt time.Time
}

// MirrorRecord is the owner's wish to keep a copy of a friend's video.
type MirrorRecord struct {
	Video     VideoID
	Infohash  Infohash
	Name      string // of the file in the torrent
	SizeBytes int64
	CreatedAt time.Time
}
