package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	actionTimeout = 30 * time.Second
	pollEvery     = 50 * time.Millisecond
)

// reportScript runs before a page's own scripts.
const reportScript = `addEventListener("securitypolicyviolation", (e) =>
  console.error("CSP: " + e.violatedDirective + " refused " + e.blockedURI + " " + e.sourceFile + ":" + e.lineNumber));`

// Page is one tab.
type Page struct {
	tb    testing.TB
	ctx   context.Context // the tab's life, as chromedp wants it
	close context.CancelFunc

	mu         sync.Mutex // guards complaints
	complaints []string
}

// onEvent runs in the loop that reads the tab's messages: it must not wait.
func (p *Page) onEvent(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			p.complain("console %s: %s", e.Type, arguments(e.Args))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.complain("exception: %s", text)
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			p.complain("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		p.complain("dialog: %s", e.Message)
		go func() { _ = call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) }() // ends with the tab
	}
}

func arguments(args []*runtime.RemoteObject) string {
	texts := make([]string, 0, len(args))
	for _, arg := range args {
		if len(arg.Value) > 0 {
			texts = append(texts, string(arg.Value))
		} else {
			texts = append(texts, arg.Description)
		}
	}
	return strings.Join(texts, " ")
}

func (p *Page) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, fmt.Sprintf(format, args...))
}

// Complaints gives what the page complained about so far: errors and warnings on the
// console, exceptions, refusals by the content security policy, failed requests, dialogs.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.complaints)
}

// MustBeQuiet fails the test when there were complaints.
func (p *Page) MustBeQuiet() {
	p.tb.Helper()
	for _, complaint := range p.Complaints() {
		p.tb.Errorf("the page complained: %s", complaint)
	}
}

// do acts within a time limit and fails the test when that fails.
func (p *Page) do(what string, action func(context.Context) error) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, actionTimeout)
	defer cancel()
	if err := action(ctx); err != nil {
		p.tb.Fatalf("%s: %v; complaints %q", what, err, p.Complaints())
	}
}

func (p *Page) step(what string, action chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	p.do(what, func(ctx context.Context) error { return chromedp.Do(ctx, action) })
}

// Go leads the tab to another page.
func (p *Page) Go(url string) {
	p.tb.Helper()
	p.step("open "+url, chromedp.Navigate(url))
}

// Eval runs an expression in the page, waits for its promise if it is one, and puts the
// value into out, which may be nil.
func (p *Page) Eval(expression string, out any) {
	p.tb.Helper()
	if err := p.eval(expression, out); err != nil {
		p.tb.Fatalf("Eval(%s): %v", expression, err)
	}
}

func (p *Page) eval(expression string, out any) error {
	ctx, cancel := context.WithTimeout(p.ctx, actionTimeout)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise, asPerson))
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("value %s: %w", raw, err)
	}
	return nil
}

// asPerson lets the page do what it may only do for a person.
func asPerson(p *runtime.EvaluateParams) { p.UserGesture = new(true) }

// WaitFor waits until an expression is true in the page.
func (p *Page) WaitFor(condition string, limit time.Duration) {
	p.tb.Helper()
	deadline, tick := time.NewTimer(limit), time.NewTicker(pollEvery)
	defer deadline.Stop()
	defer tick.Stop()
	var last error
	for {
		var ok bool
		if last = p.eval("!!("+condition+")", &ok); ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			p.tb.Fatalf("WaitFor(%s) was not true within %v; last error %v; complaints %q", condition, limit, last, p.Complaints())
		}
	}
}

// Text gives the visible text of the first element that fits a selector.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	var text string
	p.Eval("document.querySelector("+quote(selector)+").innerText", &text)
	return text
}

// Click clicks the first visible element that fits a selector, with the mouse.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	p.step("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Type types into the element that fits a selector, after clearing nothing.
func (p *Page) Type(selector, text string) {
	p.tb.Helper()
	p.step("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses keys wherever the focus is; see package kb of chromedp for names.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	p.step("press a key", chromedp.KeyEvent(keys))
}

// View sets the size of the page in pixels and whether people prefer the dark.
func (p *Page) View(width, height int64, dark bool) {
	p.tb.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.do("set the size", func(ctx context.Context) error {
		return call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
	})
	p.do("set the colours", func(ctx context.Context) error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
		return call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	})
}

// Block makes requests to addresses that fit the patterns (absolute, as URLPattern has
// them: "*://*:*/static/*") fail, as if the network did.
func (p *Page) Block(patterns ...string) {
	p.tb.Helper()
	blocked := make([]*network.BlockPattern, 0, len(patterns))
	for _, pattern := range patterns {
		blocked = append(blocked, &network.BlockPattern{URLPattern: pattern, Block: true})
	}
	p.do("watch the network", func(ctx context.Context) error { return call(ctx, network.Enable, network.EnableParams{}) })
	p.do("block requests", func(ctx context.Context) error {
		return call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: blocked})
	})
}

// Screenshot writes what is seen to a PNG file.
func (p *Page) Screenshot(path string) {
	p.tb.Helper()
	var data []byte
	p.do("take a screenshot", func(ctx context.Context) (err error) {
		data, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.tb.Fatalf("write the screenshot: %v", err)
	}
}

// Close closes the tab.
func (p *Page) Close() { p.close() }

func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be written
	}
	return string(data)
}
