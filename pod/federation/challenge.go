package federation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// Challenge proves that this pod's URL is held by its key, to a pod that it introduces
// itself to at this moment: KindForbidden at any other. What is signed names the asker
// and the URL, so that a nonce can not be a message of another kind.
func (f *Federation) Challenge(_ context.Context, in pod.Incoming) (pod.Reply, error) {
	q, err := readQuestion(in)
	if err != nil {
		return pod.Reply{}, err
	}
	o, ok := f.intros.underway(q.JTI, q.From)
	key := f.keys.Find(o.key)
	if !ok || key == nil {
		return pod.Reply{}, introFault(pod.KindForbidden, "no_introduction", "This pod does not introduce itself to the asking one just now.", nil)
	}
	signed, err := seal.Sign(key, seal.TypeChallenge, wireChallenge{Nonce: q.Nonce, Aud: q.From, URL: o.url})
	if err != nil {
		return pod.Reply{}, err
	}
	return pod.Reply{Status: http.StatusOK, ContentType: pod.TypeJOSE, Body: []byte(signed)}, nil
}

func readQuestion(in pod.Incoming) (wireQuestion, error) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != "application/json" {
		return wireQuestion{}, introFault(pod.KindUnsupported, "unsupported_type", "A challenge is application/json.", err)
	}
	raw, err := io.ReadAll(io.LimitReader(in.Body, maxChallengeBytes+1))
	if err != nil {
		return wireQuestion{}, introFault(pod.KindInvalid, "incomplete_body", "The body of the request ended too early.", err)
	}
	if len(raw) > maxChallengeBytes {
		return wireQuestion{}, introFault(pod.KindTooLarge, "too_large", "A challenge is smaller than this.", pod.ErrTooLarge)
	}
	if err := checkVersion(in.Version); err != nil {
		return wireQuestion{}, err
	}
	var q wireQuestion
	if err := seal.DecodeStrict(raw, &q); err != nil || !isNonce(q.Nonce) || !isNonce(q.JTI) {
		return wireQuestion{}, introFault(pod.KindInvalid, "invalid_challenge", "The challenge is not well-formed.", err)
	}
	if _, err := pod.ParsePodID(string(q.From)); err != nil {
		return wireQuestion{}, introFault(pod.KindInvalid, "invalid_challenge", "The challenge does not name the asking pod.", err)
	}
	return q, nil
}

// proof is what is known of a newcomer's URL.
type proof int

const (
	proofMissing proof = iota // it gave no connection
	proofNonce                // it gave none, but the newcomer signed a nonce of ours
	proofURL                  // it answers for the newcomer's key
)

// prove finds out whether the newcomer is there now, and at its URL: an introduction
// alone may be an old one. A URL that answers anything else than it should ends it.
func (f *Federation) prove(ctx context.Context, c *newcomer) (proof, error) {
	if c.ProveNonce != "" && f.intros.take(c.kid, c.URL, c.ProveNonce) {
		return proofNonce, nil
	}
	release, ok := f.intros.slot(ctx, c.household)
	if !ok {
		busy := introFault(pod.KindUnavailable, "busy", "This pod is busy with other newcomers. Please try again soon.", ctx.Err())
		busy.RetryAfter = 10 * time.Second
		return proofMissing, busy
	}
	defer release()
	return f.callBack(ctx, c)
}

// callBack calls the newcomer's URL. No lock is held meanwhile.
func (f *Federation) callBack(ctx context.Context, c *newcomer) (proof, error) {
	nonce := seal.NewNonce()
	question, err := json.Marshal(wireQuestion{Nonce: nonce, JTI: c.JTI, From: c.Aud})
	if err != nil {
		return proofMissing, err
	}
	limited, cancel := context.WithTimeout(ctx, callBackLimit)
	defer cancel()
	answer, err := f.cfg.Fetch.Do(limited, fetch.Request{
		Method: http.MethodPost, URL: c.URL + challengePath, Header: podHeader("application/json"),
		Body: question, Narrowest: c.class, MaxBytes: maxSmallAnswer,
	})
	switch {
	case ctx.Err() != nil:
		return proofMissing, ctx.Err()
	case errors.Is(err, fetch.ErrUnreachable), errors.Is(err, fetch.ErrAddress), limited.Err() != nil:
		f.log.Debug("The URL of a newcomer does not answer", pod.LogFriend, c.kid, pod.LogErr, err)
		return proofMissing, nil
	case err == nil:
		err = checkChallenge(answer, c, nonce)
	}
	if err != nil {
		return proofMissing, introFault(pod.KindForbidden, "wrong_proof", "The address in the introduction does not answer for the key in it.", err)
	}
	return proofURL, nil
}

// checkChallenge tells whether an answer is the newcomer's signature over our nonce.
func checkChallenge(answer fetch.Response, c *newcomer, nonce string) error {
	payload, err := signedAnswer(answer, seal.TypeChallenge, c.kid, c.key)
	if err != nil {
		return err
	}
	var got wireChallenge
	if err := seal.DecodeStrict(payload, &got); err != nil {
		return err
	}
	at, err := fetch.CheckURL(got.URL)
	if err != nil || got.Nonce != nonce || got.Aud != c.Aud || at != c.URL {
		return pod.ErrBadSignature
	}
	return nil
}

// signedAnswer gives the payload of a signed answer of success, by the key that it has to
// be from.
func signedAnswer(answer fetch.Response, typ string, kid pod.PodID, key *seal.PublicKey) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != pod.TypeJOSE || answer.Status != http.StatusOK && answer.Status != http.StatusAccepted {
		return nil, fetch.ErrBadAnswer
	}
	s, err := seal.PeekStatement(answer.Body, typ)
	if err != nil {
		return nil, err
	}
	if s.KID() != kid {
		return nil, pod.ErrBadSignature
	}
	return s.Verify(key)
}

// podHeader is the header of our requests to other pods.
func podHeader(contentType string) http.Header {
	h := http.Header{pod.HeaderAPIVersion: {strconv.Itoa(pod.APIVersion)}, "Accept": {"application/jose, application/json"}}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return h
}
