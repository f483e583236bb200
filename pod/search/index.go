package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/blevesearch/bleve/v2"
	"github.com/gofrs/flock"

	"github.com/peerpod/peerpod/pod"
)

// batchSize is how many changes are written at once: it bounds the memory.
const batchSize = 500

// keyRev is the internal key of the last Rev: 8 bytes, big-endian.
var keyRev = []byte("peerpod_rev")

// Config is what an Index needs. Dir has no default; nobody else may write into it.
type Config struct {
	Dir    string
	Logger *slog.Logger
}

// Index is an open full-text index. It is safe for concurrent use.
type Index struct {
	dir  string
	log  *slog.Logger
	lock *flock.Flock
	rev  atomic.Uint64

	writing sync.Mutex   // held by Apply, Clear and Close, before mu
	mu      sync.RWMutex // guards bleve, which Clear replaces and Close takes away
	bleve   bleve.Index
}

// LastRev is the Rev of the last change in the index; 0 is none.
func (x *Index) LastRev() pod.Rev { return pod.Rev(x.rev.Load()) }

// Apply writes changes into the index, in order of Rev, in batches that are on the disk
// when it returns. Changes at or below LastRev are known already and skipped.
func (x *Index) Apply(ctx context.Context, changes []pod.Change) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	fresh := make([]pod.Change, 0, len(changes))
	for _, c := range changes {
		if c.Rev > x.LastRev() {
			fresh = append(fresh, c)
		}
	}
	slices.SortStableFunc(fresh, func(a, b pod.Change) int { return cmp.Compare(a.Rev, b.Rev) })
	for batch := range slices.Chunk(fresh, batchSize) {
		if ctx.Err() != nil {
			return fmt.Errorf("index videos: %w", errors.Join(pod.ErrCancelled, context.Cause(ctx)))
		}
		if err := x.applyBatch(batch); err != nil {
			return fmt.Errorf("index videos: %w", err)
		}
	}
	return nil
}

func (x *Index) applyBatch(changes []pod.Change) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.bleve == nil {
		return errClosed()
	}
	batch := x.bleve.NewBatch()
	for i := range changes {
		c := &changes[i]
		if c.Removed || c.Video.Hidden || c.Video.State == pod.StateToTranscode {
			batch.Delete(documentID(c.Video.ID))
		} else if err := batch.IndexAdvanced(newDocument(&c.Video)); err != nil {
			return err
		}
	}
	last := changes[len(changes)-1].Rev
	batch.SetInternal(keyRev, binary.BigEndian.AppendUint64(nil, uint64(last)))
	if err := x.bleve.Batch(batch); err != nil {
		return err
	}
	x.rev.Store(uint64(last))
	return nil
}

// Clear empties the index: LastRev is 0 afterwards.
func (x *Index) Clear(ctx context.Context) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	if ctx.Err() != nil {
		return fmt.Errorf("clear index: %w", errors.Join(pod.ErrCancelled, context.Cause(ctx)))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.bleve == nil {
		return errClosed()
	}
	err := x.bleve.Close()
	x.bleve = nil
	if err != nil {
		x.log.Warn("Search index was not closed cleanly", pod.LogErr, err)
	}
	fresh, err := create(x.dir)
	if err != nil {
		return fmt.Errorf("clear index: %w", err)
	}
	x.bleve = fresh
	x.rev.Store(0)
	return nil
}

// Close waits for a running Apply and for searches, then closes the index. It may be
// called twice; what is asked later is KindUnavailable.
func (x *Index) Close() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	var err error
	if x.bleve != nil {
		err = x.bleve.Close()
		x.bleve = nil
	}
	return errors.Join(err, x.lock.Unlock())
}

func errClosed() error {
	return &pod.Error{Kind: pod.KindUnavailable, Code: "search_closed", Op: "search", Msg: "The search is not available at the moment. Try again later."}
}
