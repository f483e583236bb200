package store

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

const (
	// maxFaults is how many faults Check names.
	maxFaults = 10
	// checkStackBytes ends a recursion through damaged pages early.
	checkStackBytes = 64 << 20
)

// Check reads the whole database at path: the pages, the checksum of each record, and
// that each index has exactly the entries that its records ask for. It writes nothing.
// Damage is pod.ErrCorrupt; pod.ErrInUse while a process has the database open,
// pod.ErrNewerSchema when it can not judge it.
//
// Run it in a child process, with limits of time and memory: a damaged file can crash
// the process or keep it busy. After damage in the pages one goroutine may stay behind.
func Check(path string) error {
	defer debug.SetMaxStack(debug.SetMaxStack(checkStackBytes))
	err := readOnly(path, func(tx *bbolt.Tx) error {
		if err := checkHeads(tx); err != nil {
			return err
		}
		if err := checkPages(tx); err != nil {
			return err
		}
		version, err := schemaVersion(tx)
		if err != nil {
			return err
		}
		if ours := latest(migrations()); version > ours {
			return fmt.Errorf("schema %d, ours is %d: %w", version, ours, pod.ErrNewerSchema)
		}
		if err := haveBuckets(tx, version); err != nil {
			return err
		}
		c := &checker{tx: tx, version: version, want: map[bucket]int{}}
		c.run()
		return errors.Join(c.faults...)
	})
	if err != nil {
		return fmt.Errorf("check store: %w", err)
	}
	return nil
}

// checkHeads looks at the head of each page in use before bbolt does: it believes a
// page's length, and one of billions of pages would fill memory and hours.
func checkHeads(tx *bbolt.Tx) error {
	for id := 0; ; {
		page, err := tx.Page(id)
		if err != nil {
			return fmt.Errorf("page %d: %w: %w", id, pod.ErrCorrupt, err)
		}
		if page == nil {
			return nil // behind the last one
		}
		size := 1
		switch page.Type {
		case "meta", "free":
		case "branch", "leaf", "freelist":
			size += page.OverflowCount
		default:
			return fmt.Errorf("page %d of type %q: %w", id, page.Type, pod.ErrCorrupt)
		}
		if id += size; int64(id)*int64(tx.DB().Info().PageSize) > tx.Size() {
			return fmt.Errorf("page of %d pages at the end: %w", size, pod.ErrCorrupt)
		}
	}
}

// checkPages lets bbolt check its pages. It does not wait for bbolt's goroutine after
// many faults: pages that point in a circle give faults for ever.
func checkPages(tx *bbolt.Tx) error {
	var faults []error
	for err := range tx.Check() {
		if faults = append(faults, fmt.Errorf("%w: %w", pod.ErrCorrupt, err)); len(faults) == maxFaults {
			break
		}
	}
	return errors.Join(faults...)
}

// checker compares records and indexes in one transaction.
type checker struct {
	tx      *bbolt.Tx
	version int            // of the schema
	want    map[bucket]int // entries that the records ask for
	// removals counts those of friends' videos in the change log.
	removals int
	faults   []error
}

func (c *checker) run() {
	for _, b := range bucketsOf(c.version) {
		c.each(b, func(key, record []byte) error {
			_, err := unseal(key, record)
			return err
		})
	}
	c.each(bucketVideos, c.video)
	c.each(bucketChanges, c.removal)
	c.each(bucketAccounts, c.account)
	c.each(bucketChannels, c.channel)
	c.each(bucketSessions, c.session)
	c.each(bucketSpent, c.spent)
	indexes := []bucket{
		bucketVideoUUID, bucketVideoRows, bucketVideoAccount, bucketFiles, bucketChanges,
		bucketAccountName, bucketChannelName, bucketChannelOwner, bucketAccess, bucketRefresh, bucketSpentBy,
	}
	if c.version >= 2 {
		c.runFriends()
		c.want[bucketGone] = c.removals
		indexes = append(indexes, bucketGone, bucketFriendKey, bucketJTIUntil, bucketOriginVideo, bucketOut)
	}
	for _, b := range indexes {
		c.count(b)
	}
}

// each calls fn for each record and notes its faults, the first few only.
func (c *checker) each(b bucket, fn func(key, record []byte) error) {
	_ = eachKey(c.tx, b, nil, func(key, record []byte) error {
		if err := fn(key, record); err != nil {
			c.note(b, key, err)
		}
		return nil
	})
}

