package seal

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/peerpod/peerpod/pod"
)

// The types of what a pod signs, as the field typ of the header says. A text of one type
// is never taken for one of another.
const (
	TypeMessage     = "pod+jws"
	TypeAnswer      = "pod-answer+jws"
	TypeIntro       = "pod-intro+jws"
	TypeIntroAnswer = "pod-intro-answer+jws"
	TypeChallenge   = "pod-challenge+jws"
	TypeVideo       = "video+jws"
	TypeVoucher     = "pod-voucher+jws"
	TypeRotation    = "pod-rotation+jws"
)

const (
	jwsParts = 3
	jweParts = 5
	// maxHeaderChars bounds a header in base64url; ours have about 600 characters.
	maxHeaderChars = 2048
)

// bad is the one class of all refusals. The reason is for the log only.
func bad(why string) error { return fmt.Errorf("%w: %s", pod.ErrBadSignature, why) }

// token is a compact JWS whose header was read and whose signature was not checked.
type token struct {
	compact string
	payload string // in base64url
	kid     pod.PodID
}

// peek reads the header of a compact JWS of one type. The fields that all types have
// are checked and taken out of it.
func peek(raw []byte, typ string) (token, *fields, error) {
	parts, err := split(raw, jwsParts)
	if err != nil {
		return token{}, nil, err
	}
	f, err := readHeader(parts[0])
	if err != nil {
		return token{}, nil, err
	}
	f.want("alg", string(jose.PS256))
	f.want("typ", typ)
	kid := f.podID("kid")
	if f.err != nil {
		return token{}, nil, f.err
	}
	return token{compact: string(raw), payload: parts[1], kid: kid}, f, nil
}

// verify checks the signature and gives the payload.
func (t token) verify(p *PublicKey) ([]byte, error) {
	if p == nil || p.id != t.kid {
		return nil, bad("another key signed")
	}
	jws, err := jose.ParseSignedCompact(t.compact, []jose.SignatureAlgorithm{jose.PS256})
	if err != nil {
		return nil, bad("not a compact JWS")
	}
	payload, err := jws.Verify(p.key)
	if err != nil {
		return nil, bad("wrong signature")
	}
	return payload, nil
}

// sign makes a compact JWS. The header gets alg, typ and kid besides extra.
func sign(k *Key, typ string, extra map[jose.HeaderKey]any, payload []byte) (string, error) {
	if len(payload) > pod.MaxMessageBytes {
		return "", fmt.Errorf("sign %s: %w", typ, pod.ErrTooLarge)
	}
	options := new(jose.SignerOptions).WithType(jose.ContentType(typ)).WithHeader("kid", string(k.ID()))
	for name, value := range extra {
		options.WithHeader(name, value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: k.private}, options)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	if len(compact) > pod.MaxMessageBytes {
		return "", fmt.Errorf("sign %s: %w", typ, pod.ErrTooLarge)
	}
	return compact, nil
}

// split cuts a compact serialization into its parts, all of them base64url and none empty.
func split(raw []byte, want int) ([]string, error) {
	if len(raw) > pod.MaxMessageBytes {
		return nil, bad("too large")
	}
	parts := strings.SplitN(string(raw), ".", want+1)
	if len(parts) != want {
		return nil, bad("wrong number of parts")
	}
	for _, part := range parts {
		if !validBase64(part) {
			return nil, bad("a part is empty or not base64url")
		}
	}
	if len(parts[0]) > maxHeaderChars {
		return nil, bad("the header is too long")
	}
	return parts, nil
}

// validBase64 tells whether text is base64url without padding that says at least one
// byte, in its only form: Go's decoder skips line breaks, and takes leftover bits that
// are not zero unless told.
func validBase64(text string) bool {
	const quantum = 4
	if text == "" || len(text)%quantum == 1 {
		return false
	}
	for i := range len(text) {
		if !isBase64URL(text[i]) {
			return false
		}
	}
	tail := text[len(text)-len(text)%quantum:]
	_, err := base64.RawURLEncoding.Strict().DecodeString(tail)
	return err == nil
}

// base64Table has a 1 for each byte of the alphabet: comparisons would be mispredicted at
// nearly every byte of a message, and strangers may send large ones.
const base64Table = "0000000000000000000000000000000000000000000001001111111111000000" +
	"0111111111111111111111111110000101111111111111111111111111100000" +
	"0000000000000000000000000000000000000000000000000000000000000000" +
	"0000000000000000000000000000000000000000000000000000000000000000"

func isBase64URL(c byte) bool { return base64Table[c] == '1' }

// decode64 decodes what validBase64 found good.
func decode64(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, bad("not base64url")
	}
	return raw, nil
}
