package federation

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// Routes that pods call of each other before they are friends.
const (
	introPath     = "/api/v1/pods"
	challengePath = "/api/v1/pods/challenge"
	selfPath      = "/api/v1/pods/me"
	friendsPath   = "/api/v1/pods?count=100"
)

// Bounds of what travels before a friendship.
const (
	maxIntroBytes     = 64 << 10
	maxChallengeBytes = 4 << 10
	maxSmallAnswer    = 64 << 10 // an answer to an introduction, to a challenge, and /pods/me
	maxListed         = 100      // friends of one pod that are read
	// maxEpochLead is how far an introduction may push the epoch: a stranger must not use
	// the numbers up.
	maxEpochLead = 1_000_000
)

// States of an answer to an introduction.
const (
	stateFriend  = "friend"
	stateWaiting = "waiting"
	stateProve   = "prove"
)

// wireIntro is the payload of pod-intro+jws.
type wireIntro struct {
	Aud        pod.PodID    `json:"aud"`
	URL        string       `json:"url"`
	Name       string       `json:"name"`
	PublicKey  string       `json:"publicKey"`
	Nonce      string       `json:"nonce"`
	Run        string       `json:"run"`
	JTI        string       `json:"jti"`
	Epoch      uint64       `json:"epoch"`
	Invite     *wireInvited `json:"invite,omitempty"`
	ProveNonce string       `json:"proveNonce,omitempty"`
	Via        pod.PodID    `json:"via,omitempty"`
}

// wireInvited proves that the newcomer holds the secret of an invite.
type wireInvited struct {
	ID  string `json:"id"`
	MAC string `json:"mac"`
}

// wireIntroAnswer is the payload of pod-intro-answer+jws. Name and URL are what the
// answerer says of itself now; a pod that reads only the rest loses nothing.
type wireIntroAnswer struct {
	Aud        pod.PodID `json:"aud"`
	JTI        string    `json:"jti"`
	Nonce      string    `json:"nonce"`
	Run        string    `json:"run"`
	State      string    `json:"state"`
	Epoch      uint64    `json:"epoch"`
	Name       string    `json:"name,omitempty"`
	URL        string    `json:"url,omitempty"`
	ProveNonce string    `json:"proveNonce,omitempty"`
}

// wireQuestion is the body of POST /pods/challenge.
type wireQuestion struct {
	Nonce string    `json:"nonce"`
	JTI   string    `json:"jti"`
	From  pod.PodID `json:"from"`
}

// wireChallenge is the payload of pod-challenge+jws.
type wireChallenge struct {
	Nonce string    `json:"nonce"`
	Aud   pod.PodID `json:"aud"`
	URL   string    `json:"url"`
}

// wirePod is a pod as GET /pods/me and GET /pods tell it, as far as it is read here.
type wirePod struct {
	ID        pod.PodID `json:"id"`
	Name      string    `json:"name"`
	URL       string    `json:"url"`
	PublicKey string    `json:"publicKey,omitempty"`
}

// wirePods is the answer of GET /pods.
type wirePods struct {
	Data []wirePod `json:"data"`
}

// introFault is a refusal of this half of the package, for a person and for programs.
func introFault(kind pod.Kind, code, msg string, cause error) *pod.Error {
	return &pod.Error{Kind: kind, Code: code, Op: "introduction", Msg: msg, Err: cause}
}

// decodeIntro reads the payload of an introduction, whose signature is not checked yet,
// and the key in it. Every fault is of KindInvalid.
func decodeIntro(payload []byte) (wireIntro, *seal.PublicKey, error) {
	var w wireIntro
	if err := seal.DecodeStrict(payload, &w); err != nil {
		return wireIntro{}, nil, introFault(pod.KindInvalid, "invalid_introduction", "The introduction is not well-formed.", err)
	}
	key, err := seal.ParsePublicKey(w.PublicKey)
	if err != nil {
		return wireIntro{}, nil, err
	}
	if w.URL, err = fetch.CheckURL(w.URL); err != nil {
		return wireIntro{}, nil, err
	}
	if w.Name = cleanName(w.Name); w.Name == "" || utf8.RuneCountInString(w.Name) > pod.MaxNameLen {
		return wireIntro{}, nil, pod.Invalid("name", fmt.Sprintf("The name of a pod has 1 to %d characters.", pod.MaxNameLen))
	}
	if err := w.checkForms(); err != nil {
		return wireIntro{}, nil, introFault(pod.KindInvalid, "invalid_introduction", "A field of the introduction has not its form.", err)
	}
	return w, key, nil
}

// checkForms checks the fields that are numbers in disguise.
func (w *wireIntro) checkForms() error {
	for _, nonce := range []string{w.Nonce, w.Run, w.JTI} {
		if !isNonce(nonce) {
			return fmt.Errorf("nonce: %w", pod.ErrInvalid)
		}
	}
	if w.ProveNonce != "" && !isNonce(w.ProveNonce) {
		return fmt.Errorf("proveNonce: %w", pod.ErrInvalid)
	}
	if w.Invite != nil && (!isNonce(w.Invite.ID) || !isBase64(w.Invite.MAC, 32)) {
		return fmt.Errorf("invite: %w", pod.ErrInvalid)
	}
	if w.Via != "" {
		if _, err := pod.ParsePodID(string(w.Via)); err != nil {
			return err
		}
	}
	_, err := pod.ParsePodID(string(w.Aud))
	return err
}

// isNonce tells whether text is 128 bits as seal.NewNonce prints them.
func isNonce(text string) bool { return isBase64(text, 16) }

// isBase64 tells whether text is so many bytes in base64url, in its only form.
func isBase64(text string, size int) bool {
	if len(text) != base64.RawURLEncoding.EncodedLen(size) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(raw) == size
}

// cleanName makes one line of a pod's name: NFC, without control characters and without
// invisible ones that change how the text around them is read.
func cleanName(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError:
			return -1
		case unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d': // joiners make letters and emoji
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(norm.NFC.String(text))
}

// shortName is cleanName for names that are not refused: cut, or the host instead.
func shortName(text, base string) string {
	name := cleanName(text)
	if runes := []rune(name); len(runes) > pod.MaxNameLen {
		name = strings.TrimSpace(string(runes[:pod.MaxNameLen]))
	}
	if name == "" {
		return Host(base)
	}
	return name
}
