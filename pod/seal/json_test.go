package seal_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

type base struct {
	Host string `json:"host"`
}

type named struct {
	Deep string `json:"deep"`
}

type sample struct {
	base
	named  `json:"named"`
	Name   string            `json:"name"`
	Count  uint64            `json:"count,omitempty"`
	Plain  int               // its name is the field's own
	Skip   string            `json:"-"`
	Inner  *sample           `json:"inner"`
	List   []sample          `json:"list"`
	Map    map[string]sample `json:"map"`
	Raw    json.RawMessage   `json:"raw"`
	Any    any               `json:"any"`
	At     time.Time         `json:"at"`
	UUID   pod.UUID          `json:"uuid"`
	hidden int               //nolint:unused // encoding/json does not see it, nor must we
}

func TestDecode(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return `{"any":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	for _, c := range []struct {
		name, text    string
		strict, loose bool
	}{
		{"empty object", `{}`, true, true},
		{"all", `{"host":"h","name":"n","count":1,"Plain":2,"inner":{"name":"i"},"list":[{"count":3}],"map":{"a":{"name":"m"}},"raw":{"x":1},"any":[{"Y":1}],"at":"2026-01-02T03:04:05Z","uuid":"9c9de5e8-0a1e-484a-b099-e80766180a6d"}`, true, true},
		{"blanks around", " \n{} \t", true, true},
		{"no value", ``, false, false},
		{"null", ` null `, false, false},
		{"unknown", `{"other":1}`, false, true},
		{"unknown inside", `{"inner":{"other":1}}`, false, true},
		{"unknown in a list", `{"list":[{"other":1}]}`, false, true},
		{"unknown in a map", `{"map":{"a":{"other":1}}}`, false, true},
		{"name of a skipped field", `{"Skip":"x"}`, false, true},
		{"name of a hidden field", `{"hidden":1}`, false, true},
		{"name from inside a named one", `{"deep":"x"}`, false, true},
		{"a named one", `{"named":{"deep":"x"}}`, true, true},
		{"other capitals in a named one", `{"named":{"Deep":"x"}}`, false, false},
		{"other capitals", `{"Name":"x"}`, false, false},
		{"other capitals inside", `{"inner":{"NAME":"x"}}`, false, false},
		{"other capitals in a list", `{"list":[{"nAme":"x"}]}`, false, false},
		{"other capitals in a map", `{"map":{"a":{"nAme":"x"}}}`, false, false},
		{"other capitals of an embedded one", `{"HOST":"x"}`, false, false},
		{"other capitals without a tag", `{"plain":1}`, false, false},
		{"a letter that folds to one", "{\"li\u017ft\":[]}", false, false},
		{"an escaped letter", `{"n\u0061me":"x"}`, true, true},
		{"twice", `{"name":"a","name":"b"}`, false, false},
		{"twice, escaped", `{"name":"a","n\u0061me":"b"}`, false, false},
		{"twice inside", `{"inner":{"count":1,"count":2}}`, false, false},
		{"twice in raw", `{"raw":[{"x":{"a":1,"a":2}}]}`, false, false},
		{"twice in any", `{"any":{"a":1,"a":2}}`, false, false},
		{"twice, unknown", `{"other":1,"other":2}`, false, false},
		{"two cases in a map", `{"map":{"a":{},"A":{}}}`, true, true},
		{"32 levels", deep(32), true, true},
		{"33 levels", deep(33), false, false},
		{"10,000 levels", deep(10_000), false, false},
		{"not UTF-8", "{\"name\":\"\xff\"}", false, false},
		{"not UTF-8 in a name", "{\"n\xc0me\":1}", false, false},
		{"byte order mark", "\ufeff{}", false, false},
		{"second value", `{}{}`, false, false},
		{"text behind", `{} x`, false, false},
		{"bracket behind", `{}}`, false, false},
		{"cut", `{"name":"x"`, false, false},
		{"wrong bracket", `{"list":[}}`, false, false},
		{"comma at the end", `{"name":"x",}`, false, false},
		{"comma in a list", `{"list":[{},]}`, false, false},
		{"no colon", `{"name" "x"}`, false, false},
		{"bare name", `{name:"x"}`, false, false},
		{"comment", `{/**/}`, false, false},
		{"wrong type", `{"name":1}`, false, false},
		{"wrong type of the whole", `[]`, false, false},
		{"negative", `{"count":-1}`, false, false},
		{"fraction", `{"count":1.5}`, false, false},
		{"too big", `{"count":18446744073709551616}`, false, false},
		{"not a number", `{"count":NaN}`, false, false},
	} {
		for mode, decode := range map[string]func([]byte, any) error{"DecodeStrict": seal.DecodeStrict, "DecodeLoose": seal.DecodeLoose} {
			want := c.strict
			if mode == "DecodeLoose" {
				want = c.loose
			}
			var into sample
			err := decode([]byte(c.text), &into)
			if (err == nil) != want || err != nil && !errors.Is(err, pod.ErrInvalid) {
				t.Errorf("%s(%s) = %v, want taken %t or else ErrInvalid", mode, c.name, err, want)
			}
		}
	}
}

func TestDecodeValues(t *testing.T) {
	t.Parallel()
	var got struct {
		Name string            `json:"name"`
		List []json.RawMessage `json:"list"`
	}
	if err := seal.DecodeLoose([]byte(`{"name":"n","list":[{"b": 1},2],"more":{}}`), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]json.RawMessage{json.RawMessage(`{"b": 1}`), json.RawMessage("2")}, got.List); diff != "" || got.Name != "n" {
		t.Errorf("DecodeLoose gives %q and (-want +got):\n%s", got.Name, diff)
	}
	var loose any
	if err := seal.DecodeStrict([]byte(`{"A":1}`), &loose); err != nil {
		t.Errorf("DecodeStrict(into any) = %v", err)
	}
	if err := seal.DecodeStrict([]byte(`{}`), nil); !errors.Is(err, pod.ErrInvalid) {
		t.Errorf("DecodeStrict(into nil) = %v, want ErrInvalid", err)
	}
}
