package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// catalogue applies what a friend says of its videos. It counts in the friend's record,
// which the caller writes.
type catalogue struct {
	tx        *bbolt.Tx
	friend    *pod.Friend
	maxVideos int
	changed   bool // a video was put or removed
	// tombstones counts those of the friend; -1 is not counted yet.
	tombstones int
}

func (s *Store) catalogueOf(tx *bbolt.Tx, f *pod.Friend) *catalogue {
	return &catalogue{tx: tx, friend: f, maxVideos: s.opts.FriendVideos, tombstones: -1}
}

// tombstone remembers a removal while the origin's catalogue is being read: a page made
// before it must not bring the video back.
type tombstone struct {
	Rev   pod.Rev `json:"rev"`
	Epoch uint64  `json:"epoch"`
}

// known reads what the friend said last about a video: its record, or the Rev of its
// removal in this epoch.
func (c *catalogue) known(u pod.UUID) (*videoRecord, pod.Rev, error) {
	id, err := get[pod.VideoID](c.tx, bucketVideoUUID, uuidKey(u, c.friend.ID))
	if err == nil {
		r, err := linked[videoRecord](c.tx, bucketVideos, idKey(id))
		return &r, 0, err
	}
	if !errors.Is(err, pod.ErrNotFound) {
		return nil, 0, err
	}
	t, err := get[tombstone](c.tx, bucketTombstones, tombstoneKey(c.friend.ID, u))
	if err != nil && !errors.Is(err, pod.ErrNotFound) {
		return nil, 0, err
	}
	return nil, t.Rev, nil
}

// put applies a video as the friend describes it, unless something newer is known.
func (c *catalogue) put(step *pod.Step) (pod.Result, error) {
	v := step.Video
	old, removed, err := c.known(v.UUID)
	if err != nil {
		return pod.Result{}, err
	}
	v.Origin, v.OriginRev, v.OriginEpoch = c.friend.ID, step.OriginRev, c.friend.Epoch
	v.AccountID, v.ChannelID = 0, 0
	if old == nil {
		if removed >= step.OriginRev && removed != 0 {
			return pod.ResultOK(), nil
		}
		return c.insert(v)
	}
	if old.OriginEpoch == c.friend.Epoch && old.OriginRev >= step.OriginRev {
		return pod.ResultOK(), nil
	}
	return c.finish(c.update(old, v))
}

func (c *catalogue) insert(v pod.Video) (pod.Result, error) {
	v.HasPoster, v.PosterRev = false, 0
	room, err := c.makeRoom()
	if err != nil {
		return pod.Result{}, err
	}
	if !room {
		return pod.Refused("too_many", "This pod keeps no more videos of one friend."), nil
	}
	_, err = insertVideo(c.tx, c.friend, v)
	result, err := c.finish(err)
	if err == nil && result.Status == pod.ResultOK().Status {
		err = c.dropTombstone(v.UUID)
	}
	return result, err
}

// update keeps what is this pod's own of a video: its number, those of its files, the copy
// of its picture, and the views that were counted here.
func (c *catalogue) update(old *videoRecord, v pod.Video) error {
	v.ID, v.Hidden, v.Views = old.ID, old.Hidden, max(v.Views, old.Views)
	v.HasPoster, v.PosterRev = old.HasPoster && v.PosterSource != 0, old.PosterRev
	if !v.HasPoster {
		v.PosterRev = 0
	}
	files := make([]pod.VideoFile, 0, len(v.Files))
	for _, f := range v.Files {
		f.ID = 0
		for i := range old.Files {
			if old.Files[i].Infohash == f.Infohash && old.Files[i].Name == f.Name {
				f.ID = old.Files[i].ID
			}
		}
		files = append(files, f)
	}
	v.Files = files
	_, err := changeVideo(c.tx, old, v)
	return err
}

// finish makes the result of a put. A video that can not be stored is refused; nothing of
// it was written.
func (c *catalogue) finish(err error) (pod.Result, error) {
	if errors.Is(err, pod.ErrInvalid) || errors.Is(err, pod.ErrExists) {
		return pod.Refused("invalid", "This pod can not keep such a video."), nil
	}
	c.changed = c.changed || err == nil
	return pod.ResultOK(), err
}

// makeRoom tells whether one more video of the friend may be kept. At the bound, one that
// an older epoch left goes: this epoch has not named it yet.
func (c *catalogue) makeRoom() (bool, error) {
	if c.friend.VideoCount < c.maxVideos {
		return true, nil
	}
	prefix := idKey(c.friend.ID)
	key, _ := c.tx.Bucket([]byte(bucketOriginVideo)).Cursor().Seek(prefix)
	if !bytes.HasPrefix(key, prefix) || bytes.HasPrefix(key, pairKey(c.friend.ID, c.friend.Epoch)) {
		return false, nil
	}
	old, err := linked[videoRecord](c.tx, bucketVideos, idKey(lastID(key)))
	if err != nil {
		return false, err
	}
	c.changed = true
	return true, deleteVideo(c.tx, c.friend, &old)
}

