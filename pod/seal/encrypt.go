package seal

import (
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/peerpod/peerpod/pod"
)

// Sizes of A256GCM.
const (
	ivBytes  = 12
	tagBytes = 16
)

// encrypt makes the compact JWE of plain for the holder of a key.
func encrypt(to *PublicKey, plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, fmt.Errorf("encrypt nothing: %w", pod.ErrInvalid)
	}
	if len(plain) > pod.MaxMessageBytes {
		return nil, fmt.Errorf("encrypt: %w", pod.ErrTooLarge)
	}
	recipient := jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: to.key, KeyID: string(to.id)}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, nil)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	jwe, err := encrypter.Encrypt(plain)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	compact, err := jwe.CompactSerialize()
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return []byte(compact), nil
}

// KeyIDOf tells whose key opens what Verify gave. It checks all but the encryption;
// every fault is pod.ErrBadSignature.
func KeyIDOf(jwe []byte) (pod.PodID, error) {
	parts, err := split(jwe, jweParts)
	if err != nil {
		return "", err
	}
	return keyIDOf(parts)
}

func keyIDOf(parts []string) (pod.PodID, error) {
	f, err := readHeader(parts[0])
	if err != nil {
		return "", err
	}
	f.want("alg", string(jose.RSA_OAEP_256))
	f.want("enc", string(jose.A256GCM))
	kid := f.podID("kid")
	if err := f.end(); err != nil {
		return "", err
	}
	// Else bytes could wander between the text and its tag.
	if byteLen(parts[2]) != ivBytes || byteLen(parts[4]) != tagBytes {
		return "", bad("wrong size of the nonce or the tag")
	}
	return kid, nil
}

// Open decrypts what Verify gave. Every fault is pod.ErrBadSignature.
func Open(k *Key, jwe []byte) (plain []byte, err error) {
	parts, err := split(jwe, jweParts)
	if err != nil {
		return nil, err
	}
	kid, err := keyIDOf(parts)
	if err != nil {
		return nil, err
	}
	if kid != k.ID() || byteLen(parts[1]) != k.private.Size() {
		return nil, bad("sealed to another key")
	}
	parsed, err := jose.ParseEncryptedCompact(string(jwe), []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, bad("not a compact JWE")
	}
	plain, err = parsed.Decrypt(k.private)
	if err != nil {
		return nil, bad("can not be decrypted")
	}
	return plain, nil
}

func byteLen(part string) int { return base64.RawURLEncoding.DecodedLen(len(part)) }
