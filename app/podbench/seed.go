package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// seeder is a libtorrent seeder with a tracker of its own, in Python.
//
//go:embed testdata/libtorrent_seed.py
var seeder string

// benchSeed lets aria2c fetch 256 MiB over TCP from the pod and from libtorrent, in turns.
func benchSeed(ctx context.Context, dir string) ([]figure, error) {
	p, v, err := podWithFilm(ctx, dir, 256<<20)
	if err != nil {
		return nil, err
	}
	defer closePod(ctx, p)
	torrent := filepath.Join(dir, "pod.torrent")
	if err := download(ctx, p.LocalURL()+"/static/torrents/"+v.Files[0].Name+".torrent", torrent); err != nil {
		return nil, err
	}
	peer, stop, err := startLibtorrent(ctx, dir, p.FilePath(v))
	if err != nil {
		return nil, err
	}
	defer stop()
	var ours, theirs []time.Duration
	for range 3 {
		a, err := leech(ctx, dir, torrent)
		if err != nil {
			return nil, fmt.Errorf("from the pod: %w", err)
		}
		b, err := leech(ctx, dir, peer)
		if err != nil {
			return nil, fmt.Errorf("from libtorrent: %w", err)
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	size := float64(v.Files[0].SizeBytes) / 1e6
	return []figure{{
		what: "256 MiB seeded over TCP to aria2c (speed)", ours: fmt.Sprintf("%.0f MB/s", size/median(ours).Seconds()),
		floor: fmt.Sprintf("libtorrent %.0f MB/s", size/median(theirs).Seconds()), ratio: ratio(median(theirs), median(ours)), goal: "≥ 1",
	}}, nil
}

// leech fetches a torrent with aria2c and gives the time from its start to its end.
func leech(ctx context.Context, dir, torrent string) (time.Duration, error) {
	to := filepath.Join(dir, "leech")
	defer func() { _ = os.RemoveAll(to) }()
	return timed(func() error {
		out, err := exec.CommandContext(ctx, "aria2c", "--dir="+to, "--seed-time=0", "--enable-dht=false", "--bt-enable-lpd=false",
			"--enable-peer-exchange=false", "--check-integrity=false", "--file-allocation=none", "--summary-interval=0", "--console-log-level=error",
			"--bt-stop-timeout=60", "--bt-tracker-connect-timeout=5", torrent).CombinedOutput()
		if err != nil {
			return fmt.Errorf("aria2c: %w: %s", err, out)
		}
		return nil
	})
}

// download saves a torrent without its web seed, so that only peers give bytes.
func download(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("torrent: %s", res.Status)
	}
	raw := path + ".raw"
	out, err := os.Create(raw)
	if err != nil {
		return err
	}
	_, err = bufio.NewReader(res.Body).WriteTo(out)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import sys,libtorrent as lt\nd=lt.bdecode(open(sys.argv[1],'rb').read())\nd.pop(b'url-list',None)\nopen(sys.argv[2],'wb').write(lt.bencode(d))", raw, path).Run()
}

// startLibtorrent seeds a file and gives a torrent that names its own small tracker.
func startLibtorrent(ctx context.Context, dir, path string) (torrent string, stop func(), err error) {
	torrent = filepath.Join(dir, "libtorrent.torrent")
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "-c", seeder, path, torrent)
	stdin, err := cmd.StdinPipe() // its end tells the seeder to stop
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = stdin.Close(); _ = cmd.Wait() }
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "seeding" {
		stop()
		return "", nil, fmt.Errorf("libtorrent said %q: %w", line, errors.Join(err))
	}
	return torrent, stop, nil
}
