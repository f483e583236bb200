package node_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/podtest"
	"github.com/peerpod/peerpod/pod/podtest/evil"
	"github.com/peerpod/peerpod/pod/seal"
)

// wantPut makes a played friend publish a video.
func wantPut(t *testing.T, f *evil.Friend, activity evil.Fields) {
	t.Helper()
	if r := f.Send(activity)[0]; r.Status != "ok" {
		t.Fatalf("video.put = %+v, want ok", r)
	}
}

// verb does with a pod what its owner can.
func (w world) verb(verb string, id pod.PodID) {
	w.t.Helper()
	a := w.victim.Post("/api/v1/pods/"+string(id)+"/"+verb, nil)
	wantStatus(w.t, verb, a, http.StatusNoContent)
}

func (w world) remove(id pod.PodID) {
	w.t.Helper()
	wantStatus(w.t, "remove", w.victim.Do(http.MethodDelete, "/api/v1/pods/"+string(id), http.NoBody), http.StatusNoContent)
}

// edit changes a video of the victim's.
func (w world) edit(uuid string, fields map[string]any) {
	w.t.Helper()
	raw, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.victim.Owner().Do(http.MethodPut, "/api/v1/videos/"+uuid, bytes.NewReader(raw), "Content-Type", "application/json")
	wantStatus(w.t, "edit", a, http.StatusNoContent)
}

// told waits until a played friend was told of a video of that name.
func told(t *testing.T, by *evil.Pod, name string) {
	t.Helper()
	podtest.Eventually(t, "the friend hears of "+name, func() bool {
		return strings.Contains(allPuts(by)+pages(by.Wire()), name)
	})
}

// allPuts gives the payloads of all videos that a played friend was told of, by messages and
// by pages.
func allPuts(by *evil.Pod) string {
	var out strings.Builder
	for _, a := range by.HeardOf("video.put") {
		jws, _ := a["video"].(string)
		s, err := seal.PeekStatement([]byte(jws), seal.TypeVideo)
		if err == nil {
			out.Write(s.Unverified())
		}
	}
	return out.String()
}

// FED-15, FED-16: a new key counts when both keys sign; the old one is good for a day.
func (w world) rotation() {
	t, victim := w.t, w.victim
	mallory, next, third := evil.New(t, 5), evil.New(t, 6), evil.New(t, 7)
	f := mallory.Befriend(victim.URL)
	wantPut(t, f, mallory.Put(mallory.Video("Before", 1)))
	rotate := func(from, to *evil.Pod) evil.Fields {
		proof := to.Statement(seal.TypeRotation, evil.Fields{"old": from.ID(), "publicKey": to.Key.Public().PEM()})
		return evil.Fields{"type": "key.rotate", "proof": proof}
	}
	byOld := rotate(mallory, next).With(evil.Fields{"proof": mallory.Statement(seal.TypeRotation, evil.Fields{"old": mallory.ID(), "publicKey": next.Key.Public().PEM()})})
	for row, activity := range map[string]evil.Fields{
		"FED-16 proof by the old key":    byOld,
		"FED-16 proof of another type":   {"type": "key.rotate", "proof": next.Statement(seal.TypeVoucher, evil.Fields{"old": mallory.ID(), "publicKey": next.Key.Public().PEM()})},
		"FED-16 proof for another pod":   rotate(third, next),
		"FED-16 the key of another key":  {"type": "key.rotate", "proof": next.Statement(seal.TypeRotation, evil.Fields{"old": mallory.ID(), "publicKey": third.Key.Public().PEM()})},
		"FED-16 no key in it":            {"type": "key.rotate", "proof": next.Statement(seal.TypeRotation, evil.Fields{"old": mallory.ID(), "publicKey": "mysuperpublickey"})},
		"FED-16 a video instead of it":   {"type": "key.rotate", "proof": mallory.SignVideo(mallory.Video("Proof", 3))},
		"FED-16 an empty proof":          {"type": "key.rotate", "proof": ".."},
		"FED-16 the old key stays as is": {"type": "key.rotate", "key": next.ID()},
	} {
		if r := f.Send(activity)[0]; r.Status != "refused" {
			t.Errorf("%s = %+v, want refused", row, r)
		}
	}
	f.Send(evil.Greeting()) // proofs that are none are abuse: they park, and a message restores
	unknown := f.As(next)
	wantAnswer(t, "FED-16 signed by the new key only", unknown.Post(unknown.Message(rotate(mallory, next))), http.StatusForbidden, "refused")
	wantListed(t, victim, mallory.ID(), "friend")

	if r := f.Send(rotate(mallory, next))[0]; r.Status != "ok" {
		t.Fatalf("FED-15 = %+v, want ok", r)
	}
	wantListed(t, victim, next.ID(), "friend")
	wantListed(t, victim, mallory.ID(), "")
	if r := f.Send(rotate(mallory, third))[0]; r.Status != "refused" {
		t.Errorf("FED-15 a superseded key names another = %+v, want refused", r)
	}
	mallory.HandOver(next)
	g := f.As(next)
	wantPut(t, g, next.Put(next.Video("After", 2)))
	wantUnhurt(t, victim, "Ours", "Before", "After")

	w.now.move(25 * time.Hour)
	defer w.now.move(-25 * time.Hour)
	victim.Login()
	late := func(f *evil.Friend) evil.Answer {
		m := f.Message()
		m.Header["iat"] = w.now.now().Unix()
		return f.Post(m)
	}
	wantAnswer(t, "FED-15 the old key after a day", late(g.As(mallory)), http.StatusForbidden, "refused")
	wantAnswer(t, "FED-15 the new key after a day", late(g), http.StatusOK, "")
}

