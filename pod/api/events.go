package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

// Bounds of /api/v1/events.
const (
	maxFollowers  = 20
	heartbeat     = 15 * time.Second // proxies and people's patience end sooner or later
	eventPatience = 10 * time.Second // of one write
	eventRetry    = 3 * time.Second  // when a browser comes back
)

func (a *API) routeEvents() {
	a.plain(huma.Operation{
		OperationID: "followEvents", Method: http.MethodGet, Path: "/api/v1/events", Tags: []string{"Events"}, Summary: "Follow what changes",
		Description: "Server-sent events: event is video, friend, transfer or job, data is JSON. They tell what to read again, not what is there now; after a gap a follower reads all that it shows.",
		Responses: map[string]*huma.Response{"200": {Description: "Events until either side ends it; a comment every 15 seconds.", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: schemaOf[eventJSON](a, "Event")},
		}}},
	}, accessOwner, a.followEvents)
}

// eventJSON is the data of one event.
type eventJSON struct {
	Action string `json:"action" doc:"What happened, in one word: of a video put, removed, changed or friend (some of a friend's); of a pod its new status, vouched, key-differs or must-update; of a transfer whole. More words may come."`
	UUID   string `json:"uuid,omitempty" doc:"Of the video, if it is about one."`
	Pod    string `json:"pod,omitempty" doc:"The id of the pod, if it is about one."`
	At     string `json:"at" format:"date-time"`
}

func eventShape(e pod.Event) eventJSON {
	out := eventJSON{Action: e.Action, Pod: string(e.Friend), At: stamp(e.At)}
	if !e.Video.IsZero() {
		out.UUID = e.Video.String()
	}
	return out
}

func (a *API) followEvents(w http.ResponseWriter, r *http.Request) error {
	if a.cfg.Events == nil {
		return notFound("This pod tells no events.")
	}
	select {
	case a.followers <- struct{}{}:
		defer func() { <-a.followers }()
	default:
		return &pod.Error{Kind: pod.KindUnavailable, Code: "too_many_followers", Op: "follow events", Msg: "Too many programs follow the events of this pod. End one of them first."}
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := eventStream{w: w, control: http.NewResponseController(w)}
	if out.send(fmt.Sprintf("retry: %d\n\n", eventRetry.Milliseconds())) == nil {
		a.tell(ctx, out)
	}
	return nil
}

// tell passes events on until one side ends it: the asker, the pod, or the asker's token.
func (a *API) tell(ctx context.Context, out eventStream) {
	events := a.cfg.Events.Follow(ctx)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			err = out.event(e)
		case <-beat.C:
			if err = a.stillOwner(ctx); err == nil {
				err = out.send(":\n\n")
			}
		}
		if err != nil {
			return
		}
	}
}

// stillOwner asks again whether the token of a long request is good.
func (a *API) stillOwner(ctx context.Context) error {
	account, err := a.account(ctx, scopeOf(ctx).token)
	if err == nil && !isOwner(&account) {
		return forbidden("", "")
	}
	return err
}

// eventStream writes server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s eventStream) event(e pod.Event) error {
	data, err := json.Marshal(eventShape(e))
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("event: %s\ndata: %s\n\n", e.Kind, data))
}

// send writes a text at once, or not at all if the asker takes nothing.
func (s eventStream) send(text string) error {
	err := s.control.SetWriteDeadline(time.Now().Add(eventPatience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
