package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// wireRotation is the payload of a pod-rotation+jws: the new key says that it follows the
// old one. The message around it is signed by the old one.
type wireRotation struct {
	Old       pod.PodID `json:"old"`
	PublicKey string    `json:"publicKey"` // PEM, of the new key
}

// RotateKey gives this pod a new key. Friends learn it by messages that the old key still
// signs; the old one is kept until the last of them has acknowledged.
func (f *Federation) RotateKey(ctx context.Context) error {
	next, err := seal.NewKey()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	if err := f.keys.rotate(next); err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	f.log.Info("This pod has a new key", pod.LogFriend, next.ID())
	all, err := f.store.Friends(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Status.Stands() {
			f.schedule.at(all[i].ID, 0)
		}
	}
	f.dropOldKeys(ctx)
	return nil
}

func rotationProof(next *seal.Key, old pod.PodID) (string, error) {
	return seal.Sign(next, seal.TypeRotation, wireRotation{Old: old, PublicKey: next.Public().PEM()})
}

// rotateStep checks a friend's new key: the message is signed by the old one, the proof by
// the new one.
func (f *Federation) rotateStep(m received, a activity) pod.Step {
	if m.header.KID != m.friend.PodID {
		return refused("superseded", "A superseded key can not name another one.")
	}
	s, err := seal.PeekStatement([]byte(a.Proof), seal.TypeRotation)
	if err != nil {
		return refused(codeBadSignature, "The new key did not sign.")
	}
	var claim wireRotation
	if err := seal.DecodeLoose(s.Unverified(), &claim); err != nil {
		return refused("invalid", "The proof of the new key is not well-formed.")
	}
	key, err := seal.ParsePublicKey(claim.PublicKey)
	if err != nil || key.ID() != s.KID() || claim.Old != m.header.KID {
		return refused("invalid", "The proof of the new key names other keys.")
	}
	if _, err := s.Verify(key); err != nil {
		return refused(codeBadSignature, "The new key did not sign.")
	}
	return pod.Step{Kind: pod.StepRotate, Key: key.DER(), KeyID: key.ID(), Result: pod.ResultOK()}
}

// dropOldKeys forgets superseded keys that every friend has acknowledged the successor of.
func (f *Federation) dropOldKeys(ctx context.Context) {
	all, err := f.store.Friends(ctx)
	if err != nil {
		f.log.Warn("Friends could not be read", pod.LogErr, err)
		return
	}
	needed := map[pod.PodID]bool{}
	for i := range all {
		if all[i].Status.Stands() || all[i].QuitEpoch != 0 || all[i].Status == pod.StatusRequested {
			needed[all[i].ToldKey] = true
		}
	}
	if err := f.keys.drop(func(id pod.PodID) bool { return needed[id] }); err != nil {
		f.log.Warn("Superseded keys could not be removed", pod.LogErr, err)
	}
}

// wireVoucher is the payload of a pod-voucher+jws: a friend signs the key of another one,
// for a third.
type wireVoucher struct {
	Audience  pod.PodID `json:"aud"`
	Pod       pod.PodID `json:"pod"`
	PublicKey string    `json:"publicKey"`
}

// voucherFor gives a friend our signature over the key of another friend of ours; nil when
// it is none.
func (f *Federation) voucherFor(ctx context.Context, asker pod.Friend, newcomer pod.PodID) json.RawMessage {
	rec, err := f.store.FriendByPodID(ctx, newcomer)
	if err != nil || rec.Status != pod.StatusFriend || rec.PodID != newcomer {
		return nil
	}
	key, err := seal.ParsePublicKeyDER(rec.PublicKey)
	if err != nil {
		return nil
	}
	jws, err := seal.Sign(f.keys.signer(asker), seal.TypeVoucher, wireVoucher{Audience: asker.PodID, Pod: newcomer, PublicKey: key.PEM()})
	if err != nil {
		return nil
	}
	raw, _ := json.Marshal(jws) // a string: nothing to fail on
	return raw
}

// vouched follows a friend's answer to the question whether it knows a newcomer.
func (f *Federation) vouched(ctx context.Context, voucher pod.Friend, newcomer pod.PodID, r pod.Result) {
	err := f.checkVoucher(voucher, newcomer, r)
	_, changeErr := f.change(ctx, newcomer, func(rec *pod.Friend) error {
		if rec.ID == 0 {
			return pod.ErrNotFound // gone meanwhile
		}
		rec.Via = ""
		if err == nil {
			rec.VouchedBy = voucher.PodID
		}
		return nil
	})
	if changeErr != nil && !errors.Is(changeErr, pod.ErrNotFound) {
		f.log.Warn("A voucher could not be stored", pod.LogErr, changeErr)
	}
	if err == nil {
		f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: "vouched", Friend: newcomer, At: f.now()})
	}
}

func (f *Federation) checkVoucher(voucher pod.Friend, newcomer pod.PodID, r pod.Result) error {
	var jws string
	if err := json.Unmarshal(r.Data, &jws); err != nil {
		return err
	}
	s, err := seal.PeekStatement([]byte(jws), seal.TypeVoucher)
	if err != nil {
		return err
	}
	signer, err := keyOf(voucher, s.KID())
	if err != nil {
		return err
	}
	payload, err := s.Verify(signer)
	if err != nil {
		return err
	}
	var w wireVoucher
	if err := seal.DecodeLoose(payload, &w); err != nil {
		return err
	}
	key, err := seal.ParsePublicKey(w.PublicKey)
	if err != nil || w.Pod != newcomer || key.ID() != newcomer || f.keys.Find(w.Audience) == nil {
		return pod.ErrBadSignature
	}
	return nil
}
