package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/peerpod/peerpod/pod"
)

// fields collects what a form or a JSON body says about a video. Each value is checked
// when it comes, so that an upload can be refused before its file is read.
type fields struct {
	meta      pod.VideoMeta // what was said so far, over the defaults
	channelID pod.ChannelID // 0: not said
	changes   []func(*pod.VideoMeta)
	seen      map[string]bool
}

func newFields() *fields {
	f := &fields{meta: pod.DefaultMeta(), seen: map[string]bool{}}
	f.meta.Name = strings.Repeat("-", pod.MinNameLen) // until it is said
	return f
}

// change does to a video what the fields say.
func (f *fields) change(m *pod.VideoMeta) error {
	for _, do := range f.changes {
		do(m)
	}
	return m.Validate()
}

// setter reads one field's value: text of a form, or what JSON holds.
type setter func(f *fields, name string, value any) (func(*pod.VideoMeta), error)

// setters are the fields that mean something here; PeerTube's clients send more.
func setters() map[string]setter {
	return map[string]setter{
		"name":                  text(func(m *pod.VideoMeta, s string) { m.Name = strings.TrimSpace(s) }),
		"description":           text(func(m *pod.VideoMeta, s string) { m.Description = s }),
		"support":               text(func(m *pod.VideoMeta, s string) { m.Support = s }),
		"language":              languageField,
		"category":              number(func(m *pod.VideoMeta, n int) { m.Category = n }),
		"licence":               number(func(m *pod.VideoMeta, n int) { m.Licence = n }),
		"privacy":               privacyField,
		"commentsPolicy":        number(func(m *pod.VideoMeta, n int) { m.CommentsPolicy = n }),
		"commentsEnabled":       truth(func(m *pod.VideoMeta, b bool) { m.CommentsPolicy = 2 - btoi(b) }),
		"nsfw":                  truth(func(m *pod.VideoMeta, b bool) { m.NSFW = b }),
		"waitTranscoding":       truth(func(m *pod.VideoMeta, b bool) { m.WaitTranscoding = b }),
		"downloadEnabled":       truth(func(m *pod.VideoMeta, b bool) { m.DownloadEnabled = b }),
		"originallyPublishedAt": dateField,
		"channelId":             channelField,
	}
}

// set takes one scalar field; a name that means nothing here is ignored.
func (f *fields) set(name string, value any) error {
	read, known := setters()[name]
	if !known {
		return nil
	}
	if f.seen[name] {
		return invalid(name, "The field "+name+" stands in the request twice.")
	}
	f.seen[name] = true
	do, err := read(f, name, value)
	if err != nil || do == nil {
		return err
	}
	do(&f.meta)
	f.changes = append(f.changes, do)
	return f.meta.Validate()
}

// addTag takes one of the tags. The first replaces those that the video had.
func (f *fields) addTag(value any) error {
	tag, ok := value.(string)
	if !ok {
		return invalid("tags", "A tag is text.")
	}
	tag, err := cleanText("tags", strings.TrimSpace(tag))
	if err != nil {
		return err
	}
	if !f.seen["tags"] {
		f.seen["tags"] = true
		f.meta.Tags = nil
		f.changes = append(f.changes, func(m *pod.VideoMeta) { m.Tags = slices.Clone(f.meta.Tags) })
	}
	if tag == "" || slices.Contains(f.meta.Tags, tag) { // forms say "no tags" by an empty one
		return nil
	}
	f.meta.Tags = append(f.meta.Tags, tag)
	return f.meta.Validate()
}

// setTags takes the whole list, as JSON has it.
func (f *fields) setTags(value any) error {
	list, ok := value.([]any)
	if !ok && value != nil {
		return invalid("tags", "The tags are a list of texts.")
	}
	for _, tag := range append([]any{""}, list...) {
		if err := f.addTag(tag); err != nil {
			return err
		}
	}
	return nil
}

func text(put func(*pod.VideoMeta, string)) setter {
	return func(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
		s, ok := value.(string)
		if !ok && value != nil {
			return nil, invalid(name, "The field "+name+" is text.")
		}
		s, err := cleanText(name, s)
		return func(m *pod.VideoMeta) { put(m, s) }, err
	}
}

// cleanText gives the text in Unicode's composed form (NFC), in which lengths count.
func cleanText(name, s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", invalid(name, "The field "+name+" is not valid UTF-8 text.")
	}
	return norm.NFC.String(s), nil
}

// isNone tells whether the value says "nothing": null, or what forms write for it.
func isNone(value any) bool { return value == nil || value == "" || value == "null" }

func languageField(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
	if isNone(value) {
		return func(m *pod.VideoMeta) { m.Language = "" }, nil
	}
	code, ok := value.(string)
	if !ok || !knownLanguage(code) {
		return nil, invalid(name, "The language is not one of those at /api/v1/videos/languages.")
	}
	return func(m *pod.VideoMeta) { m.Language = code }, nil
}

func number(put func(*pod.VideoMeta, int)) setter {
	return func(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
		if isNone(value) && name != "commentsPolicy" {
			return func(m *pod.VideoMeta) { put(m, 0) }, nil
		}
		n, err := integer(name, value)
		return func(m *pod.VideoMeta) { put(m, n) }, err
	}
}

func privacyField(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
	n, err := integer(name, value)
	return func(m *pod.VideoMeta) { m.Privacy = pod.Privacy(n) }, err
}

func channelField(f *fields, name string, value any) (func(*pod.VideoMeta), error) {
	n, err := integer(name, value)
	if err == nil && n < 1 {
		err = invalid(name, "The channelId is not the number of a channel.")
	}
	if err == nil {
		f.channelID = pod.ChannelID(n)
	}
	return nil, err
}

// integer reads a whole number, or its digits as forms have them.
func integer(name string, value any) (int, error) {
	digits := ""
	switch v := value.(type) {
	case json.Number:
		digits = v.String()
	case string:
		digits = v
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, invalid(name, "The field "+name+" is a whole number.")
	}
	return n, nil
}

func truth(put func(*pod.VideoMeta, bool)) setter {
	return func(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
		var b bool
		switch value {
		case true, "true", "1":
			b = true
		case false, "false", "0":
		default:
			return nil, invalid(name, "The field "+name+" is true or false.")
		}
		return func(m *pod.VideoMeta) { put(m, b) }, nil
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func dateField(_ *fields, name string, value any) (func(*pod.VideoMeta), error) {
	if isNone(value) {
		return func(m *pod.VideoMeta) { m.OriginallyAt = nil }, nil
	}
	s, _ := value.(string)
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		at, err := time.Parse(layout, s)
		if err == nil && at.Year() >= 1 && at.Year() <= 9999 {
			at = at.UTC()
			return func(m *pod.VideoMeta) { m.OriginallyAt = &at }, nil
		}
	}
	return nil, invalid(name, "The field "+name+" is a time such as 2024-05-31T18:00:00Z.")
}
