package seal_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
	"github.com/tyler-smith/go-bip39"
)

// The first four stand in the test vectors of BIP-39.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ entropy, want string }{
		{"00000000000000000000000000000000", strings.Repeat("abandon ", 11) + "about"},
		{"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", "legal winner thank year wave sausage worth useful legal winner thank yellow"},
		{"80808080808080808080808080808080", "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
		{"ffffffffffffffffffffffffffffffff", strings.Repeat("zoo ", 11) + "wrong"},
	} {
		raw, err := hex.DecodeString(c.entropy)
		if err != nil {
			t.Fatal(err)
		}
		var sum [32]byte
		copy(sum[:], raw)
		sum[31] = 0x55 // the other half says nothing
		if got := seal.Words(pod.NewPodID(sum)); got != c.want {
			t.Errorf("Words(%s…) = %q, want %q", c.entropy, got, c.want)
		}
	}
	for i := range byte(100) {
		sum := sha256.Sum256([]byte{i})
		want, err := bip39.NewMnemonic(sum[:16])
		if got := seal.Words(pod.NewPodID(sum)); err != nil || got != want {
			t.Errorf("Words(%x…) = %q, want %q", sum[:16], got, want)
		}
	}
	for _, id := range []pod.PodID{"", "nobody", pod.PodID(strings.Repeat("A", 52))} {
		if got := seal.Words(id); got != "" {
			t.Errorf("Words(%q) = %q, want nothing", id, got)
		}
	}
}

func TestNonce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		nonce := seal.NewNonce()
		raw, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
		if err != nil || len(raw) != 16 || seen[nonce] || !seal.IsNonce(nonce) {
			t.Errorf("NewNonce() = %q, want 16 new bytes in base64url", nonce)
		}
		seen[nonce] = true
	}
	for _, bad := range []string{"", nonceA[1:], nonceA + "A", nonceA[1:] + "=", nonceA[1:] + "+", nonceA[1:] + "B", nonceA[2:] + "\n\n", nonceA[2:] + "é"} {
		if seal.IsNonce(bad) {
			t.Errorf("IsNonce(%q) = true, want false", bad)
		}
	}
}
