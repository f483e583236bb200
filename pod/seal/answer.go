package seal

import (
	"fmt"
	"math"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/peerpod/peerpod/pod"
)

// AnswerHeader is what a sealed answer says outside.
type AnswerHeader struct {
	KID      pod.PodID // who answers
	AUD      pod.PodID // who asked
	RE       string    // the JTI of the message that is answered
	Epoch    uint64
	Status   int // the HTTP status too
	IssuedAt time.Time
	JTI      string
}

// SealAnswer encrypts and signs the answer to a sealed message. Its rules and errors are
// those of Seal.
func SealAnswer(from *Key, to *PublicKey, h AnswerHeader, plain []byte) ([]byte, error) { //nolint:revive // Seal is the verb here: Answer would say less
	if !ours(h.KID, from.ID()) || !ours(h.AUD, to.ID()) {
		return nil, fmt.Errorf("seal answer: header of other pods: %w", pod.ErrInvalid)
	}
	if !IsNonce(h.RE) || !validStatus(h.Status) || !validTime(h.IssuedAt) || !IsNonce(h.JTI) {
		return nil, fmt.Errorf("seal answer: header: %w", pod.ErrInvalid)
	}
	return seal(from, to, sealed{typ: TypeAnswer, plain: plain, header: map[jose.HeaderKey]any{
		"aud":    string(to.ID()),
		"re":     h.RE,
		"ep":     h.Epoch,
		"status": h.Status,
		"iat":    h.IssuedAt.Unix(),
		"jti":    h.JTI,
	}})
}

// AnswerEnvelope is a sealed answer whose header was read and whose signature was not
// checked yet.
type AnswerEnvelope struct {
	token  token
	header AnswerHeader
}

// PeekAnswer reads the header of a sealed answer and does no work with keys. Whatever is
// not exactly as SealAnswer writes it is pod.ErrBadSignature.
func PeekAnswer(raw []byte) (*AnswerEnvelope, error) {
	t, f, err := peek(raw, TypeAnswer)
	if err != nil {
		return nil, err
	}
	h := AnswerHeader{
		KID:      t.kid,
		AUD:      f.podID("aud"),
		RE:       f.nonce("re"),
		Epoch:    f.number("ep", math.MaxUint64),
		Status:   int(f.number("status", maxStatus)),
		IssuedAt: f.seconds("iat"),
		JTI:      f.nonce("jti"),
	}
	if err := f.end(); err != nil {
		return nil, err
	}
	if !validStatus(h.Status) {
		return nil, bad("the header has no HTTP status")
	}
	return &AnswerEnvelope{token: t, header: h}, nil
}

// Header tells what the answer says outside. It is true only once Verify found so.
func (e *AnswerEnvelope) Header() AnswerHeader { return e.header }

// Verify checks that the key of the header's KID signed the answer, and gives the
// encrypted part for Open. Every fault is pod.ErrBadSignature.
func (e *AnswerEnvelope) Verify(p *PublicKey) (jwe []byte, err error) { return e.token.verify(p) }
