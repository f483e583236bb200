package node_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
	"github.com/peerpod/peerpod/pod/seal"
)

// asking is a pod whose owner decides who becomes a friend.
func asking(c *node.Config) {
	c.FriendPolicy, c.Interval, c.ScoreInterval = "ask", 100*time.Millisecond, 24*time.Hour
}

// The rows that a pod meets before there is a friendship.
func TestHostileNewcomers(t *testing.T) {
	w := world{t: t, victim: podtest.New(t, 1, asking)[0]}
	w.victim.Upload(shortFilm(t), podtest.Fields{"name": "Ours"})
	w.run("forms", world.introForms)
	w.run("keys", world.introKeys)
	w.run("proofs", world.introProofs)
	w.run("nobody at home", world.introUnreachable)
	w.run("inwards", world.introInwards)
	w.run("slots", world.introSlots)
	w.run("another key", world.anotherKey)
	w.run("challenges", world.challenges)
	w.run("again and again", world.pestering)
	w.run("new key after the end", world.newKeyAfterEnd)
	w.run("join", world.join)
	w.run("join bad answers", world.joinBadAnswers)
	w.run("join further inwards", world.joinInwards)
}

// from gives a played pod that calls from an address of its own: each test has its own
// bucket of introductions.
func (w world) from(n int, addr string) *evil.Pod {
	p := evil.New(w.t, n)
	p.CallFrom(addr)
	return p
}

// wantNobody checks that nothing is known of any pod.
func (w world) wantNobody() {
	w.t.Helper()
	if got := w.victim.Pods(); len(got) != 0 {
		w.t.Errorf("the pod lists %+v, want nobody", got)
	}
}

