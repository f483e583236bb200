package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

const (
	floodTime   = 10 * time.Second
	floodVideos = 100
	floodBytes  = 10_000  // of a message before it is sealed
	floodMost   = 500_000 // of nearly the largest one
	honestEvery = 20 * time.Millisecond
)

// benchFlood measures what a pod spends on messages that it refuses, and how long others
// wait meanwhile.
func benchFlood(ctx context.Context, dir string) (figures []figure, err error) {
	program, err := buildDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	film, err := tinyFilm(ctx, dir)
	if err != nil {
		return nil, err
	}
	data := subdir(dir, "pod")
	key, err := newPod(ctx, data, film)
	if err != nil {
		return nil, err
	}
	if err := multiply(ctx, data, floodVideos); err != nil {
		return nil, err
	}
	keys, err := crowdKeys(2) // a friend and a stranger
	if err != nil {
		return nil, err
	}
	friend, err := newCrowd(ctx, key.Public(), keys[:1])
	if err != nil {
		return nil, err
	}
	defer friend.close()
	if err := enlist(ctx, data, friend); err != nil {
		return nil, err
	}
	d, err := startDaemon(ctx, program, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	return floods(ctx, d, floodKeys{pod: key, friend: keys[0], stranger: keys[1]})
}

// floodKeys are who takes part in floods.
type floodKeys struct{ pod, friend, stranger *seal.Key }

// floods measures all kinds of floods.
func floods(ctx context.Context, d *daemon, keys floodKeys) (figures []figure, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bare, err := startServer(exec.CommandContext(ctx, program, bareServer))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	one, ten := addresses(1), addresses(10)
	for _, run := range []struct {
		what, goal string
		make       func() ([]byte, error)
		post       post
	}{
		{"200 messages of strangers a second", "< 25 %", func() ([]byte, error) { return flooding(keys.stranger, keys.pod, floodBytes) }, post{perSecond: 200, from: one}},
		{"200 messages of 0.9 MB of strangers a second", "", func() ([]byte, error) { return flooding(keys.stranger, keys.pod, floodMost) }, post{perSecond: 200, from: one}},
		{"100 bad signatures a second in a friend's name", "≤ 10 %", func() ([]byte, error) { return forged(keys.friend, keys.pod) }, post{perSecond: 100, from: one}},
		{"100 bad signatures a second, from 10 addresses", "≤ 10 %", func() ([]byte, error) { return forged(keys.friend, keys.pod) }, post{perSecond: 100, from: ten}},
	} {
		if run.post.body, err = run.make(); err != nil {
			return figures, err
		}
		got, err := measureFlood(ctx, d, bare, run.post)
		if err != nil {
			return figures, fmt.Errorf("%s: %w", run.what, err)
		}
		figures = append(figures, got.figures(run.what, run.goal)...)
	}
	return figures, nil
}

// flooding is a sealed message as a pod makes it.
func flooding(from, to *seal.Key, sizeBytes int) ([]byte, error) {
	h := seal.Header{HTM: http.MethodPost, HTU: inboxPath, IssuedAt: time.Now(), JTI: seal.NewNonce(), Epoch: 1}
	return seal.Seal(from, to.Public(), h, bytes.Repeat([]byte("x"), sizeBytes))
}

// forged is one with the signature of another.
func forged(from, to *seal.Key) ([]byte, error) {
	one, err := flooding(from, to, floodBytes)
	other, errOther := flooding(from, to, floodBytes)
	if err = errors.Join(err, errOther); err != nil {
		return nil, err
	}
	return append(one[:bytes.LastIndexByte(one, '.')], other[bytes.LastIndexByte(other, '.'):]...), nil
}

// addresses are n addresses of this machine that others do not use.
func addresses(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint("127.0.1.", i+1)
	}
	return all
}

// post is what is sent how often.
type post struct {
	body      []byte
	perSecond int
	from      []string
}

// floodResult is what one flood did.
type floodResult struct {
	share, bare usage
	quiet, busy []time.Duration
	statuses    map[int]int
}

