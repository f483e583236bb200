package node_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest/evil"
	"github.com/peerpod/peerpod/pod/seal"
)

// attack is one row: a good message that brings a view, changed. "refused" is the plain
// 403 that is the same for all, other codes than those of problems come sealed.
type attack struct {
	row    string
	change func(*evil.Message)
	status int
	code   string
}

// header makes an attack on one field of the outer header.
func header(row, field string, value any, status int, code string) attack {
	return attack{row, func(m *evil.Message) { m.Header[field] = value }, status, code}
}

// body makes an attack on one field of the JSON inside.
func body(row, field string, value any, status int, code string) attack {
	return attack{row, func(m *evil.Message) { m.Body[field] = value }, status, code}
}

func shift(m *evil.Message, by time.Duration) { m.Header["iat"] = time.Now().Add(by).Unix() }

func formAttacks(evilPod, other *evil.Pod) []attack {
	const no = http.StatusForbidden
	toOther := func(m *evil.Message) {
		m.Header["aud"], m.Inner["kid"], m.Body["aud"], m.To = other.ID(), other.ID(), other.ID(), &other.Private.PublicKey
	}
	return []attack{
		header("FED-04 path", "htu", "/api/v1/pods", no, "refused"),
		header("FED-04 path with a query", "htu", "/api/v1/pods/inbox?a=b", no, "refused"),
		header("FED-04 method", "htm", "PUT", no, "refused"),
		header("FED-05 receiver", "aud", other.ID(), no, "refused"),
		{"FED-05 all of it to another pod", toOther, no, "refused"},
		body("FED-05 receiver inside", "aud", other.ID(), no, "refused"),
		body("FED-05 sender inside", "iss", other.ID(), no, "refused"),
		{"FED-05 encrypted to another", func(m *evil.Message) { m.Inner["kid"], m.To = other.ID(), &other.Private.PublicKey }, no, "refused"},
		{"FED-07 6 minutes ago", func(m *evil.Message) { shift(m, -6*time.Minute) }, http.StatusUnauthorized, "clock_skew"},
		{"FED-07 in 6 minutes", func(m *evil.Message) { shift(m, 6*time.Minute) }, http.StatusUnauthorized, "clock_skew"},
		header("FED-07 1970", "iat", 0, http.StatusUnauthorized, "clock_skew"),
		header("FED-07 9999", "iat", int64(253402300799), http.StatusUnauthorized, "clock_skew"),
		header("FED-07 10000", "iat", int64(253402300800), no, "refused"),
		header("FED-07 before 1970", "iat", -1, no, "refused"),
		header("FED-07 half a second", "iat", 1.5, no, "refused"),
		header("FED-10 jwk", "jwk", evil.Fields{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, no, "refused"),
		header("FED-10 jku", "jku", evilPod.URL+"/jku", no, "refused"),
		header("FED-10 x5u", "x5u", evilPod.URL+"/x5u", no, "refused"),
		header("FED-10 x5c", "x5c", []string{"AAAA"}, no, "refused"),
		header("FED-10 crit", "crit", []string{"exp"}, no, "refused"),
		header("FED-10 b64", "b64", false, no, "refused"),
		header("typ of an answer", "typ", seal.TypeAnswer, no, "refused"),
		header("kid is a path", "kid", "../../keys/identity.pem", no, "refused"),
		header("jti too short", "jti", "AAAA", no, "refused"),
		header("ep below 0", "ep", -1, no, "refused"),
		{"FED-10 zip inside", func(m *evil.Message) { m.Inner["zip"] = "DEF" }, no, "refused"},
		{"FED-10 epk inside", func(m *evil.Message) { m.Inner["epk"] = evil.Fields{} }, no, "refused"},
		{"FED-08 alg inside", func(m *evil.Message) { m.Inner["alg"] = "RSA1_5" }, no, "refused"},
		{"FED-08 dir inside", func(m *evil.Message) { m.Inner["alg"] = "dir" }, no, "refused"},
	}
}

func cryptoAttacks(t *testing.T, evilPod *evil.Pod, victim *evil.Friend) []attack {
	t.Helper()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, public := evilPod.Private, evilPod.Key.Public()
	pss := func(hash crypto.Hash, sum []byte) []byte {
		out, _ := rsa.SignPSS(rand.Reader, key, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		return out
	}
	mac := func(secret []byte) evil.Signer {
		return func(in []byte) []byte { h := hmac.New(sha256.New, secret); h.Write(in); return h.Sum(nil) }
	}
	algorithms := []struct {
		row, alg string
		sign     evil.Signer
	}{
		{"none", "none", func([]byte) []byte { return nil }},
		{"no signature", "PS256", func([]byte) []byte { return nil }},
		{"FED-19 wrong signature", "PS256", func([]byte) []byte { return make([]byte, 256) }},
		{"HS256 with our public key", "HS256", mac([]byte(public.PEM()))},
		{"HMAC that says PS256", "PS256", mac(public.DER())},
		{"RS256", "RS256", func(in []byte) []byte {
			sum := sha256.Sum256(in)
			out, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
			return out
		}},
		{"PS256 with SHA-1", "PS256", func(in []byte) []byte { sum := sha1.Sum(in); return pss(crypto.SHA1, sum[:]) }},
		{"PS384", "PS384", func(in []byte) []byte { sum := sha512.Sum384(in); return pss(crypto.SHA384, sum[:]) }},
		{"ES256", "ES256", func(in []byte) []byte {
			sum := sha256.Sum256(in)
			r, s, _ := ecdsa.Sign(rand.Reader, curve, sum[:])
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}},
	}
	attacks := []attack{}
	for _, a := range algorithms {
		attacks = append(attacks, attack{"FED-08 " + a.row, func(m *evil.Message) { m.Header["alg"], m.Sign = a.alg, a.sign }, http.StatusForbidden, "refused"})
	}
	broken := func(row string, part int, change func(string) string) attack {
		return attack{row, func(m *evil.Message) {
			parts := strings.Split(evil.Encrypt(victim.Public(), m.Inner.JSON(), m.Body.JSON()), ".")
			parts[part] = change(parts[part])
			m.Payload = []byte(strings.Join(parts, "."))
		}, http.StatusForbidden, "refused"}
	}
	zeros := func(text string) string { return strings.Repeat("A", len(text)) }
	plain := func(row, text string) attack {
		return attack{row, func(m *evil.Message) { m.Plain = []byte(text) }, http.StatusForbidden, "refused"}
	}
	return append(attacks,
		broken("FED-19 wrong padding", 1, zeros), broken("FED-19 wrong tag", 4, zeros), broken("FED-19 wrong text", 3, zeros),
		broken("FED-19 no key", 1, func(string) string { return "" }),
		plain("FED-19 bad JSON", "{"), plain("FED-19 an array", "[]"), plain("FED-19 null", "null"), plain("FED-19 not UTF-8", "{\"op\":\"\xff\"}"),
		plain("FED-19 deep", strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000)),
		attack{"FED-20 signed, not encrypted", func(m *evil.Message) { m.Payload = m.Body.JSON() }, http.StatusForbidden, "refused"},
		attack{"FED-20 encrypted, not signed", func(m *evil.Message) {
			m.Raw = []byte(evil.Encrypt(m.To, m.Inner.JSON(), m.Body.JSON()))
		}, http.StatusForbidden, "refused"},
		attack{"FED-20 plain", func(m *evil.Message) { m.Raw = m.Body.JSON() }, http.StatusForbidden, "refused"},
		attack{"FED-20 nothing", func(m *evil.Message) { m.Raw = []byte{} }, http.StatusForbidden, "refused"},
	)
}

func boundAttacks() []attack {
	const no = http.StatusForbidden
	stream := func(row string, prev, seq uint64, status int, code string) attack {
		return attack{row, func(m *evil.Message) { m.Body["prev"], m.Body["seq"] = prev, seq }, status, code}
	}
	request := func(row, name, value string, status int, code string) attack {
		return attack{row, func(m *evil.Message) { m.HTTP.Set(name, value) }, status, code}
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = evil.Greeting()
	}
	ack := evil.Fields{"op": "x", "results": []any{}}
	return []attack{
		header("epoch to come", "ep", 99, http.StatusConflict, "epoch"),
		header("epoch gone", "ep", 0, http.StatusConflict, "epoch"),
		stream("gap", 98, 99, http.StatusConflict, "gap"),
		stream("counts backwards", 1, 0, no, "refused"),
		stream("counts too far", 0, 50, no, "refused"),
		stream("wraps around", 1<<64-1, 0, no, "refused"),
		body("no op", "op", "", no, "refused"),
		body("long op", "op", strings.Repeat("x", 65), no, "refused"),
		body("op is a number", "op", 1, no, "refused"),
		body("FED-21 5 acknowledgements", "acks", []any{ack, ack, ack, ack, ack}, no, "refused"),
		{"FED-21 101 activities", func(m *evil.Message) {
			m.Body["activities"] = many
			m.Body["seq"] = m.Body["prev"].(uint64) + 101
		}, no, "refused"},
		{"FED-21 2 MiB", func(m *evil.Message) { m.Raw = bytes.Repeat([]byte("a"), 2<<20) }, http.StatusRequestEntityTooLarge, "too_large"},
		request("no version of ours", pod.HeaderAPIVersion, "2", http.StatusUpgradeRequired, "upgrade_required"),
		request("type of JSON", "Content-Type", "application/json", http.StatusUnsupportedMediaType, "unsupported_type"),
		request("no type", "Content-Type", "", http.StatusUnsupportedMediaType, "unsupported_type"),
	}
}

// FED-04 to FED-10 and FED-19 to FED-21: nothing of such messages applies, all plain
// refusals are the same, and the good message after each of them is taken.
func (w world) messages() {
	t, victim, film := w.t, w.victim, w.film
	before := views(t, victim, film.UUID)
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	f := mallory.Befriend(victim.URL)
	attacks := append(formAttacks(mallory, other), cryptoAttacks(t, mallory, f)...)
	attacks = append(attacks, boundAttacks()...)
	var refusal []byte
	for _, a := range attacks {
		t.Run(a.row, func(t *testing.T) {
			m := f.Message(evil.View(film.UUID))
			a.change(m)
			got := f.Post(m)
			wantAnswer(t, a.row, got, a.status, a.code)
			if a.code == "refused" {
				if refusal == nil {
					refusal = got.Raw
				}
				if !bytes.Equal(got.Raw, refusal) || got.Sealed {
					t.Errorf("%s = %s, want the same as all: %s", a.row, got.Raw, refusal)
				}
			}
			if _, err := time.Parse(time.RFC3339, got.Time); a.code == "clock_skew" && err != nil {
				t.Errorf("%s names the time %q, want the pod's", a.row, got.Time)
			}
			if versions := got.Header.Get(pod.HeaderAPIVersions); versions != "1" {
				t.Errorf("%s lists the versions %q, want 1", a.row, versions)
			}
		})
	}
	if n := views(t, victim, film.UUID) - before; n != 0 {
		t.Errorf("%d views were counted, want 0", n)
	}
	for _, a := range []attack{ // FED-01
		{"FED-01 good", func(*evil.Message) {}, http.StatusOK, ""},
		{"FED-07 4 minutes ago", func(m *evil.Message) { shift(m, -4*time.Minute) }, http.StatusOK, ""},
		{"FED-07 in 4 minutes", func(m *evil.Message) { shift(m, 4*time.Minute) }, http.StatusOK, ""},
		body("unknown field", "future", "x", http.StatusOK, ""),
		body("acknowledges nothing", "acks", []any{evil.Fields{"op": "x", "results": []any{}}}, http.StatusOK, ""),
		{"no version", func(m *evil.Message) { m.HTTP.Del(pod.HeaderAPIVersion) }, http.StatusOK, ""},
	} {
		m := f.Message(evil.View(film.UUID))
		a.change(m)
		wantAnswer(t, a.row, f.Post(m), a.status, a.code)
	}
	if n := views(t, victim, film.UUID) - before; n != 6 {
		t.Errorf("%d views were counted, want 6", n)
	}
	if n := mallory.Hits(evil.Other); n != 0 {
		t.Errorf("FED-10: the pod fetched %d addresses out of headers, want none", n)
	}
	wantUnhurt(t, victim, "Ours")
}

// FED-21: a body without a length is cut too.
func (w world) endlessBody() {
	t := w.t
	for _, path := range []string{"/api/v1/pods/inbox", "/api/v1/pods"} {
		body := io.LimitReader(strings.NewReader(strings.Repeat("a", 2<<20)), 2<<20)
		a := w.victim.Do(http.MethodPost, path, body, "Content-Type", pod.TypeJOSE)
		if a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("POST %s with 2 MiB = %d %s, want 413", path, a.Status, a.Body)
		}
	}
	wantUnhurt(t, w.victim, "Ours")
}

