package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/peerpod/peerpod/pod"
)

// remote follows what friends' messages do to the catalogue: the search index, pictures
// and copies. It works behind the messages, so that they are answered at once.
type remote struct {
	wake chan struct{}
	done sync.WaitGroup
	stop context.CancelFunc
}

// nudge makes the follower look. It does not block.
func (r *remote) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (p *Pod) startRemote(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(p.cfg.DataDir, dirPosters), 0o700); err != nil {
		return fmt.Errorf("make folder of friends' pictures: %w", err)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.remote.stop = stop
	p.onClose("remote", func(context.Context) error {
		stop()
		p.remote.done.Wait()
		return nil
	})
	if err := p.mirrors.start(work); err != nil {
		return err
	}
	p.remote.done.Go(func() { p.followFriends(work) })
	p.remote.nudge()
	return nil
}

// followFriends looks at what friends changed, until the pod stops.
func (p *Pod) followFriends(ctx context.Context) {
	posters := newPosters(p)
	for {
		select {
		case <-p.remote.wake:
		case <-ctx.Done():
			return
		}
		if err := p.followStore(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("The search index did not take a friend's change", pod.LogErr, err)
		}
		p.tell()
		p.mirrors.reconcile(ctx)
		posters.follow(ctx)
	}
}
