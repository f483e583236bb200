package swarm_test

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/torrent"
	"github.com/pion/datachannel"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/swarm"
)

// browser stands for a tab: a torrent client whose only way out is a WebRTC offer, with
// its addresses hidden behind a .local name as Chromium does.
type browser struct {
	swarm *swarm.Swarm
	ih    pod.Infohash
	id    [20]byte
	mu    sync.Mutex // guards pcs
	pcs   []*webrtc.PeerConnection
}

// newBrowser makes a client that reaches s by WebRTC alone.
func newBrowser(tb testing.TB, s *swarm.Swarm, ih pod.Infohash, change ...func(*torrent.ClientConfig)) *torrent.Client {
	tb.Helper()
	change = append(change, tcpOnly, plain, func(c *torrent.ClientConfig) { c.DialForPeerConns = false })
	cl := newLeecher(tb, change...)
	b := &browser{swarm: s, ih: ih, id: cl.PeerID()}
	cl.AddDialer(b)
	tb.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, pc := range b.pcs {
			_ = pc.GracefulClose()
		}
	})
	return cl
}

func (b *browser) DialerNetwork() string { return "webrtc" }

// Dial opens a data channel to the swarm, whatever the address.
func (b *browser) Dial(ctx context.Context, _ string) (net.Conn, error) {
	pc, opened, err := newOffer()
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.pcs = append(b.pcs, pc)
	b.mu.Unlock()
	answer, err := b.swarm.Answer(ctx, pod.Offer{Infohash: b.ih, PeerID: b.id, SDP: hideAddrs(pc.LocalDescription().SDP)})
	if err != nil {
		return nil, err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return nil, err
	}
	select {
	case c := <-opened:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newOffer makes a PeerConnection with one data channel and all candidates.
func newOffer() (*webrtc.PeerConnection, <-chan net.Conn, error) {
	var e webrtc.SettingEngine
	e.DetachDataChannels()
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, nil, err
	}
	dc, err := pc.CreateDataChannel("test", nil)
	if err != nil {
		return nil, nil, err
	}
	opened := make(chan net.Conn, 1)
	dc.OnOpen(func() {
		if raw, err := dc.DetachWithDeadline(); err == nil {
			opened <- &channelConn{raw: raw, dc: dc}
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, nil, err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return nil, nil, err
	}
	<-gathered
	return pc, opened, nil
}

var candidateLine = regexp.MustCompile(`(a=candidate:\S+ \d udp \d+ )(\S+)( \d+ typ host)`)

func hideAddrs(sdp string) string {
	return candidateLine.ReplaceAllString(sdp, "${1}7f5c2f5e-2f4b-4c39-9f2e-0a2f8f5e2a11.local${3}")
}

// channelConn is a data channel as a connection, as simple as it can be.
type channelConn struct {
	raw  datachannel.ReadWriteCloserDeadliner
	dc   *webrtc.DataChannel
	rest []byte
}

func (c *channelConn) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		buf := make([]byte, 128<<10)
		n, err := c.raw.Read(buf)
		if err != nil {
			return 0, err
		}
		c.rest = buf[:n]
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *channelConn) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); {
		for c.dc.BufferedAmount() > 1<<20 {
			<-time.After(time.Millisecond)
			if c.dc.ReadyState() != webrtc.DataChannelStateOpen {
				return sent, io.ErrClosedPipe
			}
		}
		n, err := c.raw.Write(b[sent:min(len(b), sent+60<<10)])
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return len(b), nil
}

func (c *channelConn) Close() error         { return c.raw.Close() }
func (c *channelConn) LocalAddr() net.Addr  { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (c *channelConn) RemoteAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (c *channelConn) SetDeadline(t time.Time) error {
	return errors.Join(c.raw.SetReadDeadline(t), c.raw.SetWriteDeadline(t))
}
func (c *channelConn) SetReadDeadline(t time.Time) error  { return c.raw.SetReadDeadline(t) }
func (c *channelConn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }

// tab is an address that only a browser's dialer understands.
const tab = "127.0.0.1:50000"

func TestAnswer(t *testing.T) {
	check := noLeak(t)
	t.Run("fetch", func(t *testing.T) {
		files := newShelf()
		file := files.publish(t, 2<<20+17)
		s := start(t, files)
		cl := newBrowser(t, s, file.Infohash)
		if got, want := fetch(t, add(t, cl, file.Infohash, tab)), files.sums[file.Infohash]; got != want {
			t.Errorf("SHA-256 = %s, want %s", got, want)
		}
		st := s.Stats()
		if st.WebRTC.BytesUp < 2<<20 || st.TCP.BytesUp != 0 {
			t.Errorf("Stats() = %+v, want all bytes by WebRTC", st)
		}
		cl.Close()
		eventually(t, 10*time.Second, "connection is closed", func() bool { return s.Stats().WebRTC.Conns == 0 })
	})
	check()
}

// A tab goes on announcing offers while it is connected; answering each would double its
// connections with time.
func TestAnswerRefusesAConnectedBrowser(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files)
	b := &browser{swarm: s, ih: file.Infohash, id: [20]byte{1}}
	conn, err := b.Dial(t.Context(), tab)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "connection is counted", func() bool { return s.Stats().WebRTC.Conns == 1 })
	if _, err := b.Dial(t.Context(), tab); !errors.Is(err, pod.ErrExists) {
		t.Errorf("second Answer() = %v, want ErrExists", err)
	}
	other := &browser{swarm: s, ih: file.Infohash, id: [20]byte{2}}
	if _, err := other.Dial(t.Context(), tab); err != nil {
		t.Errorf("Answer() of another browser = %v, want nil", err)
	}
	eventually(t, 10*time.Second, "both are counted", func() bool { return s.Stats().WebRTC.Conns == 2 })
	_ = conn.Close()
	for _, pc := range b.pcs {
		_ = pc.GracefulClose()
	}
	eventually(t, 20*time.Second, "the closed one is forgotten", func() bool { return s.Stats().WebRTC.Conns == 1 })
	eventually(t, 10*time.Second, "the browser may come again", func() bool {
		_, err := b.Dial(t.Context(), tab)
		return err == nil
	})
	for _, pc := range append(b.pcs, other.pcs...) {
		_ = pc.GracefulClose()
	}
}

