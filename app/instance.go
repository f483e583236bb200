package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// instanceFile names the loopback port and the secret of the process that owns a data
// folder. Only its owner can read it, so another user of the machine knows no secret.
const instanceFile = "instance.json"

// instance is the content of instanceFile.
type instance struct {
	Addr   string `json:"addr"`
	Secret string `json:"secret"`
}

// Calls are what a second process may ask of the first.
type Calls struct {
	// Open raises the window and takes files and links; nil without a window.
	Open func(items []string)
	// Snapshot writes a copy of the database, for a backup.
	Snapshot func(ctx context.Context, w io.Writer) error
}

// Instance answers the calls of other processes of the same person.
type Instance struct {
	server *http.Server
	path   string
	done   chan struct{}
}

// maxOpenBytes bounds what a second start hands over.
const maxOpenBytes = 1 << 20

// ServeInstance begins to answer on a free loopback port and writes instance.json.
func ServeInstance(ctx context.Context, dir string, calls Calls) (*Instance, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for other starts: %w", err)
	}
	me := instance{Addr: listener.Addr().String(), Secret: rand.Text()}
	data, err := json.Marshal(me) //nolint:gosec // the secret is what the file is for; its mode is 0600
	if err == nil {
		err = writeInstance(filepath.Join(dir, instanceFile), data)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", instanceFile, err), listener.Close())
	}
	in := &Instance{path: filepath.Join(dir, instanceFile), done: make(chan struct{})}
	in.server = &http.Server{Handler: me.guard(calls.mux()), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	go func() { // ends with Close
		defer close(in.done)
		_ = in.server.Serve(listener)
	}()
	return in, nil
}

// writeInstance makes the file whole at once: another start may read it at any time. It
// need not survive a power cut.
func writeInstance(path string, data []byte) error {
	next := path + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// Close stops answering.
func (in *Instance) Close() error {
	err := in.server.Close()
	<-in.done
	return errors.Join(err, os.Remove(in.path))
}

// guard refuses whoever does not know the secret: loopback is no right.
func (i instance) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := []byte(r.Header.Get("Authorization"))
		if subtle.ConstantTimeCompare(given, []byte("Bearer "+i.Secret)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c Calls) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /open", func(w http.ResponseWriter, r *http.Request) {
		var items []string
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOpenBytes)).Decode(&items); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if c.Open == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		c.Open(items)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /snapshot", func(w http.ResponseWriter, r *http.Request) {
		if c.Snapshot == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Trailer", "X-Complete")
		if err := c.Snapshot(r.Context(), w); err == nil {
			w.Header().Set("X-Complete", "yes")
		}
	})
	return mux
}

// callInstance asks the process that owns the data folder.
func callInstance(ctx context.Context, dir, method, path string, body []byte) (*http.Response, error) {
	data, err := os.ReadFile(filepath.Join(dir, instanceFile))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", instanceFile, err)
	}
	var other instance
	if err := json.Unmarshal(data, &other); err != nil {
		return nil, fmt.Errorf("read %s: %w", instanceFile, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+other.Addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call the running pod: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+other.Secret)
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call the running pod: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, errors.Join(fmt.Errorf("the running pod answered %s", res.Status), res.Body.Close())
	}
	return res, nil
}

// HandOver gives files and links to the window that owns the data folder and raises it.
func HandOver(ctx context.Context, dir string, items []string) error {
	body, err := json.Marshal(append([]string{}, items...))
	if err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	res, err := callInstance(ctx, dir, http.MethodPost, "/open", body)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
