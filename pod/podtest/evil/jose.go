package evil

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
)

// Fields is a JSON object, each field of which a test may change or delete.
type Fields map[string]any

// With gives a copy with some fields changed.
func (f Fields) With(more Fields) Fields {
	out := maps.Clone(f)
	maps.Copy(out, more)
	return out
}

// Without gives a copy with a field less.
func (f Fields) Without(name string) Fields {
	out := maps.Clone(f)
	delete(out, name)
	return out
}

// JSON prints the object. json.RawMessage stands for what no Go value prints.
func (f Fields) JSON() []byte {
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // a fault of the test
	}
	return raw
}

// Signer makes the signature over the signing input of a JWS.
type Signer func(input []byte) []byte

// PS256 signs as pods do.
func PS256(key *rsa.PrivateKey) Signer {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		if err != nil {
			panic(err) // of a good key it never fails
		}
		return signature
	}
}

// B64 is base64url without padding.
func B64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// Compact makes a compact JWS.
func Compact(header, payload []byte, sign Signer) string {
	input := B64(header) + "." + B64(payload)
	return input + "." + B64(sign([]byte(input)))
}

// Encrypt makes a compact JWE of RSA-OAEP-256 and A256GCM, whatever its header says.
func Encrypt(to *rsa.PublicKey, header, plain []byte) string {
	secret, iv := make([]byte, 32), make([]byte, 12)
	_, _ = rand.Read(secret) // crypto/rand never fails: it ends the process instead
	_, _ = rand.Read(iv)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, to, secret, nil)
	if err != nil {
		panic(err) // of a good key it never fails
	}
	protected := B64(header)
	box := gcm(secret).Seal(nil, iv, plain, []byte(protected))
	end := len(box) - 16
	return strings.Join([]string{protected, B64(wrapped), B64(iv), B64(box[:end]), B64(box[end:])}, ".")
}

func gcm(secret []byte) cipher.AEAD {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err) // a secret of 32 bytes always does
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
