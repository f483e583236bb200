package assets_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// friend is what a fake pod is to another one, and what it keeps of another one.
type friend struct {
	mux        http.Handler
	origin     *fakePod      // the friend whose video this pod shows; nil: its own
	originName string        // as the friend calls itself
	mirror     bool          // whether this pod has a copy and says so
	refusal    int           // the status that this pod answers for the file, 0 for the file
	unnamed    bool          // whether the policy does not name the origin
	closed     bool          // whether pages of other origins may not read files
	pace       time.Duration // for each 16 KiB of a file
	gone       chan struct{} // closed when the pod dies
	silent     chan struct{} // closed when the pod says nothing any more
	once       *sync.Once

	mu    *sync.Mutex // guards asked
	asked *[]string   // address and referrer of all requests
}

func newFriend() friend {
	return friend{
		originName: "Carla's pod", gone: make(chan struct{}), silent: make(chan struct{}),
		once: &sync.Once{}, mu: &sync.Mutex{}, asked: &[]string{},
	}
}

// ServeHTTP notes what is asked for.
func (p *fakePod) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	*p.asked = append(*p.asked, r.RequestURI+" "+r.Referer())
	p.mu.Unlock()
	select {
	case <-p.silent:
		p.wait(r)
	default:
		p.mux.ServeHTTP(w, r)
	}
}

func (p *fakePod) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), *p.asked...)
}

// die ends all connections; new ones are refused.
func (p *fakePod) die() {
	p.once.Do(func() {
		close(p.gone)
		_ = p.server.Listener.Close()
		p.server.CloseClientConnections()
	})
}

// wait holds a request until somebody gives up.
func (p *fakePod) wait(r *http.Request) {
	select {
	case <-p.gone:
	case <-r.Context().Done():
	}
	panic(http.ErrAbortHandler)
}

func (p *fakePod) host() string {
	_, host, _ := strings.Cut(p.server.URL, "://")
	return host
}

func (p *fakePod) addOrigin(v *pageVideo) {
	v.RelayURL, v.OriginURL, v.OriginName = v.FileURL, p.origin.server.URL, p.origin.host()
	if !p.mirror {
		v.FileURL = p.origin.server.URL + v.FileURL
	}
}

// describeOrigin fills in what the API tells of a friend's video. It returns the base of
// its files.
func (p *fakePod) describeOrigin(v map[string]any) string {
	v["isLocal"], v["origin"] = false, map[string]any{"id": "abc", "name": p.originName, "url": p.origin.server.URL}
	if p.mirror {
		return p.server.URL
	}
	return p.origin.server.URL
}

func (p *fakePod) trackers() string {
	pods := []*fakePod{}
	if p.origin != nil {
		pods = append(pods, p.origin)
	}
	if p.mirror || p.origin == nil {
		pods = append(pods, p)
	}
	var text strings.Builder
	for _, other := range pods {
		for _, tracker := range []string{other.server.URL + "/tracker/announce", strings.Replace(other.server.URL, "http", "ws", 1) + "/tracker/socket"} {
			text.WriteString("&tr=" + url.QueryEscape(tracker))
		}
	}
	return text.String()
}

func (p *fakePod) allowed() string {
	if p.origin == nil || p.unnamed {
		return ""
	}
	return " " + p.origin.server.URL
}

func (p *fakePod) openToAll(h http.Header) {
	if p.closed {
		return
	}
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Range, Content-Length, Accept-Ranges")
}

// serveFriendly tells whether the file is to be sent, and refuses it if not.
func (p *fakePod) serveFriendly(w http.ResponseWriter) bool {
	p.openToAll(w.Header())
	if p.refusal == 0 {
		return true
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.refusal)
	_, _ = w.Write([]byte(`{"status":502,"detail":"That pod does not answer.","code":"unreachable"}`))
	return false
}

// paced slows an answer down, and stops it when the pod dies or falls silent.
func (p *fakePod) paced(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if p.pace == 0 {
		return w
	}
	return &pacedWriter{ResponseWriter: w, pod: p, request: r}
}

type pacedWriter struct {
	http.ResponseWriter
	pod     *fakePod
	request *http.Request
}

func (w *pacedWriter) Write(data []byte) (int, error) {
	tick := time.NewTicker(w.pod.pace)
	defer tick.Stop()
	sent := 0
	for len(data) > 0 {
		select {
		case <-tick.C:
		case <-w.pod.silent:
			w.pod.wait(w.request)
		case <-w.pod.gone:
			panic(http.ErrAbortHandler)
		}
		n, err := w.ResponseWriter.Write(data[:min(len(data), 16<<10)])
		sent += n
		if err != nil {
			return sent, err
		}
		if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
			return sent, err
		}
		data = data[n:]
	}
	return sent, nil
}
