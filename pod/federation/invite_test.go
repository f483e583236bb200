package federation_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/federation"
)

func (p *pal) invite() pod.InviteCode {
	p.tb.Helper()
	code, err := p.NewInvite(context.Background(), time.Hour)
	if err != nil {
		p.tb.Fatalf("NewInvite() = %v, want nil", err)
	}
	return code
}

func (p *pal) joinBy(invite string) (pod.Joined, error) {
	return p.MakeFriends(context.Background(), pod.Join{Invite: invite})
}

func TestInviteMakesAFriendAtOnce(t *testing.T) {
	for _, by := range []federation.Policy{federation.PolicyAsk, federation.PolicyInvited} {
		for _, form := range []string{"code", "link"} {
			t.Run(string(by)+" "+form, func(t *testing.T) {
				a, b := newPal(t, 1), newPal(t, 2, policy(by))
				invite := b.invite()
				text := invite.Code
				if form == "link" {
					text = "  " + invite.URL + "\n"
				}
				joined, err := a.joinBy(text)
				if err != nil || len(joined.Friends) != 1 {
					t.Fatalf("MakeFriends(invite) = %+v, %v, want one friend", joined, err)
				}
				wantFriends(t, a, b)
				if codes, err := b.Invites(context.Background()); err != nil || len(codes) != 1 || !codes[0].Used || codes[0].Code != invite.Code {
					t.Errorf("Invites() = %+v, %v, want the one, used", codes, err)
				}
			})
		}
	}
}

func TestInviteIsForOne(t *testing.T) {
	a, b, c := newPal(t, 1), newPal(t, 2, policy(federation.PolicyInvited)), newPal(t, 3)
	code := b.invite().Code
	if _, err := a.joinBy(code); err != nil {
		t.Fatalf("MakeFriends(first) = %v, want nil", err)
	}
	joined, err := c.joinBy(code)
	if err != nil || len(joined.Refused) != 1 || joined.Refused[0].Code != "invalid_invite" {
		t.Errorf("MakeFriends(second) = %+v, %v, want a refusal", joined, err)
	}
	wantStatus(t, b, c.id(), "")
}

// TestInviteAgainByTheSamePod: the answer was lost, so the same pod uses the code again.
func TestInviteAgainByTheSamePod(t *testing.T) {
	a, b := newPal(t, 1), newPal(t, 2, policy(federation.PolicyInvited))
	code := b.invite().Code
	b.loseIntros.Store(1)
	if joined, err := a.joinBy(code); err != nil || len(joined.Waiting) != 1 {
		t.Fatalf("MakeFriends(answer lost) = %+v, %v, want one that waits", joined, err)
	}
	if joined, err := a.joinBy(code); err != nil || len(joined.Friends) != 1 {
		t.Fatalf("MakeFriends(again) = %+v, %v, want one friend", joined, err)
	}
	wantFriends(t, a, b)
}

func TestInviteOfARemovedPodIsUsedUp(t *testing.T) {
	a, b := newPal(t, 1), newPal(t, 2, policy(federation.PolicyInvited))
	code := b.invite().Code
	if _, err := a.joinBy(code); err != nil {
		t.Fatalf("MakeFriends() = %v, want nil", err)
	}
	if err := b.Remove(context.Background(), a.id()); err != nil {
		t.Fatalf("Remove() = %v, want nil", err)
	}
	if err := a.Remove(context.Background(), b.id()); err != nil {
		t.Fatalf("Remove() = %v, want nil", err)
	}
	if joined, err := a.joinBy(code); err != nil || len(joined.Refused) != 1 {
		t.Errorf("MakeFriends(removed) = %+v, %v, want a refusal", joined, err)
	}
	wantStatus(t, b, a.id(), pod.StatusFormer)
}

func TestInviteWhenOnlyTheInviterIsReached(t *testing.T) {
	a, b := newPal(t, 1, atURL(deadURL(t))), newPal(t, 2, policy(federation.PolicyInvited))
	if joined, err := a.joinBy(b.invite().Code); err != nil || len(joined.Friends) != 1 {
		t.Fatalf("MakeFriends() = %+v, %v, want one friend", joined, err)
	}
	wantFriends(t, a, b)
	if b.record(a.id()).Verified || !a.record(b.id()).CallsNobody {
		t.Error("a pod that nobody reaches is known as one that can be called")
	}
	_, err := b.joinBy(newPal(t, 3, atURL(deadURL(t))).invite().Code)
	wantRefusal(t, "MakeFriends(inviter not reached)", err, pod.KindUnreachable, "unreachable")
}

