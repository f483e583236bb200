package store

import (
	"fmt"
	"math"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// runFriends looks at what schema 2 brought.
func (c *checker) runFriends() {
	c.each(bucketFriends, c.friend)
	c.each(bucketInvites, c.invite)
	c.each(bucketJTI, c.jti)
	c.each(bucketInbox, c.inbox)
	c.each(bucketOutbox, c.outbox)
	c.each(bucketTombstones, c.tombstone)
	c.each(bucketFriendViews, c.views)
	c.each(bucketGone, c.gone)
	c.each(bucketSigned, c.signed)
	c.each(bucketMirrors, c.mirror)
}

// corrupt makes a fault that was found by comparing records.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{pod.ErrCorrupt}, args...)...)
}

// origin proves that a friend's video has its friend, and an own one its place in the log of
// own changes.
func (c *checker) origin(r *videoRecord) error {
	if r.Origin == 0 {
		switch {
		case r.Hidden:
			return corrupt("own video is hidden")
		case r.public() != (r.PublicFrom != 0 && r.PublicUntil == 0), r.PublicFrom > r.Rev, r.PublicUntil > r.Rev:
			return corrupt("public from %d until %d", r.PublicFrom, r.PublicUntil)
		}
		return nil
	}
	f, err := c.friendOf(idKey(r.Origin))
	switch {
	case err != nil:
		return err
	case !f.Status.Stands(), r.Hidden != (f.Status == pod.StatusParked):
		return corrupt("hidden is %t, its friend is %s", r.Hidden, f.Status)
	case r.PublicFrom != 0 || r.PublicUntil != 0:
		return corrupt("friend's video among own changes")
	}
	return nil
}

// friendOf reads the friend whose number begins the key of another record.
func (c *checker) friendOf(key []byte) (pod.Friend, error) {
	if len(key) < idKeyLen {
		return pod.Friend{}, corrupt("key of %d bytes", len(key))
	}
	r, err := linked[friendRecord](c.tx, bucketFriends, key[:idKeyLen])
	return r.friend(), err
}

func (c *checker) friend(key, record []byte) error {
	r, err := unsealJSON[friendRecord](key, record)
	if err != nil {
		return err
	}
	f := r.friend()
	if err := checkKeys(&f); err != nil {
		return corrupt("%v", err)
	}
	videos := countKeys(c.tx, bucketOriginVideo, key, math.MaxInt)
	if f.Status == "" || f.Score < 0 || f.Score > pod.ScoreMax || f.HighestEpoch < f.Epoch || f.VideoCount != videos {
		return corrupt("status %q, score %d, epoch %d of %d, videos %d, has %d", f.Status, f.Score, f.Epoch, f.HighestEpoch, f.VideoCount, videos)
	}
	index, err := friendEntries(&f)
	return c.owned(bucketFriends, key, uint64(f.ID), index, err)
}

func (c *checker) invite(key, record []byte) error {
	r, err := unsealJSON[inviteRecord](key, record)
	if err == nil && r.ID != string(key) {
		err = corrupt("record of another invite")
	}
	return err
}

// jti proves that a jti is a friend's and has its place in the order of times.
func (c *checker) jti(key, record []byte) error {
	if len(key) != len(jtiKey(0, "")) {
		return corrupt("key of %d bytes", len(key))
	}
	r, err := unsealJSON[time.Time](key, record)
	if err != nil {
		return err
	}
	if _, err := c.friendOf(key); err != nil {
		return err
	}
	both, err := jtiEntries(key, r)
	return c.owned(bucketFriends, key[:idKeyLen], lastID(key[:idKeyLen]), both[1:], err)
}

func (c *checker) inbox(key, record []byte) error {
	r, err := unsealJSON[inboxRecord](key, record)
	if err != nil {
		return err
	}
	f, err := c.friendOf(key)
	if err == nil && (len(key) != idKeyLen || r.Op == "" || !f.Status.Stands()) {
		err = corrupt("message of pod %d, which is %s", f.ID, f.Status)
	}
	return err
}

func (c *checker) outbox(key, record []byte) error {
	r, err := unsealJSON[frozenRecord](key, record)
	if err != nil {
		return err
	}
	f, err := c.friendOf(key)
	if err == nil && (len(key) != idKeyLen || r.Friend != f.ID || r.Epoch != f.Epoch || r.Prev != f.OutSeq) {
		err = corrupt("message %d.%d to pod %d, which is at %d.%d", r.Epoch, r.Prev, f.ID, f.Epoch, f.OutSeq)
	}
	return err
}

func (c *checker) tombstone(key, record []byte) error {
	r, err := unsealJSON[tombstone](key, record)
	if err != nil {
		return err
	}
	f, err := c.friendOf(key)
	switch {
	case err != nil:
		return err
	case len(key) != idKeyLen+uuidLen, r.Epoch != f.Epoch, f.CatalogueDone, !f.Status.Stands():
		return corrupt("removal of epoch %d, friend is at %d", r.Epoch, f.Epoch)
	case has(c.tx, bucketVideoUUID, uuidKey(pod.UUID(key[idKeyLen:]), f.ID)):
		return corrupt("removal of a video that stands")
	}
	return nil
}

func (c *checker) views(key, record []byte) error {
	if _, err := unsealJSON[viewsRecord](key, record); err != nil {
		return err
	}
	f, err := c.friendOf(key)
	if err == nil && len(key) != idKeyLen {
		err = corrupt("views of friend %d", f.ID)
	}
	return err
}

// gone proves that a noted removal is in the change log, and is a friend's video's.
func (c *checker) gone(key, record []byte) error {
	rev, err := unsealJSON[pod.Rev](key, record)
	if err != nil {
		return err
	}
	r, err := linked[changeRecord](c.tx, bucketChanges, idKey(rev))
	if err == nil && (r.Last == nil || r.Last.Origin == 0) {
		err = corrupt("removal at rev %d", rev)
	}
	if err != nil {
		return err
	}
	return c.owned(bucketGone, key, lastID(key), nil, nil)
}

func (c *checker) signed(key, record []byte) error {
	r, err := unsealJSON[signedRecord](key, record)
	if err != nil {
		return err
	}
	v, err := linked[videoRecord](c.tx, bucketVideos, idKey(r.Video))
	if err == nil && (string(key) != string(idKey(r.Video)) || v.Origin != 0 || r.Rev > v.Rev) {
		err = corrupt("signed video %d at rev %d, video is at %d", r.Video, r.Rev, v.Rev)
	}
	return err
}

func (c *checker) mirror(key, record []byte) error {
	r, err := unsealJSON[mirrorRecord](key, record)
	if err != nil {
		return err
	}
	v, err := linked[videoRecord](c.tx, bucketVideos, idKey(r.Video))
	if err == nil && (string(key) != string(idKey(r.Video)) || v.Origin == 0) {
		err = corrupt("mirror of video %d", r.Video)
	}
	return err
}
