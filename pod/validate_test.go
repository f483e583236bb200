package pod_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*pod.VideoMeta)
		code   string // "" is valid
	}{
		{"as it is", func(*pod.VideoMeta) {}, ""},
		{"3 characters of more bytes", func(m *pod.VideoMeta) { m.Name = "été" }, ""},
		{"120 characters", func(m *pod.VideoMeta) { m.Name = strings.Repeat("😀", 120) }, ""},
		{"121 characters", func(m *pod.VideoMeta) { m.Name = strings.Repeat("a", 121) }, "invalid_name"},
		{"2 characters", func(m *pod.VideoMeta) { m.Name = "éé" }, "invalid_name"},
		{"no UTF-8", func(m *pod.VideoMeta) { m.Name = "abc\xff" }, "invalid_name"},
		{"NUL", func(m *pod.VideoMeta) { m.Name = "abc\x00" }, "invalid_name"},
		{"long description", func(m *pod.VideoMeta) { m.Description = strings.Repeat("a", 10_000) }, ""},
		{"lines in a description", func(m *pod.VideoMeta) { m.Description = "a\r\n\tb" }, ""},
		{"too long a description", func(m *pod.VideoMeta) { m.Description = strings.Repeat("a", 10_001) }, "invalid_description"},
		{"too long a support text", func(m *pod.VideoMeta) { m.Support = strings.Repeat("a", 1_001) }, "invalid_support"},
		{"5 tags", func(m *pod.VideoMeta) { m.Tags = []string{"aa", "bb", "cc", "dd", "ee"} }, ""},
		{"6 tags", func(m *pod.VideoMeta) { m.Tags = make([]string, 6) }, "invalid_tags"},
		{"short tag", func(m *pod.VideoMeta) { m.Tags = []string{"a"} }, "invalid_tags"},
		{"long tag", func(m *pod.VideoMeta) { m.Tags = []string{strings.Repeat("a", 31)} }, "invalid_tags"},
		{"no privacy", func(m *pod.VideoMeta) { m.Privacy = 0 }, "invalid_privacy"},
		{"unknown privacy", func(m *pod.VideoMeta) { m.Privacy = 8 }, "invalid_privacy"},
		{"a privacy of a later version", func(m *pod.VideoMeta) { m.Privacy = pod.PrivacyFriends }, "invalid_privacy"},
		{"category", func(m *pod.VideoMeta) { m.Category = 18 }, ""},
		{"unknown category", func(m *pod.VideoMeta) { m.Category = 19 }, "invalid_category"},
		{"unknown licence", func(m *pod.VideoMeta) { m.Licence = -1 }, "invalid_licence"},
		{"language", func(m *pod.VideoMeta) { m.Language = "zh-Hans" }, ""},
		{"bad language", func(m *pod.VideoMeta) { m.Language = "<b>" }, "invalid_language"},
		{"bad comments policy", func(m *pod.VideoMeta) { m.CommentsPolicy = 4 }, "invalid_comments_policy"},
	} {
		m := pod.DefaultMeta()
		m.Name = "A name"
		c.change(&m)
		err := m.Validate()
		e, _ := errors.AsType[*pod.Error](err)
		if (err == nil) != (c.code == "") || e != nil && (e.Code != c.code || !strings.HasSuffix(e.Msg, ".")) {
			t.Errorf("%s: Validate = %+v, want code %q and a sentence", c.name, err, c.code)
		}
	}
}

func TestNameFromFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"/home/ana/My holiday.mp4": "My holiday", `C:\films\a.b.webm`: "a.b", "x.mp4": "x__", ".hidden": ".hidden", "": ".__",
		"line\nbreak.mp4": "linebreak", "bad\xff.mp4": "bad", strings.Repeat("é", 200) + ".mp4": strings.Repeat("é", 120),
	} {
		got := pod.NameFromFile(file)
		if got != want {
			t.Errorf("NameFromFile(%q) = %q, want %q", file, got, want)
		}
	}
}

func FuzzNameFromFile(f *testing.F) {
	f.Add("../../etc/passwd")
	f.Add("\x00\xff.mp4")
	f.Fuzz(func(t *testing.T, file string) {
		name := pod.NameFromFile(file)
		m := pod.DefaultMeta()
		if m.Name = name; !utf8.ValidString(name) || m.Validate() != nil {
			t.Errorf("NameFromFile(%q) = %q, want a valid title", file, name)
		}
	})
}

func TestValidAccountName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"root": true, "a.b_9": true, "a": false, "": false, "Root": false, "a b": false, "é": false, strings.Repeat("a", 50): true, strings.Repeat("a", 51): false,
	} {
		if got := pod.ValidAccountName(name); got != want {
			t.Errorf("ValidAccountName(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	deep := &pod.Error{Kind: pod.KindTooMany, Op: "log in", Msg: "Wait a little.", Err: pod.ErrInvalid}
	for _, c := range []struct {
		err  error
		want pod.Kind
	}{
		{errors.New("x"), pod.KindInternal},
		{fmt.Errorf("read: %w", pod.ErrNotFound), pod.KindNotFound},
		{fmt.Errorf("write: %w", pod.ErrNoSpace), pod.KindNoSpace},
		{fmt.Errorf("outer: %w", deep), pod.KindTooMany},
		{pod.Invalid("name", "No."), pod.KindInvalid},
	} {
		if got := pod.KindOf(c.err); got != c.want {
			t.Errorf("KindOf(%v) = %d, want %d", c.err, got, c.want)
		}
	}
	if text := deep.Error(); text != "log in: Wait a little. (invalid)" {
		t.Errorf("Error() = %q", text)
	}
	if !errors.Is(deep, pod.ErrInvalid) {
		t.Error("the cause is not found")
	}
}

func TestSmallRules(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{"name": true, "-publishedAt": true, "": false, "-": false, "password": false, "--name": false} {
		if got := pod.ValidSort(key); got != want {
			t.Errorf("ValidSort(%q) = %v, want %v", key, got, want)
		}
	}
	for p, want := range map[pod.Privacy]bool{pod.PrivacyPublic: true, pod.PrivacyUnlisted: true, pod.PrivacyPrivate: false, pod.PrivacyFriends: false} {
		if got := p.InTorrent(); got != want {
			t.Errorf("InTorrent(%d) = %v, want %v", p, got, want)
		}
	}
	v := pod.Video{Files: []pod.VideoFile{{Name: "a.mp4"}}}
	if _, ok := v.File("a.mp4"); !ok {
		t.Error("File(a.mp4) was not found")
	}
	if _, ok := v.File("b.mp4"); ok || !v.IsLocal() {
		t.Error("File(b.mp4) was found, or the video is not local")
	}
}