// FRI-11, FRI-13: what ended stays ended, and a notice of the end ends only its own epoch.
func (w world) endings() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 8)
	f := mallory.Befriend(victim.URL)
	quit := func() evil.Fields { return evil.Fields{"type": "friend.quit", "ep": f.Epoch()} }
	first := mallory.Video("First", 1)
	wantPut(t, f, mallory.Put(first))
	kept := map[string]*evil.Message{
		"FRI-13 quit that was never sent": f.Message(quit()), "FRI-13 quit that was sent": f.Message(quit()),
		"FRI-13 remove that was never sent": f.Message(evil.Remove(first["uuid"], 2)),
	}
	for _, m := range kept {
		m.Raw = m.Bytes()
	}
	wantAnswer(t, "quit", f.Post(kept["FRI-13 quit that was sent"]), http.StatusOK, "")
	wantListed(t, victim, mallory.ID(), "")
	wantUnhurt(t, victim, "Ours")
	wantAnswer(t, "FRI-11 former friend", f.Post(f.Message(mallory.Put(first))), http.StatusForbidden, "not_friend")
	wantAnswer(t, "a former friend quits again", f.Post(f.Message(quit())), http.StatusOK, "")

	if a := mallory.Introduce(f, mallory.Introduction(f)); a.State != "friend" || a.Epoch < 2 {
		t.Fatalf("introduction after the end = %+v, want a friend in a new epoch", a)
	}
	wantPut(t, f, mallory.Put(first))
	for row, m := range kept {
		if a := f.Post(m); a.Status != http.StatusConflict || a.Code != "epoch" && a.Code != "replay" {
			t.Errorf("%s = %d %s, want 409", row, a.Status, a.Code)
		}
	}
	if r := f.Send(evil.Fields{"type": "friend.quit", "ep": f.Epoch() - 1})[0]; r.Code != "epoch" {
		t.Errorf("FRI-13 quit of the old epoch, signed now = %+v, want epoch", r)
	}
	wantListed(t, victim, mallory.ID(), "friend")
	wantUnhurt(t, victim, "Ours", "First")

	w.remove(mallory.ID())
	wantUnhurt(t, victim, "Ours")
	wantAnswer(t, "FRI-11 removed", f.Post(f.Message(mallory.Put(first))), http.StatusForbidden, "not_friend")
	podtest.Eventually(t, "the removed friend is told", func() bool { return len(mallory.HeardOf("friend.quit")) > 0 })
}

// FRI-11, FRI-12: a blocked pod gets the plain refusal only; with a new key at the same
// address it asks like a stranger, and the owner decides.
func (w world) blocked() {
	t, victim := w.t, w.victim
	mallory, next := evil.New(t, 0), evil.New(t, 1)
	f := mallory.Befriend(victim.URL)
	wantPut(t, f, mallory.Put(mallory.Video("First", 1)))
	w.verb("block", mallory.ID())
	wantUnhurt(t, victim, "Ours")
	for range 3 {
		wantAnswer(t, "FRI-11 blocked", f.Post(f.Message(evil.Greeting())), http.StatusForbidden, "refused")
		if a := mallory.Introduce(f, mallory.Introduction(f)); a.Status != http.StatusForbidden {
			t.Errorf("FRI-11 introduction of a blocked pod = %d %s, want 403", a.Status, a.Raw)
		}
	}
	wantListed(t, victim, mallory.ID(), "blocked")
	mallory.HandOver(next)
	g := next.Meet(victim.URL)
	if a := next.Introduce(g, next.Introduction(g)); a.State != "waiting" {
		t.Errorf("FRI-12 introduction with a new key = %d %s, want one that waits", a.Status, a.Raw)
	}
	if l := wantListed(t, victim, next.ID(), "waiting"); l.Score > pod.ScoreStart {
		t.Errorf("FRI-12 the newcomer's score is %d, want none that it inherits", l.Score)
	}
	wantListed(t, victim, mallory.ID(), "blocked")
	wantAnswer(t, "message of one that waits", g.Post(g.Message(evil.Greeting())), http.StatusConflict, "not_yet")
	wantUnhurt(t, victim, "Ours")
}

