package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// refusedFor is how long a pod whose owner said no is not asked about again.
const refusedFor = 24 * time.Hour

// newcomer is a pod that introduces itself: its signature fits, nothing else is proven.
type newcomer struct {
	wireIntro // URL and Name in their one shape

	kid       pod.PodID
	key       *seal.PublicKey
	ours      *seal.Key // that it names as Aud
	household netip.Prefix
	class     pod.AddrClass // of the addresses that it may name
	tell      telling       // what our answer tells

	invitation invitation
	around     neighbours
}

// neighbours is what matters for a newcomer of the pods that are known.
type neighbours struct {
	waiting    int         // pods that wait for the owner
	holder     *pod.Friend // a friend that is known to hold the newcomer's URL
	blockedURL bool        // a blocked pod had that URL
	via        bool        // the common friend that it names is one
}

// Introduce takes the introduction of another pod: it finds out whether the pod is there
// and holds its URL, decides, and answers with a signature. Errors are plain refusals.
func (f *Federation) Introduce(ctx context.Context, in pod.Incoming) (pod.Reply, error) {
	raw, err := readJOSE(in, maxIntroBytes)
	if err != nil {
		return pod.Reply{}, err
	}
	c := &newcomer{household: pod.Household(in.Source), class: f.classOf(in)}
	if !f.intros.perHousehold.allow(c.household.String()) {
		return pod.Reply{}, tooManyIntros("too_many_requests", "Too many introductions come from this address. Please wait a while.")
	}
	if err := f.readNewcomer(c, raw); err != nil {
		return pod.Reply{}, err
	}
	rec, err := f.store.FriendByPodID(ctx, c.kid)
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return pod.Reply{}, fmt.Errorf("find pod: %w", err)
	}
	if err := f.turnedAway(rec); err != nil {
		return pod.Reply{}, err
	}
	if reply, done, err := f.again(c, rec); done {
		return reply, err
	}
	return f.welcome(ctx, c, rec)
}

func tooManyIntros(code, msg string) error {
	e := introFault(pod.KindTooMany, code, msg, nil)
	e.RetryAfter = time.Minute
	return e
}

// readNewcomer decodes and verifies an introduction. What is malformed is KindInvalid,
// what is not signed as it should be, or not meant for this pod, KindForbidden.
func (f *Federation) readNewcomer(c *newcomer, raw []byte) error {
	unsigned := func(err error) error {
		return introFault(pod.KindForbidden, "bad_signature", "The introduction is not signed by the key in it, for this pod.", errors.Join(pod.ErrBadSignature, err))
	}
	s, err := seal.PeekStatement(raw, seal.TypeIntro)
	if err != nil {
		return unsigned(err)
	}
	if c.wireIntro, c.key, err = decodeIntro(s.Unverified()); err != nil {
		return err
	}
	if c.kid = c.key.ID(); c.kid != s.KID() {
		return unsigned(nil)
	}
	if _, err := s.Verify(c.key); err != nil {
		return unsigned(err)
	}
	if c.ours = f.keys.Find(c.Aud); c.ours == nil {
		return unsigned(nil)
	}
	if f.keys.Find(c.kid) != nil {
		return introFault(pod.KindForbidden, "own_pod", "A pod does not introduce itself to itself.", nil)
	}
	c.tell = telling{key: c.ours, name: shortName(f.cfg.Name, f.cfg.URL()), url: f.cfg.URL()}
	return nil
}

// turnedAway refuses pods that the owner does not want. Nothing is stored of them.
func (f *Federation) turnedAway(rec pod.Friend) error {
	if rec.Status == pod.StatusBlocked || rec.Status == pod.StatusRefused && f.now().Sub(rec.UpdatedAt) < refusedFor {
		return introFault(pod.KindForbidden, "refused", "This pod does not take this introduction.", nil)
	}
	return nil
}

// again answers an introduction that says nothing new: the answer to it was lost, or a
// pod that waits asks once more. Nothing changes, so nothing has to be proven.
func (f *Federation) again(c *newcomer, rec pod.Friend) (reply pod.Reply, done bool, err error) {
	if rec.URL != c.URL || rec.Name != c.Name || rec.PodID != c.kid {
		return pod.Reply{}, false, nil
	}
	switch {
	case rec.Status.Stands() && rec.Verified && rec.TheirRun == c.Run:
		reply, err = introReply(c, rec, stateFriend)
		return reply, true, err
	case rec.Status == pod.StatusWaiting && c.Invite == nil && f.cfg.Policy == PolicyAsk:
		reply, err = introReply(c, rec, stateWaiting)
		return reply, true, err
	}
	return pod.Reply{}, false, nil
}

