package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// bucket is the name of a bucket of the database.
type bucket string

// The buckets. A bucket's own sequence numbers its records; it never goes back.
const (
	bucketMeta         bucket = "meta"             // name -> schema, OAuth client
	bucketVideos       bucket = "videos"           // video -> video
	bucketVideoUUID    bucket = "video-uuid"       // uuid, origin -> video
	bucketVideoRows    bucket = "video-rows"       // publishedAt, video -> row of the list
	bucketVideoAccount bucket = "video-account"    // account, video -> bytes of its files
	bucketFiles        bucket = "files"            // infohash, origin, file -> file; sequence: files
	bucketChanges      bucket = "changes"          // rev -> change; sequence: revs
	bucketAccounts     bucket = "accounts"         // account -> account
	bucketAccountName  bucket = "account-name"     // name -> account
	bucketChannels     bucket = "channels"         // channel -> channel
	bucketChannelName  bucket = "channel-name"     // name -> channel
	bucketChannelOwner bucket = "channel-account"  // account, channel -> channel
	bucketSessions     bucket = "sessions"         // session -> session
	bucketAccess       bucket = "session-access"   // hash -> session
	bucketRefresh      bucket = "session-refresh"  // hash -> session
	bucketSpent        bucket = "session-spent"    // hash -> session, until when
	bucketSpentBy      bucket = "session-spent-by" // session, hash -> session

	// Since schema 2.
	bucketFriends     bucket = "friends"      // friend -> friend
	bucketFriendKey   bucket = "friend-key"   // SHA-256 of a key, current or superseded -> friend
	bucketInvites     bucket = "invites"      // invite -> invite
	bucketJTI         bucket = "jti"          // friend, SHA-256 of jti -> until when
	bucketJTIUntil    bucket = "jti-until"    // until when, friend, SHA-256 of jti -> nothing
	bucketInbox       bucket = "inbox"        // friend -> last op, with its results
	bucketOutbox      bucket = "outbox"       // friend -> message on its way
	bucketTombstones  bucket = "removed"      // origin, uuid -> rev and epoch of the removal
	bucketFriendViews bucket = "friend-views" // friend -> day, views told by it
	bucketOriginVideo bucket = "video-origin" // origin, epoch, video -> video; friends' only
	bucketGone        bucket = "gone"         // number -> rev of a removal of a friend's video
	bucketOut         bucket = "out"          // rev -> own video that was public once, as friends know it
	bucketSigned      bucket = "signed"       // video -> video as this pod signed it
	bucketMirrors     bucket = "mirrors"      // video -> wish for a copy

	metaSchema           = "schema"
	metaOAuthClient      = "oauth-client"
	timeKeyLen           = 12
	idKeyLen             = 8
	videoRowKeyLen       = timeKeyLen + idKeyLen
	infohashLen, uuidLen = len(pod.Infohash{}), len(pod.UUID{})
)

// bucketsOf lists all buckets of a version of the schema.
func bucketsOf(version int) []bucket {
	all := []bucket{
		bucketMeta, bucketVideos, bucketVideoUUID, bucketVideoRows, bucketVideoAccount, bucketFiles, bucketChanges,
		bucketAccounts, bucketAccountName, bucketChannels, bucketChannelName, bucketChannelOwner,
		bucketSessions, bucketAccess, bucketRefresh, bucketSpent, bucketSpentBy,
	}
	if version >= 2 {
		all = append(all,
			bucketFriends, bucketFriendKey, bucketInvites, bucketJTI, bucketJTIUntil, bucketInbox, bucketOutbox,
			bucketTombstones, bucketFriendViews, bucketOriginVideo, bucketGone, bucketOut, bucketSigned, bucketMirrors)
	}
	return all
}

// number is any of the domain's identifiers.
type number interface {
	~uint64
}

// idKey sorts as the number does.
func idKey[N number](n N) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// pairKey sorts by a, then by b; idKey(a) is the prefix of all keys of a.
func pairKey[A, B number](a A, b B) []byte { return binary.BigEndian.AppendUint64(idKey(a), uint64(b)) }

// lastID reads the number at the end of a key; 0 when the key is too short.
func lastID(key []byte) uint64 {
	if len(key) < idKeyLen {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-idKeyLen:])
}

// appendTime appends 12 bytes that sort as the times do, before year 1 and after too.
func appendTime(key []byte, t time.Time) []byte {
	key = binary.BigEndian.AppendUint64(key, uint64(t.Unix())^(1<<63))
	return binary.BigEndian.AppendUint32(key, uint32(t.Nanosecond()))
}

// videoRowKey sorts by time of publication, then by number.
func videoRowKey(published time.Time, id pod.VideoID) []byte {
	return binary.BigEndian.AppendUint64(appendTime(make([]byte, 0, videoRowKeyLen), published), uint64(id))
}

// uuidKey puts this pod's own video before friends' copies of the same UUID.
func uuidKey(u pod.UUID, origin pod.FriendID) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, uuidLen+idKeyLen), u[:]...), uint64(origin))
}

// fileKey puts this pod's own file before friends' files of the same infohash.
func fileKey(ih pod.Infohash, origin pod.FriendID, file uint64) []byte {
	return append(ownerKey(ih, origin), idKey(file)...)
}

// ownerKey is the prefix of the keys of all files with this infohash and origin.
func ownerKey(ih pod.Infohash, origin pod.FriendID) []byte {
	key := append(make([]byte, 0, infohashLen+2*idKeyLen), ih[:]...)
	return binary.BigEndian.AppendUint64(key, uint64(origin))
}

// nameKey makes names that differ in case only collide.
func nameKey(name string) []byte { return []byte(strings.ToLower(name)) }

// spentKey sorts the spent hashes by session.
func spentKey(session uint64, hash [32]byte) []byte { return append(idKey(session), hash[:]...) }

// podKey is the key of a key: the SHA-256 that its ID stands for.
func podKey(id pod.PodID) []byte {
	sum := id.Sum()
	return sum[:]
}

// jtiKey has the same length for any jti.
func jtiKey(n pod.FriendID, jti string) []byte {
	sum := sha256.Sum256([]byte(jti))
	return append(idKey(n), sum[:]...)
}

// jtiUntilKey sorts the keys of jtis by the time until which they are kept.
func jtiUntilKey(until time.Time, key []byte) []byte {
	return append(appendTime(make([]byte, 0, timeKeyLen+len(key)), until), key...)
}

// tombstoneKey sorts the removed videos by origin.
func tombstoneKey(origin pod.FriendID, u pod.UUID) []byte { return append(idKey(origin), u[:]...) }

// originKey sorts friends' videos by origin, and those of an older epoch before the others.
func originKey(origin pod.FriendID, epoch uint64, id pod.VideoID) []byte {
	return append(pairKey(origin, epoch), idKey(id)...)
}