// FRI-15: nobody waits for a friend that is gone for good.
func (w world) goneForGood() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 0)
	wantPut(t, mallory.Befriend(victim.URL), mallory.Put(mallory.Video("First", 1)))
	mallory.Down()
	began := time.Now()
	w.remove(mallory.ID())
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("removing a pod that is down took %s, want no waiting", took)
	}
	wantListed(t, victim, mallory.ID(), "")
	wantUnhurt(t, victim, "Ours")
}

// NET-08: a friend that does not answer keeps nobody else waiting.
func (w world) silentFriend() {
	t := w.t
	mallory, honest := evil.New(t, 0), evil.New(t, 1)
	mallory.Befriend(w.victim.URL)
	mallory.On(evil.Inbox, mallory.Hang)
	honest.Befriend(w.victim.URL)
	began := time.Now()
	w.edit(w.film.UUID, map[string]any{"name": "Ours, renamed"})
	told(t, honest, "Ours, renamed")
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("the other friend was told after %s, want at once", took)
	}
	w.edit(w.film.UUID, map[string]any{"name": "Ours"})
}

// NET-19: what a friend misses is told once, as it stands, across a restart too.
func (w world) queue() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 0)
	f := mallory.Befriend(victim.URL)
	podtest.Eventually(t, "the friend was asked for its catalogue", func() bool { return len(mallory.HeardOf("catalogue.get")) > 0 })
	mallory.On(evil.Inbox, evil.Fail(http.StatusServiceUnavailable))
	for i := range 12 {
		w.edit(w.film.UUID, map[string]any{"name": "Ours, edit " + strconv.Itoa(i)})
	}
	var queue struct{ Data []struct{ Waiting int } }
	victim.Get("/api/v1/pods/queue").JSON(t, &queue)
	most := 0
	for _, entry := range queue.Data {
		most = max(most, entry.Waiting)
	}
	if most < 1 || most > 5 {
		t.Errorf("NET-19 after 12 edits the queue is %+v, want a few activities", queue.Data)
	}
	victim.Stop()
	victim.Start()
	f.Moved(victim.URL)
	w.edit(w.film.UUID, map[string]any{"name": "Ours"})
	mallory.On(evil.Inbox, nil)
	f.Send(evil.Greeting())
	podtest.Eventually(t, "the friend hears of the last edit", func() bool { return strings.Contains(allPuts(mallory), `"name":"Ours",`) })
	if n := len(mallory.HeardOf("video.put")); n > 3 {
		t.Errorf("NET-19 the friend was told %d times, want 3 times at most", n)
	}
}

// NET-18: a friend fills its own share only.
func (w world) manyVideos() {
	t, victim := w.t, w.victim
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	f := mallory.Befriend(victim.URL)
	puts := make([]any, friendVideos+5)
	for i := range puts {
		puts[i] = mallory.Put(mallory.Video("One of many", uint64(i+1)))
	}
	for i, r := range f.Send(puts...) {
		if (r.Code == "too_many") != (i >= friendVideos) {
			t.Errorf("NET-18 video %d = %+v, want %d videos at most", i+1, r, friendVideos)
		}
	}
	want := slices.Repeat([]string{"One of many"}, friendVideos)
	wantUnhurt(t, victim, append(want, "Ours")...)
	wantPut(t, other.Befriend(victim.URL), other.Put(other.Video("Other", 1)))
	wantUnhurt(t, victim, append(want, "Ours", "Other")...)
}

