package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// chunk is how much of a file is handed to the kernel under one deadline.
const chunk = 256 << 10

// writer renews the write deadline before each write: an answer may take hours, but a
// client that takes nothing is cut off.
type writer struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration // of one write
	end      func()
	once     sync.Once
	status   int // 0: nothing was sent
	renewed  time.Time
}

func newWriter(w http.ResponseWriter, patience time.Duration, end func()) *writer {
	return &writer{ResponseWriter: w, control: http.NewResponseController(w), patience: patience, end: end}
}

// Unwrap lets http.ResponseController find the writer below.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// renew moves the deadline, at most once a second: it costs a system call.
func (w *writer) renew() {
	if now := time.Now(); now.Sub(w.renewed) > time.Second {
		w.renewed = now
		_ = w.control.SetWriteDeadline(now.Add(w.patience)) // a recorder of a test has none
	}
}

// WriteHeader sends the status.
func (w *writer) WriteHeader(status int) {
	w.renew()
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends bytes.
func (w *writer) Write(data []byte) (int, error) {
	w.renew()
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// ReadFrom sends a file in chunks, each under its own deadline. The kernel copies them
// (sendfile), because the readers below are the ones that net knows.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	below, ok := w.ResponseWriter.(io.ReaderFrom)
	limited, isLimited := src.(*io.LimitedReader)
	if !ok || !isLimited {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	var sent int64
	for limited.N > 0 {
		w.renew()
		part := &io.LimitedReader{R: limited.R, N: min(limited.N, chunk)}
		n, err := below.ReadFrom(part)
		sent += n
		limited.N -= n
		if err != nil || n == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// Flush sends what is buffered.
func (w *writer) Flush() {
	w.renew()
	_ = w.control.Flush() // has no error that a handler could use
}

// Hijack gives the connection away. The new owner waits for its own goroutine.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := w.control.Hijack()
	if err == nil {
		w.status = http.StatusSwitchingProtocols
		w.once.Do(w.end)
	}
	return conn, buffered, err
}

// done ends the request: the last bytes leave under a deadline of their own.
func (w *writer) done() {
	if w.status != http.StatusSwitchingProtocols {
		w.renewed = time.Time{}
		w.renew()
	}
	w.once.Do(w.end)
}