func (c *checker) note(b bucket, key []byte, err error) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fmt.Errorf("%s %x: %w", b, key, err))
	}
}

// owned proves that a record stands under its number, that the number was given out,
// and that its index entries are there.
func (c *checker) owned(b bucket, key []byte, id uint64, index []entry, err error) error {
	switch {
	case err != nil:
		return err
	case !bytes.Equal(key, idKey(id)):
		return fmt.Errorf("record of number %d: %w", id, pod.ErrCorrupt)
	case id > c.tx.Bucket([]byte(b)).Sequence():
		return fmt.Errorf("number was never given: %w", pod.ErrCorrupt)
	}
	for _, e := range index {
		if c.want[e.bucket]++; c.tx.Bucket([]byte(e.bucket)) == nil {
			return fmt.Errorf("entry in %s, which this schema has not: %w", e.bucket, pod.ErrCorrupt)
		}
		if !bytes.Equal(c.tx.Bucket([]byte(e.bucket)).Get(e.key), e.record) {
			return fmt.Errorf("entry in %s is missing or differs: %w", e.bucket, pod.ErrCorrupt)
		}
	}
	return nil
}

func (c *checker) video(key, record []byte) error {
	r, err := unsealJSON[videoRecord](key, record)
	if err != nil {
		return err
	}
	if c.version >= 2 {
		if err := c.origin(&r); err != nil {
			return err
		}
	}
	v := r.video()
	if uint64(v.Rev) > c.tx.Bucket([]byte(bucketChanges)).Sequence() {
		return fmt.Errorf("rev %d was never given: %w", v.Rev, pod.ErrCorrupt)
	}
	for i := range v.Files {
		if v.Files[i].ID > c.tx.Bucket([]byte(bucketFiles)).Sequence() {
			return fmt.Errorf("file number %d was never given: %w", v.Files[i].ID, pod.ErrCorrupt)
		}
	}
	index, err := videoEntries(&r)
	return c.owned(bucketVideos, key, uint64(v.ID), index, err)
}

// removal proves a removal in the change log; other changes are their videos' entries.
func (c *checker) removal(key, record []byte) error {
	r, err := unsealJSON[changeRecord](key, record)
	if err != nil || r.Last == nil {
		return err
	}
	if r.Last.ID != r.Video || has(c.tx, bucketVideos, idKey(r.Video)) {
		return fmt.Errorf("removal of video %d, which stands: %w", r.Video, pod.ErrCorrupt)
	}
	if r.Last.Origin != 0 {
		c.removals++
	}
	index, err := removalEntries(pod.Rev(lastID(key)), r.Last)
	return c.owned(bucketChanges, key, lastID(key), index, err)
}

func (c *checker) account(key, record []byte) error {
	r, err := unsealJSON[accountRecord](key, record)
	if err != nil {
		return err
	}
	a := pod.Account(r)
	index, err := accountEntries(&a)
	return c.owned(bucketAccounts, key, uint64(a.ID), index, err)
}

func (c *checker) channel(key, record []byte) error {
	r, err := unsealJSON[channelRecord](key, record)
	if err != nil {
		return err
	}
	ch := pod.Channel(r)
	index, err := channelEntries(&ch)
	return c.owned(bucketChannels, key, uint64(ch.ID), index, err)
}

func (c *checker) session(key, record []byte) error {
	r, err := unsealJSON[sessionRecord](key, record)
	if err != nil {
		return err
	}
	s, err := r.session()
	if err != nil {
		return err
	}
	index, err := sessionEntries(&s)
	return c.owned(bucketSessions, key, s.ID, index, err)
}

// spent proves that a spent token is its session's.
func (c *checker) spent(key, record []byte) error {
	r, err := unsealJSON[spentRecord](key, record)
	if err != nil {
		return err
	}
	if len(key) != 32 || !has(c.tx, bucketSessions, idKey(r.Session)) {
		return fmt.Errorf("no session %d: %w", r.Session, pod.ErrCorrupt)
	}
	both, err := spentEntries([32]byte(key), r)
	return c.owned(bucketSessions, idKey(r.Session), r.Session, both[1:], err)
}

// count proves that an index has no entry beyond those that the records asked for.
func (c *checker) count(b bucket) {
	have := 0
	c.each(b, func(_, _ []byte) error { have++; return nil })
	if have != c.want[b] {
		c.note(b, nil, fmt.Errorf("index of %d entries, records ask for %d: %w", have, c.want[b], pod.ErrCorrupt))
	}
}
