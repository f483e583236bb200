package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	const plain = `{"op":"1"}`
	for _, c := range []struct {
		name   string
		change func(*seal.Header)
	}{
		{"plain", func(*seal.Header) {}},
		{"named pods", func(h *seal.Header) { h.KID, h.AUD = alice().ID(), bob().ID() }},
		{"1970", func(h *seal.Header) { h.IssuedAt = time.Unix(0, 0).UTC() }},
		{"9999", func(h *seal.Header) { h.IssuedAt = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }},
		{"epochs", func(h *seal.Header) { h.Epoch = math.MaxUint64 }},
		{"signs that HTML escapes", func(h *seal.Header) { h.HTU = "/<&>" }},
	} {
		h := header()
		c.change(&h)
		raw, err := seal.Seal(alice(), bob().Public(), h, []byte(plain))
		if err != nil {
			t.Errorf("Seal(%s) = %v", c.name, err)
			continue
		}
		envelope, err := seal.Peek(raw)
		if err != nil {
			t.Errorf("Peek(%s) = %v", c.name, err)
			continue
		}
		h.KID, h.AUD = alice().ID(), bob().ID()
		if envelope.Header() != h {
			t.Errorf("Header(%s) = %v, want %v", c.name, envelope.Header(), h)
		}
		jwe, err := envelope.Verify(alice().Public())
		if err != nil {
			t.Errorf("Verify(%s) = %v", c.name, err)
			continue
		}
		if kid, err := seal.KeyIDOf(jwe); err != nil || kid != bob().ID() {
			t.Errorf("KeyIDOf(%s) = %s, %v, want %s", c.name, kid, err, bob().ID())
		}
		if got, err := seal.Open(bob(), jwe); err != nil || string(got) != plain {
			t.Errorf("Open(%s) = %q, %v, want %q", c.name, got, err, plain)
		}
		if _, err := seal.Open(alice(), jwe); !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("Open(%s) by the sender = %v, want ErrBadSignature", c.name, err)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	h := answer()
	raw, err := seal.SealAnswer(alice(), bob().Public(), h, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := seal.PeekAnswer(raw)
	if err != nil {
		t.Fatal(err)
	}
	h.KID, h.AUD = alice().ID(), bob().ID()
	if envelope.Header() != h {
		t.Errorf("Header() = %v, want %v", envelope.Header(), h)
	}
	jwe, err := envelope.Verify(alice().Public())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal.Open(bob(), jwe); err != nil || string(got) != "{}" {
		t.Errorf("Open = %q, %v, want {}", got, err)
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("/", 257)
	for name, change := range map[string]func(*seal.Header){
		"other sender":   func(h *seal.Header) { h.KID = bob().ID() },
		"other receiver": func(h *seal.Header) { h.AUD = alice().ID() },
		"no method":      func(h *seal.Header) { h.HTM = "" },
		"small method":   func(h *seal.Header) { h.HTM = "post" },
		"no path":        func(h *seal.Header) { h.HTU = "" },
		"long path":      func(h *seal.Header) { h.HTU = long },
		"before 1970":    func(h *seal.Header) { h.IssuedAt = time.Unix(-1, 0) },
		"zero time":      func(h *seal.Header) { h.IssuedAt = time.Time{} },
		"after 9999":     func(h *seal.Header) { h.IssuedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no nonce":       func(h *seal.Header) { h.JTI = "" },
	} {
		h := header()
		change(&h)
		if _, err := seal.Seal(alice(), bob().Public(), h, []byte("{}")); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("Seal(%s) = %v, want ErrInvalid", name, err)
		}
	}
	for name, change := range map[string]func(*seal.AnswerHeader){
		"other sender": func(h *seal.AnswerHeader) { h.KID = bob().ID() },
		"no question":  func(h *seal.AnswerHeader) { h.RE = "" },
		"no status":    func(h *seal.AnswerHeader) { h.Status = 0 },
		"status 600":   func(h *seal.AnswerHeader) { h.Status = 600 },
		"zero time":    func(h *seal.AnswerHeader) { h.IssuedAt = time.Time{} },
		"no nonce":     func(h *seal.AnswerHeader) { h.JTI = "" },
	} {
		h := answer()
		change(&h)
		if _, err := seal.SealAnswer(alice(), bob().Public(), h, []byte("{}")); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("SealAnswer(%s) = %v, want ErrInvalid", name, err)
		}
	}
	if _, err := seal.Seal(alice(), bob().Public(), header(), nil); !errors.Is(err, pod.ErrInvalid) {
		t.Errorf("Seal(nothing) = %v, want ErrInvalid", err)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	if raw, err := seal.Seal(alice(), bob().Public(), header(), make([]byte, pod.MaxPlainBytes+4096)); err != nil {
		t.Errorf("Seal(MaxPlainBytes and names) = %v, want it to fit", err)
	} else if _, err := seal.Peek(raw); err != nil {
		t.Errorf("Peek(%d bytes) = %v", len(raw), err)
	}
	for _, size := range []int{590_000, pod.MaxMessageBytes, pod.MaxMessageBytes + 1, 4 << 20} {
		if raw, err := seal.Seal(alice(), bob().Public(), header(), make([]byte, size)); !errors.Is(err, pod.ErrTooLarge) {
			t.Errorf("Seal(%d bytes) = %d bytes, %v, want ErrTooLarge", size, len(raw), err)
		}
	}
	if _, err := seal.Sign(alice(), seal.TypeVideo, strings.Repeat("x", 900_000)); !errors.Is(err, pod.ErrTooLarge) {
		t.Errorf("Sign(900,000 bytes) = %v, want ErrTooLarge", err)
	}
	huge := []byte(b64([]byte(messageHeader())) + "." + strings.Repeat("A", 2<<20) + ".AAAA")
	wantRefused(t, "2 MiB", huge)
}

// wantRefused wants every reader of signed texts to refuse raw without a look at keys.
func wantRefused(t *testing.T, name string, raw []byte) {
	t.Helper()
	if _, err := seal.Peek(raw); !errors.Is(err, pod.ErrBadSignature) {
		t.Errorf("Peek(%s) = %v, want ErrBadSignature", name, err)
	}
	if _, err := seal.PeekAnswer(raw); !errors.Is(err, pod.ErrBadSignature) {
		t.Errorf("PeekAnswer(%s) = %v, want ErrBadSignature", name, err)
	}
	if _, err := seal.PeekStatement(raw, seal.TypeVideo); !errors.Is(err, pod.ErrBadSignature) {
		t.Errorf("PeekStatement(%s) = %v, want ErrBadSignature", name, err)
	}
}

// FED-08, FED-10 and every field of the three headers: the signature does not matter.
func TestClosedHeaders(t *testing.T) {
	t.Parallel()
	video := statementHeader(seal.TypeVideo)
	for name, raw := range map[string][]byte{"message": unsigned(messageHeader()), "answer": unsigned(answerHeader()), "statement": unsigned(video)} {
		_, message := seal.Peek(raw)
		_, answer := seal.PeekAnswer(raw)
		_, statement := seal.PeekStatement(raw, seal.TypeVideo)
		got := [3]bool{message == nil, answer == nil, statement == nil}
		if want := [3]bool{name == "message", name == "answer", name == "statement"}; got != want {
			t.Fatalf("the header of a %s is taken by %v, want %v", name, got, want)
		}
	}
	for _, base := range []string{messageHeader(), answerHeader(), video} {
		for name, text := range badHeaders(base) {
			if text == base {
				continue // the field stands in another header only
			}
			wantRefused(t, name, unsigned(text))
		}
	}
}

// badHeaders gives faulty forms of a header; those that do not concern it are unchanged.
func badHeaders(base string) map[string]string {
	bad := map[string]string{
		"two values": base + base, "list": "[" + base + "]", "string": `"` + nonceA + `"`, "null": "null",
		"empty": "{}", "cut": base[:len(base)-1], "not UTF-8": strings.Replace(base, "PS256", "PS256\xff", 1),
		"byte order mark": "\ufeff" + base, "nested deep": strings.Replace(base, `"PS256"`, strings.Repeat("[", 500), 1),
		"long": strings.Replace(base, "{", "{"+strings.Repeat(" ", 2000), 1),
	}
	for _, extra := range []string{
		`"jwk":{}`, `"jku":"http://127.0.0.1/"`, `"x5u":"http://127.0.0.1/"`, `"x5c":[]`, `"x5t":""`, `"x5t#S256":""`,
		`"crit":["exp"]`, `"crit":[]`, `"b64":false`, `"b64":true`, `"cty":"JWT"`, `"zip":"DEF"`, `"nonce":"x"`, `"url":"/"`, `"exp":1`, `"":""`,
		`"Alg":"PS256"`, `"ALG":"none"`, `"alg":"PS256"`, `"\u0061lg":"PS256"`, `"typ":"pod+jws"`, `"kid":""`,
	} {
		bad["extra "+extra] = strings.Replace(base, "{", "{"+extra+",", 1)
	}
	for _, alg := range []string{"none", "None", "", "HS256", "RS256", "RS384", "PS384", "PS512", "ES256", "EdDSA", "ps256", "PS256 ", "RSA-OAEP-256"} {
		bad["alg "+alg] = strings.Replace(base, `"PS256"`, `"`+alg+`"`, 1)
	}
	other := string(bob().ID())
	for field, values := range map[string][]string{
		"alg": {`"PS256"`, `null`, `["PS256"]`, `256`},
		"typ": {`"` + typeOf(base) + `"`, `null`, `"JWT"`, `""`, `"POD+JWS"`, `"application/` + typeOf(base) + `"`},
		"kid": {`"` + string(alice().ID()) + `"`, `null`, `""`, `"../key"`, `"` + strings.ToUpper(other) + `"`, `"` + other[1:] + `"`, `"` + other + `a"`, `["` + other + `"]`},
		"aud": {`"` + other + `"`, `null`, `""`, `"` + other[1:] + `"`, `["` + other + `"]`},
		"htm": {`"POST"`, `null`, `""`, `"post"`, `"PO ST"`, `"` + strings.Repeat("P", 17) + `"`},
		"htu": {`"` + inbox + `"`, `null`, `""`, `"pods"`, `"/a b"`, `"/é"`, `"/\u0000"`, `"/` + strings.Repeat("a", 256) + `"`},
		"iat": {`1700000000`, `null`, `"1700000000"`, `1.7e9`, `1700000000.0`, `1700000000.5`, `-1`, `-0`, `253402300800`, `18446744073709551616`, `1e999`},
		"jti": {`"` + nonceA + `"`, `null`, `""`, `"AAAA"`, `"` + nonceA[1:] + `B"`, `"` + nonceA[1:] + `="`, `"` + nonceA + `A"`},
		"re":  {`"` + nonceB + `"`, `null`, `""`, `"AAAA"`},
		"ep":  {`3`, `null`, `"3"`, `-1`, `3.0`, `18446744073709551616`},
		"status": {
			`409`, `null`, `"409"`, `0`, `99`, `600`, `-409`, `409.0`,
		},
	} {
		good := `"` + field + `":` + values[0]
		for _, value := range values[1:] {
			bad[field+" "+value] = strings.Replace(base, good, `"`+field+`":`+value, 1)
		}
		gone := strings.Replace(base, good+",", "", 1)
		gone = strings.Replace(gone, ","+good, "", 1)
		bad[field+" missing"] = gone
		bad[field+" in other capitals"] = strings.Replace(base, `"`+field, `"`+strings.ToUpper(field), 1)
		bad[field+" twice"] = strings.Replace(base, good, good+","+good, 1)
	}
	return bad
}

func typeOf(header string) string {
	_, rest, _ := strings.Cut(header, `"typ":"`)
	typ, _, _ := strings.Cut(rest, `"`)
	return typ
}

// The form of the whole: compact, three parts, base64url in its only form. FED-20.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, base := range []string{messageHeader(), answerHeader(), statementHeader(seal.TypeVideo)} {
		raw := unsigned(base)
		parts := strings.Split(string(raw), ".")
		join := func(p ...string) string { return strings.Join(p, ".") }
		for name, text := range map[string]string{
			"nothing": "", "dots": "..", "plain JSON": `{"iss":"a","activities":[]}`,
			"flattened JSON": fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]),
			"general JSON":   fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2]),
			"two parts":      join(parts[:2]...), "four parts": join(append(parts, "AAAA")...), "five parts": string(encryptTo(t, &private(bob()).PublicKey, base, []byte("x"))),
			"signature stripped": join(parts[0], parts[1], ""), "detached": join(parts[0], "", parts[2]), "no header": join("", parts[1], parts[2]),
			"padding": join(parts[0], parts[1], "AA=="), "standard alphabet": join(parts[0], parts[1], "AA+/"),
			"leftover bits": join(parts[0], parts[1], "AB"), "leftover bits of the payload": join(parts[0], "AAB", parts[2]), "one character": join(parts[0], parts[1], "AAAAA"),
			"newline at the end": string(raw) + "\n", "newline inside": join(parts[0], parts[1][:4]+"\n"+parts[1][4:], parts[2]), "return in the header": join(parts[0][:4]+"\r"+parts[0][4:], parts[1], parts[2]),
			"blank before": " " + string(raw), "NUL": string(raw) + "\x00", "é": join(parts[0], parts[1], "é"),
		} {
			wantRefused(t, name, []byte(text))
		}
	}
}

func TestChangedBits(t *testing.T) {
	t.Parallel()
	raw := sealed(t, `{"op":"1"}`)
	for at := 0; at < len(raw); at += 61 {
		changed := bytes.Clone(raw)
		if changed[at]++; changed[at] == raw[at] {
			continue
		}
		envelope, err := seal.Peek(changed)
		if err == nil {
			_, err = envelope.Verify(alice().Public())
		}
		if !errors.Is(err, pod.ErrBadSignature) {
			t.Errorf("with another character at %d = %v, want ErrBadSignature", at, err)
		}
	}
}
