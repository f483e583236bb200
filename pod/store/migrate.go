package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/peerpod/peerpod/pod"
	"go.etcd.io/bbolt"
)

// migration brings a database to a version of the schema from the one before it.
type migration struct {
	version int
	apply   func(*bbolt.Tx) error
}

// migrations lists the versions of the schema, in order. A database of each that was
// released lies in testdata. A step that was released is never changed.
func migrations() []migration {
	return []migration{
		{1, func(tx *bbolt.Tx) error { return makeBuckets(tx, 1) }},
		{2, makeSchema2},
	}
}

// makeSchema2 brings friends: their buckets, and since when own videos are public.
func makeSchema2(tx *bbolt.Tx) error {
	if err := makeBuckets(tx, 2); err != nil {
		return err
	}
	return eachBatch(tx, bucketVideos, nil, func(key []byte) error {
		old, err := get[videoRecord](tx, bucketVideos, key)
		if err != nil || !old.public() {
			return err
		}
		fresh := old
		fresh.publish(&old)
		_, err = saveVideo(tx, &old, fresh)
		return err
	})
}

// makeBuckets makes the buckets of a version of the schema that are missing.
func makeBuckets(tx *bbolt.Tx, version int) error {
	for _, b := range bucketsOf(version) {
		if _, err := tx.CreateBucketIfNotExists([]byte(b)); err != nil {
			return fmt.Errorf("make bucket %s: %w", b, err)
		}
	}
	return nil
}

func latest(steps []migration) int { return steps[len(steps)-1].version }

// schemaVersion reads the version of the schema. A database without one is damaged:
// it gets its version in the transaction that makes it.
func schemaVersion(tx *bbolt.Tx) (int, error) {
	if tx.Bucket([]byte(bucketMeta)) == nil {
		return 0, fmt.Errorf("no bucket %s: %w", bucketMeta, pod.ErrCorrupt)
	}
	return linked[int](tx, bucketMeta, []byte(metaSchema))
}

// applySteps runs the steps above version and notes the new version.
func applySteps(tx *bbolt.Tx, version int, steps []migration) error {
	for _, step := range steps {
		if step.version <= version {
			continue
		}
		if err := step.apply(tx); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", step.version, err)
		}
	}
	return put(tx, bucketMeta, []byte(metaSchema), latest(steps))
}

// migrate copies the database away and runs the missing steps in one transaction.
func (s *Store) migrate(ctx context.Context, version int, steps []migration) error {
	copied, err := s.backupFile(ctx, s.opts.BackupDir, migrationBackup)
	if err != nil {
		return fmt.Errorf("copy before migration: %w", err)
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(applySteps(tx, version, steps), haveBuckets(tx, latest(steps)))
	})
	if err != nil {
		return err
	}
	s.opts.Logger.Info("Database migrated", slog.Int(pod.LogVersion, latest(steps)), slog.String(pod.LogPath, copied))
	return nil
}
