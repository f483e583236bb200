package api

import (
	"encoding/json"
	"net/url"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// PodLinkShape is what everybody may know of a friend.
type PodLinkShape struct {
	ID   string `json:"id" doc:"Lower-case base32 of the SHA-256 of the pod's public key."`
	Name string `json:"name"`
	URL  string `json:"url" doc:"Where people and pods reach it."`
}

// PodShape is a pod as its owner, or the owner of a friend, sees it.
type PodShape struct {
	PodLinkShape
	Fingerprint string  `json:"fingerprint" doc:"The id in twelve English words. Owners compare them to be sure of each other."`
	APIVersions []int   `json:"apiVersions" nullable:"false" doc:"Of the language between pods."`
	Status      *string `json:"status" doc:"friend, requested (this pod asked), waiting (the other one asked), parked (a friend that is away for long: its videos are hidden) or blocked. null: this pod itself."`
	Score       *int    `json:"score" minimum:"0" maximum:"1000" doc:"How steadily this pod meets the other one. null: this pod itself."`
	LastSeenAt  *string `json:"lastSeenAt" format:"date-time" doc:"null: never."`
	VideoCount  int     `json:"videoCount" doc:"Its videos that this pod lists."`
	IsLocal     bool    `json:"isLocal" doc:"Only this pod itself is."`
	FriendRecordShape
}

// FriendRecordShape is what this pod keeps of a friend besides.
type FriendRecordShape struct {
	CreatedAt   string  `json:"createdAt,omitempty" format:"date-time" doc:"When this pod came to know it."`
	MustUpdate  bool    `json:"mustUpdate" doc:"It speaks no version of this pod's language: what is sent to it waits until its owner updates it."`
	Verified    bool    `json:"verified" doc:"Its URL answered for its key."`
	VouchedBy   *string `json:"vouchedBy" doc:"The id of a common friend that signed its key."`
	CallsNobody bool    `json:"callsNobody" doc:"It can not reach this pod, so this pod calls it."`
}

// podEntryJSON is an entry of the list of pods: all of it for the owner, a link for others.
type podEntryJSON struct {
	link  PodLinkShape
	whole *PodShape
}

// MarshalJSON writes one of both.
func (e podEntryJSON) MarshalJSON() ([]byte, error) {
	if e.whole != nil {
		return json.Marshal(e.whole)
	}
	return json.Marshal(e.link)
}

// Schema documents both.
func (e podEntryJSON) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[PodLinkShape](), true, ""), r.Schema(reflect.TypeFor[PodShape](), true, "")}}
}

// selfJSON is this pod.
type selfJSON struct {
	PodShape
	PublicKey string `json:"publicKey" doc:"PEM (SPKI). Messages to this pod are encrypted with it."`
}

func podLink(f *pod.Friend) PodLinkShape {
	return PodLinkShape{ID: string(f.PodID), Name: f.Name, URL: f.URL}
}

// podShape builds a friend for the owner.
func podShape(friends Friends, f *pod.Friend) PodShape {
	status, score := string(f.Status), f.Score
	out := PodShape{
		PodLinkShape: podLink(f), Fingerprint: friends.Fingerprint(f.PodID), APIVersions: f.APIVersions,
		Status: &status, Score: &score, LastSeenAt: stampUnlessZero(f.LastSeenAt), VideoCount: f.VideoCount,
		FriendRecordShape: FriendRecordShape{CreatedAt: stamp(f.CreatedAt), MustUpdate: f.MustUpdate, Verified: f.Verified, CallsNobody: f.CallsNobody},
	}
	if out.APIVersions == nil {
		out.APIVersions = []int{}
	}
	if f.VouchedBy != "" {
		by := string(f.VouchedBy)
		out.VouchedBy = &by
	}
	return out
}

func podShapes(friends Friends, list []pod.Friend) []PodShape {
	out := make([]PodShape, 0, len(list))
	for i := range list {
		out = append(out, podShape(friends, &list[i]))
	}
	return out
}

func selfShape(s pod.Self) selfJSON {
	return selfJSON{
		PodShape: PodShape{
			PodLinkShape: PodLinkShape{ID: string(s.PodID), Name: s.Name, URL: s.URL}, Fingerprint: s.Fingerprint,
			APIVersions: []int{pod.APIVersion}, VideoCount: s.VideoCount, IsLocal: true, FriendRecordShape: FriendRecordShape{Verified: true},
		},
		PublicKey: s.PublicKey,
	}
}

func stampUnlessZero(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return stampPointer(&t)
}

// hostOf is the part of a base URL that PeerTube calls host: name and port.
func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
