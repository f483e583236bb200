package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

// maxDepth is deeper than anything that pods tell each other.
const maxDepth = 32

// DecodeStrict reads one JSON value. It refuses what two readers could read in two ways:
// unknown names, names in other capitals, a name that stands twice in one object, text
// that is not UTF-8, more than 32 levels, null for the whole, and anything behind the
// value. Every fault is pod.ErrInvalid; what into holds then is not defined.
func DecodeStrict(data []byte, into any) error { return decode(data, into, true) }

// DecodeLoose is DecodeStrict, but takes unknown names: a later version may send more.
// A known name in other capitals stays a fault.
func DecodeLoose(data []byte, into any) error { return decode(data, into, false) }

func decode(data []byte, into any, closed bool) error {
	if !utf8.Valid(data) {
		return jsonFault("not UTF-8")
	}
	if !json.Valid(data) {
		return jsonFault("malformed, or not one value")
	}
	if string(bytes.TrimSpace(data)) == "null" {
		return jsonFault("null")
	}
	w := walker{data: data, closed: closed}
	if err := w.value(reflect.TypeOf(into)); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if closed {
		dec.DisallowUnknownFields() // where embedding hides names from the walker
	}
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("read JSON: %w: %w", pod.ErrInvalid, err)
	}
	return nil
}

func jsonFault(why string) error { return fmt.Errorf("read JSON: %s: %w", why, pod.ErrInvalid) }

// walker goes through one value that is known to be valid JSON, beside the Go type that
// it is meant for; nil is a type of its own choice. It is many times faster than the
// tokens of encoding/json, and friends send up to a megabyte.
type walker struct {
	data   []byte
	at     int
	depth  int
	closed bool
}

// next gives the first byte of what comes now. Commas and colons stand where they must.
func (w *walker) next() byte {
	for strings.IndexByte(" \t\r\n,:", w.data[w.at]) >= 0 {
		w.at++
	}
	return w.data[w.at]
}

func (w *walker) value(into reflect.Type) error {
	switch w.next() {
	case '{':
		return w.nested(target(into), w.members)
	case '[':
		return w.nested(target(into), w.elements)
	case '"':
		w.text()
	default: // a number or a word
		for w.at < len(w.data) && strings.IndexByte(" \t\r\n,]}", w.data[w.at]) < 0 {
			w.at++
		}
	}
	return nil
}

// nested steps over the two brackets and reads what is between.
func (w *walker) nested(into reflect.Type, inside func(reflect.Type) error) error {
	if w.depth++; w.depth > maxDepth {
		return jsonFault("nested too deep")
	}
	w.at++
	if err := inside(into); err != nil {
		return err
	}
	w.at++
	w.depth--
	return nil
}

// text steps over a string and gives it as it stands, with its quotes.
func (w *walker) text() []byte {
	start := w.at
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.data[start:w.at]
}

// name steps over the name of a member.
func (w *walker) name() string {
	raw := w.text()
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var name string
	_ = json.Unmarshal(raw, &name) // valid, as all of it
	return name
}

func (w *walker) members(into reflect.Type) error {
	known, isStruct := members(into)
	seen := map[string]bool{}
	for w.next() != '}' {
		name := w.name()
		if seen[name] {
			return jsonFault("a name stands twice")
		}
		seen[name] = true
		next, ok := known[name]
		if isStruct && !ok && (w.closed || foldsToOne(known, name)) {
			return jsonFault("a name is not known")
		}
		if !isStruct {
			next = element(into)
		}
		if err := w.value(next); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) elements(into reflect.Type) error {
	next := element(into)
	for w.next() != ']' {
		if err := w.value(next); err != nil {
			return err
		}
	}
	return nil
}

// target follows pointers. A type that reads its JSON itself, or none, gives nil.
func target(t reflect.Type) reflect.Type {
	reader := reflect.TypeFor[json.Unmarshaler]()
	for ; t != nil; t = t.Elem() {
		if t.Implements(reader) || reflect.PointerTo(t).Implements(reader) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
	}
	return nil
}

// element gives the type of what a list or a map holds.
func element(t reflect.Type) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	default:
		return nil
	}
}

// members gives the names that encoding/json knows of a struct, each with its type.
func members(t reflect.Type) (map[string]reflect.Type, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, false
	}
	known := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Tag.Get("json") == "-" || field.Anonymous && name == "" || !field.Anonymous && !field.IsExported() {
			continue // the fields of an embedded struct follow
		}
		if name == "" {
			name = field.Name
		}
		known[name] = field.Type
	}
	return known, true
}

// foldsToOne tells whether encoding/json would take name for a known one.
func foldsToOne(known map[string]reflect.Type, name string) bool {
	for other := range known {
		if strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}
