package pod

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Infohash names a torrent: the SHA-1 of its bencoded info dictionary (BEP 3).
type Infohash [20]byte

// ParseInfohash reads 40 hexadecimal digits, in either case.
func ParseInfohash(text string) (Infohash, error) {
	var ih Infohash
	if len(text) != hex.EncodedLen(len(ih)) {
		return ih, fmt.Errorf("infohash of %d characters: %w", len(text), ErrInvalid)
	}
	if _, err := hex.Decode(ih[:], []byte(text)); err != nil {
		return Infohash{}, fmt.Errorf("infohash is not hexadecimal: %w", ErrInvalid)
	}
	return ih, nil
}

// String prints the infohash as 40 lower-case hexadecimal digits.
func (ih Infohash) String() string { return hex.EncodeToString(ih[:]) }

// IsZero tells whether no infohash was set.
func (ih Infohash) IsZero() bool { return ih == Infohash{} }

// MarshalText prints the infohash as String does.
func (ih Infohash) MarshalText() ([]byte, error) { return []byte(ih.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (ih *Infohash) UnmarshalText(text []byte) error {
	parsed, err := ParseInfohash(string(text))
	if err == nil {
		*ih = parsed
	}
	return err
}

// VideoID is a video's number on this pod; 0 is none. Numbers are never used twice.
type VideoID uint64

// String prints the number in decimal digits.
func (id VideoID) String() string { return strconv.FormatUint(uint64(id), 10) }

// AccountID is an account's number on this pod; 0 is none.
type AccountID uint64

// ChannelID is a channel's number on this pod; 0 is none.
type ChannelID uint64

// FriendID is the number of a friend's record; 0 is this pod itself.
type FriendID uint64

// Rev counts the changes of this pod's catalogue; it only rises.
type Rev uint64

// UUID is a version 4 universally unique identifier (RFC 9562).
type UUID [16]byte

// NewUUID makes a random version 4 UUID.
func NewUUID() UUID {
	var u UUID
	_, _ = rand.Read(u[:]) // crypto/rand never fails: it ends the process instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}

// ParseUUID reads the canonical form of 36 characters.
func ParseUUID(text string) (UUID, error) {
	var u UUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return u, fmt.Errorf("uuid: %w", ErrInvalid)
	}
	if _, err := hex.Decode(u[:], []byte(strings.ReplaceAll(text, "-", ""))); err != nil {
		return UUID{}, fmt.Errorf("uuid: %w", ErrInvalid)
	}
	return u, nil
}

// IsZero tells whether no UUID was set.
func (u UUID) IsZero() bool { return u == UUID{} }

// String prints the canonical form: 36 lower-case characters.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// MarshalText prints the UUID as String does.
func (u UUID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads the canonical form.
func (u *UUID) UnmarshalText(text []byte) error {
	parsed, err := ParseUUID(string(text))
	if err == nil {
		*u = parsed
	}
	return err
}

// shortAlphabet is base 58 in the order that PeerTube's short UUIDs use (flickr).
const shortAlphabet = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

// shortLen is the number of base 58 digits that hold 128 bits.
const shortLen = 22

// Short prints the UUID as PeerTube's shortUUID: 22 characters, padded with "1".
func (u UUID) Short() string {
	n, base, digit := new(big.Int).SetBytes(u[:]), big.NewInt(58), new(big.Int)
	var out [shortLen]byte
	for i := shortLen - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = shortAlphabet[digit.Int64()]
	}
	return string(out[:])
}

// ParseShortUUID reads what Short prints; padding may be missing, as PeerTube allows.
func ParseShortUUID(text string) (UUID, error) {
	if text == "" || len(text) > shortLen {
		return UUID{}, fmt.Errorf("short uuid: %w", ErrInvalid)
	}
	n, base := new(big.Int), big.NewInt(58)
	for _, r := range text {
		digit := strings.IndexRune(shortAlphabet, r)
		if digit < 0 {
			return UUID{}, fmt.Errorf("short uuid: %w", ErrInvalid)
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(digit)))
	}
	if n.BitLen() > 128 {
		return UUID{}, fmt.Errorf("short uuid: %w", ErrInvalid)
	}
	var u UUID
	n.FillBytes(u[:])
	return u, nil
}

// VideoRef is how a route names a video: by number, UUID or short UUID.
// Exactly one of its fields is set.
type VideoRef struct {
	ID   VideoID
	UUID UUID
}

// ParseVideoRef reads a video's number, UUID or short UUID as it stands in a route.
// A short text of digits only is a number.
func ParseVideoRef(text string) (VideoRef, error) {
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && n > 0 && len(text) < 19 {
		return VideoRef{ID: VideoID(n)}, nil
	}
	if u, err := ParseUUID(text); err == nil {
		return VideoRef{UUID: u}, nil
	}
	if u, err := ParseShortUUID(text); err == nil && len(text) > 16 {
		return VideoRef{UUID: u}, nil
	}
	return VideoRef{}, &Error{Kind: KindInvalid, Code: "invalid_id", Op: "video id", Msg: "This is not the number, the UUID or the short UUID of a video."}
}
