package evil

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/peerpod/peerpod/pod/seal"
)

// keyBits is the smallest size that pods take: such keys are made in a moment, and real
// pods of the tests have larger ones.
const keyBits = 2048

// keys are made once in a test process.
var keys struct { //nolint:gochecknoglobals // a cache of tests only
	mu  sync.Mutex // guards all
	all map[int]*rsa.PrivateKey
}

// privateKey gives the n-th key. The same n is the same key within a process.
func privateKey(tb testing.TB, n int) *rsa.PrivateKey {
	tb.Helper()
	keys.mu.Lock()
	defer keys.mu.Unlock()
	if key, ok := keys.all[n]; ok {
		return key
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		tb.Fatal(err)
	}
	if keys.all == nil {
		keys.all = map[int]*rsa.PrivateKey{}
	}
	keys.all[n] = key
	return key
}

// sealKey gives a key to package seal.
func sealKey(tb testing.TB, key *rsa.PrivateKey) *seal.Key {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := seal.ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		tb.Fatal(err)
	}
	return parsed
}

// publicKey gives a public key to the standard library.
func publicKey(tb testing.TB, key *seal.PublicKey) *rsa.PublicKey {
	tb.Helper()
	parsed, err := x509.ParsePKIXPublicKey(key.DER())
	if err != nil {
		tb.Fatal(err)
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok {
		tb.Fatalf("public key is a %T, want one of RSA", parsed)
	}
	return public
}
