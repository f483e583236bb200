// Package browser drives a real Chromium for tests: it opens pages, waits for conditions
// in them and collects what they complain about.
//
// It is imported by tests only. Start gives a fresh browser with its own profile that
// ends with the test; Open gives a tab. A tab's methods fail the test themselves, so a
// test reads as a story:
//
//	b := browser.Start(t, browser.Options{Hosts: []string{"pod.test"}})
//	page := b.Open("http://pod.test:9000/w/…")
//	page.Click("#play")
//	page.WaitFor("document.querySelector('video').currentTime > 5", 20*time.Second)
//	page.MustBeQuiet()
//
// The names in Options.Hosts are answered with 127.0.0.1: an http:// page there is not a
// secure context, as on somebody's LAN, while http://127.0.0.1 is one. Nothing is asked
// of the network: no updates, no safe browsing, no DNS. Tabs in the background run as
// fast as the one in front. WebRTC uses the loopback interface and does not hide its
// addresses.
//
// The browser is the first of chromium, chromium-browser and google-chrome in PATH. All
// methods may be called from one goroutine at a time per tab.
package browser
