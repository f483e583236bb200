package swarm

import (
	"context"
	"log/slog"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/mse"
	"github.com/pion/logging"

	"github.com/peerpod/peerpod/pod"
)

// clientConfig sets the torrent library up. It opens no socket of its own: connections
// come through connQueue and leave through dialers, so that the limits hold.
func (s *Swarm) clientConfig() *torrent.ClientConfig {
	c := torrent.NewDefaultClientConfig()
	c.NoDHT = true
	c.DisableTCP, c.DisableUTP = true, true
	c.NoDefaultPortForwarding = true // pod/reach maps ports
	c.DisableWebtorrent = true
	c.DisableTrackers = true
	c.DisableWebseeds = true
	c.DisablePEX = s.cfg.Hermetic
	c.DisableIPv6 = s.cfg.Hermetic
	c.Seed = true
	c.AlwaysWantConns = true // sleeping torrents are woken by connections
	c.PeerID = string(s.peerID[:])
	c.ExtendedHandshakeClientVersion = "Peerpod"
	c.HTTPUserAgent = "Peerpod"
	c.UpnpID = "Peerpod"
	c.EstablishedConnsPerTorrent = s.cfg.Limits.ConnsPerTorrent
	c.TorrentPeersHighWater = 200
	c.DefaultStorage = noStorage{}
	c.Slogger = slog.New(quietHandler{s.log.Handler()})
	if lister, ok := s.cfg.Files.(Lister); ok {
		c.Callbacks.ReceiveEncryptedHandshakeSkeys = s.secretKeys(lister)
	}
	return c
}

// secretKeys offers the awake torrents first, then all that Files lists; the one that
// matches an obfuscated handshake is woken before the handshake goes on.
func (s *Swarm) secretKeys(lister Lister) mse.SecretKeyIter {
	return func(try func([]byte) bool) {
		for _, ih := range s.awakeHashes() {
			if !try(ih[:]) {
				return
			}
		}
		lister.EachInfohash(func(ih pod.Infohash) bool {
			key := ih // try keeps the slice when it matches
			if try(key[:]) {
				return true
			}
			if err := s.Wake(s.ctx, ih); err != nil {
				s.log.Debug("Torrent of an obfuscated handshake does not wake", pod.LogInfohash, ih, pod.LogErr, err)
			}
			return false
		})
	}
}

func (s *Swarm) awakeHashes() []pod.Infohash {
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes := make([]pod.Infohash, 0, len(s.live))
	for ih := range s.live {
		hashes = append(hashes, ih)
	}
	return hashes
}

// quietHandler passes a library's records on at debug level: nobody has to act on them.
type quietHandler struct{ slog.Handler }

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && h.Handler.Enabled(ctx, slog.LevelDebug)
}

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return h.Handler.Handle(ctx, r)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}

// pionLoggers gives pion a logger that says only what is wrong, at debug level.
type pionLoggers struct{ log *slog.Logger }

func (p pionLoggers) NewLogger(scope string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope(scope, logging.LogLevelWarn, debugWriter(p))
}

// debugWriter writes each line of a library's log as one debug record.
type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	w.log.Debug("Message from WebRTC", pod.LogText, string(p))
	return len(p), nil
}
