package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

const (
	// clockTolerance is how far a sender's clock may be off.
	clockTolerance = 5 * time.Minute
	// jtiLife is how long the nonces of messages are kept: longer than both tolerances.
	jtiLife = 20 * time.Minute
)

// refusal is the one answer to all that is wrong up to the decoded envelope: it does not
// tell which step failed.
func refusal(cause error) error {
	return &pod.Error{Kind: pod.KindForbidden, Code: "refused", Op: "receive message", Msg: "This pod does not take this message.", Err: cause}
}

// received is a message whose signature fits.
type received struct {
	header seal.Header
	friend pod.Friend
	key    *seal.PublicKey // that signed
	ours   *seal.Key       // that the sender means
	class  pod.AddrClass   // of where it came from
}

// Inbox takes one sealed message. Errors are plain refusals; every answer to a verified
// message is sealed.
func (f *Federation) Inbox(ctx context.Context, in pod.Incoming) (pod.Reply, error) {
	raw, err := readJOSE(in, pod.MaxMessageBytes)
	if err != nil {
		return pod.Reply{}, err
	}
	m, jwe, err := f.verify(ctx, in, raw)
	if err != nil {
		return pod.Reply{}, err
	}
	if skew := f.now().Sub(m.header.IssuedAt); skew.Abs() > clockTolerance {
		return f.answer(m, http.StatusUnauthorized, answerBody{Code: "clock_skew", Time: stamp(f.now())})
	}
	seen, err := f.store.SeenJTI(ctx, m.friend.ID, m.header.JTI)
	if err != nil {
		return f.answer(m, http.StatusServiceUnavailable, answerBody{Code: "unavailable"})
	}
	if seen {
		return f.answer(m, http.StatusConflict, answerBody{Code: "replay"})
	}
	e, err := f.open(ctx, m, jwe)
	if err != nil {
		return pod.Reply{}, refusal(err)
	}
	return f.accept(ctx, m, e)
}

// readJOSE reads a signed or sealed body of a request.
func readJOSE(in pod.Incoming, limit int64) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(in.ContentType); err != nil || kind != pod.TypeJOSE {
		return nil, &pod.Error{Kind: pod.KindUnsupported, Op: "receive message", Msg: "This address reads " + pod.TypeJOSE + " only."}
	}
	raw, err := io.ReadAll(io.LimitReader(in.Body, limit+1))
	if err != nil {
		return nil, &pod.Error{Kind: pod.KindInvalid, Code: "incomplete_body", Op: "receive message", Msg: "The body of the request ended too early.", Err: err}
	}
	if int64(len(raw)) > limit {
		return nil, &pod.Error{Kind: pod.KindTooLarge, Op: "receive message", Msg: "The message is larger than pods exchange.", Err: pod.ErrTooLarge}
	}
	return raw, checkVersion(in.Version)
}

// checkVersion refuses a pod that asks for a version that this one does not speak.
func checkVersion(version string) error {
	if version == "" || version == fmt.Sprint(pod.APIVersion) {
		return nil
	}
	return &pod.Error{Kind: pod.KindUpgrade, Code: "upgrade_required", Op: "receive message", Msg: "This pod speaks another version of the pods' language; the header " + pod.HeaderAPIVersions + " lists its versions."}
}