// FED-02, FED-03: a message counts once, whatever happens in between.
func (w world) replay() {
	t, victim, film, now := w.t, w.victim, w.film, w.now
	before := views(t, victim, film.UUID)
	f := evil.New(t, 0).Befriend(victim.URL)
	m := f.Message(evil.View(film.UUID))
	m.Raw = m.Bytes()
	wantAnswer(t, "first", f.Post(m), http.StatusOK, "")
	wantAnswer(t, "FED-02 at once", f.Post(m), http.StatusConflict, "replay")
	again := m.Again()
	again.Body = m.Body.With(evil.Fields{"activities": []any{evil.View(film.UUID)}})
	wantAnswer(t, "FED-03 freshly signed", f.Post(again), http.StatusOK, "")

	victim.Stop()
	victim.Start()
	f.Moved(victim.URL)
	wantAnswer(t, "FED-02 after a restart", f.Post(m), http.StatusConflict, "replay")
	wantAnswer(t, "FED-03 after a restart", f.Post(m.Again()), http.StatusOK, "")
	now.move(10 * time.Minute)
	defer now.move(-25 * time.Minute)
	wantAnswer(t, "FED-02 after 10 minutes", f.Post(m), http.StatusUnauthorized, "clock_skew")
	now.move(15 * time.Minute)
	wantAnswer(t, "FED-02 after 25 minutes", f.Post(m), http.StatusUnauthorized, "clock_skew")
	if n := views(t, victim, film.UUID) - before; n != 1 {
		t.Errorf("%d views were counted, want 1", n)
	}
	wantUnhurt(t, victim, "Ours")
}