// welcome proves, decides and stores.
func (f *Federation) welcome(ctx context.Context, c *newcomer, rec pod.Friend) (pod.Reply, error) {
	var err error
	if c.invitation, err = f.invited(ctx, c, rec); err != nil {
		return pod.Reply{}, err
	}
	if c.around, err = f.lookAround(ctx, c, rec); err != nil {
		return pod.Reply{}, err
	}
	if _, err := f.decide(c, &rec); err != nil {
		return pod.Reply{}, err // before anybody is called
	}
	p, err := f.prove(ctx, c)
	if err != nil {
		return pod.Reply{}, err
	}
	if p == proofMissing {
		return introReply(c, rec, stateProve, f.intros.give(c.kid, c.URL))
	}
	if c.around.holder != nil && p == proofURL {
		return pod.Reply{}, f.keyDiffers(*c.around.holder, c.URL)
	}
	f.cfg.FailPoint("intro-before-store")
	fresh, err := f.admit(context.WithoutCancel(ctx), c, rec, p)
	if err != nil {
		return pod.Reply{}, err
	}
	f.cfg.FailPoint("intro-after-store")
	if !fresh.Status.Stands() {
		return introReply(c, fresh, stateWaiting)
	}
	f.schedule.at(fresh.ID, 0)
	return introReply(c, fresh, stateFriend)
}

// keyDiffers refuses a pod that proved to hold the address of a friend with another key,
// and tells the owner: a friend that set up its pod anew looks the same as a thief.
func (f *Federation) keyDiffers(holder pod.Friend, url string) error {
	f.log.Warn("Another key answers at the address of a friend", pod.LogFriend, holder.PodID)
	f.log.Debug("The address that two keys answer at", pod.LogURL, url)
	f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: "key-differs", Friend: holder.PodID, At: f.now()})
	return introFault(pod.KindConflict, "key_differs", "This pod has a friend with another key at that address. Its owner can remove the old entry.", nil)
}

// lookAround reads what the pods that are known mean for the newcomer.
func (f *Federation) lookAround(ctx context.Context, c *newcomer, rec pod.Friend) (neighbours, error) {
	all, err := f.store.Friends(ctx)
	if err != nil {
		return neighbours{}, fmt.Errorf("read friends: %w", err)
	}
	var n neighbours
	for i := range all {
		other := &all[i]
		if other.ID == rec.ID {
			continue
		}
		sameURL := other.URL == c.URL || other.CallURL == c.URL
		switch {
		case other.Status == pod.StatusWaiting:
			n.waiting++
		case other.Status == pod.StatusBlocked && sameURL:
			n.blockedURL = true
		case other.Status.Stands() && other.Verified && sameURL:
			n.holder = other
		}
		if other.PodID == c.Via && other.Status.Stands() {
			n.via = true
		}
	}
	return n, nil
}

// decide tells what a proven newcomer becomes: a friend or one that waits.
func (f *Federation) decide(c *newcomer, r *pod.Friend) (pod.FriendStatus, error) {
	if err := f.turnedAway(*r); err != nil {
		return "", err
	}
	if r.PodID != "" && r.PodID != c.kid && !f.stillTaken(*r, c.kid) {
		return "", introFault(pod.KindForbidden, "refused", "This pod does not take this introduction.", pod.ErrBadSignature)
	}
	if c.Epoch > r.HighestEpoch+maxEpochLead {
		return "", introFault(pod.KindInvalid, "invalid_introduction", "The epoch in the introduction is out of bounds.", nil)
	}
	switch {
	case r.Status.Stands(), r.Status == pod.StatusRequested, c.invitation == invitationGood:
		return pod.StatusFriend, nil
	case f.cfg.Policy == PolicyOpen && !c.around.blockedURL:
		return pod.StatusFriend, nil
	case c.invitation == invitationBad:
		return "", badInvitation(nil)
	case f.cfg.Policy == PolicyInvited:
		return "", introFault(pod.KindForbidden, "invite_needed", "This pod takes friends with an invite only. Ask its owner for one.", nil)
	case r.Status != pod.StatusWaiting && c.around.waiting >= f.cfg.Limits.WaitingRequests:
		return "", tooManyIntros("too_many_waiting", "Too many pods wait for the owner of this one already. Please try again later.")
	}
	return pod.StatusWaiting, nil
}

