package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// What is taken can be sealed anew with the same header; all else is one error.
func FuzzPeek(f *testing.F) {
	f.Add(unsigned(messageHeader()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		envelope, err := seal.Peek(raw)
		if err != nil {
			if !errors.Is(err, pod.ErrBadSignature) {
				t.Errorf("Peek(%q) = %v, want ErrBadSignature", raw, err)
			}
			return
		}
		h := envelope.Header()
		if kid, ok := seal.PeekKID(raw); !ok || kid != h.KID {
			t.Errorf("PeekKID(%q) = %q, %v, want %q as in the header", raw, kid, ok, h.KID)
		}
		if _, err := envelope.Verify(alice().Public()); err == nil || !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Verify(%q) = %v, want ErrBadSignature", raw, err)
		}
		h.KID, h.AUD = "", ""
		if _, err := seal.Seal(bob(), bob().Public(), h, []byte("{}")); err != nil {
			t.Errorf("Seal(%v) = %v, want what Peek took", h, err)
		}
	})
}

func FuzzPeekAnswer(f *testing.F) {
	f.Add(unsigned(answerHeader()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		envelope, err := seal.PeekAnswer(raw)
		if err != nil {
			if !errors.Is(err, pod.ErrBadSignature) {
				t.Errorf("PeekAnswer(%q) = %v, want ErrBadSignature", raw, err)
			}
			return
		}
		h := envelope.Header()
		h.KID, h.AUD = "", ""
		if _, err := seal.SealAnswer(bob(), bob().Public(), h, []byte("{}")); err != nil {
			t.Errorf("SealAnswer(%v) = %v, want what PeekAnswer took", h, err)
		}
		if _, err := seal.Peek(raw); err == nil {
			t.Errorf("Peek(%q) takes an answer", raw)
		}
	})
}

func FuzzPeekStatement(f *testing.F) {
	f.Add(unsigned(statementHeader(seal.TypeIntro)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := seal.PeekStatement(raw, seal.TypeIntro)
		if err != nil {
			if !errors.Is(err, pod.ErrBadSignature) {
				t.Errorf("PeekStatement(%q) = %v, want ErrBadSignature", raw, err)
			}
			return
		}
		if _, err := pod.ParsePodID(string(s.KID())); err != nil || len(s.Unverified()) == 0 {
			t.Errorf("PeekStatement(%q) = %q of %q", raw, s.Unverified(), s.KID())
		}
		if _, err := seal.PeekStatement(raw, seal.TypeVideo); err == nil {
			t.Errorf("PeekStatement(%q) has two types", raw)
		}
	})
}

// The header of the encrypted part is changed, the rest is sealed over it: only the one
// right header opens. BOB stands for the ID of his key, which is new in each process.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"BOB"}`))
	f.Fuzz(func(t *testing.T, head []byte) {
		head = bytes.ReplaceAll(head, []byte("BOB"), []byte(bob().ID()))
		jwe := encryptTo(t, &private(bob()).PublicKey, string(head), []byte("x"))
		kid, err := seal.KeyIDOf(jwe)
		plain, openErr := seal.Open(bob(), jwe)
		if err != nil && !errors.Is(err, pod.ErrBadSignature) || openErr != nil && !errors.Is(openErr, pod.ErrBadSignature) {
			t.Errorf("of %q: %v, %v, want ErrBadSignature", head, err, openErr)
		}
		if opened := openErr == nil && string(plain) == "x"; opened != (err == nil && kid == bob().ID()) {
			t.Errorf("Open(%q) = %q, %v, and KeyIDOf = %s, %v", head, plain, openErr, kid, err)
		}
		if openErr != nil {
			return
		}
		var fields map[string]string
		if err := json.Unmarshal(head, &fields); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": string(bob().ID())}
		if diff := cmp.Diff(want, fields); diff != "" {
			t.Errorf("Open takes another header (-want +got):\n%s", diff)
		}
	})
}

// What is taken is exactly what would be written.
func FuzzParsePublicKey(f *testing.F) {
	f.Add(bob().Public().PEM())
	f.Fuzz(func(t *testing.T, text string) {
		key, err := seal.ParsePublicKey(text)
		if err != nil {
			if pod.KindOf(err) != pod.KindInvalid {
				t.Errorf("ParsePublicKey(%q) = %v, want KindInvalid", text, err)
			}
			return
		}
		if key.PEM() != text && key.PEM() != text+"\n" {
			t.Errorf("ParsePublicKey(%q).PEM() = %q", text, key.PEM())
		}
	})
}

// What is taken is taken by Go's own decoder, and says the same when it is written anew.
func FuzzDecodeStrict(f *testing.F) {
	f.Add([]byte(`{"name":"n","inner":{"count":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var into, loose, again sample
		if err := seal.DecodeStrict(data, &into); err != nil {
			if !errors.Is(err, pod.ErrInvalid) {
				t.Errorf("DecodeStrict(%q) = %v, want ErrInvalid", data, err)
			}
			return
		}
		if err := seal.DecodeLoose(data, &loose); err != nil {
			t.Errorf("DecodeLoose(%q) = %v, DecodeStrict took it", data, err)
		}
		text, err := json.Marshal(into)
		if err != nil {
			return // a time that Go reads but does not write
		}
		if err := seal.DecodeStrict(text, &again); err != nil {
			t.Errorf("DecodeStrict(%q), of %q, = %v", text, data, err)
		}
	})
}