// FED-04, FED-05: a whole message at another place.
func (w world) elsewhere() {
	t := w.t
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	f := mallory.Befriend(w.victim.URL)
	g := other.Befriend(w.victim.URL)
	m := g.Message(other.Put(other.Video("Stray", 1)))
	m.Raw = m.Bytes()
	m.Path = "/api/v1/pods"
	wantAnswer(t, "FED-04 as an introduction", f.Post(m), http.StatusForbidden, "bad_signature")
	m.Path, m.Method = "/api/v1/pods/inbox", http.MethodPut
	if a := f.Post(m); a.Status != http.StatusMethodNotAllowed {
		t.Errorf("FED-04 PUT = %d, want 405", a.Status)
	}
	heard := len(mallory.Heard())
	m.Path, m.Method = "/api/v1/pods/inbox", http.MethodPost
	f.Moved(mallory.URL)
	if a := f.Post(m); a.Status != http.StatusForbidden || len(mallory.Heard()) != heard {
		t.Errorf("FED-05 the played pod takes what is not for it: %d", a.Status)
	}
	wantUnhurt(t, w.victim, "Ours")
}

// FED-11: strangers are refused one by one, cheaply.
func (w world) strangers() {
	t, victim := w.t, w.victim
	f := evil.New(t, 9).Meet(victim.URL)
	m := f.Message(evil.Greeting())
	m.Raw = m.Bytes()
	for range 400 {
		wantAnswer(t, "FED-11", f.Post(m), http.StatusForbidden, "refused")
	}
	wantUnhurt(t, victim, "Ours")
	if got := victim.Pods(); len(got) != 0 {
		t.Errorf("the pod lists %v, want nobody", got)
	}
}