func TestAnswerRefuses(t *testing.T) {
	files := newShelf()
	file := files.publish(t, 300_000)
	s := start(t, files, func(c *swarm.Config) { c.Limits.PendingOffers = 2 })
	pc, _, err := newOffer()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.GracefulClose() }()
	sdp := pc.LocalDescription().SDP
	for _, tt := range []struct {
		name  string
		offer pod.Offer
		want  error
	}{
		{"unknown infohash", pod.Offer{Infohash: pod.Infohash{1}, SDP: sdp}, pod.ErrNotFound},
		{"empty", pod.Offer{Infohash: file.Infohash}, pod.ErrInvalid},
		{"not an SDP", pod.Offer{Infohash: file.Infohash, SDP: "v=0 nonsense"}, pod.ErrInvalid},
		{"too long", pod.Offer{Infohash: file.Infohash, SDP: strings.Repeat("a", 1<<20)}, pod.ErrInvalid},
		{"1,000 candidates", pod.Offer{Infohash: file.Infohash, SDP: sdp + strings.Repeat("a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n", 1000)}, pod.ErrInvalid},
		{"no media", pod.Offer{Infohash: file.Infohash, SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"}, pod.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Answer(t.Context(), tt.offer); !errors.Is(err, tt.want) {
				t.Errorf("Answer() = %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("pending", func(t *testing.T) {
		for range 2 {
			if _, err := s.Answer(t.Context(), pod.Offer{Infohash: file.Infohash, SDP: sdp}); err != nil {
				t.Fatalf("Answer() = %v, want nil", err)
			}
		}
		if _, err := s.Answer(t.Context(), pod.Offer{Infohash: file.Infohash, SDP: sdp}); !errors.Is(err, swarm.ErrBusy) {
			t.Errorf("third Answer() = %v, want ErrBusy", err)
		}
	})
}

// BenchmarkWebRTC measures one data channel to a client of pion's.
func BenchmarkWebRTC(b *testing.B) {
	const size = 32 << 20
	files := newShelf()
	file := files.publish(b, size)
	s := start(b, files)
	b.SetBytes(size)
	for b.Loop() {
		cl := newBrowser(b, s, file.Infohash)
		fetch(b, add(b, cl, file.Infohash, tab))
		cl.Close()
	}
}
