package seal

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/peerpod/peerpod/pod"
)

const (
	maxMethodChars = 16
	maxPathChars   = 256
	minStatus      = 100
	maxStatus      = 599
	// lastSecond is the last one of the year 9999.
	lastSecond = 253402300799
)

// fields is a closed header: a field that was not taken out of it at the end, or that
// was wanted and is not there, is a fault. The first fault stays in err.
type fields struct {
	values map[string]json.RawMessage
	err    error
}

// readHeader reads the first part of a compact serialization.
func readHeader(part string) (*fields, error) {
	raw, err := decode64(part)
	if err != nil {
		return nil, err
	}
	f := &fields{}
	if DecodeStrict(raw, &f.values) != nil {
		return nil, bad("the header is not a JSON object")
	}
	return f, nil
}

func (f *fields) fail(why string) {
	if f.err == nil {
		f.err = bad(why)
	}
}

// text takes out a field that is a string.
func (f *fields) text(name string) string {
	raw := f.values[name]
	delete(f.values, name)
	var value string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		f.fail("the header has no text " + name)
	}
	return value
}

// number takes out a field that is a whole number from 0 to limit, in plain digits.
func (f *fields) number(name string, limit uint64) uint64 {
	raw := f.values[name]
	delete(f.values, name)
	value, err := strconv.ParseUint(string(raw), 10, 64)
	if err != nil || value > limit {
		f.fail("the header has no number " + name)
	}
	return value
}

// want takes out a field that can have one value only.
func (f *fields) want(name, value string) {
	if f.text(name) != value {
		f.fail("the header has another " + name)
	}
}

func (f *fields) podID(name string) pod.PodID {
	id, err := pod.ParsePodID(f.text(name))
	if err != nil {
		f.fail("the header has no pod ID " + name)
	}
	return id
}

func (f *fields) nonce(name string) string {
	value := f.text(name)
	if !IsNonce(value) {
		f.fail("the header has no nonce " + name)
	}
	return value
}

func (f *fields) seconds(name string) time.Time {
	return time.Unix(int64(f.number(name, lastSecond)), 0).UTC()
}

// end tells the first fault; a field that is left over is one.
func (f *fields) end() error {
	if len(f.values) != 0 {
		f.fail("the header has a field that is not known")
	}
	return f.err
}

// validMethod tells whether text is an HTTP method in capital letters.
func validMethod(text string) bool {
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return false
		}
	}
	return text != "" && len(text) <= maxMethodChars
}

// validPath tells whether text is the path of a URL: printable ASCII without a blank.
func validPath(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return text != "" && text[0] == '/' && len(text) <= maxPathChars
}

func validTime(t time.Time) bool { return t.Unix() >= 0 && t.Unix() <= lastSecond }

func validStatus(status int) bool { return status >= minStatus && status <= maxStatus }
