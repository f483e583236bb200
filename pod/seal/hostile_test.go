package seal_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// verify reads a message as a pod does that knows Alice's key.
func verify(raw []byte) error {
	envelope, err := seal.Peek(raw)
	if err != nil {
		return err
	}
	_, err = envelope.Verify(alice().Public())
	return err
}

// FED-08: each signature is true in its own way.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	key := private(alice())
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pss := func(hash crypto.Hash, sum []byte) []byte {
		out, err := rsa.SignPSS(rand.Reader, key, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	mac := func(secret, input []byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(input)
		return h.Sum(nil)
	}
	pkcs1 := func(input []byte) []byte {
		sum := sha256.Sum256(input)
		out, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	es256 := func(input []byte) []byte {
		sum := sha256.Sum256(input)
		r, s, err := ecdsa.Sign(rand.Reader, curve, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	for _, c := range []struct {
		name, alg string
		sign      func(input []byte) []byte
	}{
		{"none", "none", func([]byte) []byte { return nil }},
		{"none with a signature", "none", func([]byte) []byte { return make([]byte, 384) }},
		{"no signature", "PS256", func([]byte) []byte { return nil }},
		{"zeros", "PS256", func([]byte) []byte { return make([]byte, 384) }},
		{"too short", "PS256", func(in []byte) []byte { return ps256(t, key, in)[:383] }},
		{"too long", "PS256", func(in []byte) []byte { return append([]byte{0}, ps256(t, key, in)...) }},
		{"HS256 with the PEM", "HS256", func(in []byte) []byte { return mac([]byte(alice().Public().PEM()), in) }},
		{"HS256 with the DER", "HS256", func(in []byte) []byte { return mac(alice().Public().DER(), in) }},
		{"HMAC that says PS256", "PS256", func(in []byte) []byte { return mac(alice().Public().DER(), in) }},
		{"RS256", "RS256", pkcs1},
		{"RS256 that says PS256", "PS256", pkcs1},
		{"SHA-1 that says PS256", "PS256", func(in []byte) []byte { sum := sha1.Sum(in); return pss(crypto.SHA1, sum[:]) }},
		{"PS384", "PS384", func(in []byte) []byte { sum := sha512.Sum384(in); return pss(crypto.SHA384, sum[:]) }},
		{"PS384 that says PS256", "PS256", func(in []byte) []byte { sum := sha512.Sum384(in); return pss(crypto.SHA384, sum[:]) }},
		{"PS256 that says PS384", "PS384", func(in []byte) []byte { return ps256(t, key, in) }},
		{"ES256", "ES256", es256},
		{"ES256 that says PS256", "PS256", es256},
		{"another key", "PS256", func(in []byte) []byte { return ps256(t, private(bob()), in) }},
	} {
		head := strings.Replace(messageHeader(), `"PS256"`, `"`+c.alg+`"`, 1)
		input := b64([]byte(head)) + "." + b64([]byte("payload"))
		raw := input + "." + b64(c.sign([]byte(input)))
		if err := verify([]byte(raw)); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Verify(%s) = %v, want ErrBadSignature", c.name, err)
		}
	}
	if err := verify(signPS256(t, key, messageHeader(), []byte("payload"))); err != nil {
		t.Errorf("Verify(PS256) = %v, want nil", err)
	}
}

func ps256(t *testing.T, key *rsa.PrivateKey, input []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(input)
	out, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FED-04, FED-05, FED-20: parts of true messages put together anew.
func TestSwappedParts(t *testing.T) {
	t.Parallel()
	first, second := strings.Split(string(sealed(t, `{"op":"1"}`)), "."), strings.Split(string(sealed(t, `{"op":"2"}`)), ".")
	other := header()
	other.HTU = "/api/v1/pods"
	raw, err := seal.Seal(alice(), bob().Public(), other, []byte(`{"op":"3"}`))
	if err != nil {
		t.Fatal(err)
	}
	third := strings.Split(string(raw), ".")
	for name, parts := range map[string][]string{
		"body of another":      {first[0], second[1], first[2]},
		"signature of another": {first[0], first[1], second[2]},
		"another path":         {third[0], first[1], first[2]},
		"no signature":         {first[0], first[1], ""},
	} {
		if err := verify([]byte(strings.Join(parts, "."))); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Verify(%s) = %v, want ErrBadSignature", name, err)
		}
	}
	envelope, err := seal.Peek([]byte(strings.Join(first, ".")))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*seal.PublicKey{"another key": bob().Public(), "no key": nil} {
		if _, err := envelope.Verify(key); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Verify(%s) = %v, want ErrBadSignature", name, err)
		}
	}
	if envelope.Header().HTU != inbox || envelope.Header().AUD != bob().ID() {
		t.Errorf("Header() = %v, want the signed path and receiver", envelope.Header())
	}
	inner, err := envelope.Verify(alice().Public())
	if err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "the encrypted part alone", inner)
}

// A text of one type is refused as each other one, though its signature is true.
func TestTypesAreApart(t *testing.T) {
	t.Parallel()
	texts := map[string][]byte{seal.TypeMessage: sealed(t, "{}")}
	raw, err := seal.SealAnswer(alice(), bob().Public(), answer(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	texts[seal.TypeAnswer] = raw
	statements := []string{seal.TypeIntro, seal.TypeIntroAnswer, seal.TypeChallenge, seal.TypeVideo, seal.TypeVoucher, seal.TypeRotation}
	for _, typ := range statements {
		text, err := seal.Sign(alice(), typ, map[string]string{"nonce": nonceA})
		if err != nil {
			t.Fatal(err)
		}
		texts[typ] = []byte(text)
	}
	for made, raw := range texts {
		if _, err := seal.Peek(raw); (err == nil) != (made == seal.TypeMessage) {
			t.Errorf("Peek(%s) = %v", made, err)
		}
		if _, err := seal.PeekAnswer(raw); (err == nil) != (made == seal.TypeAnswer) {
			t.Errorf("PeekAnswer(%s) = %v", made, err)
		}
		for _, typ := range append(statements, seal.TypeMessage, seal.TypeAnswer, "", "JWT") {
			_, err := seal.PeekStatement(raw, typ)
			if want := made == typ && typ != seal.TypeMessage && typ != seal.TypeAnswer; (err == nil) != want {
				t.Errorf("PeekStatement(%s, %q) = %v, want taken %t", made, typ, err, want)
			}
		}
	}
	for _, typ := range []string{seal.TypeMessage, seal.TypeAnswer, "", "JWT"} {
		if _, err := seal.Sign(alice(), typ, 1); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("Sign(%q) = %v, want ErrInvalid", typ, err)
		}
	}
	if _, err := seal.Sign(alice(), seal.TypeVideo, make(chan int)); err == nil {
		t.Error("Sign(channel) = nil, want an error")
	}
}

func TestStatement(t *testing.T) {
	t.Parallel()
	text, err := seal.Sign(alice(), seal.TypeIntro, map[string]string{"name": "Ann & Bo"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.PeekStatement([]byte(text), seal.TypeIntro)
	if err != nil || s.KID() != alice().ID() {
		t.Fatalf("PeekStatement = %v, want Alice's", err)
	}
	var got struct {
		Name string `json:"name"`
	}
	s.Unverified()[0] = 'x'
	if err := seal.DecodeStrict(s.Unverified(), &got); err != nil || got.Name != "Ann & Bo" {
		t.Errorf("Unverified() = %q, %v", got, err)
	}
	payload, err := s.Verify(alice().Public())
	if err != nil || string(payload) != string(s.Unverified()) {
		t.Errorf("Verify() = %s, %v, want %s", payload, err, s.Unverified())
	}
	// Mallory signs with his key and names Alice's.
	forged := signPS256(t, private(bob()), statementHeader(seal.TypeIntro), []byte("{}"))
	s, err = seal.PeekStatement(forged, seal.TypeIntro)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*seal.PublicKey{"the key that signed": bob().Public(), "the key that is named": alice().Public()} {
		if _, err := s.Verify(key); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Verify(%s) = %v, want ErrBadSignature", name, err)
		}
	}
}
