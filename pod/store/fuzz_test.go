package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/store"
)

func FuzzDecodeRecord(f *testing.F) {
	key := store.IDKey(7)
	good := store.Seal(key, []byte(`{"id":7,"uuid":"`+uuid(7).String()+`","meta":{"name":"x","privacy":1},"createdAt":"2026-01-01T00:00:00Z"}`))
	f.Add(key, good)
	f.Add(key, good[:4])
	f.Add(key, store.Seal(key, []byte(`{"files":[{"infohash":"zz"}]}`)))
	f.Add(key, store.Seal(key, []byte(`[`)))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, record []byte) {
		if _, err := store.DecodeVideo(key, record); err != nil && !errors.Is(err, pod.ErrCorrupt) {
			t.Errorf("DecodeVideo(%x) = %v, want nil or %v", record, err, pod.ErrCorrupt)
		}
		payload, err := store.Unseal(key, store.Seal(key, record))
		if err != nil || !bytes.Equal(payload, record) {
			t.Errorf("Unseal(Seal(%x)) = %x, %v, want the same", record, payload, err)
		}
		if _, err := store.DecodeVideo(key, store.Seal(key, record)); err != nil && !errors.Is(err, pod.ErrCorrupt) {
			t.Errorf("DecodeVideo(sealed %x) = %v, want nil or %v", record, err, pod.ErrCorrupt)
		}
	})
}

func FuzzDecodeRow(f *testing.F) {
	v := video(1)
	row := store.AppendRow(&v)
	f.Add(row)
	f.Add(row[:len(row)-1])
	f.Add(row[:70])
	f.Add([]byte{})
	f.Add(append(bytes.Clone(row[:81]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if _, err := store.DecodeRow(payload); err != nil && !errors.Is(err, pod.ErrCorrupt) {
			t.Errorf("DecodeRow(%x) = %v, want nil or %v", payload, err, pod.ErrCorrupt)
		}
	})
}

func TestUnseal(t *testing.T) {
	key, good := []byte("key"), store.Seal([]byte("key"), []byte("payload"))
	for name, tt := range map[string]struct {
		key, record []byte
		want        error
	}{
		"good":          {key, good, nil},
		"empty payload": {key, store.Seal(key, nil), nil},
		"other key":     {[]byte("kez"), good, pod.ErrCorrupt},
		"empty":         {key, nil, pod.ErrCorrupt},
		"short":         {key, good[:4], pod.ErrCorrupt},
		"cut":           {key, good[:len(good)-1], pod.ErrCorrupt},
		"longer":        {key, append(bytes.Clone(good), 0), pod.ErrCorrupt},
	} {
		_, err := store.Unseal(tt.key, tt.record)
		wantErr(t, "Unseal("+name+")", err, tt.want)
	}
	for i := range good {
		for bit := range 8 {
			flipped := bytes.Clone(good)
			flipped[i] ^= 1 << bit
			if _, err := store.Unseal(key, flipped); !errors.Is(err, pod.ErrCorrupt) {
				t.Errorf("Unseal(byte %d, bit %d flipped) = %v, want %v", i, bit, err, pod.ErrCorrupt)
			}
		}
	}
}

func TestRowKeepsNameInLowerCase(t *testing.T) {
	v := video(1, func(v *pod.Video) { v.Name = strings.Repeat("ÄÖ x", 30) })
	name, err := store.DecodeRow(store.AppendRow(&v))
	if want := strings.Repeat("äö x", 30); name != want || err != nil {
		t.Errorf("DecodeRow() = %q, %v, want %q, nil", name, err, want)
	}
}
