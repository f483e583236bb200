package store

import (
	"context"
	"fmt"
	"time"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// channelRecord is a channel as it is stored. Its JSON is part of the schema.
type channelRecord struct {
	ID          pod.ChannelID `json:"id"`
	AccountID   pod.AccountID `json:"account"`
	Name        string        `json:"name"`
	DisplayName string        `json:"displayName,omitempty"`
	Description string        `json:"description,omitempty"`
	Support     string        `json:"support,omitempty"`
	CreatedAt   time.Time     `json:"createdAt"`
	UpdatedAt   time.Time     `json:"updatedAt"`
}

func newChannelRecord(c *pod.Channel) channelRecord {
	r := channelRecord(*c)
	r.CreatedAt, r.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
	return r
}

// Channel reads a channel by its number.
func (s *Store) Channel(ctx context.Context, id pod.ChannelID) (pod.Channel, error) {
	var c pod.Channel
	err := s.view(ctx, "read channel", func(tx *bbolt.Tx) (err error) {
		c, err = readChannel(tx, id)
		return err
	})
	return c, err
}

// Channels reads all channels of an account, in the order of their making.
func (s *Store) Channels(ctx context.Context, account pod.AccountID) ([]pod.Channel, error) {
	var channels []pod.Channel
	err := s.view(ctx, "read channels", func(tx *bbolt.Tx) error {
		return eachKey(tx, bucketChannelOwner, idKey(account), func(key, record []byte) error {
			id, err := unsealJSON[pod.ChannelID](key, record)
			if err != nil {
				return fmt.Errorf("%s %x: %w", bucketChannelOwner, key, err)
			}
			channel, err := linked[channelRecord](tx, bucketChannels, idKey(id))
			channels = append(channels, pod.Channel(channel))
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return channels, nil
}

func readChannel(tx *bbolt.Tx, id pod.ChannelID) (pod.Channel, error) {
	record, err := get[channelRecord](tx, bucketChannels, idKey(id))
	if err != nil {
		return pod.Channel{}, fmt.Errorf("channel %d: %w", id, err)
	}
	return pod.Channel(record), nil
}

func insertChannel(tx *bbolt.Tx, c pod.Channel) (pod.Channel, error) {
	if c.Name == "" {
		return c, fmt.Errorf("channel without name: %w", pod.ErrInvalid)
	}
	if has(tx, bucketChannelName, nameKey(c.Name)) {
		return c, fmt.Errorf("channel %s: %w", c.Name, pod.ErrExists)
	}
	id, err := next(tx, bucketChannels)
	if err != nil {
		return c, err
	}
	c.ID = pod.ChannelID(id)
	if err := put(tx, bucketChannels, idKey(c.ID), newChannelRecord(&c)); err != nil {
		return c, err
	}
	index, err := channelEntries(&c)
	if err != nil {
		return c, err
	}
	if err := replace(tx, nil, index); err != nil {
		return c, err
	}
	return readChannel(tx, c.ID)
}

func channelEntries(c *pod.Channel) ([]entry, error) {
	var e entries
	e.add(bucketChannelName, nameKey(c.Name), c.ID)
	e.add(bucketChannelOwner, pairKey(c.AccountID, c.ID), c.ID)
	return e.list, e.err
}