// stillTaken tells whether a superseded key of a pod may speak for it: for a while after
// a rotation it may, since the pod does not know yet that we know.
func (f *Federation) stillTaken(rec pod.Friend, kid pod.PodID) bool {
	return slices.ContainsFunc(rec.OldKeys, func(k pod.OldKey) bool { return k.PodID == kid && f.now().Before(k.Until) })
}

func badInvitation(cause error) error {
	return introFault(pod.KindForbidden, "invalid_invite", "This invite has expired or was used already. Ask for a new one.", cause)
}

// admit decides again and stores the result, in one transaction.
func (f *Federation) admit(ctx context.Context, c *newcomer, rec pod.Friend, p proof) (pod.Friend, error) {
	invite := ""
	if c.invitation == invitationGood && !rec.Status.Stands() {
		invite = c.Invite.ID
	}
	began := false
	fresh, err := f.changeWith(ctx, c.kid, invite, func(r *pod.Friend) error {
		began = true
		status, err := f.decide(c, r)
		if err != nil {
			return err
		}
		f.enter(r, c, status, p)
		return nil
	})
	if invite != "" && !began && errors.Is(err, pod.ErrNotFound) {
		return fresh, badInvitation(err) // another pod was faster
	}
	if err != nil {
		return fresh, fmt.Errorf("store newcomer: %w", err)
	}
	return fresh, nil
}

// enter puts a decided introduction into the record.
func (f *Federation) enter(r *pod.Friend, c *newcomer, status pod.FriendStatus, p proof) {
	was := r.Status
	if r.ID == 0 {
		r.PodID, r.PublicKey = c.kid, c.key.DER()
	}
	place(r, c, p)
	if !was.Stands() && was != pod.StatusRequested && (was != status || r.OurRun == "") {
		r.OurRun = seal.NewNonce()
	}
	if status == pod.StatusWaiting {
		if was != pod.StatusWaiting {
			r.Status, r.Via, r.VouchedBy = status, "", ""
			if c.around.via {
				r.Via = c.Via // it is asked whether it knows the newcomer
			}
		}
		return
	}
	if was != pod.StatusFriend {
		unpark(r)
	}
	r.MustUpdate, r.CallsNobody, r.LastSeenAt = false, false, f.now()
	r.RequestedAt, r.Invite, r.QuitEpoch = time.Time{}, "", 0
	if was.Stands() && r.TheirRun == c.Run {
		return
	}
	r.Epoch = max(c.Epoch, 1+r.HighestEpoch)
	r.HighestEpoch, r.TheirRun = r.Epoch, c.Run
	r.ToldName, r.ToldURL, r.ToldKey = c.tell.name, c.tell.url, c.tell.key.ID()
}

// place puts what a newcomer says of itself into the record. An address that the owner
// typed is kept when the one that the newcomer names gives no connection.
func place(r *pod.Friend, c *newcomer, p proof) {
	typed := r.CallURL != "" && r.CallClass == pod.ClassAny && (r.Status.Stands() || r.Status == pod.StatusRequested)
	r.Name, r.URL = c.Name, c.URL
	switch {
	case p == proofURL && typed && r.CallURL == c.URL:
		r.Verified = true
	case p == proofURL:
		r.CallURL, r.CallClass, r.Verified = c.URL, c.class, true
	case !typed:
		r.CallURL, r.CallClass, r.Verified = c.URL, c.class, false
	}
}

// introReply signs the answer to an introduction, by the key that the newcomer named.
func introReply(c *newcomer, rec pod.Friend, state string, proveNonce ...string) (pod.Reply, error) {
	a := wireIntroAnswer{
		Aud: c.kid, JTI: c.JTI, Nonce: c.Nonce, Run: rec.OurRun, State: state, Epoch: rec.Epoch, Name: c.tell.name, URL: c.tell.url,
	}
	status := http.StatusAccepted
	if state == stateFriend {
		status = http.StatusOK
	}
	if len(proveNonce) > 0 {
		a.ProveNonce = proveNonce[0]
	}
	signed, err := seal.Sign(c.ours, seal.TypeIntroAnswer, a)
	if err != nil {
		return pod.Reply{}, err
	}
	return pod.Reply{Status: status, ContentType: pod.TypeJOSE, Body: []byte(signed)}, nil
}
