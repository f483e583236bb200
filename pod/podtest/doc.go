// Package podtest runs whole pods inside a test. Only tests import it.
//
//	pods := podtest.New(t, 3)
//	v := pods[0].Upload(podtest.MP4(t), podtest.Fields{"name": "Hello"})
//
// The pods are hermetic: loopback, free ports, a data folder each in t.TempDir. They are
// spoken to as a stranger would, by HTTP, the tracker and magnet links. When the test
// fails the pods' logs are printed; when it ends they are closed and every goroutine
// that they started must have ended.
//
// Fixtures (MP4, WebM, …) are made by ffmpeg on first use and kept in the system's
// temporary folder, because each package's tests run in a process of their own.
package podtest
