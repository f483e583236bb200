package swarm

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/peerpod/peerpod/pod"
)

const (
	// offerLife bounds how long an answered offer may take to become a connection.
	offerLife = 15 * time.Second
	// maxSDPBytes bounds an offer; browsers send about 1 KiB.
	maxSDPBytes = 64 << 10
	// maxCandidates bounds the addresses to which an offer makes us send checks.
	maxCandidates = 50
)

// rtc answers browsers' offers. All connections share one UDP socket.
type rtc struct {
	swarm   *Swarm
	api     *webrtc.API
	config  webrtc.Configuration
	socket  net.PacketConn
	mux     ice.UDPMux
	pending chan struct{} // holds one value for each offer that is pending
	ending  sync.WaitGroup

	mu     sync.Mutex // guards all below
	peers  map[*rtcPeer]struct{}
	closed bool
}

// newRTC opens the UDP socket; it is next to TCP's port where that is free, so that the
// owner of a firewall can open a range.
func newRTC(ctx context.Context, s *Swarm) (*rtc, error) {
	host, port, _ := net.SplitHostPort(s.cfg.ListenAddr) // checked by New
	next := "0"
	if n, _ := strconv.Atoi(port); n > 0 && n < 65535 {
		next = strconv.Itoa(n + 1)
	}
	var lc net.ListenConfig
	socket, err := lc.ListenPacket(ctx, "udp", net.JoinHostPort(host, next))
	if err != nil && next != "0" {
		socket, err = lc.ListenPacket(ctx, "udp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return nil, fmt.Errorf("listen for WebRTC: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("certificate for WebRTC: %w", err), socket.Close())
	}
	r := &rtc{
		swarm: s, socket: socket, peers: make(map[*rtcPeer]struct{}),
		pending: make(chan struct{}, s.cfg.Limits.PendingOffers),
	}
	r.config.Certificates = []webrtc.Certificate{*cert}
	if !s.cfg.Hermetic && len(s.cfg.ICEServers) > 0 {
		r.config.ICEServers = []webrtc.ICEServer{{URLs: s.cfg.ICEServers}}
	}
	r.api = r.newAPI()
	return r, nil
}

func (r *rtc) newAPI() *webrtc.API {
	var e webrtc.SettingEngine
	e.LoggerFactory = pionLoggers{r.swarm.log}
	r.mux = webrtc.NewICEUDPMux(e.LoggerFactory.NewLogger("ice"), r.socket)
	e.SetICEUDPMux(r.mux)
	e.DetachDataChannels()
	// Browsers hide their addresses behind names under .local. We need not look them up:
	// our candidates are plain addresses, their checks reach us and show where they are.
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// A browser on this machine may have no other way to us.
	e.SetIncludeLoopbackCandidate(true)
	// Nobody may make us connect by TCP to an address of his choice.
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.DisableActiveTCP(true)
	if r.swarm.cfg.Hermetic {
		e.SetRemoteIPFilter(onThisMachine())
	}
	e.SetICETimeouts(10*time.Second, 20*time.Second, 5*time.Second)
	e.SetHostAcceptanceMinWait(0)
	e.SetPrflxAcceptanceMinWait(0)
	e.SetSCTPMaxReceiveBufferSize(1 << 20)
	e.SetSCTPMaxMessageSize(rtcReadSize)
	e.EnableSCTPZeroChecksum(true)
	return webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(&webrtc.MediaEngine{}))
}

// onThisMachine makes a filter that lets addresses of this machine pass. Chromium's
// checks come to our loopback address from that of its network card.
func onThisMachine() func(net.IP) bool {
	addrs, _ := net.InterfaceAddrs() // without them loopback remains
	return func(ip net.IP) bool {
		for _, a := range addrs {
			if own, ok := a.(*net.IPNet); ok && own.IP.Equal(ip) {
				return true
			}
		}
		return ip.IsLoopback()
	}
}

// close ends all connections, waits for them and closes the socket.
func (r *rtc) close() {
	r.mu.Lock()
	r.closed = true
	peers := make([]*rtcPeer, 0, len(r.peers))
	for p := range r.peers {
		peers = append(peers, p)
	}
	r.mu.Unlock()
	for _, p := range peers {
		p.end()
	}
	r.ending.Wait()
	_ = r.mux.Close()
	_ = r.socket.Close()
}

// Answer answers a browser's offer: it wakes the torrent and gives an SDP that holds all
// candidates. Errors wrap pod.ErrNotFound for an unknown infohash, pod.ErrInvalid for an
// SDP that makes no sense, pod.ErrExists for a browser that is connected in this torrent
// already, ErrBusy at a limit.
func (s *Swarm) Answer(ctx context.Context, o pod.Offer) (string, error) {
	if len(o.SDP) == 0 || len(o.SDP) > maxSDPBytes || strings.Count(o.SDP, "a=candidate:") > maxCandidates {
		return "", fmt.Errorf("offer of %d bytes: %w", len(o.SDP), pod.ErrInvalid)
	}
	from := browserKey{o.Infohash, o.PeerID}
	if s.rtc.connected(from) {
		return "", fmt.Errorf("browser is connected already: %w", pod.ErrExists)
	}
	if err := s.Wake(ctx, o.Infohash); err != nil {
		return "", err
	}
	p, err := s.rtc.newPeer(from) //nolint:contextcheck // the connection outlives the answer's context
	if err != nil {
		return "", fmt.Errorf("answer offer: %w", err)
	}
	sdp, err := p.answer(ctx, o.SDP)
	if err != nil {
		p.end()
		return "", fmt.Errorf("answer offer: %w", err)
	}
	return sdp, nil
}