// FRI-10, NET-02: introductions that are not well-formed, or not meant for this pod.
func (w world) introForms() {
	t := w.t
	mallory, other := w.from(0, "127.0.1.1"), evil.New(t, 1)
	to := mallory.Meet(w.victim.URL)
	type row struct {
		row    string
		change func(*evil.Introduction)
		status int
		code   string
	}
	field := func(name, field string, value any, status int, code string) row {
		return row{name, func(i *evil.Introduction) { i.Body[field] = value }, status, code}
	}
	head := func(name, field string, value any) row {
		return row{name, func(i *evil.Introduction) { i.Header[field] = value }, http.StatusForbidden, "bad_signature"}
	}
	const bad, no = http.StatusBadRequest, http.StatusForbidden
	rows := []row{
		field("receiver", "aud", other.ID(), no, "bad_signature"),
		field("key of another", "publicKey", other.Key.Public().PEM(), no, "bad_signature"),
		head("kid of another", "kid", other.ID()),
		head("typ of a challenge", "typ", seal.TypeChallenge),
		head("typ of a message", "typ", seal.TypeMessage),
		head("alg none", "alg", "none"),
		head("jwk", "jwk", evil.Fields{}),
		{"signature", func(i *evil.Introduction) { i.Sign = func([]byte) []byte { return make([]byte, 256) } }, no, "bad_signature"},
		{"no JWS", func(i *evil.Introduction) { i.Raw = i.Body.JSON() }, no, "bad_signature"},
		{"nothing", func(i *evil.Introduction) { i.Raw = []byte{} }, no, "bad_signature"},
		{"70 KiB", func(i *evil.Introduction) { i.Raw = bytes.Repeat([]byte("a"), 70<<10) }, http.StatusRequestEntityTooLarge, "too_large"},
		{"type of JSON", func(i *evil.Introduction) { i.HTTP.Set("Content-Type", "application/json") }, http.StatusUnsupportedMediaType, "unsupported_type"},
		{"version", func(i *evil.Introduction) { i.HTTP.Set(pod.HeaderAPIVersion, "2") }, http.StatusUpgradeRequired, "upgrade_required"},
		field("unknown field", "admin", true, bad, "invalid_introduction"),
		field("nonce", "nonce", "AAAA", bad, "invalid_introduction"),
		field("run", "run", "", bad, "invalid_introduction"),
		field("jti", "jti", 1, bad, "invalid_introduction"),
		field("via", "via", "../..", bad, "invalid_introduction"),
		field("epoch below 0", "epoch", -1, bad, "invalid_introduction"),
		field("epoch at the end", "epoch", uint64(1<<64-1), bad, "invalid_introduction"),
		field("invite without secret", "invite", evil.Fields{"id": seal.NewNonce(), "mac": "x"}, bad, "invalid_introduction"),
		field("invite that nobody made", "invite", evil.Fields{"id": seal.NewNonce(), "mac": evil.B64(make([]byte, 32))}, no, "invalid_invite"),
		field("FRI-10 no name", "name", "\u200b\u202e ", bad, "invalid_name"),
		field("FRI-10 long name", "name", strings.Repeat("x", 121), bad, "invalid_name"),
	}
	for _, url := range []string{
		"", "x", "ftp://a.example", "javascript:alert(1)", "//a.example", "http://", "http://a.example/path", "http://a.example?q", "http://a.example#f",
		"http://user:secret@a.example", "http://a.example:22", "http://a.example:0", "http://a.example:99999", `http://a"b.example`, "http://a'b.example",
		"http://a b.example", "http://a\x00b.example", "http://a\tb.example", "http://" + strings.Repeat("a", 10<<10) + ".example", "http://пример.example",
		"http://a_;DROP TABLE.example", "http://127.0.0.1:6379@a.example", "http://0.0.0.0:9000", "http://[::]:9000", "http://169.254.169.254",
		"http://[::ffff:169.254.169.254]", "http://[64:ff9b::7f00:1]:9000", "http://[2002:7f00:1::]:9000", "http://[::127.0.0.1]:9000",
		"http://2130706433:9000", "http://0x7f.1:9000", "http://0177.0.0.1:9000", "http://127.1:9000", "http://[fe80::1%25eth0]:9000", "http://224.0.0.1:9000",
		"http://255.255.255.255:9000", "http://127.0.0.1:6379\r\nHost: a",
	} {
		rows = append(rows, field("FRI-10 URL "+fmt.Sprintf("%.60q", url), "url", url, bad, "invalid_url"))
	}
	for _, row := range rows {
		i := mallory.Introduction(to)
		row.change(i)
		if a := mallory.Introduce(to, i); a.Status != row.status || a.Code != row.code {
			t.Errorf("%s: introduction = %d %s, want %d %s", row.row, a.Status, a.Raw, row.status, row.code)
		}
	}
	if n := mallory.Hits(evil.Challenge); n != 0 {
		t.Errorf("the pod called back %d times, want none for such introductions", n)
	}
	w.wantNobody()
}

// FED-18: keys that are none.
func (w world) introKeys() {
	t := w.t
	mallory := w.from(0, "127.0.1.2")
	to := mallory.Meet(w.victim.URL)
	spki := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	modulus := func(bits uint, e int) string {
		n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits-1))
		n.SetBit(n, int(bits)-1, 1).SetBit(n, 0, 1)
		return spki(&rsa.PublicKey{N: n, E: e})
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	even := new(big.Int).SetBit(new(big.Int).Set(mallory.Private.N), 0, 0)
	good := mallory.Key.Public().PEM()
	for row, key := range map[string]any{
		"text": "mysuperpublickey", "nothing": "", "RSA-512": modulus(512, 65537), "RSA-1024": modulus(1024, 65537), "RSA-16384": modulus(16384, 65537),
		"e = 1": modulus(2048, 1), "e = 3": modulus(2048, 3), "e even": modulus(2048, 65536), "modulus even": spki(&rsa.PublicKey{N: even, E: 65537}),
		"elliptic curve": spki(&curve.PublicKey), "private key": string(mallory.Key.PEM()), "trailing data": good + "x", "two keys": good + good,
		"leading data": "x" + good, "other line ends": strings.ReplaceAll(good, "\n", "\r\n"), "PKCS #1": string(pem.EncodeToMemory(&pem.Block{
			Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&mallory.Private.PublicKey),
		})),
	} {
		i := mallory.Introduction(to)
		i.Body["publicKey"] = key
		if a := mallory.Introduce(to, i); a.Status != http.StatusBadRequest || a.Code != "invalid_key" && a.Code != "invalid_introduction" {
			t.Errorf("FED-18 %s: introduction = %d %s, want 400", row, a.Status, a.Raw)
		}
	}
	w.wantNobody()
}

