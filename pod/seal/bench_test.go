package seal_test

import (
	"bytes"
	"testing"

	"github.com/peerpod/peerpod/pod/seal"
)

const benchBytes = 10_000

func letter(b *testing.B) []byte {
	b.Helper()
	raw, err := seal.Seal(alice(), alice().Public(), header(), bytes.Repeat([]byte("x"), benchBytes))
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

func BenchmarkSeal(b *testing.B) {
	plain := bytes.Repeat([]byte("x"), benchBytes)
	alice()
	for b.Loop() {
		if _, err := seal.Seal(alice(), alice().Public(), header(), plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	raw := letter(b)
	for b.Loop() {
		if _, err := seal.Peek(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	envelope, err := seal.Peek(letter(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := envelope.Verify(alice().Public()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	envelope, err := seal.Peek(letter(b))
	if err != nil {
		b.Fatal(err)
	}
	jwe, err := envelope.Verify(alice().Public())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := seal.Open(alice(), jwe); err != nil {
			b.Fatal(err)
		}
	}
}

// The densest text that a friend can send must not stop the pod.
func BenchmarkDecodeDense(b *testing.B) {
	for name, unit := range map[string]string{"numbers": "0,", "objects": "{},", "names": `{"a":0,"b":0},`} {
		text := []byte(`{"any":[` + string(bytes.Repeat([]byte(unit), (512<<10)/len(unit))) + `0]}`)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var into sample
				if err := seal.DecodeLoose(text, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
