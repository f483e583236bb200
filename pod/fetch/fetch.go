package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// What may go wrong with a request. A caller tests for them with errors.Is.
var (
	// ErrAddress means that the address policy forbids the call: no connection was tried.
	ErrAddress = errors.New("address is not allowed")
	// ErrUnreachable means that nobody answered, or not to the end, or not in time.
	ErrUnreachable = errors.New("no answer")
	// ErrTooLarge means that the body of the answer is longer than MaxBytes.
	ErrTooLarge = errors.New("answer is too large")
	// ErrBadAnswer means that what answers does not speak HTTP as it should.
	ErrBadAnswer = errors.New("answer is not HTTP")
)

// Bounds of a request.
const (
	dialTimeout   = 5 * time.Second
	headerTimeout = 10 * time.Second
	wholeTimeout  = 20 * time.Second
	idleTimeout   = 30 * time.Second // of a stream, and of a kept connection

	defaultBytes   = 1 << 20
	headerBytes    = 32 << 10
	connsPerHost   = 2
	streamsPerHost = 32
	keptConns      = 100 // over all hosts, of one class
)

// Config is what a Client needs. Zero times stand for 5 s, 10 s, 20 s and 30 s.
type Config struct {
	Logger        *slog.Logger  // nil is silent
	Version       string        // of this program, for the header User-Agent
	DialTimeout   time.Duration // name, connection; TLS the same again
	HeaderTimeout time.Duration // from the sent request to the end of the answer's header
	Timeout       time.Duration // of a whole request; of a stream until its header is here
	IdleTimeout   time.Duration // a stream may stand still for it
	Resolver      *net.Resolver // nil: the system's
}

// Client calls other pods. It is safe for concurrent use.
type Client struct {
	config  Config
	log     *slog.Logger
	agent   string
	calls   [pod.ClassPublic + 1]*http.Transport // by Request.Narrowest
	streams [pod.ClassPublic + 1]*http.Transport
}

// New makes a client. It starts nothing.
func New(c Config) *Client {
	c.DialTimeout = cmp.Or(c.DialTimeout, dialTimeout)
	c.HeaderTimeout = cmp.Or(c.HeaderTimeout, headerTimeout)
	c.Timeout = cmp.Or(c.Timeout, wholeTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, idleTimeout)
	client := &Client{config: c, log: c.Logger, agent: "Peerpod/" + cmp.Or(c.Version, "0")}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	for class := range client.calls {
		d := &dialer{narrowest: pod.AddrClass(class), timeout: c.DialTimeout, resolver: c.Resolver, log: client.log}
		client.calls[class] = newTransport(c, d, connsPerHost)
		client.streams[class] = newTransport(c, d, streamsPerHost)
	}
	return client
}

func newTransport(c Config, d *dialer, perHost int) *http.Transport {
	return &http.Transport{
		DialContext:            d.dial, // Proxy stays nil: the environment has no say
		DisableCompression:     true,
		TLSHandshakeTimeout:    c.DialTimeout,
		ResponseHeaderTimeout:  c.HeaderTimeout,
		MaxResponseHeaderBytes: headerBytes,
		MaxConnsPerHost:        perHost,
		MaxIdleConnsPerHost:    connsPerHost,
		MaxIdleConns:           keptConns,
		IdleConnTimeout:        idleTimeout, // shorter than the 60 s after which a pod hangs up
	}
}

// CloseIdle closes the connections that are kept for later.
func (c *Client) CloseIdle() {
	for class := range c.calls {
		c.calls[class].CloseIdleConnections()
		c.streams[class].CloseIdleConnections()
	}
}

// Request is one call of another pod.
type Request struct {
	Method    string // "": GET
	URL       string // http or https
	Header    http.Header
	Body      []byte
	Narrowest pod.AddrClass // of the address that answers; ClassAny: the owner gave it
	MaxBytes  int64         // of the answer's body; 0: 1 MiB
}

// Response is an answer of any status, whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Class  pod.AddrClass // of the address that answered
	Remote netip.Addr    // that address
}

// Do sends a request and reads the answer. Redirects are answers like others. With
// ErrTooLarge the Response is there but for its body.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	limited, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	t := &trip{caller: ctx}
	answer, err := c.send(limited, t, c.calls[class(r.Narrowest)], r)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = answer.Body.Close() }() // what is left of it is of no use
	remote := t.remote()
	response := Response{Status: answer.StatusCode, Header: answer.Header, Class: pod.ClassOf(remote), Remote: remote}
	most := r.MaxBytes
	if most <= 0 {
		most = defaultBytes
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case int64(len(body)) > most:
		return response, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
	case err != nil:
		return Response{}, t.fault(limited, err)
	}
	response.Body = body
	return response, nil
}

// send makes the request and waits for the header of its answer.
func (c *Client) send(ctx context.Context, t *trip, by *http.Transport, r Request) (*http.Response, error) {
	if err := checkTarget(r.URL); err != nil {
		return nil, err
	}
	out, err := http.NewRequestWithContext(t.trace(ctx), cmp.Or(r.Method, http.MethodGet), r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	if r.Header != nil {
		out.Header = r.Header.Clone()
	}
	out.Header.Set("User-Agent", c.agent)
	answer, err := by.RoundTrip(out) // not http.Client: it follows redirects
	if err != nil {
		return nil, t.fault(ctx, err)
	}
	return answer, nil
}

// checkTarget refuses what is no address of a web server. Where it leads is checked when
// it is dialled.
func checkTarget(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%w: malformed URL", ErrAddress)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %q", ErrAddress, u.Scheme)
	case u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%w: no host", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: name or password in URL", ErrAddress)
	case isOddNumber(u.Hostname()):
		return fmt.Errorf("%w: odd spelling of an address", ErrAddress)
	}
	return nil
}

// class makes an index of a class; unknown ones are the strictest.
func class(c pod.AddrClass) pod.AddrClass {
	if c < pod.ClassAny || c > pod.ClassPublic {
		return pod.ClassPublic
	}
	return c
}
