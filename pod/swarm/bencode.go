package swarm

import (
	"errors"
	"fmt"
	"strconv"
)

// Bounds of what the decoder takes; an info dictionary of ours has depth 1.
const (
	maxInfoBytes   = 8 << 20
	maxInfoDepth   = 8
	maxInfoEntries = 64 // keys of the outer dictionary
)

var (
	errBencode = errors.New("bencode is malformed")
	errDeep    = errors.New("bencode is nested too deep")
)

// benReader walks over bencoded bytes (BEP 3) without building values.
type benReader struct {
	data []byte
	pos  int
}

func (r *benReader) peek() byte {
	if r.pos >= len(r.data) {
		return 0
	}
	return r.data[r.pos]
}

// number reads decimal digits up to an end byte; leading zeros, "-0" and more than 18
// digits are refused.
func (r *benReader) number(end byte) (int64, error) {
	start := r.pos
	for r.pos < len(r.data) && r.data[r.pos] != end && r.pos-start < 20 {
		r.pos++
	}
	if r.peek() != end {
		return 0, errBencode
	}
	text := string(r.data[start:r.pos])
	r.pos++
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, errBencode
	}
	return n, nil
}

func (r *benReader) integer() (int64, error) {
	if r.peek() != 'i' {
		return 0, errBencode
	}
	r.pos++
	return r.number('e')
}

func (r *benReader) text() ([]byte, error) {
	n, err := r.number(':')
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(r.data)-r.pos) {
		return nil, errBencode
	}
	b := r.data[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b, nil
}

// skip passes over one value of any kind.
func (r *benReader) skip(depth int) error {
	if depth > maxInfoDepth {
		return errDeep
	}
	switch c := r.peek(); {
	case c == 'i':
		_, err := r.integer()
		return err
	case c >= '0' && c <= '9':
		_, err := r.text()
		return err
	case c == 'l' || c == 'd':
		r.pos++
		for r.peek() != 'e' {
			if c == 'd' {
				if _, err := r.text(); err != nil {
					return err
				}
			}
			if err := r.skip(depth + 1); err != nil {
				return err
			}
		}
		r.pos++
		return nil
	}
	return errBencode
}

// eachEntry reads one dictionary that fills the whole of data. Keys must rise. fn must
// consume the value.
func (r *benReader) eachEntry(fn func(key string) error) error {
	if r.peek() != 'd' {
		return errBencode
	}
	r.pos++
	last, first := "", true
	for count := 0; r.peek() != 'e'; count++ {
		key, err := r.text()
		if err != nil {
			return err
		}
		if count == maxInfoEntries || !first && string(key) <= last {
			return errBencode
		}
		last, first = string(key), false
		if err := fn(last); err != nil {
			return fmt.Errorf("value of %.20q: %w", last, err)
		}
	}
	r.pos++
	if r.pos != len(r.data) {
		return errBencode
	}
	return nil
}

func benText[T string | []byte](b []byte, s T) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

func benInt(b []byte, n int64) []byte {
	b = append(b, 'i')
	b = strconv.AppendInt(b, n, 10)
	return append(b, 'e')
}
