package seal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestKeyThroughPEM(t *testing.T) {
	t.Parallel()
	key := alice()
	back, err := seal.ParseKey(key.PEM())
	if err != nil || back.ID() != key.ID() || string(back.PEM()) != string(key.PEM()) {
		t.Errorf("ParseKey(PEM) = %v, want the same key", err)
	}
	public := key.Public()
	for _, text := range []string{public.PEM(), strings.TrimSuffix(public.PEM(), "\n")} {
		if back, err := seal.ParsePublicKey(text); err != nil || back.ID() != key.ID() || back.PEM() != public.PEM() {
			t.Errorf("ParsePublicKey(PEM) = %v, want the same key", err)
		}
	}
	fromDER, err := seal.ParsePublicKeyDER(public.DER())
	if err != nil || fromDER.ID() != key.ID() {
		t.Errorf("ParsePublicKeyDER(DER) = %v, want the same key", err)
	}
	if want := pod.NewPodID(sha256.Sum256(public.DER())); key.ID() != want {
		t.Errorf("ID = %s, want %s", key.ID(), want)
	}
	if bits, e := private(key).N.BitLen(), private(key).E; bits != 3072 || e != 65537 {
		t.Errorf("NewKey made %d bits, e = %d, want 3072, 65537", bits, e)
	}
	public.DER()[0] ^= 1
	if _, err := seal.ParsePublicKeyDER(public.DER()); err != nil {
		t.Errorf("after a change of what DER gave: %v, want the key untouched", err)
	}
}

func spki(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// number is an odd modulus of exactly so many bits; nobody knows its factors.
func number(bits int) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(3), uint(bits-2))
	return n.Add(n, big.NewInt(1))
}

// FED-18.
func TestParsePublicKeyRefuses(t *testing.T) {
	t.Parallel()
	good := bob().Public().PEM()
	block := func(typ string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}))
	}
	public := func(key any) string { return block("PUBLIC KEY", spki(t, key)) }
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	even := number(2048)
	even.SetBit(even, 0, 0)
	der := bob().Public().DER()
	for _, c := range []struct{ name, text string }{
		{"empty", ""},
		{"no PEM", "mysuperpublickey"},
		{"RSA-512", public(&rsa.PublicKey{N: number(512), E: 65537})},
		{"2047 bits", public(&rsa.PublicKey{N: number(2047), E: 65537})},
		{"4097 bits", public(&rsa.PublicKey{N: number(4097), E: 65537})},
		{"16384 bits", public(&rsa.PublicKey{N: number(16384), E: 65537})},
		{"exponent 1", public(&rsa.PublicKey{N: number(3072), E: 1})},
		{"exponent 3", public(&rsa.PublicKey{N: number(3072), E: 3})},
		{"even exponent", public(&rsa.PublicKey{N: number(3072), E: 65536})},
		{"even modulus", public(&rsa.PublicKey{N: even, E: 65537})},
		{"elliptic curve", public(&curve.PublicKey)},
		{"ed25519", public(edwards)},
		{"private key", string(bob().PEM())},
		{"private key of PKCS #1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private(bob())))},
		{"private key called public", block("PUBLIC KEY", x509.MarshalPKCS1PrivateKey(private(bob())))},
		{"public key of PKCS #1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private(bob()).PublicKey))},
		{"certificate", block("CERTIFICATE", der)},
		{"text before", "hello\n" + good},
		{"blank before", "\n" + good},
		{"text behind", good + "hello"},
		{"two newlines behind", good + "\n"},
		{"blank line inside", strings.Replace(good, "\n", "\n\n", 1)},
		{"two keys", good + good},
		{"DER with a byte behind", block("PUBLIC KEY", append(bob().Public().DER(), 0))},
		{"DER cut", block("PUBLIC KEY", der[:len(der)-1])},
		{"PEM with headers", strings.Replace(good, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1)},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r\n")},
		{"megabytes", good + strings.Repeat("\n", 4<<20)},
	} {
		_, err := seal.ParsePublicKey(c.text)
		wantInvalidKey(t, "ParsePublicKey("+c.name+")", err)
	}
	for _, raw := range [][]byte{nil, der[1:], make([]byte, 4<<20)} {
		_, err := seal.ParsePublicKeyDER(raw)
		wantInvalidKey(t, "ParsePublicKeyDER", err)
	}
	for _, bits := range []int{2048, 4096} {
		if _, err := seal.ParsePublicKey(public(&rsa.PublicKey{N: number(bits), E: 65537})); err != nil {
			t.Errorf("ParsePublicKey(%d bits) = %v, want it", bits, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := string(bob().PEM())
	der, _ := pem.Decode(bob().PEM())
	der.Bytes[len(der.Bytes)/3] ^= 1 // within the secret exponent
	for _, c := range []struct{ name, text string }{
		{"empty", ""},
		{"public key", bob().Public().PEM()},
		{"elliptic curve", string(pkcs8(curve))},
		{"short", string(pkcs8(rsaKey(1024)))},
		{"text before", "hello\n" + good},
		{"text behind", good + "hello"},
		{"numbers that do not fit", string(pem.EncodeToMemory(der))},
		{"cut", good[:len(good)/2]},
		{"changed", strings.Replace(good, "\nM", "\nN", 1)},
		{"megabytes", good + strings.Repeat("\n", 4<<20)},
	} {
		_, err := seal.ParseKey([]byte(c.text))
		wantInvalidKey(t, "ParseKey("+c.name+")", err)
	}
	if key, err := seal.ParseKey([]byte("\n" + strings.ReplaceAll(good, "\n", "\r\n") + "\n")); err != nil || key.ID() != bob().ID() {
		t.Errorf("ParseKey(as an editor leaves it) = %v, want the key", err)
	}
}

func wantInvalidKey(t *testing.T, call string, err error) {
	t.Helper()
	var fault *pod.Error
	if !errors.As(err, &fault) || fault.Kind != pod.KindInvalid || fault.Code != "invalid_key" || !errors.Is(err, pod.ErrInvalid) {
		t.Errorf("%s = %v, want a *pod.Error invalid_key", call, err)
		return
	}
	if !strings.HasSuffix(fault.Msg, ".") || len(fault.Msg) < 40 {
		t.Errorf("%s says %q, want a sentence", call, fault.Msg)
	}
}
