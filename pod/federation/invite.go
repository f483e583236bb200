package federation

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// Bounds of invites.
const (
	inviteVersion   = 1
	inviteTTL       = 7 * 24 * time.Hour // when the owner says nothing
	maxInviteTTL    = 90 * 24 * time.Hour
	maxInviteBytes  = 4 << 10
	maxInviteAddrs  = 8
	inviteSecret    = 32 // bytes
	inviteFragment  = "#invite="
	badInviteSaying = "This is no invite of Peerpod, or a part of it is missing. Copy the whole link and paste it again."
)

// wireInvite is what an invite's code holds: base64url of this JSON.
type wireInvite struct {
	Version int       `json:"v"`
	ID      string    `json:"id"`
	Inviter pod.PodID `json:"inviter"`
	Addrs   []string  `json:"addrs"`
	Secret  string    `json:"secret"`

	secret []byte
}

// parseInvite reads an invite's code, or a link that ends with one.
func parseInvite(text string) (wireInvite, error) {
	var w wireInvite
	fault := func(err error) (wireInvite, error) {
		return wireInvite{}, introFault(pod.KindInvalid, "invalid_invite", badInviteSaying, errors.Join(pod.ErrInvalid, err))
	}
	text = strings.TrimSpace(text)
	if _, code, isLink := strings.Cut(text, inviteFragment); isLink {
		text = code
	}
	if text == "" || len(text) > maxInviteBytes {
		return fault(nil)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return fault(err)
	}
	if err := seal.DecodeLoose(raw, &w); err != nil {
		return fault(err)
	}
	if w.Version != inviteVersion || !isNonce(w.ID) || !isBase64(w.Secret, inviteSecret) || len(w.Addrs) == 0 || len(w.Addrs) > maxInviteAddrs {
		return fault(nil)
	}
	if w.Inviter, err = pod.ParsePodID(string(w.Inviter)); err != nil {
		return fault(err)
	}
	for i, addr := range w.Addrs {
		if w.Addrs[i], err = fetch.CheckURL(addr); err != nil {
			return fault(err)
		}
	}
	w.secret, err = base64.RawURLEncoding.DecodeString(w.Secret)
	if err != nil {
		return fault(err)
	}
	return w, nil
}

// inviteMAC proves possession of an invite's secret, for one introduction.
func inviteMAC(secret []byte, kid, aud pod.PodID, jti string) string {
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{string(kid), string(aud), jti} {
		mac.Write([]byte(part)) // of a hash it never fails
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// NewInvite makes a code that lets one unknown pod become a friend at once. A ttl of 0 is
// seven days; KindInvalid for less than that or more than 90 days.
func (f *Federation) NewInvite(ctx context.Context, ttl time.Duration) (pod.InviteCode, error) {
	if ttl == 0 {
		ttl = inviteTTL
	}
	if ttl < 0 || ttl > maxInviteTTL {
		return pod.InviteCode{}, introFault(pod.KindInvalid, "invalid_ttl", "An invite is good for 90 days at most.", nil)
	}
	secret := make([]byte, inviteSecret)
	_, _ = rand.Read(secret) // crypto/rand never fails: it ends the process instead
	now := f.now()
	invite := pod.Invite{ID: seal.NewNonce(), Secret: secret, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	if err := f.store.InsertInvite(ctx, invite); err != nil {
		return pod.InviteCode{}, fmt.Errorf("store invite: %w", err)
	}
	return f.codeOf(invite)
}

// Invites lists the invites that have not expired, used ones too.
func (f *Federation) Invites(ctx context.Context) ([]pod.InviteCode, error) {
	all, err := f.store.Invites(ctx)
	if err != nil {
		return nil, err
	}
	codes := []pod.InviteCode{}
	for _, invite := range all {
		if !f.now().Before(invite.ExpiresAt) {
			continue
		}
		code, err := f.codeOf(invite)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// DropInvite takes an invite back, by its code, its link or its id; KindNotFound when
// there is none. Who has used it stays a friend.
func (f *Federation) DropInvite(ctx context.Context, code string) error {
	id := strings.TrimSpace(code)
	if w, err := parseInvite(code); err == nil {
		id = w.ID
	}
	err := f.store.DeleteInvite(ctx, id)
	if errors.Is(err, pod.ErrNotFound) {
		return introFault(pod.KindNotFound, "not_found", "This invite is not in your list. It may have expired.", err)
	}
	return err
}

// codeOf prints an invite with the address that this pod has now.
func (f *Federation) codeOf(invite pod.Invite) (pod.InviteCode, error) {
	base := f.cfg.URL()
	raw, err := json.Marshal(wireInvite{
		Version: inviteVersion, ID: invite.ID, Inviter: f.keys.Current().ID(), Addrs: []string{base},
		Secret: base64.RawURLEncoding.EncodeToString(invite.Secret),
	})
	if err != nil {
		return pod.InviteCode{}, fmt.Errorf("print invite: %w", err)
	}
	code := base64.RawURLEncoding.EncodeToString(raw)
	return pod.InviteCode{Code: code, URL: base + "/" + inviteFragment + code, ExpiresAt: invite.ExpiresAt, Used: invite.UsedBy != ""}, nil
}

// invitation is what an invite in an introduction is worth.
type invitation int

const (
	invitationNone invitation = iota
	invitationGood
	invitationBad // unknown, expired, used by another pod, or without its secret
)

// invited judges the invite in an introduction. One that a pod has used is good for it
// only while the friendship stands: whoever was removed needs a new one.
func (f *Federation) invited(ctx context.Context, c *newcomer, rec pod.Friend) (invitation, error) {
	if c.Invite == nil {
		return invitationNone, nil
	}
	invite, err := f.store.Invite(ctx, c.Invite.ID)
	if errors.Is(err, pod.ErrNotFound) {
		return invitationBad, nil
	}
	if err != nil {
		return invitationNone, fmt.Errorf("read invite: %w", err)
	}
	mac := inviteMAC(invite.Secret, c.kid, c.Aud, c.JTI)
	switch {
	case !hmac.Equal([]byte(mac), []byte(c.Invite.MAC)), !f.now().Before(invite.ExpiresAt):
		return invitationBad, nil
	case invite.UsedBy != "" && !rec.Status.Stands():
		return invitationBad, nil
	}
	return invitationGood, nil
}