// FED-25: bad signatures of a friend's key fill the bucket of their source only.
func (w world) badSignatures() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 2)
	f := mallory.Befriend(victim.URL)
	m := f.Message(evil.Greeting())
	m.Sign = func([]byte) []byte { return make([]byte, 256) }
	m.Raw = m.Bytes()
	count := map[int]int{}
	began := time.Now()
	for range 600 {
		a := f.Post(m)
		count[a.Status]++
		if a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
			t.Fatal("429 without Retry-After")
		}
	}
	allowed := 210 + 20*int(time.Since(began).Seconds()+1)
	if count[http.StatusForbidden]+count[http.StatusTooManyRequests] != 600 || count[http.StatusForbidden] > allowed {
		t.Errorf("600 bad signatures = %v, want 403 at most %d times and 429 else", count, allowed)
	}
	mallory.CallFrom("127.0.0.2")
	f.Send(evil.Greeting())
	wantUnhurt(t, victim, "Ours")
}

// A friend's good messages are limited too, wherever they come from.
func (w world) chatter() {
	t := w.t
	mallory := evil.New(t, 3)
	f := mallory.Befriend(w.victim.URL)
	began, taken := time.Now(), 0
	for i := range 260 {
		if i == 200 {
			mallory.CallFrom("127.0.0.3")
		}
		switch a := f.Post(f.Message()); a.Status {
		case http.StatusOK:
			taken++
		case http.StatusTooManyRequests:
		default:
			t.Fatalf("message %d = %d %s, want 200 or 429", i, a.Status, a.Raw)
		}
	}
	if most := 151 + 5*int(time.Since(began).Seconds()+1); taken > most {
		t.Errorf("%d of 260 messages were taken, want %d at most", taken, most)
	}
	wantUnhurt(t, w.victim, "Ours")
}
