package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// introState is what became of one introduction.
type introState int

const (
	introUnreachable introState = iota // no answer that counts: try again later
	introFriend                        // the friendship stands
	introWaiting                       // the other owner is asked
	introRefused                       // the other pod said no
	introUpgrade                       // the other pod speaks no version of ours
)

// introOutcome is an introState with its reason.
type introOutcome struct {
	state introState
	code  string // of a refusal, as the other pod named it: never shown
	rec   pod.Friend
}

// telling is what an introduction tells of this pod.
type telling struct {
	key       *seal.Key
	name, url string
}

// tellingTo gives what a pod is told: the key is the one that it knows, if it knows one.
func (f *Federation) tellingTo(rec pod.Friend) telling {
	base := f.cfg.URL()
	return telling{key: f.keys.signer(rec), name: shortName(f.cfg.Name, base), url: base}
}

// introduce makes one attempt to become the friend of a pod that is asked, or to put a
// standing friendship on its feet again, and stores what comes of it. An error means that
// the state could not be stored, or with KindConflict that the other pod knows another
// key at our address.
func (f *Federation) introduce(ctx context.Context, rec pod.Friend) (introState, error) {
	o, err := f.introduceTo(ctx, rec)
	return o.state, err
}

func (f *Federation) introduceTo(ctx context.Context, rec pod.Friend) (introOutcome, error) {
	if rec.CallURL == "" || rec.OurRun == "" {
		return introOutcome{rec: rec}, nil
	}
	f.cfg.FailPoint("intro-asked")
	tell := f.tellingTo(rec)
	answer, a, err := f.postIntro(ctx, rec, tell, "")
	proved := err == nil && a.State == stateProve
	if proved {
		answer, a, err = f.postIntro(ctx, rec, tell, a.ProveNonce)
	}
	f.cfg.FailPoint("intro-answered")
	stored := context.WithoutCancel(ctx) // an answer that is here counts
	switch {
	case answer.Status == http.StatusForbidden:
		return f.introRefused(stored, rec, answer)
	case answer.Status == http.StatusConflict:
		return introOutcome{state: introRefused, code: "key_differs", rec: rec}, introFault(pod.KindConflict, "key_differs",
			"The other pod knows another key at this pod's address. Ask its owner to remove the old entry.", nil)
	case answer.Status == http.StatusUpgradeRequired:
		f.mustUpdate(stored, rec, versionsOf(answer.Header))
		return introOutcome{state: introUpgrade, rec: rec}, nil
	case err != nil:
		f.log.Debug("An introduction was not answered", pod.LogFriend, rec.PodID, pod.LogErr, err)
		return introOutcome{rec: rec}, nil
	}
	switch a.State {
	case stateFriend:
		return f.introAccepted(stored, rec, introTaken{wireIntroAnswer: a, telling: tell, proved: proved})
	case stateWaiting:
		return f.introPending(stored, rec, proved)
	default:
		return introOutcome{rec: rec}, nil // it asks for a proof that it has got
	}
}

// postIntro sends one introduction and reads the signed answer. An answer that is none of
// success is given as it came, with an error.
func (f *Federation) postIntro(ctx context.Context, rec pod.Friend, tell telling, prove string) (fetch.Response, wireIntroAnswer, error) {
	w := wireIntro{
		Aud: rec.PodID, URL: tell.url, Name: tell.name, PublicKey: tell.key.Public().PEM(), Nonce: seal.NewNonce(), Run: rec.OurRun,
		JTI: seal.NewNonce(), Epoch: 1 + rec.HighestEpoch, ProveNonce: prove, Via: rec.Via,
	}
	if code, err := parseInvite(rec.Invite); err == nil && code.Inviter == rec.PodID {
		w.Invite = &wireInvited{ID: code.ID, MAC: inviteMAC(code.secret, tell.key.ID(), w.Aud, w.JTI)}
	}
	body, err := seal.Sign(tell.key, seal.TypeIntro, w)
	if err != nil {
		return fetch.Response{}, wireIntroAnswer{}, err
	}
	end := f.intros.begin(w.JTI, outgoing{to: w.Aud, url: w.URL, key: tell.key.ID()})
	defer end()
	answer, err := f.cfg.Fetch.Do(ctx, fetch.Request{
		Method: http.MethodPost, URL: rec.CallURL + introPath, Header: podHeader(pod.TypeJOSE), Body: []byte(body),
		Narrowest: rec.CallClass, MaxBytes: maxSmallAnswer,
	})
	if err != nil {
		return fetch.Response{}, wireIntroAnswer{}, err
	}
	a, err := readIntroAnswer(answer, rec, w)
	return answer, a, err
}