func TestInviteRefusals(t *testing.T) {
	ctx := context.Background()
	now := time.Now()
	b := newPal(t, 2, policy(federation.PolicyInvited), func(c *federation.Config) { c.Clock = func() time.Time { return now } })
	a := newPal(t, 1)
	expired, dropped, forged := b.invite(), b.invite(), b.invite()
	if err := b.DropInvite(ctx, dropped.URL); err != nil {
		t.Fatalf("DropInvite() = %v, want nil", err)
	}
	wantRefusal(t, "DropInvite(again)", b.DropInvite(ctx, dropped.Code), pod.KindNotFound, "")
	forged.Code = changeCode(t, forged.Code, func(m map[string]any) { m["secret"] = base64.RawURLEncoding.EncodeToString(make([]byte, 32)) })
	other := changeCode(t, b.invite().Code, func(m map[string]any) { m["inviter"] = testKey(t, 4).ID() })
	for name, test := range map[string]struct{ code, want string }{
		"dropped":      {dropped.Code, "invalid_invite"},
		"forged":       {forged.Code, "invalid_invite"},
		"other's name": {other, "wrong_pod"},
	} {
		joined, err := a.joinBy(test.code)
		if err != nil || len(joined.Refused) != 1 || joined.Refused[0].Code != test.want {
			t.Errorf("MakeFriends(%s) = %+v, %v, want %s", name, joined, err, test.want)
		}
	}
	now = now.Add(2 * time.Hour)
	if joined, err := a.joinBy(expired.Code); err != nil || len(joined.Refused) != 1 || joined.Refused[0].Code != "invalid_invite" {
		t.Errorf("MakeFriends(expired) = %+v, %v, want invalid_invite", joined, err)
	}
	if codes, err := b.Invites(ctx); err != nil || len(codes) != 0 {
		t.Errorf("Invites() = %+v, %v, want none: all have expired", codes, err)
	}
	_, err := b.joinBy(b.invite().Code)
	wantRefusal(t, "MakeFriends(own invite)", err, pod.KindConflict, "own_pod")
	wantStatus(t, b, a.id(), "")
}

// changeCode changes a field of an invite's code.
func changeCode(tb testing.TB, code string, change func(map[string]any)) string {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil {
		tb.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		tb.Fatal(err)
	}
	change(m)
	if raw, err = json.Marshal(m); err != nil {
		tb.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func TestInviteMalformed(t *testing.T) {
	p := newPal(t, 1)
	good := newPal(t, 2).invite().Code
	for name, code := range map[string]string{
		"words": "come and see", "cut": good[:len(good)-5], "JSON": `{"v":1}`, "large": strings.Repeat("A", 5000), "empty link": "http://127.0.0.1:9000/#invite=",
		"version":  changeCode(t, good, func(m map[string]any) { m["v"] = 2 }),
		"address":  changeCode(t, good, func(m map[string]any) { m["addrs"] = []string{"file:///etc/passwd"} }),
		"nowhere":  changeCode(t, good, func(m map[string]any) { m["addrs"] = []string{} }),
		"nobody":   changeCode(t, good, func(m map[string]any) { m["inviter"] = "x" }),
		"secret":   changeCode(t, good, func(m map[string]any) { m["secret"] = "AAAA" }),
		"other id": changeCode(t, good, func(m map[string]any) { m["id"] = "../x" }),
	} {
		_, err := p.joinBy(code)
		wantRefusal(t, "MakeFriends("+name+")", err, pod.KindInvalid, "invalid_invite")
	}
	for _, ttl := range []time.Duration{-time.Second, 91 * 24 * time.Hour} {
		_, err := p.NewInvite(context.Background(), ttl)
		wantRefusal(t, "NewInvite()", err, pod.KindInvalid, "invalid_ttl")
	}
	code, err := p.NewInvite(context.Background(), 0)
	if left := time.Until(code.ExpiresAt); err != nil || left < 6*24*time.Hour || left > 7*24*time.Hour {
		t.Errorf("NewInvite(0) is good for %v, %v, want seven days", left, err)
	}
}
