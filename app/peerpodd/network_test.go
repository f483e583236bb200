package main

import (
	"bufio"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod/podtest"
)

// freePorts finds the first of n ports in a row that are free, with their BitTorrent ports,
// all below those that the system gives to others.
func freePorts(t *testing.T, n int) int {
	t.Helper()
	var lc net.ListenConfig
next:
	for first := 12_000; first < 22_000; first += n {
		for i := range n {
			for _, port := range []int{first + i, networkBTPort(first, i), networkBTPort(first, i) + 1} {
				l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
				if err != nil {
					continue next
				}
				_ = l.Close()
			}
		}
		return first
	}
	t.Fatal("no free ports in a row")
	return 0
}

func TestNetworkOfThree(t *testing.T) {
	dir, first := t.TempDir(), freePorts(t, 3)
	for i := range 3 {
		podtest.GiveKey(t, dir+"/pod-"+strconv.Itoa(i+1), i)
	}
	cmd := command(t, "network", "--pods", "3", "--dir", dir, "--first-port", strconv.Itoa(first), "--interval", "100ms")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := &lockedBuffer{}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the network:\n%s", stderr)
		}
	})
	ended := make(chan error, 1)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	var pods []*podtest.Client
	for i := range 3 {
		if !lines.Scan() || lines.Text() != "ready http://127.0.0.1:"+strconv.Itoa(first+i)+"/" {
			t.Fatalf("line %d = %q, want the ready line of pod %d", i, lines.Text(), i+1)
		}
		pods = append(pods, podtest.NewClient(t, strings.TrimPrefix(lines.Text(), "ready ")))
	}
	go func() { ended <- cmd.Wait() }() // ends with the process, which the cleanup kills
	for _, p := range []*podtest.Client{pods[1], pods[0]} {
		if a := p.Post("/api/v1/pods/makefriends", struct{}{}); a.Status != 200 {
			t.Fatalf("makefriends of %s = %d %s, want 200", p.URL, a.Status, a.Body)
		}
	}
	for _, p := range pods {
		podtest.Eventually(t, p.URL+" has two friends", func() bool { return len(p.FriendURLs("friend")) == 2 })
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("peerpodd network ended with %v, want nil", err)
		}
	case <-time.After(12 * time.Second):
		t.Error("peerpodd network did not end within 10 s of SIGTERM")
	}
	for _, p := range pods {
		p.CloseIdle()
	}
}

func TestNetworkRefusesBadCounts(t *testing.T) {
	for _, args := range [][]string{
		{"network", "--pods", "1", "--dir", t.TempDir()},
		{"network", "--pods", "101", "--dir", t.TempDir()},
		{"network", "--pods", "3", "--dir", t.TempDir(), "--first-port", "65000"},
		{"network", "--pods", "3"},
	} {
		var stderr lockedBuffer
		if code := run(args, &stderr, &stderr); code != 2 {
			t.Errorf("peerpodd %v = exit code %d (%s), want 2", args, code, stderr.String())
		}
	}
}
