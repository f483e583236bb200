package podtest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// foreign are goroutines that libraries keep for the whole process, once.
var foreign = []string{
	"testing.", "os/signal.", "runtime.goexit0", "net/http.(*persistConn)", "net/http.(*http2",
	"github.com/blevesearch/bleve_index_api.", "github.com/blevesearch/bleve/v2/index/scorch.init",
	"github.com/anacrolix/missinggo", "github.com/golang/glog", "go.opencensus.io",
}

// checkGoroutines fails the test when goroutines that began in it are still there at its
// end. Call it first, so that it looks last.
func checkGoroutines(tb testing.TB) {
	tb.Helper()
	before := stacks()
	tb.Cleanup(func() {
		if tb.Failed() {
			return
		}
		var left []string
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for range 100 {
			if left = newer(before); len(left) == 0 {
				return
			}
			<-tick.C
		}
		tb.Errorf("%d goroutines were left behind:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// stacks gives each goroutine's stack by its number.
func stacks() map[string]string {
	buf := make([]byte, 8<<20)
	buf = buf[:runtime.Stack(buf, true)]
	out := map[string]string{}
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		id, _, _ := strings.Cut(g, " [")
		out[id] = g
	}
	return out
}

func newer(before map[string]string) (left []string) {
	for id, stack := range stacks() {
		if _, old := before[id]; !old && !isForeign(stack) {
			left = append(left, stack)
		}
	}
	return left
}

func isForeign(stack string) bool {
	for _, name := range foreign {
		if strings.Contains(stack, name) {
			return true
		}
	}
	return false
}