// FED-17: a URL that does not answer for the key in the introduction.
func (w world) introProofs() {
	t := w.t
	mallory, other := w.from(0, "127.0.1.3"), evil.New(t, 1)
	to := mallory.Meet(w.victim.URL)
	type question struct{ Nonce, JTI, From string }
	signed := func(by *evil.Pod, typ string, payload func(question) evil.Fields) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var q question
			_ = json.NewDecoder(r.Body).Decode(&q)
			w.Header().Set("Content-Type", pod.TypeJOSE)
			_, _ = w.Write([]byte(by.Statement(typ, payload(q))))
		}
	}
	good := func(q question) evil.Fields {
		return evil.Fields{"nonce": q.Nonce, "aud": q.From, "url": mallory.URL}
	}
	for row, answer := range map[string]http.HandlerFunc{
		"another key":      signed(other, seal.TypeChallenge, good),
		"another type":     signed(mallory, seal.TypeVoucher, good),
		"another nonce":    signed(mallory, seal.TypeChallenge, func(q question) evil.Fields { return good(q).With(evil.Fields{"nonce": seal.NewNonce()}) }),
		"another receiver": signed(mallory, seal.TypeChallenge, func(q question) evil.Fields { return good(q).With(evil.Fields{"aud": other.ID()}) }),
		"another URL":      signed(mallory, seal.TypeChallenge, func(q question) evil.Fields { return good(q).With(evil.Fields{"url": other.URL}) }),
		"one field more":   signed(mallory, seal.TypeChallenge, func(q question) evil.Fields { return good(q).With(evil.Fields{"admin": true}) }),
		"a page":           func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
		},
		"a fault":   evil.Fail(http.StatusInternalServerError),
		"very much": mallory.Flood,
	} {
		mallory.On(evil.Challenge, answer)
		if a := mallory.Introduce(to, mallory.Introduction(to)); a.Status != http.StatusForbidden || a.Code != "wrong_proof" {
			t.Errorf("FED-17 %s: introduction = %d %s, want 403", row, a.Status, a.Raw)
		}
	}
	mallory.On(evil.Challenge, nil)
	i := mallory.Introduction(to)
	i.Body["url"] = other.URL // where another pod answers
	if a := mallory.Introduce(to, i); a.Status != http.StatusForbidden || a.Code != "wrong_proof" {
		t.Errorf("FED-17 the URL of another pod: introduction = %d %s, want 403", a.Status, a.Raw)
	}
	i.Body["url"] = w.victim.URL // the asked pod's own
	if a := mallory.Introduce(to, i); a.Status != http.StatusForbidden {
		t.Errorf("FED-17 the URL of the asked pod: introduction = %d %s, want 403", a.Status, a.Raw)
	}
	if n := other.Hits(evil.Self) + other.Hits(evil.Other); n != 0 {
		t.Errorf("FED-17 a redirect was followed %d times", n)
	}
	w.wantNobody()
}

