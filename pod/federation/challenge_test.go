package federation_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

func question(tb testing.TB, q map[string]any) pod.Incoming {
	tb.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		tb.Fatal(err)
	}
	in := incoming(string(body))
	in.ContentType = "application/json; charset=utf-8"
	return in
}

func TestChallengeRefuses(t *testing.T) {
	p, other := newPal(t, 1), testKey(t, 2).ID()
	good := func() map[string]any {
		return map[string]any{"nonce": seal.NewNonce(), "jti": seal.NewNonce(), "from": other}
	}
	for _, test := range []struct {
		name   string
		change func(q map[string]any, in *pod.Incoming)
		kind   pod.Kind
	}{
		{"no introduction under way", nil, pod.KindForbidden},
		{"unknown field", func(q map[string]any, _ *pod.Incoming) { q["x"] = 1 }, pod.KindInvalid},
		{"raw text as nonce", func(q map[string]any, _ *pod.Incoming) { q["nonce"] = "eyJhbGciOiJQUzI1NiJ9.e30" }, pod.KindInvalid},
		{"no jti", func(q map[string]any, _ *pod.Incoming) { delete(q, "jti") }, pod.KindInvalid},
		{"from nobody", func(q map[string]any, _ *pod.Incoming) { q["from"] = "x" }, pod.KindInvalid},
		{"other type", func(_ map[string]any, in *pod.Incoming) { in.ContentType = "text/plain" }, pod.KindUnsupported},
		{"other version", func(_ map[string]any, in *pod.Incoming) { in.Version = "2" }, pod.KindUpgrade},
		{"too large", func(_ map[string]any, in *pod.Incoming) { in.Body = strings.NewReader(strings.Repeat(" ", 5<<10)) }, pod.KindTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := good()
			var scratch pod.Incoming
			if test.change != nil {
				test.change(q, &scratch)
			}
			in := question(t, q)
			if test.change != nil {
				test.change(map[string]any{}, &in)
			}
			_, err := p.Challenge(context.Background(), in)
			wantRefusal(t, "Challenge()", err, test.kind, "")
		})
	}
}

// TestChallengeOnlyWhileAsked: the question is answered for the pod and the introduction
// that are under way, and for nothing else.
func TestChallengeOnlyWhileAsked(t *testing.T) {
	p, e := newPal(t, 1), newEvil(t, 2)
	var kept map[string]any
	asked := 0
	e.answerBy(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			e.tellSelf(w, r)
			return
		}
		asked++
		a := answerFor(t, r, p.id())
		kept = map[string]any{"nonce": seal.NewNonce(), "jti": a["jti"], "from": e.key.ID()}
		reply, err := p.Challenge(context.Background(), question(t, kept))
		if err != nil {
			t.Errorf("Challenge(under way) = %v, want nil", err)
		}
		s, err := seal.PeekStatement(reply.Body, seal.TypeChallenge)
		if err != nil || s.KID() != p.id() {
			t.Errorf("PeekStatement(proof) = %v, want one by this pod", err)
			return
		}
		var got map[string]any
		if err := json.Unmarshal(s.Unverified(), &got); err != nil || got["nonce"] != kept["nonce"] || got["aud"] != string(e.key.ID()) || got["url"] != p.url || len(got) != 3 {
			t.Errorf("proof = %v, want nonce, aud and url", got)
		}
		_, err = p.Challenge(context.Background(), question(t, map[string]any{"nonce": kept["nonce"], "jti": a["jti"], "from": testKey(t, 3).ID()}))
		wantRefusal(t, "Challenge(from another)", err, pod.KindForbidden, "no_introduction")
		e.sign(w, seal.TypeIntroAnswer, a)
	})
	p.join(e.url)
	if asked != 1 {
		t.Fatalf("introductions = %d, want 1", asked)
	}
	wantStatus(t, p, e.key.ID(), pod.StatusFriend)
	_, err := p.Challenge(context.Background(), question(t, kept))
	wantRefusal(t, "Challenge(after the answer)", err, pod.KindForbidden, "no_introduction")
}
