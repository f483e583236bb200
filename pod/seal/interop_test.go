package seal_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod/seal"
)

const story = `{"iss":"a","aud":"b","activities":[]}`

// What we make is read by the standard library alone.
func TestOthersReadOurs(t *testing.T) {
	t.Parallel()
	answered, err := seal.SealAnswer(alice(), bob().Public(), answer(), []byte(story))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		raw    []byte
		header string
	}{
		{"message", sealed(t, story), messageHeader()},
		{"answer", answered, answerHeader()},
	} {
		jwe := readJWS(t, c.name, c.raw, c.header)
		parts := strings.Split(string(jwe), ".")
		if len(parts) != 5 {
			t.Fatalf("%s has a payload of %d parts, want 5", c.name, len(parts))
		}
		wantHeader(t, c.name, parts[0], encryptedHeader(bob()))
		secret, err := rsa.DecryptOAEP(sha256.New(), rand.Reader, private(bob()), unb64(t, parts[1]), nil)
		if err != nil || len(secret) != 32 {
			t.Fatalf("%s: DecryptOAEP = %d bytes, %v", c.name, len(secret), err)
		}
		plain, err := gcm(t, secret).Open(nil, unb64(t, parts[2]), append(unb64(t, parts[3]), unb64(t, parts[4])...), []byte(parts[0]))
		if err != nil || string(plain) != story {
			t.Errorf("%s: GCM gives %q, %v, want %q", c.name, plain, err, story)
		}
	}
	text, err := seal.Sign(alice(), seal.TypeVoucher, map[string]string{"url": "http://b"})
	if err != nil {
		t.Fatal(err)
	}
	if got := readJWS(t, "voucher", []byte(text), statementHeader(seal.TypeVoucher)); string(got) != `{"url":"http://b"}` {
		t.Errorf("voucher = %s", got)
	}
}

// readJWS verifies with the salt that RFC 7518 wants.
func readJWS(t *testing.T, name string, raw []byte, header string) []byte {
	t.Helper()
	parts := strings.Split(string(raw), ".")
	if len(parts) != 3 {
		t.Fatalf("%s has %d parts, want 3", name, len(parts))
	}
	wantHeader(t, name, parts[0], header)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	salt := &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}
	if err := rsa.VerifyPSS(&private(alice()).PublicKey, crypto.SHA256, sum[:], unb64(t, parts[2]), salt); err != nil {
		t.Errorf("%s: VerifyPSS = %v", name, err)
	}
	return unb64(t, parts[1])
}

func wantHeader(t *testing.T, name, part, want string) {
	t.Helper()
	var got, wanted map[string]any
	if err := json.Unmarshal(unb64(t, part), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("header of %s differs (-want +got):\n%s", name, diff)
	}
}

// What the standard library makes is taken by us.
func TestWeReadOthers(t *testing.T) {
	t.Parallel()
	key := private(alice())
	jwe := encryptTo(t, &private(bob()).PublicKey, encryptedHeader(bob()), []byte(story))
	message, err := seal.Peek(signPS256(t, key, messageHeader(), jwe))
	if err != nil {
		t.Fatal(err)
	}
	want := header()
	want.KID, want.AUD = alice().ID(), bob().ID()
	if message.Header() != want {
		t.Errorf("Header() = %v, want %v", message.Header(), want)
	}
	answered, err := seal.PeekAnswer(signPS256(t, key, answerHeader(), jwe))
	if err != nil {
		t.Fatal(err)
	}
	wantAnswer := answer()
	wantAnswer.KID, wantAnswer.AUD = alice().ID(), bob().ID()
	if answered.Header() != wantAnswer {
		t.Errorf("Header() = %v, want %v", answered.Header(), wantAnswer)
	}
	for name, envelope := range map[string]interface {
		Verify(*seal.PublicKey) ([]byte, error)
	}{"message": message, "answer": answered} {
		got, err := envelope.Verify(alice().Public())
		if err != nil {
			t.Fatalf("Verify(%s) = %v", name, err)
		}
		if plain, err := seal.Open(bob(), got); err != nil || string(plain) != story {
			t.Errorf("Open(%s) = %q, %v, want %q", name, plain, err, story)
		}
	}
	spaced := strings.ReplaceAll(statementHeader(seal.TypeVideo), ",", " ,\n\t")
	s, err := seal.PeekStatement(signPS256(t, key, spaced, []byte(story)), seal.TypeVideo)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(alice().Public()); err != nil || string(got) != story {
		t.Errorf("Verify(statement) = %q, %v, want %q", got, err, story)
	}
}
