package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
)

// fileTokenLife is PeerTube's.
const fileTokenLife = 4 * time.Hour

// A file token is 8 bytes of account number, 8 bytes of expiry (Unix seconds) and the
// HMAC-SHA256 of both with the video's UUID, in base64. It opens the files of one video
// to whoever holds it, as long as its account may see the video.
const fileTokenLen = 8 + 8 + sha256.Size

type fileTokens struct {
	key   []byte
	clock func() time.Time
}

func (t fileTokens) make(account pod.AccountID, video pod.UUID) (token string, expires time.Time) {
	expires = t.clock().Add(fileTokenLife).Truncate(time.Second)
	head := binary.BigEndian.AppendUint64(nil, uint64(account))
	head = binary.BigEndian.AppendUint64(head, uint64(expires.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(head, t.mac(head, video)...)), expires
}

func (t fileTokens) mac(head []byte, video pod.UUID) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write(head)
	h.Write(video[:])
	return h.Sum(nil)
}

// open gives the account of a token that was made for this video and has not expired.
func (t fileTokens) open(token string, video pod.UUID) (pod.AccountID, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != fileTokenLen {
		return 0, false
	}
	head, mac := raw[:16], raw[16:]
	if !hmac.Equal(mac, t.mac(head, video)) {
		return 0, false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(head[8:])), 0)
	return pod.AccountID(binary.BigEndian.Uint64(head)), t.clock().Before(expires)
}

type fileTokenJSON struct {
	Files struct {
		Token   string `json:"token" doc:"Add it to a file's address as ?videoFileToken=…"`
		Expires string `json:"expires" format:"date-time"`
	} `json:"files"`
}

func (a *API) requestFileToken(ctx context.Context, in *VideoParam) (*body[fileTokenJSON], error) {
	v, err := a.findVideo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out fileTokenJSON
	token, expires := a.tokens.make(viewerOf(ctx).ID, v.UUID)
	out.Files.Token, out.Files.Expires = token, stamp(expires)
	return answer(out), nil
}

// CheckFileToken tells whether a token from POST /api/v1/videos/{id}/token opens the
// files of this video: nil, or KindForbidden for a token that is forged, over, made for
// another video, or whose account may not see the video any more.
func (a *API) CheckFileToken(ctx context.Context, v *pod.Video, token string) error {
	refused := forbidden("invalid_file_token", "The token does not open this file, or it is over. Ask for a new one.")
	id, ok := a.tokens.open(token, v.UUID)
	if !ok {
		return refused
	}
	account, err := a.cfg.People.Account(ctx, id)
	if errors.Is(err, pod.ErrNotFound) || (err == nil && (account.Blocked || !maySee(&account, v))) {
		return refused
	}
	return err
}

// MaySee tells whether the holder of an access token may see the video; an empty token is
// nobody in particular. A bad token gives KindUnauthorized, a hidden video KindNotFound.
func (a *API) MaySee(ctx context.Context, v *pod.Video, accessToken string) error {
	var viewer *pod.Account
	if accessToken != "" {
		account, err := a.account(ctx, accessToken)
		if err != nil {
			return err
		}
		viewer = &account
	}
	if !maySee(viewer, v) {
		return notFound("There is no such video, or it is hidden from you.")
	}
	return nil
}

// FileTokenParam is where a file's address carries its token, as PeerTube has it.
const FileTokenParam = "videoFileToken"

// CanRead tells whether a request may have the files of a video: everybody for public and
// unlisted ones, else by an access token or a token of this video. A fault while asking
// is logged and means no.
func (a *API) CanRead(r *http.Request, v pod.Video) bool {
	if maySee(nil, &v) {
		return true
	}
	err := forbidden("", "")
	if token := r.URL.Query().Get(FileTokenParam); token != "" {
		err = a.CheckFileToken(r.Context(), &v, token)
	} else if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		err = a.MaySee(r.Context(), &v, strings.TrimSpace(token))
	}
	if err != nil && pod.KindOf(err) == pod.KindInternal {
		a.log.Error("Could not check the right to a file", pod.LogVideo, v.ID, pod.LogErr, err)
	}
	return err == nil
}
