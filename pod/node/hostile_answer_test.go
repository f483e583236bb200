package node_test

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
	"github.com/peerpod/peerpod/pod/seal"
)

// answerRow is a way in which a friend answers a message.
type answerRow struct {
	row    string
	change func(*evil.Heard, *evil.Reply)
}

func answerRows(mallory, other *evil.Pod, poison evil.Fields) []answerRow {
	results := func(r *evil.Reply) []evil.Fields { all, _ := r.Body["results"].([]evil.Fields); return all }
	page := func(row string, change func(evil.Fields)) answerRow {
		return answerRow{row, func(_ *evil.Heard, r *evil.Reply) {
			for _, result := range results(r) {
				if page, ok := result["page"].(evil.Fields); ok {
					change(page)
				}
			}
		}}
	}
	head := func(row, field string, value any) answerRow {
		return answerRow{row, func(_ *evil.Heard, r *evil.Reply) { r.Header[field] = value }}
	}
	records := slices.Repeat([]evil.Fields{{"rev": 1, "video": mallory.SignVideo(poison)}}, 101)
	return []answerRow{
		head("answer to another message", "re", seal.NewNonce()),
		head("answer of another epoch", "ep", 77),
		head("answer with another status", "status", http.StatusAccepted),
		head("answer to another pod", "aud", other.ID()),
		head("answer of another pod", "kid", other.ID()),
		head("answer that is a message", "typ", seal.TypeMessage),
		head("answer with one field more", "jwk", evil.Fields{}),
		head("answer with another alg", "alg", "RS256"),
		{"answer that names another pod inside", func(_ *evil.Heard, r *evil.Reply) { r.Body["iss"] = other.ID() }},
		{"answer of a status that is not sealed", func(_ *evil.Heard, r *evil.Reply) { r.Status = http.StatusTeapot }},
		{"answer without results", func(_ *evil.Heard, r *evil.Reply) { r.Body["results"] = []evil.Fields{} }},
		{"answer with too many results", func(_ *evil.Heard, r *evil.Reply) {
			r.Body["results"] = append(results(r), evil.Fields{"status": "ok"})
		}},
		{"answer that is not signed", func(_ *evil.Heard, r *evil.Reply) { r.Raw = r.Body.JSON() }},
		{"answer of 2 MiB", func(_ *evil.Heard, r *evil.Reply) { r.Raw = bytes.Repeat([]byte("a"), 2<<20) }},
		page("page that goes back", func(p evil.Fields) { p["last"], p["next"] = false, 0 }),
		page("page of 101 records", func(p evil.Fields) { p["videos"] = records }),
		page("page that is none", func(p evil.Fields) { p["videos"] = "x" }),
		page("page below 0", func(p evil.Fields) { p["next"] = -1 }),
		{"answer that carries 101 activities", func(_ *evil.Heard, r *evil.Reply) {
			r.Body["message"] = evil.Fields{"op": "x", "prev": 0, "seq": 101, "activities": slices.Repeat([]evil.Fields{evil.Greeting()}, 101)}
		}},
		{"answer that carries a message without a name", func(_ *evil.Heard, r *evil.Reply) {
			r.Body["message"] = evil.Fields{"op": "", "prev": 0, "seq": 0, "activities": []any{}}
		}},
		{"answer that says 500", func(_ *evil.Heard, r *evil.Reply) { r.Status, r.Header["status"] = 500, 500 }},
		{"answer that tells a wild time", func(_ *evil.Heard, r *evil.Reply) {
			r.Status, r.Header["status"] = http.StatusUnauthorized, http.StatusUnauthorized
			r.Body["code"], r.Body["time"] = "clock_skew", "-9999-99-99"
		}},
	}
}

// A friend's wrong answers change nothing; the next good one is taken.
func (w world) answers() {
	t, victim := w.t, w.victim
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	poison := mallory.Video("Poison", 3)
	mallory.Publishes(poison)
	rows := answerRows(mallory, other, poison)
	mallory.OnMessage(rows[0].change)
	f := mallory.Befriend(victim.URL)
	for _, row := range rows {
		mallory.OnMessage(row.change)
		hits, looks := mallory.Hits(evil.Inbox), 0
		podtest.Eventually(t, "after the "+row.row+" the pod asks again", func() bool {
			if looks%10 == 0 {
				f.Send(evil.Greeting()) // ends the back-off
			}
			looks++
			return mallory.Hits(evil.Inbox) >= hits+2
		})
		if got := victim.Names(); slices.Contains(got, "Poison") {
			t.Errorf("after the %s the pod lists %q", row.row, got)
		}
	}
	wantListed(t, victim, mallory.ID(), "friend")
	foreign := other.Video("Foreign", 5)
	mallory.OnMessage(func(_ *evil.Heard, r *evil.Reply) {
		results, _ := r.Body["results"].([]evil.Fields)
		for _, result := range results {
			if _, ok := result["page"]; ok { // each record on its own
				page := mallory.Page(mallory.Video("Good", 4))
				page["videos"] = append(page["videos"].([]evil.Fields), evil.Fields{"rev": 5, "video": other.SignVideo(foreign)},
					evil.Fields{"rev": 6, "video": "x"}, evil.Fields{"rev": 9, "uuid": w.film.UUID}, evil.Fields{})
				result["page"] = page
			}
		}
	})
	f.Send(evil.Greeting())
	podtest.Eventually(t, "the good record is taken", func() bool { return slices.Contains(victim.Names(), "Good") })
	wantUnhurt(t, victim, "Ours", "Good")
}