// FED-17: where nothing answers, a signature proves the key only: such a pod is listed to
// nobody and keeps nobody from its URL.
func (w world) introUnreachable() {
	t := w.t
	mallory, owner := w.from(0, "127.0.1.4"), w.from(1, "127.0.1.4")
	to := mallory.Meet(w.victim.URL)
	closed := deadAddress(t)
	prove := func(nonce string) evil.IntroAnswer {
		i := mallory.Introduction(to)
		i.Body["url"] = closed
		if nonce != "" {
			i.Body["proveNonce"] = nonce
		}
		return mallory.Introduce(to, i)
	}
	first := prove("")
	if first.State != "prove" {
		t.Fatalf("introduction with a dead URL = %d %s, want prove", first.Status, first.Raw)
	}
	w.wantNobody()
	if a := prove(seal.NewNonce()); a.State != "prove" {
		t.Errorf("introduction with an invented nonce = %d %q, want prove", a.Status, a.State)
	}
	if a := prove(first.ProveNonce); a.State != "prove" {
		t.Errorf("introduction with an old nonce = %d %q, want prove", a.Status, a.State)
	}
	fresh := prove("")
	if a := prove(fresh.ProveNonce); a.State != "waiting" {
		t.Fatalf("introduction with the nonce = %d %s, want waiting", a.Status, a.Raw)
	}
	if l := wantListed(t, w.victim, mallory.ID(), "waiting"); l.Verified {
		t.Error("a URL that nothing answers at is listed as proven")
	}
	w.verb("accept", mallory.ID())
	if a := prove(prove("").ProveNonce); a.State != "friend" {
		t.Fatalf("introduction after the owner's yes = %d %s, want friend", a.Status, a.Raw)
	}
	if l := wantListed(t, w.victim, mallory.ID(), "friend"); l.Verified {
		t.Error("the friend's URL is listed as proven")
	}
	if got := recommended(t, w.victim); len(got) != 0 {
		t.Errorf("everybody is told of %v, want nobody", got)
	}
	// The true holder of that URL starts, with its own key.
	there := evil.NewAt(t, 2, strings.TrimPrefix(closed, "http://"))
	there.HandOver(owner)
	too := owner.Meet(w.victim.URL)
	if a := owner.Introduce(too, owner.Introduction(too)); a.State != "waiting" {
		t.Errorf("introduction of the URL's holder = %d %s, want waiting", a.Status, a.Raw)
	}
}

// deadAddress gives an address at which nothing listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String()
}

// NET-01, NET-02, NET-06: whoever comes through a proxy is called at no address of this
// machine; whoever comes from this machine is.
func (w world) introInwards() {
	t := w.t
	mallory, target := w.from(0, "127.0.1.5"), evil.New(t, 1)
	to := mallory.Meet(w.victim.URL)
	port := target.URL[strings.LastIndexByte(target.URL, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "localhost.", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"} {
		for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
			i := mallory.Introduction(to)
			i.Body["url"] = "http://" + host + port
			i.HTTP.Set(name, "203.0.113.7")
			if a := mallory.Introduce(to, i); a.State != "prove" {
				t.Errorf("NET-01 %s %s: introduction = %d %s, want prove", name, host, a.Status, a.Raw)
			}
		}
	}
	if n := target.Hits(evil.Challenge) + target.Hits(evil.Other); n != 0 {
		t.Errorf("NET-01 the listener was called %d times, want never", n)
	}
	w.wantNobody()
	if a := mallory.Introduce(to, mallory.Introduction(to)); a.State != "waiting" || mallory.Hits(evil.Challenge) != 1 {
		t.Errorf("NET-06 introduction from loopback = %d %s, want waiting", a.Status, a.Raw)
	}
}

// Call-backs that hang take the slots of one household only.
func (w world) introSlots() {
	t := w.t
	mallory, honest := w.from(0, "127.0.1.6"), w.from(1, "127.0.1.7")
	release := make(chan struct{})
	mallory.On(evil.Challenge, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	to, too := mallory.Meet(w.victim.URL), honest.Meet(w.victim.URL)
	var all sync.WaitGroup
	statuses := make([]int, 4)
	for i := range statuses {
		all.Go(func() { statuses[i] = mallory.Introduce(to, mallory.Introduction(to)).Status })
	}
	podtest.Eventually(t, "the call-backs hang", func() bool { return mallory.Hits(evil.Challenge) >= 2 })
	if a := honest.Introduce(too, honest.Introduction(too)); a.State != "waiting" {
		t.Errorf("introduction of another household = %d %s, want waiting", a.Status, a.Raw)
	}
	close(release)
	all.Wait()
	for _, status := range statuses {
		if status != http.StatusForbidden && status != http.StatusServiceUnavailable {
			t.Errorf("introductions whose call-back hung = %v, want 403 or 503", statuses)
		}
	}
	wantListed(t, w.victim, mallory.ID(), "")
}
