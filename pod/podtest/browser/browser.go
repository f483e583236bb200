package browser

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Options say what is special about a browser. The zero value is fine.
type Options struct {
	// Hosts are names that lead to 127.0.0.1.
	Hosts []string
	// Flags are more of Chromium's flags, without dashes, as "name" or "name=value".
	Flags []string
}

// startTimeout covers a busy machine's cold start of Chromium.
const startTimeout = 60 * time.Second

// Browser is one running Chromium with its own profile.
type Browser struct {
	tb  testing.TB
	ctx context.Context // of the first tab: chromedp keeps the browser's life in it
}

// Start runs Chromium until the test ends. Without Chromium the test is skipped when it
// is short, else it fails.
func Start(tb testing.TB, o Options) *Browser {
	tb.Helper()
	program := find(tb)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags(program, o)...)
	tb.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	tb.Cleanup(end)
	b := &Browser{tb: tb, ctx: ctx}
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }() // ends with ctx at the latest
	select {
	case err := <-started:
		if err != nil {
			tb.Fatalf("start Chromium: %v", err)
		}
	case <-time.After(startTimeout):
		tb.Fatalf("Chromium did not start within %v", startTimeout)
	}
	return b
}

// For gives the same browser for a subtest: what fails there fails the subtest, and its
// tabs close with it.
func (b *Browser) For(tb testing.TB) *Browser {
	tb.Helper()
	return &Browser{tb: tb, ctx: b.ctx}
}

func find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if testing.Short() {
		tb.Skip("no Chromium here")
	}
	tb.Fatal("no Chromium here: install the package chromium")
	return ""
}

func flags(program string, o Options) []chromedp.ExecAllocatorOption {
	out := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.WindowSize(1280, 800),
		chromedp.WSURLReadTimeout(startTimeout),
	}
	rules := make([]string, 0, len(o.Hosts))
	for _, host := range o.Hosts {
		rules = append(rules, "MAP "+host+" 127.0.0.1")
	}
	all := append([]string{
		"headless", "disable-gpu", "disable-quic", "no-first-run", "no-default-browser-check",
		"disable-background-networking", "disable-component-update", "disable-sync", "disable-extensions",
		"disable-default-apps", "disable-domain-reliability", "disable-client-side-phishing-detection",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding",
		"disable-dev-shm-usage", "mute-audio", "hide-scrollbars", "password-store=basic", "use-mock-keychain",
		"autoplay-policy=no-user-gesture-required", "allow-loopback-in-peer-connection",
		"disable-features=WebRtcHideLocalIpsWithMdns,Translate,OptimizationHints,MediaRouter",
		"host-resolver-rules=" + strings.Join(rules, ","),
	}, o.Flags...)
	for _, flag := range all {
		name, value, hasValue := strings.Cut(flag, "=")
		if hasValue {
			out = append(out, chromedp.Flag(name, value))
		} else {
			out = append(out, chromedp.Flag(name, true))
		}
	}
	return out
}

// Open opens a page in a new tab and returns when its document and scripts are loaded.
// The tab closes with the test, or by Close.
func (b *Browser) Open(url string) *Page {
	b.tb.Helper()
	p := b.Blank()
	p.Go(url)
	return p
}

// Blank opens an empty tab, for tests that must set something before the first page.
func (b *Browser) Blank() *Page {
	b.tb.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	b.tb.Cleanup(closeTab)
	p := &Page{tb: b.tb, ctx: ctx, close: closeTab}
	if err := chromedp.Listen(ctx, p.onEvent); err != nil { // opens the tab, too
		b.tb.Fatalf("open a tab: %v", err)
	}
	for _, err := range []error{
		call(ctx, log.Enable, cdp.Empty{}),
		call(ctx, runtime.Enable, cdp.Empty{}),
		call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: reportScript}),
	} {
		if err != nil {
			b.tb.Fatalf("open a tab: %v", err)
		}
	}
	return p
}

func call[P, R any](ctx context.Context, command cdp.Command[P, R], params P) error {
	_, err := chromedp.Call(ctx, command, params)
	return err
}
