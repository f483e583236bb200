package seal_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestOpenRefusesHeaders(t *testing.T) {
	t.Parallel()
	key := &private(bob()).PublicKey
	base := encryptedHeader(bob())
	if got, err := seal.Open(bob(), encryptTo(t, key, base, []byte("x"))); err != nil || string(got) != "x" {
		t.Fatalf("Open = %q, %v, want x", got, err)
	}
	heads := map[string]string{
		"empty": "{}", "two values": base + base, "key missing": `{"alg":"RSA-OAEP-256","enc":"A256GCM"}`,
		"enc missing": strings.Replace(base, `"enc":"A256GCM",`, "", 1), "alg missing": strings.Replace(base, `"alg":"RSA-OAEP-256",`, "", 1),
		"another key": encryptedHeader(alice()), "no pod": strings.Replace(base, string(bob().ID()), "bob", 1),
		"capitals": strings.Replace(base, `"alg"`, `"Alg"`, 1), "twice": strings.Replace(base, `"enc":"A256GCM"`, `"enc":"A256GCM","enc":"A256GCM"`, 1),
	}
	for _, extra := range []string{`"zip":"DEF"`, `"zip":""`, `"typ":"JWT"`, `"cty":"JWT"`, `"p2c":1000000000,"p2s":"AAAA"`, `"epk":{}`, `"apu":""`, `"jwk":{}`, `"jku":"http://127.0.0.1/"`, `"x5c":[]`, `"crit":["zip"]`, `"iv":"","tag":""`} {
		heads["extra "+extra] = strings.Replace(base, "{", "{"+extra+",", 1)
	}
	for _, alg := range []string{"RSA1_5", "RSA-OAEP", "RSA-OAEP-384", "dir", "A256KW", "A256GCMKW", "ECDH-ES", "PBES2-HS256+A128KW", "none", ""} {
		heads["alg "+alg] = strings.Replace(base, "RSA-OAEP-256", alg, 1)
	}
	for _, enc := range []string{"A128GCM", "A192GCM", "A256CBC-HS512", "A128CBC-HS256", "none", ""} {
		heads["enc "+enc] = strings.Replace(base, "A256GCM", enc, 1)
	}
	for name, head := range heads {
		jwe := encryptTo(t, key, head, []byte("x"))
		if _, err := seal.Open(bob(), jwe); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Open(%s) = %v, want ErrBadSignature", name, err)
		}
		if _, err := seal.KeyIDOf(jwe); name != "another key" && !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("KeyIDOf(%s) = %v, want ErrBadSignature", name, err)
		}
	}
}

func TestOpenRefusesBodies(t *testing.T) {
	t.Parallel()
	key := &private(bob()).PublicKey
	base := encryptedHeader(bob())
	p := strings.Split(string(encryptTo(t, key, base, []byte("secret"))), ".")
	q := strings.Split(string(encryptTo(t, key, base, []byte("public"))), ".")
	text, tag := unb64(t, p[3]), unb64(t, p[4])
	secret := make([]byte, 32)
	oldOAEP, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1, err := rsa.EncryptPKCS1v15(rand.Reader, key, secret) //nolint:staticcheck // it is what must be refused
	if err != nil {
		t.Fatal(err)
	}
	labelled, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, secret, []byte("label"))
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, secret[:16], nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, parts := range map[string][]string{
		"nothing":             {""},
		"four parts":          p[:4],
		"six parts":           append(p[:5:5], "AAAA"),
		"no header":           {"", p[1], p[2], p[3], p[4]},
		"no key":              {p[0], "", p[2], p[3], p[4]},
		"no nonce":            {p[0], p[1], "", p[3], p[4]},
		"no text":             {p[0], p[1], p[2], "", p[4]},
		"no tag":              {p[0], p[1], p[2], p[3], ""},
		"key of another":      {p[0], q[1], p[2], p[3], p[4]},
		"nonce of another":    {p[0], p[1], q[2], p[3], p[4]},
		"text of another":     {p[0], p[1], p[2], q[3], p[4]},
		"tag of another":      {p[0], p[1], p[2], p[3], q[4]},
		"text moved into tag": {p[0], p[1], p[2], b64(text[:3]), b64(append(text[3:6:6], tag...))},
		"tag moved into text": {p[0], p[1], p[2], b64(append(text[:6:6], tag[:4]...)), b64(tag[4:])},
		"key too short":       {p[0], b64(make([]byte, 255)), p[2], p[3], p[4]},
		"key too long":        {p[0], b64(append([]byte{0}, unb64(t, p[1])...)), p[2], p[3], p[4]},
		"key of zeros":        {p[0], b64(make([]byte, 256)), p[2], p[3], p[4]},
		"key over SHA-1":      {p[0], b64(oldOAEP), p[2], p[3], p[4]},
		"key of PKCS #1":      {p[0], b64(pkcs1), p[2], p[3], p[4]},
		"key with a label":    {p[0], b64(labelled), p[2], p[3], p[4]},
		"secret of 16 bytes":  {p[0], b64(short), p[2], p[3], p[4]},
		"same header, spaced": {b64([]byte(base + " ")), p[1], p[2], p[3], p[4]},
		"newline":             {p[0], p[1], p[2], p[3], p[4] + "\n"},
		"two megabytes":       {p[0], p[1], p[2], strings.Repeat("A", 2<<20), p[4]},
	} {
		if _, err := seal.Open(bob(), []byte(strings.Join(parts, "."))); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Open(%s) = %v, want ErrBadSignature", name, err)
		}
	}
}
