package seal

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/peerpod/peerpod/pod"
)

// isStatement tells the types that Sign makes. Messages and answers have other headers.
func isStatement(typ string) bool {
	switch typ {
	case TypeIntro, TypeIntroAnswer, TypeChallenge, TypeVideo, TypeVoucher, TypeRotation:
		return true
	}
	return false
}

// Sign signs the JSON of payload as a statement of one type. It is a compact JWS whose
// header is alg, typ and kid. A type that is none is pod.ErrInvalid, a statement over
// pod.MaxMessageBytes is pod.ErrTooLarge.
func Sign(k *Key, typ string, payload any) (string, error) {
	if !isStatement(typ) {
		return "", fmt.Errorf("sign %q: %w", typ, pod.ErrInvalid)
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return sign(k, typ, nil, text)
}

// Statement is a signed statement whose signature was not checked yet.
type Statement struct {
	token   token
	payload []byte
}

// PeekStatement reads the header of a statement of the one type that the caller wants,
// and does no work with keys. Whatever is not exactly as Sign writes it is
// pod.ErrBadSignature.
func PeekStatement(raw []byte, typ string) (*Statement, error) {
	if !isStatement(typ) {
		return nil, bad("not a type of statement")
	}
	t, f, err := peek(raw, typ)
	if err != nil {
		return nil, err
	}
	if err := f.end(); err != nil {
		return nil, err
	}
	payload, err := decode64(t.payload)
	if err != nil {
		return nil, err
	}
	return &Statement{token: t, payload: payload}, nil
}

// KID tells whose key is said to have signed.
func (s *Statement) KID() pod.PodID { return s.token.kid }

// Unverified gives the JSON that nobody may trust yet: an introduction brings its own
// key in it. The caller may change the bytes.
func (s *Statement) Unverified() []byte { return bytes.Clone(s.payload) }

// Verify checks that the key of KID signed the statement, and gives its JSON. Every
// fault is pod.ErrBadSignature.
func (s *Statement) Verify(p *PublicKey) (payload []byte, err error) { return s.token.verify(p) }