// readIntroAnswer verifies the answer to an introduction.
func readIntroAnswer(answer fetch.Response, rec pod.Friend, w wireIntro) (wireIntroAnswer, error) {
	key, err := seal.ParsePublicKeyDER(rec.PublicKey)
	if err != nil {
		return wireIntroAnswer{}, err
	}
	payload, err := signedAnswer(answer, seal.TypeIntroAnswer, rec.PodID, key)
	if err != nil {
		return wireIntroAnswer{}, err
	}
	var a wireIntroAnswer
	if err := seal.DecodeLoose(payload, &a); err != nil {
		return wireIntroAnswer{}, err
	}
	kid, err := keyIDOf(w.PublicKey)
	if err != nil || a.Aud != kid || a.JTI != w.JTI || a.Nonce != w.Nonce {
		return wireIntroAnswer{}, fmt.Errorf("answer to another introduction: %w", pod.ErrBadSignature)
	}
	switch {
	case a.State == stateFriend && isNonce(a.Run) && a.Epoch > 0, a.State == stateWaiting, a.State == stateProve && isNonce(a.ProveNonce):
		return a, nil
	}
	return wireIntroAnswer{}, fmt.Errorf("answer to an introduction: %w", pod.ErrInvalid)
}

func keyIDOf(pem string) (pod.PodID, error) {
	key, err := seal.ParsePublicKey(pem)
	if err != nil {
		return "", err
	}
	return key.ID(), nil
}

// introTaken is an answer that makes a friendship.
type introTaken struct {
	wireIntroAnswer
	telling
	proved bool // our URL could not be called
}

// errStale ends a change of a record that has become another's business meanwhile.
var errStale = errors.New("record changed meanwhile")

// introAccepted stores a friendship that the other pod has stored already.
func (f *Federation) introAccepted(ctx context.Context, rec pod.Friend, a introTaken) (introOutcome, error) {
	fresh, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error { return f.befriendedBy(r, rec, a) })
	if errors.Is(err, errStale) {
		return introOutcome{state: introRefused, rec: rec}, nil
	}
	if err != nil {
		return introOutcome{rec: rec}, fmt.Errorf("store friend: %w", err)
	}
	f.cfg.FailPoint("intro-done")
	f.schedule.at(fresh.ID, 0)
	return introOutcome{state: introFriend, rec: fresh}, nil
}

// befriendedBy puts an answer "friend" into the record. asked is the record as it was
// when the introduction was made.
func (f *Federation) befriendedBy(r *pod.Friend, asked pod.Friend, a introTaken) error {
	stood := r.Status.Stands()
	if r.ID == 0 || !stood && r.Status != pod.StatusRequested {
		return errStale // the owner has decided otherwise
	}
	if a.Epoch > r.HighestEpoch+maxEpochLead || !stood && a.Epoch <= r.HighestEpoch {
		return fmt.Errorf("epoch %d: %w", a.Epoch, pod.ErrEpoch)
	}
	r.MustUpdate, r.CallsNobody, r.LastSeenAt = false, r.CallsNobody || a.proved, f.now()
	if r.CallURL == asked.CallURL {
		r.Verified = true
	}
	if r.Status != pod.StatusFriend {
		unpark(r)
	}
	if stood && a.Epoch <= r.Epoch {
		return nil // an answer that a crossing introduction has overtaken: TheirRun stays too
	}
	r.Epoch, r.HighestEpoch, r.TheirRun = a.Epoch, max(a.Epoch, r.HighestEpoch), a.Run
	r.ToldName, r.ToldURL, r.ToldKey = a.name, a.url, a.key.ID()
	r.CallsNobody = a.proved
	r.RequestedAt, r.Invite, r.QuitEpoch = time.Time{}, "", 0
	if name := cleanName(a.Name); name != "" {
		r.Name = shortName(name, r.URL)
	}
	if url, err := fetch.CheckURL(a.URL); err == nil {
		r.URL = url
	}
	return nil
}

// introPending notes that the other owner is asked. The record stays as it is.
func (f *Federation) introPending(ctx context.Context, rec pod.Friend, proved bool) (introOutcome, error) {
	o := introOutcome{state: introWaiting, rec: rec}
	if rec.Verified && !rec.MustUpdate && (rec.CallsNobody || !proved) {
		return o, nil
	}
	fresh, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.ID == 0 {
			return errStale
		}
		r.MustUpdate, r.CallsNobody = false, r.CallsNobody || proved
		if r.CallURL == rec.CallURL {
			r.Verified = true
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStale) {
		return o, fmt.Errorf("store answer: %w", err)
	}
	if err == nil {
		o.rec = fresh
	}
	return o, nil
}

// introRefused ends a request that the other pod refused. A plain answer is not signed, so
// it never ends a friendship that stands.
func (f *Federation) introRefused(ctx context.Context, rec pod.Friend, answer fetch.Response) (introOutcome, error) {
	var problem struct {
		Code string `json:"code"`
	}
	if err := seal.DecodeLoose(answer.Body, &problem); err != nil {
		problem.Code = ""
	}
	o := introOutcome{state: introRefused, code: problem.Code, rec: rec}
	f.log.Info("A pod refused to become a friend", pod.LogFriend, rec.PodID, pod.LogName, clip(problem.Code))
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.Status != pod.StatusRequested {
			return errStale
		}
		r.Status, r.RequestedAt, r.Invite = pod.StatusFormer, time.Time{}, ""
		return nil
	})
	if err != nil && !errors.Is(err, errStale) {
		return o, fmt.Errorf("store refusal: %w", err)
	}
	return o, nil
}
