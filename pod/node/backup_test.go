package node_test

import (
	"path/filepath"
	"testing"

	"github.com/peerpod/peerpod/pod/node"
	"github.com/peerpod/peerpod/pod/podtest"
)

func TestDailyBackup(t *testing.T) {
	p := podtest.New(t, 1)[0]
	copies := func() []string {
		names, _ := filepath.Glob(filepath.Join(p.Dir, "backups", "peerpod-*.db"))
		return names
	}
	if got := copies(); len(got) != 0 {
		t.Errorf("copies of an empty pod = %q, want none", got)
	}
	p.Upload(podtest.WebM(t), nil)
	p.Stop()
	p.Start()
	podtest.Eventually(t, "a copy is made", func() bool { return len(copies()) == 1 })
	if err := node.CheckDatabase(copies()[0]); err != nil {
		t.Errorf("the copy: %v", err)
	}
	p.Stop()
	p.Start()
	p.Get("/api/v1/ping")
	p.Stop()
	if got := copies(); len(got) != 1 {
		t.Errorf("copies after another start on the same day = %q, want one", got)
	}
}
