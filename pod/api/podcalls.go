package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// maxIntroduction bounds an introduction and a challenge: a key, a few names and nonces.
const maxIntroduction = 64 << 10

// podCall is a route that other pods call. They have no login here: what they send proves
// who they are, and the part behind it checks that.
type podCall struct {
	media string
	limit int64
	take  func(PodCalls, context.Context, pod.Incoming) (pod.Reply, error)
}

func (a *API) routePodCalls() {
	jose := &huma.Schema{Type: huma.TypeString, Description: "A compact JWS (RFC 7515)."}
	a.podRoute(huma.Operation{
		OperationID: "introduce", Path: "/api/v1/pods", Summary: "Introduce a pod to this one",
		Description: "For pods. The body is signed by the newcomer (typ pod-intro+jws), whose URL is called back before anything is kept. The answer is signed, too. 200: friends. 202: the owner is asked, or the newcomer must prove more. 403: no. 409: another key is known at that URL.",
		RequestBody: podBody(pod.TypeJOSE, jose), Responses: a.podAnswers(jose, http.StatusOK, http.StatusAccepted),
	}, podCall{pod.TypeJOSE, maxIntroduction, PodCalls.Introduce})
	a.podRoute(huma.Operation{
		OperationID: "challenge", Path: "/api/v1/pods/challenge", Summary: "Prove that this URL is held by this pod's key",
		Description: "For pods. Answered only while an introduction of this pod to the asker is under way.",
		RequestBody: podBody("application/json", challengeSchema()), Responses: a.podAnswers(jose, http.StatusOK),
	}, podCall{"application/json", maxIntroduction, PodCalls.Challenge})
	a.podRoute(huma.Operation{
		OperationID: "postInbox", Path: "/api/v1/pods/inbox", Summary: "Take a sealed message of a friend",
		Description: "For friends. The body is encrypted and signed (typ pod+jws), at most 1 MiB with at most 100 activities. All that can not be verified, decrypted or decoded gets the same 403; what was verified gets a sealed answer with one result for each activity.",
		RequestBody: podBody(pod.TypeJOSE, jose), Responses: a.podAnswers(jose, http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusServiceUnavailable),
	}, podCall{pod.TypeJOSE, pod.MaxMessageBytes, PodCalls.Inbox})
}

func challengeSchema() *huma.Schema {
	text := func() *huma.Schema { return &huma.Schema{Type: huma.TypeString} }
	return &huma.Schema{
		Type: huma.TypeObject, Properties: map[string]*huma.Schema{"nonce": text(), "jti": text(), "from": text()},
		Required: []string{"nonce", "jti", "from"}, AdditionalProperties: false,
	}
}

func podBody(media string, schema *huma.Schema) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{media: {Schema: schema}}}
}

// podAnswers documents the statuses that carry a signed or sealed answer; above 400 a
// problem may stand there as well, where nothing was verified yet.
func (a *API) podAnswers(schema *huma.Schema, statuses ...int) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	for _, status := range statuses {
		media := map[string]*huma.MediaType{pod.TypeJOSE: {Schema: schema}}
		if status >= http.StatusBadRequest {
			media[problemType] = &huma.MediaType{Schema: schemaOf[problem](a, "Problem")}
		}
		out[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: media}
	}
	return out
}

func (a *API) podRoute(op huma.Operation, call podCall) {
	op.Method, op.Tags = http.MethodPost, []string{"Between pods"}
	op.Parameters = []*huma.Param{{Name: pod.HeaderAPIVersion, In: "header", Description: "The version of the pods' language that the body is in; 426 for one that this pod does not speak.", Schema: &huma.Schema{Type: huma.TypeString}}}
	a.plain(op, accessOpen, func(w http.ResponseWriter, r *http.Request) error { return a.answerPod(w, r, call) })
}

func (a *API) answerPod(w http.ResponseWriter, r *http.Request, call podCall) error {
	friends, err := a.friends()
	if err != nil {
		refuseUnread(w, r)
		return err
	}
	if !hasType(r, call.media) {
		refuseUnread(w, r)
		return &pod.Error{Kind: pod.KindUnsupported, Op: "read request", Msg: "This address reads " + call.media + " only."}
	}
	if r.ContentLength > call.limit {
		refuseUnread(w, r)
		return newProblem(pod.KindTooLarge, "", "")
	}
	in := &podBodyReader{body: r.Body, left: call.limit, control: http.NewResponseController(w)}
	reply, err := call.take(friends, r.Context(), pod.Incoming{
		Body: in, ContentType: r.Header.Get("Content-Type"), Version: r.Header.Get(pod.HeaderAPIVersion),
		Source: sourceOf(r.RemoteAddr), Forwarded: wasForwarded(r.Header),
	})
	if !in.whole {
		refuseUnread(w, r)
	}
	if in.fault != nil {
		return in.fault
	}
	if err != nil {
		return err
	}
	writeReply(w, reply)
	return nil
}

// wasForwarded tells whether a request came through a proxy: its source says nothing then.
func wasForwarded(h http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		if len(h.Values(name)) > 0 {
			return true
		}
	}
	return false
}

func writeReply(w http.ResponseWriter, reply pod.Reply) {
	if reply.ContentType != "" {
		w.Header().Set("Content-Type", reply.ContentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body) // a pod that has gone asks again
}

// podBodyReader is the body of another pod's request: bounded, with the reason why it
// ended, which whoever reads it need not know.
type podBodyReader struct {
	body    io.Reader
	left    int64
	control *http.ResponseController
	whole   bool
	fault   error
}

// Read reads. At the end it takes the deadline away: it would end the request's context
// while the message is at work.
func (b *podBodyReader) Read(p []byte) (int, error) {
	if b.fault != nil {
		return 0, b.fault
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		b.fault = newProblem(pod.KindTooLarge, "", "")
		return int(b.left), b.fault
	}
	b.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF):
		b.whole = true
		_ = b.control.SetReadDeadline(time.Time{}) // a recorder of a test has none
	case err != nil:
		b.fault = bodyFault(err)
		err = b.fault
	}
	return n, err
}
