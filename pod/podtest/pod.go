package podtest

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/peerpod/peerpod/assets"
	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/node"
)

// RootPassword is the password of the account root of each test pod.
const RootPassword = "a-password-for-tests"

// patience is how long a condition may take before the test fails.
const patience = 30 * time.Second

// Pod is a running pod and a client of it.
type Pod struct {
	*Client
	Node *node.Pod
	Dir  string

	t      testing.TB
	config node.Config
	log    *logBuffer
}

// Option changes the configuration of a test pod.
type Option func(*node.Config)

// New starts n hermetic pods, which end with the test.
func New(tb testing.TB, n int, options ...Option) []*Pod {
	tb.Helper()
	checkGoroutines(tb)
	pods := make([]*Pod, n)
	for i := range pods {
		dir := tb.TempDir()
		GiveKey(tb, dir, i)
		pods[i] = start(tb, dir, options)
	}
	return pods
}

func start(tb testing.TB, dir string, options []Option) *Pod {
	tb.Helper()
	log := &logBuffer{}
	c := node.Config{
		DataDir: dir, Listen: "127.0.0.1:0", BTListen: "127.0.0.1:0", Name: "Test pod", Version: "test", Hermetic: true,
		RootPassword: RootPassword, Limits: pod.DefaultLimits(), Web: assets.Web(),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range options {
		o(&c)
	}
	p := &Pod{t: tb, Dir: dir, config: c, log: log}
	p.Start()
	tb.Cleanup(func() {
		p.Stop()
		if tb.Failed() {
			tb.Logf("log of the pod in %s:\n%s", dir, log)
		}
	})
	return p
}

// keepAddress takes the address that a pod got at its first start for the next ones too, so
// that its friends find it again.
func (p *Pod) keepAddress() {
	base, err := url.Parse(p.Node.LocalURL())
	if err == nil {
		p.config.Listen = base.Host
	}
}

// Start starts a pod that was stopped, on the same data folder and address.
func (p *Pod) Start() {
	p.t.Helper()
	built, err := node.New(p.config)
	if err != nil {
		p.t.Fatalf("node.New: %v", err)
	}
	if err := built.Start(p.t.Context()); err != nil {
		p.t.Fatalf("start pod: %v", err)
	}
	p.Node = built
	p.Client = NewClient(p.t, built.LocalURL())
	p.keepAddress()
}

// Stop closes the pod. It may be called twice.
func (p *Pod) Stop() {
	p.t.Helper()
	if p.Node == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Node.Close(ctx); err != nil {
		p.t.Errorf("close pod: %v", err)
	}
	p.CloseIdle()
	p.Node = nil
}

// Log is what the pod logged so far.
func (p *Pod) Log() string { return p.log.String() }

// Eventually waits until the condition holds, or fails the test.
func Eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("%s: not within %s", what, patience)
		}
	}
}

type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
