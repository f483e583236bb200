package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// benchFriend times the way of a new video to a friend's list, beginning when the round is
// due that tells of it. Both pods take turns every second.
func benchFriend(ctx context.Context, dir string) (figures []figure, err error) {
	program, err := buildDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	film, err := tinyFilm(ctx, dir)
	if err != nil {
		return nil, err
	}
	var pods [2]*daemon
	for i := range pods {
		data := subdir(dir, fmt.Sprint("pod-", i))
		if _, err := newPod(ctx, data, film); err != nil {
			return nil, err
		}
		if pods[i], err = startDaemon(ctx, program, data, "--interval", "1s", "--friend-policy", "open"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, pods[i].stop()) }()
	}
	from, err := newOwner(ctx, pods[0].url)
	if err != nil {
		return nil, err
	}
	defer from.close()
	if err := from.befriend(ctx, pods[1].url); err != nil {
		return nil, err
	}
	to := newCaller(pods[1].url, "")
	defer to.close()
	if err := waitIdle(ctx, pods[:]...); err != nil {
		return nil, err
	}
	times := friendTimes{from: from, to: to, film: film}
	for len(times.all) < 20 {
		if err := times.one(ctx); err != nil {
			return nil, err
		}
	}
	slices.Sort(times.all)
	q := func(part int) string { return milliseconds(times.all[(len(times.all)-1)*part/100]) }
	return []figure{{
		what: "new video: its send is due → listed on a friend, 20 times", ours: q(50) + " (median)",
		floor: fmt.Sprintf("least %s, 90 %% within %s, most %s", q(0), q(90), q(100)), goal: "≤ 0.5 s",
	}}, nil
}

// friendTimes are measurements between two pods.
type friendTimes struct {
	from, to *caller
	film     string
	tries    int
	all      []time.Duration
}

// one publishes a video somewhere between two rounds. A video that met the round itself
// is not counted: when it was due can not be told from outside.
func (t *friendTimes) one(ctx context.Context) error {
	<-time.After(rand.N(time.Second))
	t.tries++
	name := fmt.Sprintf("New video %d", t.tries)
	if err := t.from.upload(ctx, t.film, name); err != nil {
		return err
	}
	due, err := t.from.nextTry(ctx)
	if err != nil {
		return err
	}
	wait := time.Until(due)
	counts := wait > 0 && wait <= time.Second
	if counts {
		<-time.After(wait)
	}
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := poll(limited, 5*time.Millisecond, func() (bool, error) { return t.to.lists(limited, name) }); err != nil {
		return fmt.Errorf("%s is not listed: %w", name, err)
	}
	if counts {
		t.all = append(t.all, time.Since(due))
	}
	return nil
}
