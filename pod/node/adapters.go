package node

import (
	"context"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/account"
	"github.com/peerpod/peerpod/pod/api"
	"github.com/peerpod/peerpod/pod/federation"
	"github.com/peerpod/peerpod/pod/library"
	"github.com/peerpod/peerpod/pod/media"
	"github.com/peerpod/peerpod/pod/search"
	"github.com/peerpod/peerpod/pod/server"
	"github.com/peerpod/peerpod/pod/store"
	"github.com/peerpod/peerpod/pod/swarm"
	"github.com/peerpod/peerpod/pod/tracker"
)

// The parts and the small interfaces that they meet in.
var (
	_ library.Store     = (*store.Store)(nil)
	_ account.Store     = (*store.Store)(nil)
	_ api.Videos        = (*store.Store)(nil)
	_ api.People        = (*store.Store)(nil)
	_ api.Library       = (*library.Library)(nil)
	_ api.Peers         = (*tracker.Tracker)(nil)
	_ tracker.Answerer  = (*swarm.Swarm)(nil)
	_ tracker.Seeder    = (*swarm.Swarm)(nil)
	_ tracker.Catalogue = (*catalogue)(nil)
	_ swarm.Files       = (*catalogue)(nil)
	_ federation.Store  = (*store.Store)(nil)
	_ api.Friends       = (*federation.Federation)(nil)
	_ api.Mirrors       = (*mirrors)(nil)
	_ api.Events        = (*Pod)(nil)
	_ api.Origins       = origins{}
	_ api.Links         = apiLinks{}
	_ server.Remote     = origins{}
	_ swarm.Lister      = (*catalogue)(nil)
)

// mediaParts lets the library use package media.
type mediaParts struct{ *media.Media }

// Poster makes a picture from the film.
func (m mediaParts) Poster(ctx context.Context, path string, info pod.MediaInfo) (library.Poster, error) {
	p, err := m.Media.Poster(ctx, path, info)
	return library.Poster(p), err
}

// Picture reads an uploaded picture.
func (m mediaParts) Picture(ctx context.Context, data []byte) (library.Poster, error) {
	p, err := m.Media.Picture(ctx, data)
	return library.Poster(p), err
}

// pieceHasher lets the library use package swarm's hasher.
type pieceHasher struct{ *swarm.PieceHasher }

// Finish gives the info dictionary.
func (h pieceHasher) Finish(name string) (library.Metainfo, error) {
	m, err := h.PieceHasher.Finish(name)
	return library.Metainfo(m), err
}

// sessions lets the API use package account.
type sessions struct{ *account.Accounts }

// Login checks a password.
func (s sessions) Login(ctx context.Context, l api.Login) (api.Tokens, error) {
	t, err := s.Accounts.Login(ctx, account.Login(l))
	return api.Tokens(t), err
}

// Refresh exchanges a refresh token.
func (s sessions) Refresh(ctx context.Context, r api.Refresh) (api.Tokens, error) {
	t, err := s.Accounts.Refresh(ctx, account.Refresh(r))
	return api.Tokens(t), err
}

// searcher lets the API use package search.
type searcher struct{ *search.Index }

// Search finds videos.
func (s searcher) Search(ctx context.Context, q api.SearchQuery) (api.SearchResult, error) {
	r, err := s.Index.Search(ctx, search.Query(q))
	return api.SearchResult(r), err
}

// profiles lets the API use package account.
type profiles struct{ *account.Accounts }

// UpdateProfile changes what an account says about itself.
func (p profiles) UpdateProfile(ctx context.Context, id pod.AccountID, c api.Profile) (pod.Account, error) {
	return p.Accounts.UpdateProfile(ctx, id, account.ProfileChange(c))
}

// apiLinks lets the API use the pod's addresses: what it asks for is in a torrent.
type apiLinks struct {
	links
	origins
}

// Magnet is the magnet link of a file that is in a torrent.
func (l apiLinks) Magnet(f pod.VideoFile) string {
	return swarm.Magnet(f.Infohash, f.Name, f.SizeBytes, l.swarmLinks(f))
}

// CheckPassword tells whether a logged-in person knows the password.
func (p profiles) CheckPassword(ctx context.Context, c api.PasswordCheck) error {
	return p.Accounts.CheckPassword(ctx, account.PasswordCheck(c))
}

// ChangePassword replaces the password of whoever knows the current one.
func (p profiles) ChangePassword(ctx context.Context, current api.PasswordCheck, next string) error {
	return p.Accounts.ChangePassword(ctx, account.PasswordChange{PasswordCheck: account.PasswordCheck(current), New: next})
}
