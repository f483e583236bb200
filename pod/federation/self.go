package federation

import (
	"context"
	"fmt"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

// Self tells what this pod says about itself to anybody.
func (f *Federation) Self(ctx context.Context) (pod.Self, error) {
	local := true
	page, err := f.store.ListVideos(ctx, pod.VideoQuery{Count: 1, Sort: "-publishedAt", IsLocal: &local})
	if err != nil {
		return pod.Self{}, fmt.Errorf("count videos: %w", err)
	}
	tell := f.tellingTo(pod.Friend{})
	id := tell.key.ID()
	return pod.Self{
		PodID: id, PublicKey: tell.key.Public().PEM(), Name: tell.name, URL: tell.url,
		Fingerprint: f.Fingerprint(id), VideoCount: page.Total,
	}, nil
}

// List gives the records of all other pods, of every status.
func (f *Federation) List(ctx context.Context) ([]pod.Friend, error) { return f.store.Friends(ctx) }

// Fingerprint gives the twelve words by which two people compare a pod's key.
func (f *Federation) Fingerprint(id pod.PodID) string { return seal.Words(id) }
