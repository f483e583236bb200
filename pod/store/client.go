package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// clientRecord is the OAuth client as it is stored. Its JSON is part of the schema.
type clientRecord struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// OAuthClient gives the pair that clients name at a login. It is random, made at the
// first call and stays the same.
func (s *Store) OAuthClient(ctx context.Context) (pod.OAuthClient, error) {
	var client clientRecord
	read := func(tx *bbolt.Tx) (err error) {
		client, err = get[clientRecord](tx, bucketMeta, []byte(metaOAuthClient))
		return err
	}
	err := s.view(ctx, "read oauth client", read)
	if errors.Is(err, pod.ErrNotFound) {
		err = s.update(ctx, "make oauth client", func(tx *bbolt.Tx) error {
			if err := read(tx); !errors.Is(err, pod.ErrNotFound) {
				return err // somebody else was faster
			}
			client = clientRecord{ID: randomHex(), Secret: randomHex()}
			return put(tx, bucketMeta, []byte(metaOAuthClient), client)
		})
	}
	if err != nil {
		return pod.OAuthClient{}, fmt.Errorf("oauth client: %w", err)
	}
	return pod.OAuthClient(client), nil
}

// randomHex makes 128 random bits as 32 characters.
func randomHex() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails: it ends the process instead
	return hex.EncodeToString(b[:])
}
