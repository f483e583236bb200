package store

import (
	"fmt"
	"slices"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// saveFriend stores a changed friend, with all that follows from the change: videos are
// hidden, shown or removed with the status, and the streams begin again with the epoch. old
// is nil for a new friend. The caller has counted the videos that it changed itself.
func saveFriend(tx *bbolt.Tx, old *pod.Friend, f pod.Friend) (pod.Friend, error) {
	if err := checkChange(old, &f); err != nil {
		return f, err
	}
	before := pod.Friend{}
	if old != nil {
		before = *old
	}
	f.HighestEpoch = max(f.HighestEpoch, before.HighestEpoch, f.Epoch)
	f.Score = min(max(f.Score, 0), pod.ScoreMax)
	if err := followStatus(tx, &before, &f); err != nil {
		return f, err
	}
	if f.Epoch != before.Epoch || f.Status.Stands() && !before.Status.Stands() {
		if err := beginEpoch(tx, &f); err != nil {
			return f, err
		}
	}
	return writeFriend(tx, old, f)
}

// checkChange refuses changes that would make another pod of a friend.
func checkChange(old, f *pod.Friend) error {
	switch {
	case f.Status == "":
		return fmt.Errorf("friend without status: %w", pod.ErrInvalid)
	case old == nil:
		return nil
	case f.ID != old.ID:
		return fmt.Errorf("number of friend %d changed: %w", old.ID, pod.ErrInvalid)
	case f.PodID != old.PodID && !slices.ContainsFunc(f.OldKeys, func(k pod.OldKey) bool { return k.PodID == old.PodID }):
		return fmt.Errorf("key of friend %d is lost: %w", old.ID, pod.ErrInvalid)
	}
	return nil
}

func followStatus(tx *bbolt.Tx, before, f *pod.Friend) error {
	wasHidden, hidden := before.Status == pod.StatusParked, f.Status == pod.StatusParked
	switch {
	case !before.Status.Stands():
		return nil // it has no videos
	case !f.Status.Stands():
		return endFriendship(tx, f)
	case hidden != wasHidden:
		return hideVideos(tx, f.ID, hidden)
	}
	return nil
}

// endFriendship removes a friend's videos and what was exchanged with it. The caller
// writes the record.
func endFriendship(tx *bbolt.Tx, f *pod.Friend) error {
	if err := removeVideos(tx, f, func(uint64) bool { return true }); err != nil {
		return err
	}
	if err := dropStreams(tx, f.ID); err != nil {
		return err
	}
	f.OutSeq, f.InSeq, f.SentRev, f.CatalogueUpto, f.CatalogueAfter, f.CatalogueDone = 0, 0, 0, 0, 0, false
	return nil
}

// beginEpoch sets the streams back. Own videos up to now are what the friend reads as the
// catalogue; later changes are told. The caller writes the record.
func beginEpoch(tx *bbolt.Tx, f *pod.Friend) error {
	last := lastRev(tx)
	f.OutSeq, f.InSeq, f.SentRev, f.CatalogueUpto, f.CatalogueAfter, f.CatalogueDone = 0, 0, last, last, 0, false
	return dropStreams(tx, f.ID)
}

// dropStreams forgets the message on its way to a friend, the answer to its last one, and
// what it removed before its catalogue was read.
func dropStreams(tx *bbolt.Tx, n pod.FriendID) error {
	for _, b := range []bucket{bucketOutbox, bucketInbox} {
		if err := tx.Bucket([]byte(b)).Delete(idKey(n)); err != nil {
			return err
		}
	}
	return dropAll(tx, bucketTombstones, idKey(n))
}
