package viewmodel

import (
	"context"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// Place is what the rail leads to.
type Place int

// The places.
const (
	PlaceHome    Place = iota // what this pod and its friends show
	PlaceMine                 // everything that is this pod's own
	PlaceFriends              // the friends themselves: no list of videos
)

// typingPause is how long the search waits for the next letter.
const typingPause = 180 * time.Millisecond

// VideosState is what the grid of videos shows.
type VideosState struct {
	Place   Place
	Query   string // what is searched for; empty: the place's own list
	Total   int    // of all that match
	Items   Items
	Loading bool    // the first answer is on its way
	Failure Failure // the last question failed
}

// Blank tells that the library has nothing at this place, so that the window shows how to
// begin.
func (s VideosState) Blank() bool {
	return s.Total == 0 && s.Query == "" && !s.Loading && !s.Failure.Failed
}

// NothingFound tells that a search ended without a hit.
func (s VideosState) NothingFound() bool {
	return s.Total == 0 && s.Query != "" && !s.Loading && !s.Failure.Failed
}

// Videos is the grid of videos: a place or the results of a search.
type Videos struct {
	work     *worker
	library  Library
	onChange func(VideosState)

	state       VideosState
	question    context.Context //nolint:containedctx // of the questions under way; cancelled by the next search
	endQuestion context.CancelFunc
	asked       map[int]bool // pages that were asked for in this question
	first, last int          // in sight
	typing      *time.Timer
}

func newVideos(work *worker, library Library) *Videos {
	return &Videos{work: work, library: library, onChange: func(VideosState) {}, last: pageSize - 1}
}

// OnChange names the function that hears of each new state.
func (v *Videos) OnChange(f func(VideosState)) { v.onChange = f }

// State is what the grid shows now.
func (v *Videos) State() VideosState { return v.state }

// Open shows the videos of a place from its start and ends a search.
func (v *Videos) Open(place Place) {
	v.stopTyping()
	v.begin(VideosState{Place: place})
}

// Search shows what fits the text, as soon as the person pauses typing. Blank text ends
// the search at once.
func (v *Videos) Search(text string) {
	text = strings.TrimSpace(text)
	if text == v.state.Query && v.typing == nil {
		return
	}
	v.stopTyping()
	place := v.state.Place
	if text == "" {
		v.begin(VideosState{Place: place})
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(typingPause, func() {
		v.work.apply(func() {
			if v.typing == timer {
				v.typing = nil
				v.begin(VideosState{Place: v.state.Place, Query: text})
			}
		})
	})
	v.typing = timer
}

// Show says which places of the list are in sight, so that they are loaded.
func (v *Videos) Show(first, last int) {
	v.first, v.last = max(0, first), max(0, last)
	if v.state.Total == 0 {
		return
	}
	for number := v.first / pageSize; number <= min(v.last, v.state.Total-1)/pageSize; number++ {
		if !v.state.Items.has(number) && !v.asked[number] {
			v.ask(number)
		}
	}
}

// Reload asks again for what is in sight; until the answer comes the old list stays.
func (v *Videos) Reload() {
	if v.question == nil {
		return
	}
	v.renewQuestion()
	question, state, ctx := v.question, v.state, v.question
	low, high := v.first/pageSize, min(v.last, max(0, state.Total-1))/pageSize
	for number := low; number <= high; number++ {
		v.asked[number] = true
	}
	v.work.run(ctx, func(ctx context.Context) func() {
		fresh := VideosState{Place: state.Place, Query: state.Query}
		for number := low; number <= max(low, high); number++ {
			page, err := v.load(ctx, state, number)
			if err != nil {
				return func() { v.fail(question, err) }
			}
			fresh.Total, fresh.Items = page.Total, fresh.Items.with(number, page.Videos)
		}
		return func() {
			if v.question == question {
				v.set(fresh)
				v.Show(v.first, v.last) //nolint:contextcheck // work runs under the root context of its worker
			}
		}
	})
}

// begin starts a new question; the list is empty until its first page comes.
func (v *Videos) begin(state VideosState) {
	state.Loading = true
	v.first, v.last = 0, pageSize-1
	v.renewQuestion()
	v.set(state)
	v.ask(0)
}

func (v *Videos) renewQuestion() {
	if v.endQuestion != nil {
		v.endQuestion()
	}
	v.question, v.endQuestion = context.WithCancel(v.work.ctx)
	v.asked = map[int]bool{}
}

func (v *Videos) ask(number int) {
	v.asked[number] = true
	question, state := v.question, v.state
	v.work.run(question, func(ctx context.Context) func() {
		page, err := v.load(ctx, state, number)
		if err != nil {
			return func() { v.fail(question, err) }
		}
		return func() {
			if v.question == question {
				v.take(number, page)
			}
		}
	})
}

// load runs on a goroutine of the worker.
func (v *Videos) load(ctx context.Context, s VideosState, number int) (pod.VideoPage, error) {
	if s.Query != "" {
		return v.library.Search(ctx, s.Query, number*pageSize, pageSize)
	}
	return v.library.List(ctx, queryOf(s.Place, number))
}

func queryOf(place Place, number int) pod.VideoQuery {
	q := pod.VideoQuery{Start: number * pageSize, Count: pageSize, Sort: "-publishedAt"}
	q.Privacies = []pod.Privacy{pod.PrivacyPublic, pod.PrivacyInternal, pod.PrivacyFriends, pod.PrivacyChosen}
	if place == PlaceMine {
		own := true
		q.IsLocal, q.Sort = &own, "-createdAt"
		q.Privacies = append(q.Privacies, pod.PrivacyUnlisted, pod.PrivacyPrivate, pod.PrivacyPassword)
	}
	return q
}

func (v *Videos) take(number int, page pod.VideoPage) {
	delete(v.asked, number)
	s := v.state
	s.Total, s.Loading, s.Failure = page.Total, false, Failure{}
	s.Items = s.Items.with(number, page.Videos)
	v.set(s)
}

// fail keeps the pages of the question marked as asked: only the person's "Try again"
// (Reload) or a change in the library asks once more.
func (v *Videos) fail(question context.Context, err error) {
	if v.question != question {
		return
	}
	s := v.state
	s.Loading, s.Failure = false, FailureOf(err)
	v.set(s)
}

func (v *Videos) set(s VideosState) {
	v.state = s
	v.onChange(s)
}

func (v *Videos) stopTyping() {
	if v.typing != nil {
		v.typing.Stop()
		v.typing = nil
	}
}
