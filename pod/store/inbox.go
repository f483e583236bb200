package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// inboxRecord is a friend's last message and what became of it. Its JSON is part of the
// schema.
type inboxRecord struct {
	Op      string         `json:"op"`
	Results []resultRecord `json:"results,omitempty"`
}

type resultRecord struct {
	Status string `json:"status"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Receive applies a verified message of a friend, once, in one transaction: all of it, with
// the results that the friend is told, or nothing.
//
// Errors, in this order: pod.ErrNotFriend and pod.ErrNotYet by the friend's status,
// pod.ErrEpoch, pod.ErrReplay, a *pod.Error of pod.KindTooMany for more than 10,000 jtis
// that are kept, pod.ErrGap. A message with the op of the last one gives the results of
// then. One that came inside an answer and lies behind gives Again without results. Of a
// pod that is no friend any more, a message that only quits is ok.
func (s *Store) Receive(ctx context.Context, d pod.Delivery) (pod.Receipt, error) {
	var receipt pod.Receipt
	err := s.update(ctx, "receive", func(tx *bbolt.Tx) (err error) {
		receipt, err = s.receive(tx, &d)
		return err
	})
	if err != nil {
		return pod.Receipt{}, err
	}
	return receipt, nil
}

func (s *Store) receive(tx *bbolt.Tx, d *pod.Delivery) (pod.Receipt, error) {
	f, err := readFriend(tx, d.Friend)
	if errors.Is(err, pod.ErrNotFound) {
		err = fmt.Errorf("friend %d is gone: %w", d.Friend, pod.ErrNotFriend)
	}
	if err != nil {
		return pod.Receipt{}, err
	}
	if err := mayReceive(&f, d); err != nil {
		return pod.Receipt{}, err
	}
	if err := takeJTI(tx, d); err != nil {
		return pod.Receipt{}, err
	}
	r := &receiver{store: s, tx: tx, d: d, old: f, friend: f}
	r.videos = s.catalogueOf(tx, &r.friend)
	r.friend.MustUpdate = false
	if d.At.After(f.LastSeenAt) {
		r.friend.LastSeenAt = d.At
	}
	if err := r.run(); err != nil {
		return pod.Receipt{}, err
	}
	r.receipt.Changed = r.receipt.Changed || r.videos.changed
	r.receipt.Friend, err = saveFriend(tx, &r.old, r.friend)
	return r.receipt, err
}

// mayReceive decides by the friend's record alone whether a message is taken.
func mayReceive(f *pod.Friend, d *pod.Delivery) error {
	switch {
	case f.Status == pod.StatusRequested, f.Status == pod.StatusWaiting:
		return fmt.Errorf("message of pod %d: %w", f.ID, pod.ErrNotYet)
	case f.Status.Stands():
		if d.Epoch != f.Epoch {
			return fmt.Errorf("message of epoch %d, friend %d is at %d: %w", d.Epoch, f.ID, f.Epoch, pod.ErrEpoch)
		}
		return isSignedBy(f, d)
	case f.Status == pod.StatusBlocked, !quitsOnly(d):
		return fmt.Errorf("message of pod %d: %w", f.ID, pod.ErrNotFriend)
	}
	return nil
}

// isSignedBy proves again, in the transaction, that the friend's key is what it was when
// the message was verified.
func isSignedBy(f *pod.Friend, d *pod.Delivery) error {
	valid := d.SignedBy == f.PodID || slices.ContainsFunc(f.OldKeys, func(k pod.OldKey) bool {
		return k.PodID == d.SignedBy && k.Until.After(d.At)
	})
	if !valid {
		return fmt.Errorf("message of friend %d, signed by another key: %w", f.ID, pod.ErrNotFriend)
	}
	return nil
}

func quitsOnly(d *pod.Delivery) bool { return len(d.Steps) == 1 && d.Steps[0].Kind == pod.StepQuit }

// receiver applies one message.
type receiver struct {
	store       *Store
	tx          *bbolt.Tx
	d           *pod.Delivery
	old, friend pod.Friend // before, and as it will be stored
	videos      *catalogue // of the friend
	receipt     pod.Receipt
}

// run finds out whether the message is new, and applies it.
func (r *receiver) run() error {
	if !r.friend.Status.Stands() { // it quits what has ended already
		r.receipt.Results = []pod.Result{pod.ResultOK()}
		return nil
	}
	if r.d.Op == "" {
		return nil
	}
	last, err := get[inboxRecord](r.tx, bucketInbox, idKey(r.friend.ID))
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return err
	}
	inOrder := r.d.Prev == r.friend.InSeq && r.d.Seq >= r.d.Prev
	switch {
	case last.Op == r.d.Op:
		r.receipt.Again, r.receipt.Results = true, last.results()
		return nil
	case inOrder, quitsOnly(r.d): // a quit is taken out of order too
	case r.d.JTI == "" && r.d.Seq <= r.friend.InSeq:
		r.receipt.Again = true
		return nil
	default:
		return fmt.Errorf("message from %d to %d, friend %d is at %d: %w", r.d.Prev, r.d.Seq, r.friend.ID, r.friend.InSeq, pod.ErrGap)
	}
	if err := r.applyAll(); err != nil || r.receipt.Quit || !inOrder {
		return err
	}
	r.friend.InSeq = r.d.Seq
	return put(r.tx, bucketInbox, idKey(r.friend.ID), newInboxRecord(r.d.Op, r.receipt.Results))
}

// newInboxRecord leaves out what answers questions: it is made anew.
func newInboxRecord(op string, results []pod.Result) inboxRecord {
	record := inboxRecord{Op: op}
	for _, result := range results {
		record.Results = append(record.Results, resultRecord{Status: result.Status, Code: result.Code, Detail: result.Detail})
	}
	return record
}

func (r *inboxRecord) results() []pod.Result {
	results := make([]pod.Result, 0, len(r.Results))
	for _, one := range r.Results {
		results = append(results, pod.Result{Status: one.Status, Code: one.Code, Detail: one.Detail})
	}
	return results
}
