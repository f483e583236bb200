package store_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

// pair is two pods that are friends: each knows the other as friend 1. The first one has
// videos, the second one follows.
type pair struct {
	t        *testing.T
	rng      *rand.Rand
	from, to *store.Store
	videos   []pod.VideoID // of from
	made     int
	answer   *pod.CataloguePage // on its way to the follower
}

// pick chooses one of the origin's videos, -1 when there is none; best one that a page on
// its way names.
func (p *pair) pick() (int, pod.VideoID) {
	if p.answer != nil && len(p.answer.Steps) > 0 && p.rng.IntN(3) > 0 {
		step := p.answer.Steps[p.rng.IntN(len(p.answer.Steps))]
		if v, err := p.from.VideoByRef(p.t.Context(), pod.VideoRef{UUID: step.Video.UUID}); err == nil {
			return slices.Index(p.videos, v.ID), v.ID
		}
	}
	if len(p.videos) == 0 {
		return -1, 0
	}
	i := p.rng.IntN(len(p.videos))
	return i, p.videos[i]
}

// mutate changes the catalogue of the origin at random.
func (p *pair) mutate() {
	i, id := p.pick()
	switch p.rng.IntN(5) {
	case 0, 1:
		p.made++
		v := video(p.made, func(v *pod.Video) {
			if p.rng.IntN(3) == 0 {
				v.Privacy = pod.PrivacyPrivate
			}
		})
		p.videos = append(p.videos, insert(p.t, p.from, v)[0].ID)
	case 2:
		if i >= 0 {
			change(p.t, p.from, id, func(v *pod.Video) { v.Name = fmt.Sprintf("Edit %d", p.rng.IntN(1e9)) })
		}
	case 3:
		if i >= 0 {
			change(p.t, p.from, id, func(v *pod.Video) { v.Privacy = []pod.Privacy{1, 1, 2, 3}[p.rng.IntN(4)] })
		}
	case 4:
		if i >= 0 {
			remove(p.t, p.from, id)
			p.videos = append(p.videos[:i], p.videos[i+1:]...)
		}
	}
}

// stepOf is what an own change says to a friend that was told all up to sent.
func stepOf(c *pod.OutChange, sent pod.Rev) (pod.Step, bool) {
	public := c.Video.Privacy == pod.PrivacyPublic && c.Video.State == pod.StatePublished
	switch {
	case !c.Removed && public:
		return pod.Step{Kind: pod.StepPut, Video: wire(&c.Video), OriginRev: c.Rev}, true
	case c.PublicFrom <= sent && (c.PublicUntil > sent || c.Removed && c.PublicUntil == 0):
		return pod.Step{Kind: pod.StepRemove, UUID: c.Video.UUID, OriginRev: c.Rev}, true
	}
	return pod.Step{}, false
}

// wire gives a video as a friend decodes it.
func wire(v *pod.Video) pod.Video {
	return pod.Video{UUID: v.UUID, VideoMeta: v.VideoMeta, State: v.State, PublishedAt: v.PublishedAt, Files: []pod.VideoFile{{Infohash: v.Files[0].Infohash}}}
}

func encode(t *testing.T, step pod.Step) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(step)
	wantErr(t, "Marshal()", err, nil)
	return data
}

func decode(t *testing.T, data json.RawMessage) (step pod.Step) {
	t.Helper()
	wantErr(t, "Unmarshal()", json.Unmarshal(data, &step), nil)
	return step
}

// send delivers a message of changes, up to some. The answer may be lost: then the same
// message goes again the next time.
func (p *pair) send(limit int, lose bool) bool {
	f := friendOf(p.t, p.from, 1)
	frozen, ok, err := p.from.InFlight(p.t.Context(), 1)
	wantErr(p.t, "InFlight()", err, nil)
	if !ok {
		changes, err := p.from.OutChanges(p.t.Context(), f.SentRev, limit)
		wantErr(p.t, "OutChanges()", err, nil)
		if len(changes) == 0 {
			return false
		}
		frozen = pod.Frozen{Friend: 1, Epoch: f.Epoch, Op: fmt.Sprintf("op %d", p.rng.Int64()), Prev: f.OutSeq, Seq: f.OutSeq, SentRev: changes[len(changes)-1].Rev}
		for i := range changes {
			if step, ok := stepOf(&changes[i], f.SentRev); ok {
				frozen.Seq++
				frozen.Activities = append(frozen.Activities, encode(p.t, step))
			}
		}
		wantErr(p.t, "Freeze()", p.from.Freeze(p.t.Context(), frozen), nil)
	}
	g := friendOf(p.t, p.to, 1)
	d := message(&g)
	d.Op, d.Prev, d.Seq = frozen.Op, frozen.Prev, frozen.Seq
	for _, a := range frozen.Activities {
		d.Steps = append(d.Steps, decode(p.t, a))
	}
	_, err = p.to.Receive(p.t.Context(), d)
	wantErr(p.t, "Receive()", err, nil)
	if !lose {
		_, err = p.from.Delivered(p.t.Context(), pod.Delivered{Friend: 1, Epoch: frozen.Epoch, Op: frozen.Op, At: day})
		wantErr(p.t, "Delivered()", err, nil)
	}
	return true
}