// remove applies a removal, unless something newer is known. While the catalogue is being
// read it stays known.
func (c *catalogue) remove(step *pod.Step) (pod.Result, error) {
	old, removed, err := c.known(step.UUID)
	if err != nil {
		return pod.Result{}, err
	}
	if old != nil {
		if old.OriginEpoch == c.friend.Epoch && old.OriginRev >= step.OriginRev {
			return pod.ResultOK(), nil
		}
		if err := deleteVideo(c.tx, c.friend, old); err != nil {
			return pod.Result{}, err
		}
		c.changed = true
	}
	if c.friend.CatalogueDone || removed >= step.OriginRev {
		return pod.ResultOK(), nil
	}
	return c.bury(step)
}

// bury writes a tombstone. There are as many as videos at most.
func (c *catalogue) bury(step *pod.Step) (pod.Result, error) {
	key := tombstoneKey(c.friend.ID, step.UUID)
	if !has(c.tx, bucketTombstones, key) {
		if c.tombstones < 0 {
			c.tombstones = countKeys(c.tx, bucketTombstones, idKey(c.friend.ID), c.maxVideos)
		}
		if c.tombstones >= c.maxVideos {
			return pod.Refused("too_many", "This pod remembers no more removals until it has read the catalogue."), nil
		}
		c.tombstones++
	}
	return pod.ResultOK(), put(c.tx, bucketTombstones, key, tombstone{Rev: step.OriginRev, Epoch: c.friend.Epoch})
}

func (c *catalogue) dropTombstone(u pod.UUID) error {
	key := tombstoneKey(c.friend.ID, u)
	if has(c.tx, bucketTombstones, key) && c.tombstones > 0 {
		c.tombstones--
	}
	return c.tx.Bucket([]byte(bucketTombstones)).Delete(key)
}

// readPage applies a page of the friend's catalogue. After the last one, what it did not
// name goes.
func (c *catalogue) readPage(page *pod.CataloguePage) error {
	if c.friend.CatalogueDone {
		return nil
	}
	for i := range page.Steps {
		var err error
		switch step := &page.Steps[i]; step.Kind {
		case pod.StepPut:
			_, err = c.put(step)
		case pod.StepRemove:
			_, err = c.remove(step)
		default:
			err = fmt.Errorf("step of kind %d in a page: %w", step.Kind, pod.ErrInvalid)
		}
		if err != nil {
			return err
		}
	}
	c.friend.CatalogueAfter = max(c.friend.CatalogueAfter, page.Next)
	if !page.Last {
		return nil
	}
	c.friend.CatalogueDone = true
	before := c.friend.VideoCount
	if err := removeVideos(c.tx, c.friend, func(epoch uint64) bool { return epoch != c.friend.Epoch }); err != nil {
		return err
	}
	c.changed = c.changed || c.friend.VideoCount != before
	return dropAll(c.tx, bucketTombstones, idKey(c.friend.ID))
}

// removeVideos removes the friend's videos of the chosen epochs. The caller writes the
// friend's record.
func removeVideos(tx *bbolt.Tx, f *pod.Friend, chosen func(epoch uint64) bool) error {
	return eachBatch(tx, bucketOriginVideo, idKey(f.ID), func(key []byte) error {
		if len(key) != len(originKey(0, 0, 0)) {
			return fmt.Errorf("%s %x: %w", bucketOriginVideo, key, pod.ErrCorrupt)
		}
		if !chosen(lastID(key[:2*idKeyLen])) {
			return nil
		}
		old, err := linked[videoRecord](tx, bucketVideos, idKey(lastID(key)))
		if err != nil {
			return err
		}
		return deleteVideo(tx, f, &old)
	})
}

// hideVideos hides all videos of a friend, or shows them again. Each gets a new Rev.
func hideVideos(tx *bbolt.Tx, n pod.FriendID, hidden bool) error {
	return eachBatch(tx, bucketOriginVideo, idKey(n), func(key []byte) error {
		old, err := linked[videoRecord](tx, bucketVideos, idKey(lastID(key)))
		if err != nil || old.Hidden == hidden {
			return err
		}
		v := old.video()
		v.Hidden = hidden
		_, err = changeVideo(tx, &old, v)
		return err
	})
}

// AddRemotePoster notes that this pod holds a copy of the picture of a friend's video, the
// one to which the origin gave the number source. pod.ErrNotFound when no friend has the
// video, or has another picture by now.
func (s *Store) AddRemotePoster(ctx context.Context, id pod.VideoID, source uint32) error {
	return s.update(ctx, "add poster", func(tx *bbolt.Tx) error {
		old, err := readVideo(tx, id)
		if err != nil {
			return err
		}
		if old.Origin == 0 || source == 0 || old.PosterSource != source {
			return fmt.Errorf("picture %d of video %d: %w", source, id, pod.ErrNotFound)
		}
		v := old.video()
		v.HasPoster, v.PosterRev = true, source
		_, err = changeVideo(tx, &old, v)
		return err
	})
}
