// Package uifake is a pod for tests of the window: a small library in memory that does
// what its fields say, and a main goroutine that a test runs by hand. Tests only import it.
//
//	fake := uifake.New(30)
//	window, err := ui.New(ctx, ui.Config{App: test.NewTempApp(t), Backend: fake.Backend(), Dispatch: fake.Dispatch})
//	fake.Until(t, func() bool { return fake.Asked() > 0 })
//
// Until runs what was dispatched, in order, until a condition holds; it fails the test
// after ten seconds. Nothing else runs on the "main goroutine" of the test, as in a real
// window, so that the race detector sees every misuse.
package uifake
