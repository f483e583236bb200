package store

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// friendRecord is another pod as it is stored. Its JSON is part of the schema.
type friendRecord struct {
	ID          pod.FriendID     `json:"id"`
	PodID       pod.PodID        `json:"podId"`
	PublicKey   []byte           `json:"publicKey,omitempty"`
	OldKeys     []oldKeyRecord   `json:"oldKeys,omitempty"`
	Name        string           `json:"name,omitempty"`
	URL         string           `json:"url,omitempty"`
	CallURL     string           `json:"callUrl,omitempty"`
	CallClass   pod.AddrClass    `json:"callClass,omitempty"`
	Verified    bool             `json:"verified,omitempty"`
	CallsNobody bool             `json:"callsNobody,omitempty"`
	Status      pod.FriendStatus `json:"status"`
	APIVersions []int            `json:"apiVersions,omitempty"`
	MustUpdate  bool             `json:"mustUpdate,omitempty"`
	Via         pod.PodID        `json:"via,omitempty"`
	VouchedBy   pod.PodID        `json:"vouchedBy,omitempty"`

	Score        int       `json:"score"`
	BadIntervals int       `json:"badIntervals,omitempty"`
	Abused       bool      `json:"abused,omitempty"`
	LastSeenAt   time.Time `json:"lastSeenAt"`

	Epoch           uint64        `json:"epoch,omitempty"`
	HighestEpoch    uint64        `json:"highestEpoch,omitempty"`
	OurRun          string        `json:"ourRun,omitempty"`
	TheirRun        string        `json:"theirRun,omitempty"`
	ClockOffsetNano time.Duration `json:"clockOffsetNs,omitempty"`

	RequestedAt time.Time `json:"requestedAt"`
	Invite      string    `json:"invite,omitempty"`
	QuitEpoch   uint64    `json:"quitEpoch,omitempty"`
	QuitUntil   time.Time `json:"quitUntil"`

	OutSeq         uint64    `json:"outSeq,omitempty"`
	InSeq          uint64    `json:"inSeq,omitempty"`
	SentRev        pod.Rev   `json:"sentRev,omitempty"`
	CatalogueUpto  pod.Rev   `json:"catalogueUpto,omitempty"`
	CatalogueAfter pod.Rev   `json:"catalogueAfter,omitempty"`
	CatalogueDone  bool      `json:"catalogueDone,omitempty"`
	ToldName       string    `json:"toldName,omitempty"`
	ToldURL        string    `json:"toldUrl,omitempty"`
	ToldKey        pod.PodID `json:"toldKey,omitempty"`

	VideoCount int       `json:"videoCount,omitempty"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
}

type oldKeyRecord struct {
	PodID     pod.PodID `json:"podId"`
	PublicKey []byte    `json:"publicKey"`
	Until     time.Time `json:"until"`
}

func newFriendRecord(f *pod.Friend) friendRecord {
	r := friendRecord{
		ID: f.ID, PodID: f.PodID, PublicKey: f.PublicKey, Name: f.Name, URL: f.URL, CallURL: f.CallURL, CallClass: f.CallClass,
		Verified: f.Verified, CallsNobody: f.CallsNobody, Status: f.Status, APIVersions: f.APIVersions, MustUpdate: f.MustUpdate,
		Via: f.Via, VouchedBy: f.VouchedBy, Score: f.Score, BadIntervals: f.BadIntervals, Abused: f.Abused, LastSeenAt: f.LastSeenAt.UTC(),
		Epoch: f.Epoch, HighestEpoch: f.HighestEpoch, OurRun: f.OurRun, TheirRun: f.TheirRun, ClockOffsetNano: f.ClockOffset,
		RequestedAt: f.RequestedAt.UTC(), Invite: f.Invite, QuitEpoch: f.QuitEpoch, QuitUntil: f.QuitUntil.UTC(),
		OutSeq: f.OutSeq, InSeq: f.InSeq, SentRev: f.SentRev, CatalogueUpto: f.CatalogueUpto, CatalogueAfter: f.CatalogueAfter,
		CatalogueDone: f.CatalogueDone, ToldName: f.ToldName, ToldURL: f.ToldURL, ToldKey: f.ToldKey,
		VideoCount: f.VideoCount, CreatedAt: f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(),
	}
	for _, old := range f.OldKeys {
		r.OldKeys = append(r.OldKeys, oldKeyRecord{PodID: old.PodID, PublicKey: old.PublicKey, Until: old.Until.UTC()})
	}
	return r
}

// friend gives the domain's form of a record that was just read: it may share its slices.
func (r *friendRecord) friend() pod.Friend {
	f := pod.Friend{
		ID: r.ID, PodID: r.PodID, PublicKey: r.PublicKey, Name: r.Name, URL: r.URL, CallURL: r.CallURL, CallClass: r.CallClass,
		Verified: r.Verified, CallsNobody: r.CallsNobody, Status: r.Status, APIVersions: r.APIVersions, MustUpdate: r.MustUpdate,
		Via: r.Via, VouchedBy: r.VouchedBy, Score: r.Score, BadIntervals: r.BadIntervals, Abused: r.Abused, LastSeenAt: r.LastSeenAt,
		Epoch: r.Epoch, HighestEpoch: r.HighestEpoch, OurRun: r.OurRun, TheirRun: r.TheirRun, ClockOffset: r.ClockOffsetNano,
		RequestedAt: r.RequestedAt, Invite: r.Invite, QuitEpoch: r.QuitEpoch, QuitUntil: r.QuitUntil,
		OutSeq: r.OutSeq, InSeq: r.InSeq, SentRev: r.SentRev, CatalogueUpto: r.CatalogueUpto, CatalogueAfter: r.CatalogueAfter,
		CatalogueDone: r.CatalogueDone, ToldName: r.ToldName, ToldURL: r.ToldURL, ToldKey: r.ToldKey,
		VideoCount: r.VideoCount, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	for _, old := range r.OldKeys {
		f.OldKeys = append(f.OldKeys, pod.OldKey(old))
	}
	return f
}

// friendEntries computes the index entries of a friend: one for each key that it had.
func friendEntries(f *pod.Friend) ([]entry, error) {
	var e entries
	e.add(bucketFriendKey, podKey(f.PodID), f.ID)
	for i := range f.OldKeys {
		e.add(bucketFriendKey, podKey(f.OldKeys[i].PodID), f.ID)
	}
	return e.list, e.err
}

func readFriend(tx *bbolt.Tx, n pod.FriendID) (pod.Friend, error) {
	record, err := get[friendRecord](tx, bucketFriends, idKey(n))
	if err != nil {
		return pod.Friend{}, fmt.Errorf("friend %d: %w", n, err)
	}
	return record.friend(), nil
}

// friendOfKey finds whose key it is, or was.
func friendOfKey(tx *bbolt.Tx, id pod.PodID) (pod.FriendID, error) {
	if _, err := pod.ParsePodID(string(id)); err != nil {
		return 0, fmt.Errorf("%w: %w", pod.ErrNotFound, err)
	}
	n, err := get[pod.FriendID](tx, bucketFriendKey, podKey(id))
	if err != nil {
		return 0, fmt.Errorf("friend by key: %w", err)
	}
	return n, nil
}

// writeFriend writes the record with its index, without a look at what changed, and gives
// it as a read will give it. old is nil for a new friend.
func writeFriend(tx *bbolt.Tx, old *pod.Friend, f pod.Friend) (pod.Friend, error) {
	if err := checkKeys(&f); err != nil {
		return f, err
	}
	index, err := friendEntries(&f)
	if err != nil {
		return f, err
	}
	for _, e := range index {
		n, err := get[pod.FriendID](tx, e.bucket, e.key)
		if err != nil && !errors.Is(err, pod.ErrNotFound) {
			return f, err
		}
		if err == nil && n != f.ID {
			return f, fmt.Errorf("key of friend %d is that of friend %d: %w", f.ID, n, pod.ErrExists)
		}
	}
	var before []entry
	if old != nil {
		if before, err = friendEntries(old); err != nil {
			return f, err
		}
	}
	if err := put(tx, bucketFriends, idKey(f.ID), newFriendRecord(&f)); err != nil {
		return f, err
	}
	if err := replace(tx, before, index); err != nil {
		return f, err
	}
	return readFriend(tx, f.ID)
}

// checkKeys proves that a friend's keys have the IDs that they are found by, each once.
func checkKeys(f *pod.Friend) error {
	ids := make([]pod.PodID, 0, 1+len(f.OldKeys))
	check := func(id pod.PodID, key []byte) error {
		if _, err := pod.ParsePodID(string(id)); err != nil {
			return fmt.Errorf("key of friend %d: %w", f.ID, err)
		}
		if slices.Contains(ids, id) || len(key) > 0 && !keyHasID(key, id) {
			return fmt.Errorf("key of friend %d has another id: %w", f.ID, pod.ErrInvalid)
		}
		ids = append(ids, id)
		return nil
	}
	for _, old := range f.OldKeys {
		if err := check(old.PodID, old.PublicKey); err != nil {
			return err
		}
	}
	return check(f.PodID, f.PublicKey)
}

// ofOrigin runs fn with the friend whose videos fn changes, nil for this pod's own, and
// writes its count of videos.
func ofOrigin(tx *bbolt.Tx, origin pod.FriendID, fn func(*pod.Friend) error) error {
	if origin == 0 {
		return fn(nil)
	}
	old, err := readFriend(tx, origin)
	if err != nil {
		return err
	}
	fresh := old
	if err := fn(&fresh); err != nil || fresh.VideoCount == old.VideoCount {
		return err
	}
	_, err = writeFriend(tx, &old, fresh)
	return err
}

// originsAt finds the origins whose videos are at host:port; nil when any host will do.
func (s *Store) originsAt(tx *bbolt.Tx, host string) (map[pod.FriendID]bool, error) {
	if host == "" {
		return nil, nil
	}
	at := map[pod.FriendID]bool{0: s.opts.HostOf(0) == host}
	err := eachFriend(tx, func(f *pod.Friend) error {
		at[f.ID] = isAt(f.URL, host)
		return nil
	})
	return at, err
}

// isAt tells whether the URL is that of host:port; the port may be missing where it is the
// scheme's own.
func isAt(text, host string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	have, want := strings.ToLower(u.Host), strings.ToLower(host)
	return have == want || strings.TrimSuffix(have, port) == strings.TrimSuffix(want, port)
}

// eachFriend calls fn for all friends in the order of their numbers. fn must not change
// the records.
func eachFriend(tx *bbolt.Tx, fn func(*pod.Friend) error) error {
	return eachKey(tx, bucketFriends, nil, func(key, record []byte) error {
		r, err := unsealJSON[friendRecord](key, record)
		if err != nil {
			return fmt.Errorf("%s %x: %w", bucketFriends, key, err)
		}
		f := r.friend()
		return fn(&f)
	})
}