// verify does what is cheap first: a flood of strangers or of bad signatures must cost
// next to nothing.
func (f *Federation) verify(ctx context.Context, in pod.Incoming, raw []byte) (received, []byte, error) {
	if kid, ok := seal.PeekKID(raw); !ok || !f.known.has(kid) {
		return received{}, nil, refusal(pod.ErrNotFriend) // before its megabyte is looked at
	}
	env, err := seal.Peek(raw)
	if err != nil {
		return received{}, nil, refusal(err)
	}
	h := env.Header()
	if !f.known.has(h.KID) {
		return received{}, nil, refusal(pod.ErrNotFriend)
	}
	if !f.perSource.allow(string(h.KID) + "|" + pod.Household(in.Source).String()) {
		return received{}, nil, tooMany()
	}
	ours := f.keys.Find(h.AUD)
	if ours == nil || h.HTM != http.MethodPost || h.HTU != inboxPath {
		return received{}, nil, refusal(pod.ErrBadSignature)
	}
	rec, err := f.store.FriendByPodID(ctx, h.KID)
	if err != nil {
		return received{}, nil, refusal(err)
	}
	key, err := keyOf(rec, h.KID)
	if err != nil {
		return received{}, nil, refusal(err)
	}
	jwe, err := env.Verify(key)
	if err != nil {
		return received{}, nil, refusal(err)
	}
	if !f.perFriend.allow(strconv.FormatUint(uint64(rec.ID), 10)) {
		return received{}, nil, tooMany()
	}
	return received{header: h, friend: rec, key: key, ours: ours, class: f.classOf(in)}, jwe, nil
}

func tooMany() error {
	return &pod.Error{Kind: pod.KindTooMany, Op: "receive message", Msg: "Too many messages. Please wait a while.", RetryAfter: 10 * time.Second}
}

// keyOf gives the public key of a record that has that id, the current or a superseded one.
func keyOf(rec pod.Friend, id pod.PodID) (*seal.PublicKey, error) {
	if rec.PodID == id {
		return seal.ParsePublicKeyDER(rec.PublicKey)
	}
	for _, old := range rec.OldKeys {
		if old.PodID == id {
			return seal.ParsePublicKeyDER(old.PublicKey)
		}
	}
	return nil, fmt.Errorf("key %s: %w", id, pod.ErrNotFriend)
}

// open decrypts a verified message, a few at a time.
func (f *Federation) open(ctx context.Context, m received, jwe []byte) (envelope, error) {
	select {
	case f.opening <- struct{}{}:
		defer func() { <-f.opening }()
	case <-ctx.Done():
		return envelope{}, ctx.Err()
	}
	plain, err := seal.Open(m.ours, jwe)
	if err != nil {
		return envelope{}, err
	}
	return decodeEnvelope(plain, m.header.KID, m.header.AUD)
}

// accept applies a decoded message and answers it.
func (f *Federation) accept(ctx context.Context, m received, e envelope) (pod.Reply, error) {
	for _, a := range e.Acks {
		if err := f.delivered(ctx, m.friend, a.Op, a.Results); err != nil {
			return f.answer(m, http.StatusServiceUnavailable, answerBody{Code: "unavailable"})
		}
	}
	f.cfg.FailPoint("inbox-before-apply")
	asked := f.decode(ctx, m, e.Activities)
	receipt, err := f.store.Receive(ctx, pod.Delivery{
		Friend: m.friend.ID, SignedBy: m.header.KID, Epoch: m.header.Epoch, JTI: m.header.JTI, JTIUntil: f.now().Add(jtiLife),
		Op: e.Op, Prev: e.Prev, Seq: e.Seq, Steps: asked.steps, At: f.now(),
	})
	f.cfg.FailPoint("inbox-after-apply")
	if err != nil {
		return f.refuse(m, err)
	}
	rec := f.took(ctx, m.friend, receipt)
	body := answerBody{Results: f.fillIn(ctx, rec, asked, receipt.Results)}
	if receipt.Quit {
		return f.answer(m, http.StatusOK, body)
	}
	if asked.abuse {
		f.abuse(ctx, rec)
	}
	f.schedule.calledUs(rec.ID)
	f.heardFrom(ctx, rec)
	f.calledBy(ctx, rec)
	if f.schedule.unheard(rec.ID) {
		body.Message = f.carry(ctx, rec)
	}
	return f.answer(m, http.StatusOK, body)
}