// ask makes a page of the origin's catalogue; it arrives later.
func (p *pair) ask(limit int) {
	follower, origin := friendOf(p.t, p.to, 1), friendOf(p.t, p.from, 1)
	if p.answer != nil || follower.CatalogueDone {
		return
	}
	err := p.to.Freeze(p.t.Context(), pod.Frozen{Friend: 1, Epoch: follower.Epoch, Op: "ask", Prev: follower.OutSeq, Seq: follower.OutSeq + 1})
	wantErr(p.t, "Freeze(ask)", err, nil)
	page := &pod.CataloguePage{Next: origin.CatalogueUpto, Last: true}
	changes, err := p.from.OutChanges(p.t.Context(), follower.CatalogueAfter, 1000)
	wantErr(p.t, "OutChanges()", err, nil)
	for i := range changes {
		c := &changes[i]
		if c.Rev > origin.CatalogueUpto || c.Removed || c.Video.Privacy != pod.PrivacyPublic {
			continue
		}
		if len(page.Steps) == limit {
			page.Last = false
			break
		}
		page.Steps = append(page.Steps, pod.Step{Kind: pod.StepPut, Video: wire(&c.Video), OriginRev: c.Rev})
		page.Next = c.Rev
	}
	p.answer = page
}

func (p *pair) arrive() {
	if p.answer == nil {
		return
	}
	f := friendOf(p.t, p.to, 1)
	mine, err := p.to.Delivered(p.t.Context(), pod.Delivered{Friend: 1, Epoch: f.Epoch, Op: "ask", Page: p.answer, At: day})
	if !mine || err != nil {
		p.t.Errorf("Delivered(page) = %t, %v, want true, nil", mine, err)
	}
	p.answer = nil
}

// renew begins a new epoch on both sides.
func (p *pair) renew() {
	p.answer = nil
	for _, s := range []*store.Store{p.from, p.to} {
		updateFriend(p.t, s, 1, func(f *pod.Friend) { f.Epoch++ })
	}
}

// settle delivers all that waits, and compares.
func (p *pair) settle() {
	p.t.Helper()
	for !friendOf(p.t, p.to, 1).CatalogueDone {
		p.ask(3)
		p.arrive()
	}
	for p.send(4, false) {
		continue
	}
	want := map[pod.UUID]string{}
	for _, v := range list(p.t, p.from, pod.VideoQuery{Count: 1000}).Videos {
		want[v.UUID] = v.Name
	}
	got := map[pod.UUID]string{}
	page := list(p.t, p.to, pod.VideoQuery{Count: 1000})
	for _, v := range page.Videos {
		got[v.UUID] = v.Name
	}
	wantEqual(p.t, "the follower's list", got, want)
	if f := friendOf(p.t, p.to, 1); page.Total != len(want) || f.VideoCount != len(want) {
		p.t.Errorf("the follower lists %d videos and counts %d, want %d", page.Total, f.VideoCount, len(want))
	}
}

func TestFollowerConverges(t *testing.T) {
	seeds := 8
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			from, fromPath := open(t)
			to, toPath := open(t)
			p := &pair{t: t, rng: rand.New(rand.NewPCG(uint64(seed), 1)), from: from, to: to}
			for range 10 + p.rng.IntN(20) {
				p.mutate()
			}
			befriend(t, from, 1)
			befriend(t, to, 1)
			for range 120 {
				switch n := p.rng.IntN(20); {
				case n < 8:
					p.mutate()
				case n < 12:
					p.send(1+p.rng.IntN(5), p.rng.IntN(3) == 0)
				case n < 15:
					p.ask(1 + p.rng.IntN(3))
				case n < 18:
					p.arrive()
				case n == 18:
					p.renew()
				default:
					if p.rng.IntN(8) == 0 {
						p.settle()
					}
				}
			}
			p.arrive()
			p.settle()
			wantSound(t, from, fromPath)
			wantSound(t, to, toPath)
		})
	}
}
