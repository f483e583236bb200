package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of keys.
const (
	newKeyBits = 3072
	minKeyBits = 2048
	maxKeyBits = 4096
	exponent   = 65537

	pemPublic  = "PUBLIC KEY"
	pemPrivate = "PRIVATE KEY"

	// A key of 4096 bits is 550 bytes of DER and 800 bytes of PEM; a private one 3300.
	maxPublicBytes  = 1 << 10
	maxPrivateBytes = 8 << 10
)

// Key is the key pair of a pod. It signs, and opens what was sealed to the pod. It does
// not change and is safe for concurrent use.
type Key struct {
	private *rsa.PrivateKey
	public  *PublicKey
}

// NewKey makes a key of 3072 bits. It takes about a second.
func NewKey() (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, newKeyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return newKey(private)
}

// ParseKey reads what PEM wrote: PKCS #8 in one PEM block. Every other input, and a key
// whose numbers do not fit together, is a *pod.Error with the code invalid_key.
func ParseKey(text []byte) (*Key, error) {
	if len(text) > maxPrivateBytes {
		return nil, privateFault(errors.New("too long"))
	}
	text = bytes.TrimSpace(text)
	block, rest := pem.Decode(text)
	if block == nil || !bytes.HasPrefix(text, []byte("-----BEGIN")) || block.Type != pemPrivate || len(block.Headers) != 0 || len(rest) != 0 {
		return nil, privateFault(errors.New("not one PEM block " + pemPrivate))
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, privateFault(err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok || len(private.Primes) != 2 {
		return nil, privateFault(errors.New("not an RSA key of two primes"))
	}
	if err := private.Validate(); err != nil {
		return nil, privateFault(err)
	}
	key, err := newKey(private)
	if err != nil {
		return nil, privateFault(err)
	}
	return key, nil
}

func newKey(private *rsa.PrivateKey) (*Key, error) {
	public, err := newPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	return &Key{private: private, public: public}, nil
}

// PEM writes the key, the secret included, as PKCS #8 in one PEM block.
func (k *Key) PEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		panic("seal: a valid RSA key has a PKCS #8 form: " + err.Error())
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der})
}

// Public gives the half that others may know.
func (k *Key) Public() *PublicKey { return k.public }

// ID gives the pod ID that the key stands for.
func (k *Key) ID() pod.PodID { return k.public.id }

// PublicKey is the key of another pod: it verifies, and seals to that pod. It does not
// change and is safe for concurrent use.
type PublicKey struct {
	key *rsa.PublicKey
	der []byte
	id  pod.PodID
}

// ParsePublicKey reads one PEM block "PUBLIC KEY" with nothing before or after it but a
// final newline. It takes RSA keys of 2048 to 4096 bits with the exponent 65537. Every
// other input is a *pod.Error with the code invalid_key.
func ParsePublicKey(text string) (*PublicKey, error) {
	if len(text) > maxPublicBytes {
		return nil, publicFault("it is too long", nil)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, publicFault("it is not a PEM block", nil)
	}
	if block.Type != pemPublic {
		return nil, publicFault("it is not a public key", nil)
	}
	// Go's reader skips text around the block and takes other line lengths.
	canonical := string(pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: block.Bytes}))
	if text != canonical && text+"\n" != canonical {
		return nil, publicFault("it is not one plain PEM block", nil)
	}
	return ParsePublicKeyDER(block.Bytes)
}

// ParsePublicKeyDER reads the same key as SPKI in DER. The errors are the same too.
func ParsePublicKeyDER(der []byte) (*PublicKey, error) {
	if len(der) > maxPublicBytes {
		return nil, publicFault("it is too long", nil)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, publicFault("it can not be read", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, publicFault("it is not an RSA key", nil)
	}
	public, err := newPublicKey(key)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(public.der, der) { // else one key had two IDs
		return nil, publicFault("it is not in its canonical form", nil)
	}
	return public, nil
}

func newPublicKey(key *rsa.PublicKey) (*PublicKey, error) {
	switch bits := key.N.BitLen(); {
	case bits < minKeyBits:
		return nil, publicFault("it is too short", nil)
	case bits > maxKeyBits:
		return nil, publicFault("it is too long", nil)
	case key.N.Bit(0) == 0:
		return nil, publicFault("its modulus is even", nil)
	case key.E != exponent:
		return nil, publicFault("its exponent is not 65537", nil)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, publicFault("it can not be written", err)
	}
	return &PublicKey{key: key, der: der, id: pod.NewPodID(sha256.Sum256(der))}, nil
}

// ID gives the pod ID that the key stands for.
func (p *PublicKey) ID() pod.PodID { return p.id }

// PEM writes the key as one PEM block.
func (p *PublicKey) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: p.der}))
}

// DER writes the key as SPKI in DER. The caller may keep and change the bytes.
func (p *PublicKey) DER() []byte { return bytes.Clone(p.der) }

func publicFault(why string, cause error) error {
	return keyFault("read public key", "The public key of the other pod can not be used: "+why+". It must be an RSA key of 2048 to 4096 bits.", cause)
}

func privateFault(cause error) error {
	return keyFault("read key", "The key of this pod is damaged. Put it back from a backup, or remove it to start with a new one and no friends.", cause)
}

func keyFault(op, msg string, cause error) error {
	err := pod.ErrInvalid
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return &pod.Error{Kind: pod.KindInvalid, Code: "invalid_key", Op: op, Msg: msg, Err: err}
}
