package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

const (
	// recordVersion is the first byte of each record.
	recordVersion = 1
	headerLen     = 1 + crc32.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers the key too: a record under the wrong key is damage.
func checksum(key, version, payload []byte) uint32 {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, version)
	return crc32.Update(sum, castagnoli, payload)
}

// seal makes the record of a payload.
func seal(key, payload []byte) []byte {
	record := make([]byte, 0, headerLen+len(payload))
	record = append(record, recordVersion)
	record = binary.BigEndian.AppendUint32(record, checksum(key, record, payload))
	return append(record, payload...)
}

// unseal proves a record and gives its payload, a part of the same bytes.
func unseal(key, record []byte) ([]byte, error) {
	if len(record) < headerLen {
		return nil, fmt.Errorf("record of %d bytes: %w", len(record), pod.ErrCorrupt)
	}
	if record[0] != recordVersion {
		return nil, fmt.Errorf("record of version %d: %w", record[0], pod.ErrCorrupt)
	}
	payload := record[headerLen:]
	if checksum(key, record[:1], payload) != binary.BigEndian.Uint32(record[1:]) {
		return nil, fmt.Errorf("checksum differs: %w", pod.ErrCorrupt)
	}
	return payload, nil
}

// sealJSON makes the record of a value. A value that JSON can not hold is invalid.
func sealJSON(key []byte, value any) ([]byte, error) {
	payload, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", pod.ErrInvalid, err)
	}
	return seal(key, payload), nil
}

// unsealJSON proves a record and reads its value, which shares no bytes with it.
func unsealJSON[T any](key, record []byte) (T, error) {
	var value T
	payload, err := unseal(key, record)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(payload, &value); err != nil {
		return value, fmt.Errorf("%w: %w", pod.ErrCorrupt, err)
	}
	return value, nil
}

// get reads the value under a key; pod.ErrNotFound when there is none.
func get[T any](tx *bbolt.Tx, b bucket, key []byte) (T, error) {
	record := tx.Bucket([]byte(b)).Get(key)
	if record == nil {
		var none T
		return none, pod.ErrNotFound
	}
	value, err := unsealJSON[T](key, record)
	if err != nil {
		return value, fmt.Errorf("%s %x: %w", b, key, err)
	}
	return value, nil
}

// linked is get for a record that another record points at: its absence is damage.
func linked[T any](tx *bbolt.Tx, b bucket, key []byte) (T, error) {
	if !has(tx, b, key) {
		var none T
		return none, fmt.Errorf("%s %x is missing: %w", b, key, pod.ErrCorrupt)
	}
	return get[T](tx, b, key)
}

func put(tx *bbolt.Tx, b bucket, key []byte, value any) error {
	record, err := sealJSON(key, value)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(b)).Put(key, record)
}

func has(tx *bbolt.Tx, b bucket, key []byte) bool { return tx.Bucket([]byte(b)).Get(key) != nil }

// next gives the bucket's next number. It is never given again once the transaction
// is committed.
func next(tx *bbolt.Tx, b bucket) (uint64, error) { return tx.Bucket([]byte(b)).NextSequence() }

// eachKey calls fn for the keys with that prefix, in order. The bytes are the
// database's: they end with the transaction.
func eachKey(tx *bbolt.Tx, b bucket, prefix []byte, fn func(key, record []byte) error) error {
	c := tx.Bucket([]byte(b)).Cursor()
	for key, record := c.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, record = c.Next() {
		if err := fn(key, record); err != nil {
			return err
		}
	}
	return nil
}

// keysPerBatch is how many keys eachBatch reads ahead.
const keysPerBatch = 256

// eachBatch calls fn for the keys with that prefix, in order. Other than in eachKey, fn
// may change the bucket; a key that it adds behind the current one may come or not.
func eachBatch(tx *bbolt.Tx, b bucket, prefix []byte, fn func(key []byte) error) error {
	from := prefix
	for {
		keys := make([][]byte, 0, keysPerBatch)
		c := tx.Bucket([]byte(b)).Cursor()
		for key, _ := c.Seek(from); key != nil && bytes.HasPrefix(key, prefix) && len(keys) < keysPerBatch; key, _ = c.Next() {
			keys = append(keys, bytes.Clone(key))
		}
		for _, key := range keys {
			if err := fn(key); err != nil {
				return err
			}
		}
		if len(keys) < keysPerBatch {
			return nil
		}
		from = slices.Concat(keys[len(keys)-1], []byte{0}) // the least key after the last one
	}
}

// dropAll removes all records with that prefix.
func dropAll(tx *bbolt.Tx, b bucket, prefix []byte) error {
	return eachBatch(tx, b, prefix, tx.Bucket([]byte(b)).Delete)
}

// countKeys counts the keys with that prefix, up to a limit.
func countKeys(tx *bbolt.Tx, b bucket, prefix []byte, limit int) int {
	count := 0
	c := tx.Bucket([]byte(b)).Cursor()
	for key, _ := c.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix) && count < limit; key, _ = c.Next() {
		count++
	}
	return count
}

// entry is one record, as it will stand in the database.
type entry struct {
	bucket bucket
	key    []byte
	record []byte
}

// entries collects the index entries of a record; the first error stays.
type entries struct {
	list []entry
	err  error
}

// add appends an entry with a JSON value.
func (e *entries) add(b bucket, key []byte, value any) {
	record, err := sealJSON(key, value)
	if err != nil && e.err == nil {
		e.err = err
	}
	e.list = append(e.list, entry{bucket: b, key: key, record: record})
}

// replace takes the old entries out and puts the fresh ones in.
func replace(tx *bbolt.Tx, old, fresh []entry) error {
	keep := make(map[string]bool, len(fresh))
	for _, e := range fresh {
		keep[string(e.bucket)+"\x00"+string(e.key)] = true
	}
	for _, e := range old {
		if keep[string(e.bucket)+"\x00"+string(e.key)] {
			continue
		}
		if err := tx.Bucket([]byte(e.bucket)).Delete(e.key); err != nil {
			return err
		}
	}
	for _, e := range fresh {
		if err := tx.Bucket([]byte(e.bucket)).Put(e.key, e.record); err != nil {
			return err
		}
	}
	return nil
}