// NET-12: a friend that copies all that names another's video gets a video of its own.
func (w world) copies() {
	t, victim := w.t, w.victim
	mallory, other := evil.New(t, 0), evil.New(t, 1)
	f, g := mallory.Befriend(victim.URL), other.Befriend(victim.URL)
	var details struct {
		Files []struct{ InfoHash string }
	}
	victim.Get("/api/v1/videos/"+w.film.UUID).JSON(t, &details)
	uuid, err := pod.ParseUUID(w.film.UUID)
	if err != nil {
		t.Fatal(err)
	}
	ours := mallory.Video("Copy of ours", 1).With(evil.Fields{"uuid": uuid, "files": []evil.Fields{
		evil.File(uuid, details.Files[0].InfoHash).With(evil.Fields{"name": uuid.String() + "-180.mp4", "height": 180}),
	}})
	theirs := other.Video("Theirs", 7)
	copied := theirs.With(evil.Fields{"iss": mallory.ID(), "name": "Copy of theirs"})
	for _, r := range f.Send(mallory.Put(ours), mallory.Put(copied)) {
		if r.Status != "ok" {
			t.Errorf("NET-12 copy = %+v, want ok", r)
		}
	}
	wantPut(t, g, other.Put(theirs))
	wantUnhurt(t, victim, "Ours", "Copy of ours", "Theirs", "Copy of theirs")
	unhurt := func(when string) {
		t.Helper()
		v := victim.Video(w.film.UUID)
		if !v.IsLocal || v.Name != "Ours" {
			t.Errorf("NET-12 %s: %s is %+v, want our own", when, w.film.UUID, v)
		}
		if a := victim.Get(v.Files[0].FileURL); a.Status != http.StatusOK || int64(len(a.Body)) != v.Files[0].Size {
			t.Errorf("NET-12 %s: our file = %d with %d bytes, want 200 with %d", when, a.Status, len(a.Body), v.Files[0].Size)
		}
		if a := victim.Get(v.Files[0].TorrentURL); a.Status != http.StatusOK {
			t.Errorf("NET-12 %s: our torrent = %d, want 200", when, a.Status)
		}
		raw, _ := pod.ParseInfohash(details.Files[0].InfoHash)
		peer := rand.Text()[:20]
		announce := "/tracker/announce?info_hash=" + percent(raw[:]) + "&peer_id=" + peer + "&port=6999&uploaded=0&downloaded=0&left=1&compact=1"
		if a := victim.Get(announce); a.Status != http.StatusOK || bytes.Contains(a.Body, []byte("failure reason")) {
			t.Errorf("NET-12 %s: announce of our film = %d %q, want peers", when, a.Status, a.Body)
		}
	}
	unhurt("copied")
	f.Send(evil.Remove(uuid, 2), evil.Remove(theirs["uuid"], 8))
	unhurt("copy removed")
	wantUnhurt(t, victim, "Ours", "Theirs")
}

func percent(raw []byte) string {
	var out strings.Builder
	for _, b := range raw {
		out.WriteString("%" + string("0123456789ABCDEF"[b>>4]) + string("0123456789ABCDEF"[b&15]))
	}
	return out.String()
}

// NET-20: whatever a friend receives, the name of a video that is not public is not in it.
func (w world) secrets() {
	t, victim := w.t, w.victim
	mallory := evil.New(t, 0)
	secret := victim.Upload(shortFilm(t), podtest.Fields{"name": "Giraffe before", "privacy": "3"})
	f := mallory.Befriend(victim.URL)
	unlisted := victim.Upload(shortFilm(t), podtest.Fields{"name": "Giraffe unlisted", "privacy": "2"})
	w.edit(secret.UUID, map[string]any{"name": "Giraffe after"})
	both := victim.Upload(shortFilm(t), podtest.Fields{"name": "Was public"})
	told(t, mallory, "Was public")
	w.edit(both.UUID, map[string]any{"name": "Giraffe now", "privacy": 3})
	podtest.Eventually(t, "the friend is told to forget it", func() bool {
		return slices.ContainsFunc(mallory.HeardOf("video.remove"), func(a map[string]any) bool { return a["uuid"] == both.UUID })
	})
	w.edit(both.UUID, map[string]any{"name": "Giraffe later"})
	w.edit(w.film.UUID, map[string]any{"description": "The last change"})
	told(t, mallory, "The last change")
	f.Send(evil.Fields{"type": "catalogue.get", "after": 0})
	f.NewRun() // a new epoch, and the whole catalogue
	mallory.Befriend(victim.URL).Send(evil.Fields{"type": "catalogue.get", "after": 0})
	if page := pages(mallory.Wire()); strings.Contains(page, "Giraffe") || !strings.Contains(page, "Ours") {
		t.Errorf("NET-20 the catalogue is %s, want ours without what is not public", page)
	}
	if strings.Contains(allPuts(mallory), "Giraffe") || bytes.Contains(mallory.Wire(), []byte("Giraffe")) {
		t.Error("NET-20 the friend received the name of a video that is not public")
	}
	for _, id := range []string{secret.UUID, unlisted.UUID} {
		if bytes.Contains(mallory.Wire(), []byte(id)) || strings.Contains(allPuts(mallory)+pages(mallory.Wire()), id) {
			t.Errorf("NET-20 the friend received the uuid of %s", id)
		}
	}
	for _, id := range []string{secret.UUID, unlisted.UUID, both.UUID} {
		wantStatus(t, "delete", victim.Do(http.MethodDelete, "/api/v1/videos/"+id, http.NoBody), http.StatusNoContent)
	}
}

// pages gives the payloads of all signed videos in some bytes.
func pages(wire []byte) string {
	var out strings.Builder
	for _, part := range bytes.FieldsFunc(wire, func(r rune) bool { return r == '"' || r == '\n' || r == '\\' }) {
		if s, err := seal.PeekStatement(part, seal.TypeVideo); err == nil {
			out.Write(s.Unverified())
		}
	}
	return out.String()
}
