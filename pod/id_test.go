package pod_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
)

func TestInfohashText(t *testing.T) {
	t.Parallel()
	const text = "0123456789abcdef0123456789abcdef01234567"
	ih, err := pod.ParseInfohash(strings.ToUpper(text))
	if err != nil || ih.String() != text || ih.IsZero() {
		t.Errorf("ParseInfohash = %s, %v, want %s", ih, err, text)
	}
	for _, bad := range []string{"", text[1:], text + "0", strings.Repeat("g", 40)} {
		if _, err := pod.ParseInfohash(bad); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("ParseInfohash(%q) = %v, want ErrInvalid", bad, err)
		}
	}
	var back struct{ Hash pod.Infohash }
	data, err := json.Marshal(struct{ Hash pod.Infohash }{ih})
	if err != nil || json.Unmarshal(data, &back) != nil || back.Hash != ih {
		t.Errorf("through JSON = %v, want %v", back.Hash, ih)
	}
}

// The second pair stands in the documentation of PeerTube REST.
func TestUUIDForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ long, short string }{
		{"00000000-0000-0000-0000-000000000000", "1111111111111111111111"},
		{"9c9de5e8-0a1e-484a-b099-e80766180a6d", "kkGMgK9ZtnKfYAgnEtQxbv"},
		{"ffffffff-ffff-ffff-ffff-ffffffffffff", "xBuEXKpA6iqZQK5Kf2TnkV"},
	} {
		u, err := pod.ParseUUID(c.long)
		if err != nil || u.String() != c.long {
			t.Errorf("ParseUUID(%s) = %s, %v", c.long, u, err)
		}
		if len(u.Short()) != 22 {
			t.Errorf("Short(%s) = %q, want 22 characters", c.long, u.Short())
		}
		if back, err := pod.ParseShortUUID(u.Short()); err != nil || back != u {
			t.Errorf("ParseShortUUID(%s) = %s, %v, want %s", u.Short(), back, err, u)
		}
		if c.short != u.Short() {
			t.Errorf("Short(%s) = %s, want %s", c.long, u.Short(), c.short)
		}
	}
	for _, bad := range []string{"", "9c9de5e8", "9c9de5e80a1e484ab099e80766180a6d0000", "zc9de5e8-0a1e-484a-b099-e80766180a6d", "9c9de5e8-0a1e-484a-b099e-80766180a6d"} {
		if _, err := pod.ParseUUID(bad); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("ParseUUID(%q) = %v, want ErrInvalid", bad, err)
		}
	}
	for _, bad := range []string{"", "0", "l", "O", strings.Repeat("Z", 22), strings.Repeat("1", 23), "é"} {
		if _, err := pod.ParseShortUUID(bad); !errors.Is(err, pod.ErrInvalid) {
			t.Errorf("ParseShortUUID(%q) = %v, want ErrInvalid", bad, err)
		}
	}
}

func TestNewUUIDIsVersion4(t *testing.T) {
	t.Parallel()
	one, two := pod.NewUUID(), pod.NewUUID()
	if one == two || one.IsZero() {
		t.Errorf("NewUUID = %s and %s, want two", one, two)
	}
	if text := one.String(); text[14] != '4' || !strings.ContainsRune("89ab", rune(text[19])) {
		t.Errorf("NewUUID = %s, want version 4, variant 1", text)
	}
}

func TestParseVideoRef(t *testing.T) {
	t.Parallel()
	u := pod.NewUUID()
	for text, want := range map[string]pod.VideoRef{"42": {ID: 42}, u.String(): {UUID: u}, u.Short(): {UUID: u}} {
		if got, err := pod.ParseVideoRef(text); err != nil || got != want {
			t.Errorf("ParseVideoRef(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "0", "-1", "abc", "99999999999999999999999", "../etc", "１２"} {
		if _, err := pod.ParseVideoRef(bad); pod.KindOf(err) != pod.KindInvalid {
			t.Errorf("ParseVideoRef(%q) = %v, want KindInvalid", bad, err)
		}
	}
}

func FuzzParseVideoRef(f *testing.F) {
	for _, seed := range []string{"1", "kkGMgK9ZtnKfYAgnEtQxbv", "9c9de5e8-0a1e-484a-b099-e80766180a6d", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := pod.ParseVideoRef(text)
		if err == nil && (ref.ID == 0) == ref.UUID.IsZero() && text != strings.Repeat("1", 22) && text != (pod.UUID{}).String() {
			t.Errorf("ParseVideoRef(%q) = %+v, want exactly one field set", text, ref)
		}
	})
}
