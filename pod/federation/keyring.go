package federation

import (
	"sync"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// Keyring holds this pod's private keys: the current one and superseded ones that some
// friend may still use. It is safe for concurrent use.
type Keyring struct {
	// Save writes the keys before they are used; nil keeps them in memory only.
	Save func(current *seal.Key, old []*seal.Key) error

	mu      sync.RWMutex // guards both
	current *seal.Key
	old     []*seal.Key
}

// NewKeyring makes a keyring.
func NewKeyring(current *seal.Key, old ...*seal.Key) *Keyring {
	return &Keyring{current: current, old: old}
}

// Current is the key that signs.
func (k *Keyring) Current() *seal.Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.current
}

// Find gives the key with that id, also a superseded one; nil when it is none of ours.
func (k *Keyring) Find(id pod.PodID) *seal.Key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.current.ID() == id {
		return k.current
	}
	for _, old := range k.old {
		if old.ID() == id {
			return old
		}
	}
	return nil
}

// signer is the key that a friend knows us by: the superseded one until it has
// acknowledged the rotation.
func (k *Keyring) signer(rec pod.Friend) *seal.Key {
	if key := k.Find(rec.ToldKey); key != nil {
		return key
	}
	return k.Current()
}

// rotate puts a new key in front, saved first.
func (k *Keyring) rotate(next *seal.Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := append([]*seal.Key{k.current}, k.old...)
	if k.Save != nil {
		if err := k.Save(next, old); err != nil {
			return err
		}
	}
	k.current, k.old = next, old
	return nil
}

// drop forgets superseded keys that no friend needs any more.
func (k *Keyring) drop(needed func(pod.PodID) bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var keep []*seal.Key
	for _, old := range k.old {
		if needed(old.ID()) {
			keep = append(keep, old)
		}
	}
	if len(keep) == len(k.old) {
		return nil
	}
	if k.Save != nil {
		if err := k.Save(k.current, keep); err != nil {
			return err
		}
	}
	k.old = keep
	return nil
}
