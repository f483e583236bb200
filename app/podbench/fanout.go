package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/peerpod/peerpod/pod/seal"
)

// benchFanout times the way of one new video to 100 and to 1,000 friends beside the bare
// cryptography of as many messages on one core.
func benchFanout(ctx context.Context, dir string) ([]figure, error) {
	program, err := buildDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	film, err := tinyFilm(ctx, dir)
	if err != nil {
		return nil, err
	}
	keys, err := crowdKeys(1000)
	if err != nil {
		return nil, err
	}
	var all []figure
	for _, n := range []int{100, 1000} {
		f, err := fanout(ctx, fanoutRun{program: program, data: subdir(dir, fmt.Sprint(n)), film: film, keys: keys[:n]})
		if err != nil {
			return all, fmt.Errorf("%d friends: %w", n, err)
		}
		all = append(all, f...)
	}
	return all, nil
}

// fanoutRun is one measurement.
type fanoutRun struct {
	program, data, film string
	keys                []*seal.Key
}

func fanout(ctx context.Context, run fanoutRun) (figures []figure, err error) {
	key, err := newPod(ctx, run.data, run.film)
	if err != nil {
		return nil, err
	}
	friends, err := newCrowd(ctx, key.Public(), run.keys)
	if err != nil {
		return nil, err
	}
	defer friends.close()
	if err := enlist(ctx, run.data, friends); err != nil {
		return nil, err
	}
	d, err := startDaemon(ctx, run.program, run.data, "--interval", "5s")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	n := len(run.keys)
	if err := friends.wait(ctx, "catalogue.get", n); err != nil { // each is greeted at the start
		return nil, err
	}
	if err := waitIdle(ctx, d); err != nil {
		return nil, err
	}
	owner, err := newOwner(ctx, d.url)
	if err != nil {
		return nil, err
	}
	defer owner.close()
	friends.restart()
	if err := owner.upload(ctx, run.film, "One new video"); err != nil {
		return nil, err
	}
	stop, err := meter(d.process)
	if err != nil {
		return nil, err
	}
	stopSelf, err := meter(self())
	if err != nil {
		return nil, err
	}
	if err := friends.wait(ctx, "video.put", n); err != nil {
		return nil, err
	}
	theirs, err := stopSelf()
	if err != nil {
		return nil, err
	}
	<-time.After(idleLook) // the last answers are stored
	used, err := stop()
	if err != nil {
		return nil, err
	}
	bare, err := bareMessages(key, run.keys[0], friends)
	if err != nil {
		return nil, err
	}
	return fanoutFigures(friends, n, fanoutUsage{used, theirs, bare}), nil
}

// fanoutUsage is what the pod used, what its friends used, and the bare cryptography of
// one message.
type fanoutUsage struct {
	used, theirs usage
	bare         time.Duration
}

func fanoutFigures(friends *crowd, n int, u fanoutUsage) []figure {
	each, took, bare := u.used.cpu/time.Duration(n), friends.last.Sub(friends.first), time.Duration(n)*u.bare
	what := fmt.Sprintf("one video to %d friends: ", n)
	return []figure{
		{what: what + "first call → last answer", ours: seconds(took), floor: fmt.Sprintf("%d × bare on one core %s; the friends' own processor time %s", n, seconds(bare), seconds(u.theirs.cpu)), ratio: ratio(took, bare)},
		{what: what + "processor time each", ours: milliseconds(each), floor: "seal, verify and open the answer " + milliseconds(u.bare), ratio: ratio(each, u.bare)},
		{what: what + "growth of memory", ours: u.used.growth(), floor: fmt.Sprintf("before %d MB", u.used.before>>20), goal: "bounded"},
		{what: what + "requests open at once", ours: fmt.Sprint(friends.most.Load()), goal: "≤ 10"},
	}
}

// bareMessages is the processor time of the cryptography of one message: what was said
// last is sealed again, and the answer to it read.
func bareMessages(from, to *seal.Key, c *crowd) (time.Duration, error) {
	const times = 200
	h := seal.Header{HTM: http.MethodPost, HTU: inboxPath, IssuedAt: time.Now(), JTI: seal.NewNonce(), Epoch: 1}
	answer, err := seal.SealAnswer(to, from.Public(), seal.AnswerHeader{RE: h.JTI, Epoch: 1, Status: http.StatusOK, IssuedAt: time.Now(), JTI: seal.NewNonce()}, []byte(`{"results":[{"status":"ok"}]}`))
	if err != nil {
		return 0, err
	}
	begun, err := self().cpu()
	if err != nil {
		return 0, err
	}
	for range times {
		if _, err := seal.Seal(from, to.Public(), h, c.plain); err != nil {
			return 0, err
		}
		env, err := seal.PeekAnswer(answer)
		if err != nil {
			return 0, err
		}
		jwe, err := env.Verify(to.Public())
		if err != nil {
			return 0, err
		}
		if _, err := seal.Open(from, jwe); err != nil {
			return 0, err
		}
	}
	ended, err := self().cpu()
	return (ended - begun) / times, err
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