// browserKey is a browser in one torrent. Its peer_id is its own word: whoever takes
// another's only keeps itself from a connection.
type browserKey struct {
	infohash pod.Infohash
	peerID   [20]byte
}

// connected tells whether a browser has an open data channel in that torrent, one that is
// not ending.
func (r *rtc) connected(from browserKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.peers {
		if p.from == from && p.open() {
			return true
		}
	}
	return false
}

func (p *rtcPeer) open() bool {
	select {
	case <-p.done:
		return false
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn != nil
}

// rtcPeer is one PeerConnection from the answer until the end of its connection.
type rtcPeer struct {
	rtc     *rtc
	from    browserKey
	pc      *webrtc.PeerConnection
	timer   *time.Timer // ends an offer that nobody follows up
	settled sync.Once   // the offer is no longer pending
	ended   sync.Once
	done    chan struct{} // closed with the peer

	mu   sync.Mutex // guards all below
	conn *peerConn  // nil until the data channel is open
	over bool       // no data channel is taken any more
}

// newPeer takes a place among the pending offers and the connections and makes a
// PeerConnection; end gives the places back.
func (r *rtc) newPeer(from browserKey) (*rtcPeer, error) {
	select {
	case r.pending <- struct{}{}:
	default:
		return nil, fmt.Errorf("%d offers are pending: %w", cap(r.pending), ErrBusy)
	}
	if !r.swarm.conns.reserve() {
		<-r.pending
		return nil, fmt.Errorf("all connections are taken: %w", ErrBusy)
	}
	p := &rtcPeer{rtc: r, from: from, done: make(chan struct{})}
	pc, err := r.api.NewPeerConnection(r.config)
	if err == nil {
		p.pc = pc
		err = r.register(p)
	}
	if err != nil {
		<-r.pending
		r.swarm.conns.release()
		return nil, fmt.Errorf("new peer connection: %w", err)
	}
	pc.OnDataChannel(func(dc *webrtc.DataChannel) { dc.OnOpen(func() { p.opened(dc) }) })
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
			p.end()
		}
	})
	return p, nil
}

// register adds a peer unless all is closed, and sets its time limit.
func (r *rtc) register(p *rtcPeer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errors.Join(ErrClosed, p.pc.Close())
	}
	r.peers[p] = struct{}{}
	r.ending.Add(1)
	p.timer = time.AfterFunc(offerLife, func() {
		if !p.open() {
			p.end()
		}
	})
	return nil
}

// answer negotiates and waits until all candidates are gathered.
func (p *rtcPeer) answer(ctx context.Context, offer string) (string, error) {
	desc := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}
	if err := p.pc.SetRemoteDescription(desc); err != nil {
		return "", fmt.Errorf("remote description: %w: %w", err, pod.ErrInvalid)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, pod.ErrInvalid)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("local description: %w: %w", err, pod.ErrInvalid)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-p.done:
		return "", ErrClosed
	}
	return p.pc.LocalDescription().SDP, nil
}

// opened hands the first data channel to the library as a connection.
func (p *rtcPeer) opened(dc *webrtc.DataChannel) {
	raw, err := dc.DetachWithDeadline()
	if err != nil {
		p.end()
		return
	}
	p.mu.Lock()
	if p.conn != nil || p.over {
		p.mu.Unlock()
		_ = raw.Close() // one channel is all that WebTorrent uses
		return
	}
	p.conn = p.rtc.swarm.conns.wrap(newRTCConn(p, dc, raw), kindRTC)
	c := p.conn
	p.mu.Unlock()
	p.settle()
	p.rtc.swarm.greet(c)
}

// settle frees the place among the pending offers.
func (p *rtcPeer) settle() { p.settled.Do(func() { <-p.rtc.pending }) }

// end closes all. The PeerConnection closes in a goroutine, because end runs in its
// callbacks and under the library's lock; rtc.close waits for it.
func (p *rtcPeer) end() {
	p.ended.Do(func() {
		close(p.done)
		p.timer.Stop()
		p.settle()
		go func() {
			defer p.rtc.ending.Done()
			p.mu.Lock()
			p.over = true
			c := p.conn
			p.mu.Unlock()
			if c != nil {
				_ = c.Close()
			} else {
				p.rtc.swarm.conns.release()
			}
			_ = p.pc.GracefulClose()
			p.rtc.mu.Lock()
			delete(p.rtc.peers, p)
			p.rtc.mu.Unlock()
		}()
	})
}
