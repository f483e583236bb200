package evil

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// Video gives the fields of a good video of the pod, as its rev-th change.
func (p *Pod) Video(name string, rev uint64) Fields {
	uuid, now := pod.NewUUID(), time.Now().UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
	infohash := make([]byte, 20)
	_, _ = rand.Read(infohash) // crypto/rand never fails: it ends the process instead
	return Fields{
		"iss": p.ID(), "rev": rev, "uuid": uuid, "name": name, "commentsPolicy": 1, "downloadEnabled": true, "durationMs": 20_000,
		"account": Fields{"name": "mallory"}, "channel": Fields{"name": "mallory_channel", "displayName": "Mallory"},
		"createdAt": now, "publishedAt": now, "updatedAt": now,
		"files": []Fields{File(uuid, hex.EncodeToString(infohash))},
	}
}

// File gives the fields of a good file of a video.
func File(uuid pod.UUID, infohash string) Fields {
	return Fields{
		"name": uuid.String() + "-720.mp4", "infoHash": infohash, "size": 1 << 20, "pieceLength": 1 << 16, "width": 1280, "height": 720,
		"fps": 30, "mimeType": `video/mp4; codecs="avc1.64001f,mp4a.40.2"`, "hasAudio": true,
		"createdAt": time.Now().UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
	}
}

// SignVideo signs a video as its origin.
func (p *Pod) SignVideo(v Fields) string { return p.Statement(seal.TypeVideo, v) }

// Put is the activity that tells of a video.
func (p *Pod) Put(v Fields) Fields {
	return Fields{"type": "video.put", "rev": v["rev"], "video": p.SignVideo(v)}
}

// Remove is the activity that takes a video back.
func Remove(uuid any, rev uint64) Fields {
	return Fields{"type": "video.remove", "uuid": uuid, "rev": rev}
}

// View is the activity that tells of a view of the receiver's video.
func View(uuid any) Fields { return Fields{"type": "view", "uuid": uuid} }

// Greeting is the activity that says nothing.
func Greeting() Fields { return Fields{"type": "greeting"} }