func (r *floodResult) figures(what, goal string) []figure {
	q := func(all []time.Duration, part int) time.Duration { return all[(len(all)-1)*part/100] }
	share := func(u usage) string { return fmt.Sprintf("%.1f %%", 100*u.cpu.Seconds()/u.wall.Seconds()) }
	return []figure{
		{what: what + fmt.Sprintf(", answers %v: share of a core", r.statuses), ours: share(r.share), floor: "bare net/http that reads and refuses them " + share(r.bare), ratio: ratio(r.share.cpu, r.bare.cpu), goal: goal},
		{what: what + ": GET /api/v1/videos meanwhile, half within", ours: milliseconds(q(r.busy, 50)), floor: "without flood " + milliseconds(q(r.quiet, 50)), ratio: ratio(q(r.busy, 50), q(r.quiet, 50))},
		{what: what + ": GET /api/v1/videos meanwhile, 99 % within", ours: milliseconds(q(r.busy, 99)), floor: "without flood " + milliseconds(q(r.quiet, 99)), ratio: ratio(q(r.busy, 99), q(r.quiet, 99))},
	}
}

// measureFlood floods the pod once alone, for its processor time, a bare server the same,
// and the pod once while somebody reads the list of videos.
func measureFlood(ctx context.Context, d, bare *daemon, p post) (*floodResult, error) {
	r := &floodResult{}
	if err := waitIdle(ctx, d); err != nil {
		return r, err
	}
	var err error
	if r.bare, _, err = floodAlone(ctx, bare, p); err != nil {
		return r, err
	}
	if r.share, r.statuses, err = floodAlone(ctx, d, p); err != nil {
		return r, err
	}
	if r.quiet, err = honest(ctx, d.url); err != nil {
		return r, err
	}
	var flooding sync.WaitGroup
	var errFlood error
	flooding.Go(func() { _, errFlood = flood(ctx, d.url, p) })
	r.busy, err = honest(ctx, d.url)
	flooding.Wait()
	return r, errors.Join(err, errFlood)
}

func floodAlone(ctx context.Context, d *daemon, p post) (usage, map[int]int, error) {
	stop, err := meter(d.process)
	if err != nil {
		return usage{}, nil, err
	}
	statuses, err := flood(ctx, d.url, p)
	if err != nil {
		return usage{}, nil, err
	}
	used, err := stop()
	return used, statuses, err
}

// bareServer is the command that makes this program the floor of floods.
const bareServer = "bare-server"

// serveBare reads what is posted and refuses it, until ctx ends.
func serveBare(ctx context.Context) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it is refused anyway
		w.WriteHeader(http.StatusForbidden)
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Printf("ready http://%s/\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// flood posts at an even pace, whatever the answers, and counts their statuses.
func flood(ctx context.Context, base string, p post) (map[int]int, error) {
	callers := make([]*caller, len(p.from))
	for i, from := range p.from {
		callers[i] = newCaller(base, from)
		defer callers[i].close()
	}
	var (
		work     sync.WaitGroup
		mu       sync.Mutex // guards both below
		statuses = map[int]int{}
		fault    error
	)
	begun := time.Now()
	for i := range p.perSecond * int(floodTime/time.Second) {
		select {
		case <-time.After(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(p.perSecond)))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		work.Go(func() {
			status, _, err := callers[i%len(callers)].do(ctx, http.MethodPost, inboxPath, pod.TypeJOSE, bytes.NewReader(p.body))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
			fault = errors.Join(fault, err)
		})
	}
	work.Wait()
	if statuses[http.StatusOK] > 0 {
		fault = errors.Join(fault, errors.New("the pod took such a message"))
	}
	return statuses, fault
}

// honest reads the list of videos for a while and gives all times, sorted.
func honest(ctx context.Context, base string) ([]time.Duration, error) {
	c := newCaller(base, "")
	defer c.close()
	ticker := time.NewTicker(honestEvery)
	defer ticker.Stop()
	var all []time.Duration
	for len(all) < int(floodTime/honestEvery) {
		<-ticker.C
		took, err := timed(func() error {
			status, body, err := c.do(ctx, http.MethodGet, "/api/v1/videos", "", http.NoBody)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("list of videos: %d %s", status, body)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	return all, nil
}
