package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod/seal"
	"github.com/peerpod/peerpod/pod/store"
)

// catalogueVideos is the size of the catalogue that is exchanged.
const catalogueVideos = 10_000

// benchCatalogue lets two fresh friends, one after the other, read a large catalogue,
// beside its bare signatures and its bare bytes.
func benchCatalogue(ctx context.Context, dir string) ([]figure, error) {
	program, err := buildDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	film, err := tinyFilm(ctx, dir)
	if err != nil {
		return nil, err
	}
	data := subdir(dir, "origin")
	key, err := newPod(ctx, data, film)
	if err != nil {
		return nil, err
	}
	if err := multiply(ctx, data, catalogueVideos); err != nil {
		return nil, err
	}
	reads, err := readTwice(ctx, program, data, dir)
	if err != nil {
		return nil, err
	}
	floor, err := bareCatalogue(ctx, data, key)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("catalogue of %d videos, ", catalogueVideos)
	first, second := reads[0], reads[1]
	return []figure{
		{what: what + "first friend", ours: seconds(first.took), floor: "sign, verify, copy on all cores " + seconds(floor.wall), ratio: ratio(first.took, floor.wall)},
		{what: what + "first friend, processor time", ours: fmt.Sprintf("%s origin + %s friend", seconds(first.origin.cpu), seconds(first.friend.cpu)), floor: seconds(floor.cpu), ratio: ratio(first.origin.cpu+first.friend.cpu, floor.cpu)},
		{what: what + "first friend, peak memory", ours: fmt.Sprintf("%d MB origin, %d MB friend", first.origin.peak>>20, first.friend.peak>>20), floor: fmt.Sprintf("before %d MB, %d MB", first.origin.before>>20, first.friend.before>>20), goal: "bounded"},
		{what: what + "second friend (signatures are kept)", ours: seconds(second.took), floor: "first friend " + seconds(first.took), ratio: ratio(second.took, first.took)},
		{what: what + "second friend, processor time", ours: fmt.Sprintf("%s origin + %s friend", seconds(second.origin.cpu), seconds(second.friend.cpu))},
		{what: what + "second friend, peak memory", ours: fmt.Sprintf("%d MB origin, %d MB friend", second.origin.peak>>20, second.friend.peak>>20), floor: fmt.Sprintf("before %d MB, %d MB", second.origin.before>>20, second.friend.before>>20), goal: "bounded"},
	}, nil
}

// read is what one friend's reading of the catalogue took. Processor time includes what
// both do with it afterwards.
type read struct {
	took           time.Duration
	origin, friend usage
}

func readTwice(ctx context.Context, program, data, dir string) (reads []read, err error) {
	origin, err := startDaemon(ctx, program, data, "--interval", "1s", "--friend-policy", "open")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, origin.stop()) }()
	for i := range 2 {
		r, err := readOnce(ctx, program, subdir(dir, fmt.Sprint("friend-", i)), origin)
		if err != nil {
			return nil, fmt.Errorf("friend %d: %w", i+1, err)
		}
		reads = append(reads, r)
	}
	return reads, nil
}

func readOnce(ctx context.Context, program, data string, origin *daemon) (r read, err error) {
	friend, err := startDaemon(ctx, program, data, "--interval", "1s", "--friend-policy", "open")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, friend.stop()) }()
	owner, err := newOwner(ctx, friend.url)
	if err != nil {
		return r, err
	}
	defer owner.close()
	if err := waitIdle(ctx, origin, friend); err != nil {
		return r, err
	}
	stopOrigin, err := meter(origin.process)
	if err != nil {
		return r, err
	}
	stopFriend, err := meter(friend.process)
	if err != nil {
		return r, err
	}
	begun := time.Now()
	if err := owner.befriend(ctx, origin.url); err != nil {
		return r, err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = poll(limited, 100*time.Millisecond, func() (bool, error) {
		n, err := owner.friendVideos(limited)
		return n >= catalogueVideos, err
	})
	if err != nil {
		n, _ := owner.friendVideos(ctx)
		return r, fmt.Errorf("%d of %d videos came: %w", n, catalogueVideos, err)
	}
	r.took = time.Since(begun)
	if err := waitIdle(ctx, origin, friend); err != nil {
		return r, err
	}
	var errOrigin error
	r.origin, errOrigin = stopOrigin()
	r.friend, err = stopFriend()
	return r, errors.Join(err, errOrigin)
}

// bareCatalogue signs and verifies as many videos on all cores, and copies as many bytes
// through a socket as a catalogue is when it is sealed.
func bareCatalogue(ctx context.Context, data string, key *seal.Key) (u usage, err error) {
	text, err := aSignedVideo(ctx, data)
	if err != nil {
		return u, err
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[1])
	if err != nil {
		return u, err
	}
	begunCPU, err := self().cpu()
	if err != nil {
		return u, err
	}
	begun := time.Now()
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for range catalogueVideos {
		group.Go(func() error {
			signed, err := seal.Sign(key, seal.TypeVideo, json.RawMessage(payload))
			if err != nil {
				return err
			}
			s, err := seal.PeekStatement([]byte(signed), seal.TypeVideo)
			if err == nil {
				_, err = s.Verify(key.Public())
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return u, err
	}
	if err := copyLoopback(ctx, int64(len(text))*catalogueVideos*16/9); err != nil { // two layers of base64
		return u, err
	}
	u.wall = time.Since(begun)
	ended, err := self().cpu()
	u.cpu = ended - begunCPU
	return u, err
}

// aSignedVideo gives one signed video of a stopped pod.
func aSignedVideo(ctx context.Context, data string) (text string, err error) {
	err = withStore(ctx, data, func(ctx context.Context, s *store.Store) error {
		changes, err := s.OutChanges(ctx, 1, 1)
		if err != nil || len(changes) == 0 {
			return errors.Join(errors.New("no video"), err)
		}
		signed, err := s.Signed(ctx, changes[0].Video.ID)
		text = signed.JWS
		return err
	})
	return text, err
}

// zeros gives bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// copyLoopback sends bytes through a TCP connection of this machine.
func copyLoopback(ctx context.Context, sizeBytes int64) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	var group errgroup.Group
	group.Go(func() error {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, conn)
		if n != sizeBytes {
			err = errors.Join(err, io.ErrUnexpectedEOF)
		}
		return errors.Join(err, conn.Close())
	})
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return err
	}
	_, err = io.CopyN(conn, zeros{}, sizeBytes)
	return errors.Join(err, conn.Close(), group.Wait())
}
