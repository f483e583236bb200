package federation

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"Anna's pod":                       "Anna's pod",
		"  a\tb\nc  ":                      "a b c",
		"evil\u202egnp.exe":                "evilgnp.exe",
		"zero\u200bwidth\ufeff":            "zerowidth",
		"nul\x00bell\x07":                  "nulbell",
		"Ame\u0301lie":                     "Am\u00e9lie",
		"\U0001F469\u200d\U0001F4BB's pod": "\U0001F469\u200d\U0001F4BB's pod",
		"<script>":                         "<script>", // shown as text
		"\u2066\u2069":                     "",
		"bad\xffbyte":                      "badbyte",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestShortName(t *testing.T) {
	long := strings.Repeat("\u00e9", 2*pod.MaxNameLen)
	if got := shortName(long, ""); utf8.RuneCountInString(got) != pod.MaxNameLen || !utf8.ValidString(got) {
		t.Errorf("shortName(%d characters) = %d, want %d", 2*pod.MaxNameLen, utf8.RuneCountInString(got), pod.MaxNameLen)
	}
	if got := shortName("\u202e", "http://pod.example:9000"); got != "pod.example:9000" {
		t.Errorf("shortName(nothing) = %q, want the host", got)
	}
}

// fuzzKey is the public key that the seeds hold.
const fuzzKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"

func FuzzDecodeIntro(f *testing.F) {
	id, nonce := string(testID(1)), seal.NewNonce()
	for _, seed := range []map[string]any{
		{"aud": id, "url": "http://127.0.0.1:9000", "name": "x", "publicKey": fuzzKey, "nonce": nonce, "run": nonce, "jti": nonce, "epoch": 1},
		{"aud": id, "url": "http://a", "name": "x", "publicKey": "", "nonce": nonce, "run": nonce, "jti": nonce, "epoch": 1, "via": id, "invite": map[string]any{"id": nonce, "mac": nonce}},
		{"aud": nil, "url": 1, "epoch": -1},
		{},
	} {
		raw, err := json.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		w, key, err := decodeIntro(payload)
		if err != nil {
			if pod.KindOf(err) != pod.KindInvalid {
				t.Errorf("decodeIntro() = %v, want KindInvalid", err)
			}
			return
		}
		if url, err := fetch.CheckURL(w.URL); err != nil || url != w.URL {
			t.Errorf("decodeIntro() took the URL %q", w.URL)
		}
		if n := utf8.RuneCountInString(w.Name); key == nil || n == 0 || n > pod.MaxNameLen || w.Name != cleanName(w.Name) {
			t.Errorf("decodeIntro() took the name %q", w.Name)
		}
	})
}

func FuzzParseInvite(f *testing.F) {
	raw, err := json.Marshal(wireInvite{Version: 1, ID: seal.NewNonce(), Inviter: testID(1), Addrs: []string{"http://127.0.0.1:9000"}, Secret: base64.RawURLEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		f.Fatal(err)
	}
	good := base64.RawURLEncoding.EncodeToString(raw)
	for _, seed := range []string{good, "http://127.0.0.1:9000/#invite=" + good, good + "==", "", "#invite=", "e30", "bnVsbA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := parseInvite(text)
		if err != nil {
			if pod.KindOf(err) != pod.KindInvalid {
				t.Errorf("parseInvite() = %v, want KindInvalid", err)
			}
			return
		}
		if len(w.secret) != inviteSecret || len(w.Addrs) == 0 || !isNonce(w.ID) {
			t.Errorf("parseInvite(%q) = %+v, want a whole invite", text, w)
		}
	})
}
