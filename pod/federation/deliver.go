package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// answered is a friend's verified answer.
type answered struct {
	status int
	kid    pod.PodID // of the key that signed it
	class  pod.AddrClass
	// versions are those that it says it speaks.
	versions []int
	body     answerBody
}

// unsignedError is an answer that the friend did not sign: it says nothing that counts.
type unsignedError struct {
	status     int
	versions   []int
	retryAfter time.Duration
}

func (e *unsignedError) Error() string { return "unsigned answer " + strconv.Itoa(e.status) }

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = pod.MaxMessageBytes + 4<<10

// send seals and posts one message and reads the answer. The clock's offset is the one
// that the friend told.
func (f *Federation) send(ctx context.Context, rec pod.Friend, m pod.Frozen, acks []ack) (answered, error) {
	key := f.keys.signer(rec)
	to, err := seal.ParsePublicKeyDER(rec.PublicKey)
	if err != nil {
		return answered{}, err
	}
	e := envelope{Issuer: key.ID(), Audience: rec.PodID, Op: m.Op, Prev: m.Prev, Seq: m.Seq, Activities: m.Activities, Acks: acks}
	if e.Activities == nil {
		e.Activities = []json.RawMessage{}
	}
	plain, err := json.Marshal(e)
	if err != nil {
		return answered{}, fmt.Errorf("encode message: %w", err)
	}
	h := seal.Header{
		KID: key.ID(), AUD: rec.PodID, HTM: http.MethodPost, HTU: inboxPath,
		IssuedAt: f.now().Add(rec.ClockOffset), JTI: seal.NewNonce(), Epoch: m.Epoch,
	}
	raw, err := seal.Seal(key, to, h, plain)
	if err != nil {
		return answered{}, fmt.Errorf("seal message: %w", err)
	}
	res, err := f.cfg.Fetch.Do(ctx, fetch.Request{
		Method: http.MethodPost, URL: rec.CallURL + inboxPath, Body: raw, Narrowest: rec.CallClass, MaxBytes: maxAnswerBytes,
		Header: http.Header{"Content-Type": {pod.TypeJOSE}, pod.HeaderAPIVersion: {strconv.Itoa(pod.APIVersion)}},
	})
	if err != nil {
		return answered{}, err
	}
	f.cfg.FailPoint("send-after-answer")
	return f.readAnswer(rec, key, h, res)
}

// readAnswer verifies a sealed answer to the message with that header.
func (f *Federation) readAnswer(rec pod.Friend, key *seal.Key, h seal.Header, res fetch.Response) (answered, error) {
	unsigned := &unsignedError{status: res.Status, versions: versionsOf(res.Header), retryAfter: retryAfter(res.Header)}
	if kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != pod.TypeJOSE {
		return answered{}, unsigned
	}
	env, err := seal.PeekAnswer(res.Body)
	if err != nil {
		return answered{}, err
	}
	ah := env.Header()
	from, err := keyOf(rec, ah.KID)
	if err != nil {
		return answered{}, err
	}
	if ah.AUD != key.ID() || ah.RE != h.JTI || ah.Epoch != h.Epoch || ah.Status != res.Status {
		return answered{}, fmt.Errorf("answer to another message: %w", pod.ErrBadSignature)
	}
	jwe, err := env.Verify(from)
	if err != nil {
		return answered{}, err
	}
	plain, err := seal.Open(key, jwe)
	if err != nil {
		return answered{}, err
	}
	body, err := decodeAnswer(plain, ah.KID, ah.AUD)
	return answered{status: res.Status, kid: ah.KID, class: res.Class, versions: unsigned.versions, body: body}, err
}

// versionsOf reads the list of versions that a pod speaks.
func versionsOf(h http.Header) []int {
	var out []int
	for text := range strings.SplitSeq(h.Get(pod.HeaderAPIVersions), ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 && len(out) < 16 {
			out = append(out, n)
		}
	}
	return out
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, time.Hour)
}

// delivered follows a friend's answer to one of our messages: what it says is known there
// now. An answer to a message that is not on its way any more changes nothing.
func (f *Federation) delivered(ctx context.Context, rec pod.Friend, op string, results []pod.Result) error {
	m, some, err := f.store.InFlight(ctx, rec.ID)
	if err != nil || !some || m.Op != op {
		return err
	}
	if len(results) != len(m.Activities) {
		return fmt.Errorf("%d results for %d activities: %w", len(results), len(m.Activities), pod.ErrInvalid)
	}
	if r, some := firstRefusal(results); some {
		f.log.Warn("A friend refused something for good", pod.LogFriend, rec.PodID, pod.LogName, clip(r.Code), pod.LogText, clip(r.Detail))
	}
	d := pod.Delivered{Friend: rec.ID, Epoch: m.Epoch, Op: op, At: f.now()}
	for i, raw := range m.Activities {
		var a activity
		if err := json.Unmarshal(raw, &a); err != nil {
			return fmt.Errorf("read own activity: %w", err)
		}
		switch a.Type {
		case activityCatalogue:
			if d.Page, err = f.pageOf(rec, results[i]); err != nil {
				return err
			}
		case activityVoucher:
			f.vouched(ctx, rec, a.Pod, results[i])
		}
	}
	f.cfg.FailPoint("send-before-delivered")
	if _, err := f.store.Delivered(ctx, d); err != nil {
		return err
	}
	f.cfg.FailPoint("send-after-delivered")
	f.afterDelivery(ctx, rec, m, d)
	return nil
}

// errNoPage means that a friend did not answer the question for its catalogue.
var errNoPage = errors.New("no page of the catalogue came")

// pageOf reads the page in a result. A friend that refuses for good has no catalogue.
func (f *Federation) pageOf(rec pod.Friend, r pod.Result) (*pod.CataloguePage, error) {
	if r.Status != "ok" {
		return &pod.CataloguePage{Next: rec.CatalogueAfter, Last: true}, nil
	}
	if r.Page == nil {
		return nil, errNoPage
	}
	return f.readPage(rec, r.Page)
}

func (f *Federation) afterDelivery(ctx context.Context, rec pod.Friend, m pod.Frozen, d pod.Delivered) {
	if fresh, err := f.store.Friend(ctx, rec.ID); err == nil {
		f.noted(fresh)
	}
	if d.Page != nil {
		f.cfg.OnEvent(pod.Event{Kind: pod.EventVideo, Action: "friend", Friend: rec.PodID, At: f.now()})
	}
	if m.ToldKey != "" {
		f.dropOldKeys(ctx)
	}
}
