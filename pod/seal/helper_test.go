package seal_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/seal"
)

// Keys are slow to make: these serve all tests. Alice's is as pods make theirs.
var (
	alice = sync.OnceValue(func() *seal.Key {
		key, err := seal.NewKey()
		if err != nil {
			panic(err)
		}
		return key
	})
	bob = sync.OnceValue(func() *seal.Key {
		key, err := seal.ParseKey(pkcs8(rsaKey(2048)))
		if err != nil {
			panic(err)
		}
		return key
	})
)

func rsaKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func pkcs8(key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// private gives a key to the standard library, as another program would hold it.
func private(k *seal.Key) *rsa.PrivateKey {
	block, _ := pem.Decode(k.PEM())
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(*rsa.PrivateKey)
}

const (
	nonceA = "AAAAAAAAAAAAAAAAAAAAAA"
	nonceB = "_-8CAwQFBgcICQoLDA0ODw"
	inbox  = "/api/v1/pods/inbox"
	second = 1700000000
)

// messageHeader and answerHeader are what Seal and SealAnswer write, from Alice to Bob.
func messageHeader() string {
	return `{"alg":"PS256","typ":"pod+jws","kid":"` + string(alice().ID()) + `","aud":"` + string(bob().ID()) +
		`","htm":"POST","htu":"` + inbox + `","iat":1700000000,"jti":"` + nonceA + `","ep":3}`
}

func answerHeader() string {
	return `{"alg":"PS256","typ":"pod-answer+jws","kid":"` + string(alice().ID()) + `","aud":"` + string(bob().ID()) +
		`","re":"` + nonceB + `","ep":3,"status":409,"iat":1700000000,"jti":"` + nonceA + `"}`
}

func statementHeader(typ string) string {
	return `{"alg":"PS256","typ":"` + typ + `","kid":"` + string(alice().ID()) + `"}`
}

func encryptedHeader(k *seal.Key) string {
	return `{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"` + string(k.ID()) + `"}`
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func unb64(tb testing.TB, text string) []byte {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// unsigned is a compact JWS with a signature of the right size that says nothing.
func unsigned(header string) []byte {
	return []byte(b64([]byte(header)) + "." + b64([]byte("payload")) + "." + b64(make([]byte, 384)))
}

// signPS256 makes a compact JWS with the standard library alone.
func signPS256(tb testing.TB, key *rsa.PrivateKey, header string, payload []byte) []byte {
	tb.Helper()
	input := b64([]byte(header)) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		tb.Fatal(err)
	}
	return []byte(input + "." + b64(signature))
}

// encryptTo makes a compact JWE with the standard library alone.
func encryptTo(tb testing.TB, key *rsa.PublicKey, header string, plain []byte) []byte {
	tb.Helper()
	secret, iv := make([]byte, 32), make([]byte, 12)
	_, _ = rand.Read(secret)
	_, _ = rand.Read(iv)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, secret, nil)
	if err != nil {
		tb.Fatal(err)
	}
	protected := b64([]byte(header))
	box := gcm(tb, secret).Seal(nil, iv, plain, []byte(protected))
	text, tag := box[:len(box)-16], box[len(box)-16:]
	return []byte(strings.Join([]string{protected, b64(wrapped), b64(iv), b64(text), b64(tag)}, "."))
}

func gcm(tb testing.TB, secret []byte) cipher.AEAD {
	tb.Helper()
	block, err := aes.NewCipher(secret)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return aead
}

func header() seal.Header {
	return seal.Header{HTM: "POST", HTU: inbox, IssuedAt: time.Unix(second, 0).UTC(), JTI: nonceA, Epoch: 3}
}

func answer() seal.AnswerHeader {
	return seal.AnswerHeader{RE: nonceB, Epoch: 3, Status: 409, IssuedAt: time.Unix(second, 0).UTC(), JTI: nonceA}
}

func sealed(tb testing.TB, plain string) []byte {
	tb.Helper()
	raw, err := seal.Seal(alice(), bob().Public(), header(), []byte(plain))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}