// refuse answers what the store did not take.
func (f *Federation) refuse(m received, err error) (pod.Reply, error) {
	for _, row := range []struct {
		err    error
		status int
		code   string
	}{
		{pod.ErrNotYet, http.StatusConflict, "not_yet"},
		{pod.ErrNotFriend, http.StatusForbidden, "not_friend"},
		{pod.ErrEpoch, http.StatusConflict, "epoch"},
		{pod.ErrReplay, http.StatusConflict, "replay"},
		{pod.ErrGap, http.StatusConflict, "gap"},
	} {
		if errors.Is(err, row.err) {
			if row.code == "not_yet" {
				f.schedule.at(m.friend.ID, 0)
			}
			return f.answer(m, row.status, answerBody{Code: row.code})
		}
	}
	if pod.KindOf(err) == pod.KindTooMany {
		return pod.Reply{}, tooMany()
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, pod.ErrCancelled) {
		f.log.Error("A friend's message could not be stored", pod.LogFriend, m.friend.PodID, pod.LogErr, err)
	}
	return f.answer(m, http.StatusServiceUnavailable, answerBody{Code: "unavailable"})
}

// answer seals an answer to a verified message.
func (f *Federation) answer(m received, status int, body answerBody) (pod.Reply, error) {
	body.Issuer, body.Audience = m.header.AUD, m.header.KID
	plain, err := json.Marshal(body)
	if err != nil {
		return pod.Reply{}, fmt.Errorf("encode answer: %w", err)
	}
	h := seal.AnswerHeader{
		KID: m.header.AUD, AUD: m.header.KID, RE: m.header.JTI, Epoch: m.header.Epoch,
		Status: status, IssuedAt: f.now(), JTI: seal.NewNonce(),
	}
	raw, err := seal.SealAnswer(m.ours, m.key, h, plain)
	if err != nil {
		return pod.Reply{}, fmt.Errorf("seal answer: %w", err)
	}
	return pod.Reply{Status: status, ContentType: pod.TypeJOSE, Body: raw}, nil
}

// took follows what a delivery did to the record.
func (f *Federation) took(_ context.Context, before pod.Friend, r pod.Receipt) pod.Friend {
	rec := r.Friend
	f.noted(rec)
	if r.Changed {
		f.cfg.OnEvent(pod.Event{Kind: pod.EventVideo, Action: "friend", Friend: rec.PodID, At: f.now()})
	}
	if rec.Status != before.Status || rec.PodID != before.PodID || rec.Name != before.Name {
		f.cfg.OnEvent(pod.Event{Kind: pod.EventFriend, Action: string(rec.Status), Friend: rec.PodID, At: f.now()})
	}
	return rec
}

// heardFrom notes that a friend is awake: it ends back-off and parking.
func (f *Federation) heardFrom(ctx context.Context, rec pod.Friend) {
	f.schedule.heard(rec.ID)
	if rec.Status != pod.StatusParked || rec.Abused {
		return
	}
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		if r.Status == pod.StatusParked {
			unpark(r)
		}
		return nil
	})
	if err != nil {
		f.log.Warn("A friend that is back could not be restored", pod.LogFriend, rec.PodID, pod.LogErr, err)
		return
	}
	f.cfg.OnEvent(pod.Event{Kind: pod.EventVideo, Action: "friend", Friend: rec.PodID, At: f.now()})
	f.schedule.at(rec.ID, 0)
}

// calledBy notes that a friend reaches us by itself, and in our version of the language:
// it needs no greeting every interval.
func (f *Federation) calledBy(ctx context.Context, rec pod.Friend) {
	if !rec.CallsNobody && slices.Contains(rec.APIVersions, pod.APIVersion) {
		return
	}
	_, err := f.change(ctx, rec.PodID, func(r *pod.Friend) error {
		r.CallsNobody = false
		if !slices.Contains(r.APIVersions, pod.APIVersion) {
			r.APIVersions = append(r.APIVersions, pod.APIVersion)
		}
		return nil
	})
	if err != nil {
		f.log.Warn("A friend's reach could not be stored", pod.LogFriend, rec.PodID, pod.LogErr, err)
	}
}
