package federation

import (
	"sync"

	"github.com/peerpod/peerpod/pod"
)

// known is the set of key ids that messages may come from. A message of any other is
// refused without a look into the database and without RSA.
type known struct {
	mu   sync.RWMutex // guards ids
	ids  map[pod.PodID]pod.FriendID
	keys map[pod.FriendID][]pod.PodID
	// newcomers wait for the owner and say that they know a friend of ours.
	newcomers map[pod.PodID]pod.PodID // newcomer -> common friend
}

// set notes the key ids of a record; those of a blocked pod are unknown.
func (k *known) set(rec pod.Friend) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids, k.keys, k.newcomers = map[pod.PodID]pod.FriendID{}, map[pod.FriendID][]pod.PodID{}, map[pod.PodID]pod.PodID{}
	}
	for _, id := range k.keys[rec.ID] {
		delete(k.ids, id)
	}
	delete(k.keys, rec.ID)
	delete(k.newcomers, rec.PodID)
	if rec.Status == pod.StatusWaiting && rec.Via != "" && rec.VouchedBy == "" {
		k.newcomers[rec.PodID] = rec.Via
	}
	if rec.Status == pod.StatusBlocked {
		return
	}
	ids := []pod.PodID{rec.PodID}
	for _, old := range rec.OldKeys {
		ids = append(ids, old.PodID)
	}
	for _, id := range ids {
		k.ids[id] = rec.ID
	}
	k.keys[rec.ID] = ids
}

// find gives the record's number of a key id.
func (k *known) find(id pod.PodID) (pod.FriendID, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	n, ok := k.ids[id]
	return n, ok
}

func (k *known) has(id pod.PodID) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.ids[id]
	return ok
}

// maxVouchers is how many newcomers a friend is asked about in one message.
const maxVouchers = 10

// newcomersVia lists the waiting pods that a friend may know.
func (k *known) newcomersVia(id pod.PodID) []pod.PodID {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []pod.PodID
	for newcomer, via := range k.newcomers {
		if via == id && len(out) < maxVouchers {
			out = append(out, newcomer)
		}
	}
	return out
}
