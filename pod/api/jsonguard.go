package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/peerpod/peerpod/pod"
)

// maxJSONDepth is deeper than any body that a route reads.
const maxJSONDepth = 16

// checkJSON refuses what Go's decoder would let pass: text that is not UTF-8, a key that
// stands twice in one object, deep nesting, and anything after the first value.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return jsonFault("it is not UTF-8 text", nil)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	w := walker{dec: dec}
	if err := w.value(); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return jsonFault("something follows the value", err)
	}
	return nil
}

// walker reads one JSON value token by token.
type walker struct {
	dec   *json.Decoder
	depth int
}

func (w *walker) value() error {
	token, err := w.dec.Token()
	if err != nil {
		return jsonFault("it can not be read", err)
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if w.depth++; w.depth > maxJSONDepth {
		return jsonFault("it is nested too deep", nil)
	}
	defer func() { w.depth-- }()
	if open == '{' {
		err = w.members()
	} else {
		err = w.elements()
	}
	if err != nil {
		return err
	}
	if _, err := w.dec.Token(); err != nil { // the closing bracket
		return jsonFault("it can not be read", err)
	}
	return nil
}

func (w *walker) members() error {
	seen := map[string]bool{}
	for w.dec.More() {
		token, err := w.dec.Token()
		if err != nil {
			return jsonFault("it can not be read", err)
		}
		key, _ := token.(string)
		if seen[key] {
			return jsonFault("a key stands in it twice", nil)
		}
		seen[key] = true
		if err := w.value(); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) elements() error {
	for w.dec.More() {
		if err := w.value(); err != nil {
			return err
		}
	}
	return nil
}

func jsonFault(why string, err error) error {
	return &pod.Error{Kind: pod.KindInvalid, Code: "invalid_json", Op: "read JSON", Msg: "The body is not the JSON that this address wants: " + why + ".", Err: err}
}
