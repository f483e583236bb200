package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
)

// Cost of a hash: 19 MiB, two passes, one lane (RFC 9106 and notes on security).
const (
	hashMemoryKiB = 19 * 1024
	hashPasses    = 2
	hashLanes     = 1
	hashSaltBytes = 16
	hashKeyBytes  = 32
	hashesAtOnce  = 2
)

// What a stored hash may ask for at most: a damaged record must not eat the machine.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 16
	maxLanes     = 16
)

const costForm = "m=%d,t=%d,p=%d"

// Lengths of a password: characters for a new one, bytes for any.
const (
	minPasswordLen   = 8
	maxPasswordBytes = 1024
)

// hasher runs argon2id, at most hashesAtOnce at a time.
type hasher struct {
	slots chan struct{}
	cost  hashCost
	dummy string // a hash that no password has, for names that nobody has
}

// hashCost is what one hash takes.
type hashCost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

func costOfToday() hashCost {
	return hashCost{memoryKiB: hashMemoryKiB, passes: hashPasses, lanes: hashLanes}
}

func newHasher(cost hashCost) *hasher {
	p := hashParts{hashCost: cost, salt: randomBytes(hashSaltBytes), key: randomBytes(hashKeyBytes)}
	return &hasher{slots: make(chan struct{}, hashesAtOnce), cost: cost, dummy: p.String()}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return b
}

// acquire waits for a slot; each nil needs one release.
func (h *hasher) acquire(ctx context.Context) error {
	if ctx.Err() != nil {
		return cancelled(ctx, "wait for a password check")
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return cancelled(ctx, "wait for a password check")
	}
}

func (h *hasher) release() { <-h.slots }

// hash makes the stored form of a password, in a slot of its own.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	p := hashParts{hashCost: h.cost, salt: randomBytes(hashSaltBytes)}
	p.key = p.derive(password, hashKeyBytes)
	return p.String(), nil
}

// verify compares a password with its stored form. The caller holds a slot.
func verify(stored, password string) (bool, error) {
	p, err := parseHash(stored)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(p.derive(password, len(p.key)), p.key) == 1, nil
}

// outdated tells whether a hash was made with other costs than those of today.
func (h *hasher) outdated(stored string) bool {
	p, err := parseHash(stored)
	return err == nil && p.hashCost != h.cost
}

// hashParts is a hash in the form `$argon2id$v=19$m=19456,t=2,p=1$SALT$KEY`.
type hashParts struct {
	hashCost
	salt, key []byte
}

func (p *hashParts) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$"+costForm+"$%s$%s", argon2.Version, p.memoryKiB, p.passes, p.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

// derive runs argon2id over the password in its composed form (NFC): keyboards differ
// in how they send an é.
func (p *hashParts) derive(password string, n int) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), p.salt, p.passes, p.memoryKiB, p.lanes, uint32(n))
}

var errHash = errors.New("password hash has an unknown form")

func parseHash(stored string) (hashParts, error) {
	var p hashParts
	fields := strings.Split(stored, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHash
	}
	if _, err := fmt.Sscanf(fields[3], costForm, &p.memoryKiB, &p.passes, &p.lanes); err != nil {
		return p, fmt.Errorf("%w: %w", errHash, err)
	}
	if fields[3] != fmt.Sprintf(costForm, p.memoryKiB, p.passes, p.lanes) || !p.affordable() {
		return p, errHash
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(fields[4])
	p.key, err2 = base64.RawStdEncoding.Strict().DecodeString(fields[5])
	if err1 != nil || err2 != nil || !between(len(p.salt), 8, 64) || !between(len(p.key), 16, 64) {
		return p, errHash
	}
	return p, nil
}

// affordable tells whether the costs are within what argon2 and this pod can bear.
func (p *hashCost) affordable() bool {
	return between(p.passes, 1, maxPasses) && between(p.lanes, 1, maxLanes) &&
		between(p.memoryKiB, 8*uint32(p.lanes), maxMemoryKiB)
}

func between[N cmp.Ordered](n, least, most N) bool { return least <= n && n <= most }

// checkPassword refuses what is not even worth a hash.
func checkPassword(password string) error {
	if len(password) > maxPasswordBytes {
		return pod.Invalid("password", fmt.Sprintf("The password is too long; %d bytes are allowed at most.", maxPasswordBytes))
	}
	if strings.IndexByte(password, 0) >= 0 {
		return pod.Invalid("password", "The password has a NUL character, which is not allowed.")
	}
	return nil
}

// checkNewPassword also asks for the length and the form of a password that will be kept.
func checkNewPassword(password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	if !utf8.ValidString(password) {
		return pod.Invalid("password", "The password is not valid UTF-8 text.")
	}
	if n := utf8.RuneCountInString(password); n < minPasswordLen {
		return pod.Invalid("password", fmt.Sprintf("The password has %d characters; it needs %d at least.", n, minPasswordLen))
	}
	return nil
}
