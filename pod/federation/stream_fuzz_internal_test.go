package federation

import (
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/peerpod/peerpod/pod"
)

func FuzzDecodeEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"iss":"a","aud":"b","op":"x","prev":0,"seq":1,"activities":[{"type":"greeting"}]}`,
		`{"iss":"a","aud":"b","op":"x","prev":18446744073709551615,"seq":0,"activities":[{}]}`,
		`{"iss":"a","aud":"b","op":"x","prev":0,"seq":0,"activities":[],"acks":[{"op":"y","results":[{"status":"ok","page":{}}]}]}`, `null`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		e, err := decodeEnvelope(plain, "a", "b")
		if err == nil && (e.Seq-e.Prev != uint64(len(e.Activities)) || len(e.Activities) > pod.MaxActivities || e.Op == "") {
			t.Errorf("decodeEnvelope(%q) = %+v, want an error", plain, e)
		}
		a, err := decodeAnswer(plain, "a", "b")
		if err == nil && a.Message != nil && len(a.Message.Activities) > pod.MaxActivities {
			t.Errorf("decodeAnswer(%q) = %+v, want an error", plain, a)
		}
	})
}

func FuzzActivities(f *testing.F) {
	for _, seed := range []string{
		`{"type":"video.put","rev":1,"video":"a.b.c"}`, `{"type":"video.remove","rev":1,"uuid":"f29a4939-47cf-4153-9a90-ab701852fc8c"}`,
		`{"type":"catalogue.get","after":0}`, `{"type":"pod.update","name":"x","url":"http://127.0.0.1:9000"}`, `{"type":"key.rotate","proof":"x.y.z"}`,
		`{"type":"friend.quit","ep":1}`, `{"type":"greeting"}`, `{"type":"view","uuid":"f29a4939-47cf-4153-9a90-ab701852fc8c","count":1e9}`,
		`{"type":"voucher.get","pod":"x"}`, `{"type":"signal"}`, `7`,
	} {
		f.Add([]byte(seed))
	}
	fed := &Federation{log: slog.New(slog.DiscardHandler), cfg: Config{URL: func() string { return "http://127.0.0.1:1024" }}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		asked := fed.decode(t.Context(), received{}, []json.RawMessage{raw, raw})
		if len(asked.steps) != 2 {
			t.Errorf("decode(%q) = %d steps, want one for each activity", raw, len(asked.steps))
		}
		for _, s := range asked.steps {
			if s.Result.Status == "" || s.Kind == pod.StepPut {
				t.Errorf("decode(%q) = %+v, want a result, and no video that nobody signed", raw, s)
			}
		}
	})
}

func FuzzWireVideo(f *testing.F) {
	f.Add([]byte(`{"iss":"a","rev":1,"uuid":"f29a4939-47cf-4153-9a90-ab701852fc8c","name":"A film","files":[{"name":"f29a4939-47cf-4153-9a90-ab701852fc8c-720.mp4","height":720,"size":1,"pieceLength":1,"mimeType":"video/mp4"}]}`))
	f.Add([]byte(`{"name":"../../etc","files":[{"name":"../x-0.mp4"}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var w wireVideo
		if json.Unmarshal(payload, &w) != nil {
			return
		}
		v, err := w.video()
		if err != nil {
			return
		}
		if err := v.Validate(); err != nil || v.Privacy != pod.PrivacyPublic || v.Origin != 0 {
			t.Errorf("video(%q) = %+v (%v), want one that keeps the rules", payload, v, err)
		}
		for _, file := range v.Files {
			if len(file.Name) < 36 || file.Name[:36] != v.UUID.String() {
				t.Errorf("video(%q) has a file named %q, want the uuid first", payload, file.Name)
			}
		}
	})
}
