package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	p := launch(t, dir)
	key, err := os.ReadFile(node.KeyPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(node.KeyPath(dir)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the key = %o, want 600", info.Mode().Perm())
	}
	me := p.Me()
	p.stop(t)
	if err := os.Chmod(node.KeyPath(dir), 0o644); err != nil {
		t.Fatal(err)
	}
	p = launch(t, dir)
	again, err := os.ReadFile(node.KeyPath(dir))
	if err != nil || !bytes.Equal(key, again) || p.Me().PublicKey != me.PublicKey || len(strings.Fields(me.Fingerprint)) != 12 {
		t.Errorf("after a restart the key is another one (%v), or %q has not 12 words", err, me.Fingerprint)
	}
	if info, _ := os.Stat(node.KeyPath(dir)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the key after a restart = %o, want it tightened to 600", info.Mode().Perm())
	}
	if strings.Contains(p.stderr.String(), "PRIVATE KEY") {
		t.Error("the log holds a private key")
	}
}

func TestMissingKeyWithFriendsStopsTheStart(t *testing.T) {
	a, b := newNeighbour(t, 0), newNeighbour(t, 1)
	a.befriend(t, b)
	podtest.Eventually(t, "they are friends", func() bool { return len(a.FriendURLs("friend")) == 1 })
	a.stop(t)
	if err := os.Remove(node.KeyPath(a.dir)); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "--data", a.dir, "--listen", "127.0.0.1:0", "--bt-listen", "127.0.0.1:0", "--hermetic").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "The key of this pod is missing") {
		t.Errorf("start without the key = %v, %s; want a refusal that names the key", err, out)
	}
	if _, err := os.Stat(node.KeyPath(a.dir)); err == nil {
		t.Error("a new key was made although there are friends")
	}
}
