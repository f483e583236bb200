package account

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/peerpod/peerpod/pod"
)

const tokenBytes = 32

// tokenLen is the length of a token as text.
var tokenLen = base64.RawURLEncoding.EncodedLen(tokenBytes)

// Tokens are what a login gives. Access goes with each request, Refresh buys the next pair.
type Tokens struct {
	Access, Refresh                   string
	AccessExpiresIn, RefreshExpiresIn time.Duration
}

func newTokens() Tokens {
	return Tokens{
		Access: newToken(), Refresh: newToken(),
		AccessExpiresIn: accessLife, RefreshExpiresIn: refreshLife,
	}
}

func newToken() string {
	return base64.RawURLEncoding.EncodeToString(randomBytes(tokenBytes))
}

// hashToken gives the SHA-256 of the token's text; ok is false for what no token of
// ours can be. The text is hashed, not its bytes: base64 has several texts for some bytes.
func hashToken(token string) (hash [32]byte, ok bool) {
	if len(token) != tokenLen {
		return hash, false
	}
	return sha256.Sum256([]byte(token)), true
}

// session is the record that stands for these tokens.
func (t Tokens) session(id pod.AccountID, now time.Time) pod.Session {
	return pod.Session{
		AccountID:        id,
		AccessHash:       sha256.Sum256([]byte(t.Access)),
		RefreshHash:      sha256.Sum256([]byte(t.Refresh)),
		AccessExpiresAt:  now.Add(t.AccessExpiresIn),
		RefreshExpiresAt: now.Add(t.RefreshExpiresIn),
		CreatedAt:        now,
	}
}
