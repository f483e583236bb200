package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/peerpod/peerpod/pod"
)

// Header is what a sealed message says outside: who to whom, to which route, when.
type Header struct {
	KID      pod.PodID // the sender
	AUD      pod.PodID // the receiver
	HTM      string    // HTTP method, in capital letters
	HTU      string    // path of the URL, without query
	IssuedAt time.Time // whole seconds, from 1970 to 9999
	JTI      string    // as NewNonce makes it; another one for each try
	Epoch    uint64    // of the friendship
}

// Seal encrypts plain to a pod and signs that for the route of the header. KID and AUD
// may be empty: they are the IDs of the two keys. A header that Peek would refuse is
// pod.ErrInvalid, a message over pod.MaxMessageBytes is pod.ErrTooLarge.
func Seal(from *Key, to *PublicKey, h Header, plain []byte) ([]byte, error) {
	if !ours(h.KID, from.ID()) || !ours(h.AUD, to.ID()) {
		return nil, fmt.Errorf("seal message: header of other pods: %w", pod.ErrInvalid)
	}
	if !validMethod(h.HTM) || !validPath(h.HTU) || !validTime(h.IssuedAt) || !IsNonce(h.JTI) {
		return nil, fmt.Errorf("seal message: header: %w", pod.ErrInvalid)
	}
	return seal(from, to, sealed{typ: TypeMessage, plain: plain, header: map[jose.HeaderKey]any{
		"aud": string(to.ID()),
		"htm": h.HTM,
		"htu": h.HTU,
		"iat": h.IssuedAt.Unix(),
		"jti": h.JTI,
		"ep":  h.Epoch,
	}})
}

// Envelope is a sealed message whose header was read and whose signature was not
// checked yet.
type Envelope struct {
	token  token
	header Header
}

// Peek reads the header of a sealed message and does no work with keys. Whatever is not
// exactly as Seal writes it is pod.ErrBadSignature.
func Peek(raw []byte) (*Envelope, error) {
	t, f, err := peek(raw, TypeMessage)
	if err != nil {
		return nil, err
	}
	h := Header{
		KID:      t.kid,
		AUD:      f.podID("aud"),
		HTM:      f.text("htm"),
		HTU:      f.text("htu"),
		IssuedAt: f.seconds("iat"),
		JTI:      f.nonce("jti"),
		Epoch:    f.number("ep", math.MaxUint64),
	}
	if err := f.end(); err != nil {
		return nil, err
	}
	if !validMethod(h.HTM) || !validPath(h.HTU) {
		return nil, bad("the header names no route")
	}
	return &Envelope{token: t, header: h}, nil
}

// Header tells what the message says outside. It is true only once Verify found so.
func (e *Envelope) Header() Header { return e.header }

// Verify checks that the key of the header's KID signed the message, and gives the
// encrypted part for Open. Every fault is pod.ErrBadSignature.
func (e *Envelope) Verify(p *PublicKey) (jwe []byte, err error) { return e.token.verify(p) }

// sealed is one text to encrypt and sign.
type sealed struct {
	typ    string
	header map[jose.HeaderKey]any
	plain  []byte
}

func seal(from *Key, to *PublicKey, s sealed) ([]byte, error) {
	jwe, err := encrypt(to, s.plain)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.typ, err)
	}
	compact, err := sign(from, s.typ, s.header, jwe)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.typ, err)
	}
	return []byte(compact), nil
}

// ours tells whether a header names the pod whose key is used; an empty field does.
func ours(named, id pod.PodID) bool { return named == "" || named == id }

// PeekKID reads the sender's key id of a message and nothing else, so that a stranger's
// message costs next to nothing, however large. It checks nothing: Peek does.
func PeekKID(raw []byte) (pod.PodID, bool) {
	end := bytes.IndexByte(raw[:min(len(raw), maxHeaderChars+1)], '.')
	if end < 0 {
		return "", false
	}
	header, err := base64.RawURLEncoding.DecodeString(string(raw[:end]))
	if err != nil {
		return "", false
	}
	var h struct {
		KID string `json:"kid"`
	}
	err = json.Unmarshal(header, &h)
	return pod.PodID(h.KID), err == nil
}
