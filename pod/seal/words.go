package seal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/peerpod/peerpod/pod"
	"github.com/tyler-smith/go-bip39/wordlists"
)

const (
	nonceBytes = 16
	nonceChars = 22

	entropyBytes = 16
	checksumBits = 4
	wordBits     = 11
	wordCount    = 12
)

// Words gives the fingerprint that people compare: the twelve English words that BIP-39
// has for the first 128 bits of the key's hash, checksum included, with single spaces.
// An ID that is none gives "".
func Words(id pod.PodID) string {
	if _, err := pod.ParsePodID(string(id)); err != nil {
		return ""
	}
	hash := id.Sum()
	entropy := hash[:entropyBytes]
	check := sha256.Sum256(entropy)
	n := new(big.Int).SetBytes(entropy)
	n.Lsh(n, checksumBits)
	n.Or(n, big.NewInt(int64(check[0]>>(8-checksumBits))))
	// The list is taken from its own package: the one that the parent package uses can be
	// set to another language by whoever shares the process.
	last := big.NewInt(1<<wordBits - 1)
	words := make([]string, wordCount)
	for i := range words {
		index := new(big.Int).Rsh(n, uint((wordCount-1-i)*wordBits))
		words[i] = wordlists.English[index.And(index, last).Int64()]
	}
	return strings.Join(words, " ")
}

// NewNonce makes 128 random bits in base64url without padding: 22 characters.
func NewNonce() string {
	var raw [nonceBytes]byte
	_, _ = rand.Read(raw[:]) // crypto/rand never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// IsNonce tells whether text looks as NewNonce writes it.
func IsNonce(text string) bool { return len(text) == nonceChars && validBase64(text) }
