package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

const tagPods = "Pods"

func (a *API) routePods() {
	tags := []string{tagPods}
	typed(a, huma.Operation{
		OperationID: "getOwnPod", Method: http.MethodGet, Path: "/api/v1/pods/me", Tags: tags, Summary: "Get this pod and its public key",
		Description: "Other pods and people read here who this pod is before they ask to become friends.",
	}, accessOpen, a.getSelf)
	typed(a, huma.Operation{
		OperationID: "listPods", Method: http.MethodGet, Path: "/api/v1/pods", Tags: tags, Summary: "List the pods that this pod knows",
		Description: "Everybody sees the friends whose URL was proven and that are not away for long, with id, name and URL only. The owner sees all of them, and those that wait or are blocked, with all that is known.",
	}, accessOptional, a.listPods)
	typed(a, huma.Operation{
		OperationID: "listQueue", Method: http.MethodGet, Path: "/api/v1/pods/queue", Tags: tags, Summary: "List what waits for each friend",
	}, accessOwner, a.listQueue)
	typed(a, huma.Operation{
		OperationID: "rotateKey", Method: http.MethodPost, Path: "/api/v1/pods/me/rotate", Tags: tags, Summary: "Give this pod a new key", DefaultStatus: http.StatusNoContent,
		Description: "The pod's id and fingerprint change with its key. Friends are told, with the signatures of both keys, and keep the friendship; the old key is good until each of them knows the new one.",
	}, accessOwner, a.rotateKey)
}

// friends gives the pod's friendships, or the answer of a pod that has none.
func (a *API) friends() (Friends, error) {
	if a.cfg.Friends == nil {
		return nil, notFound("This pod stands alone: it makes no friends.")
	}
	return a.cfg.Friends, nil
}

func (a *API) getSelf(ctx context.Context, _ *struct{}) (*body[selfJSON], error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	self, err := friends.Self(ctx)
	if err != nil {
		return nil, err
	}
	return answer(selfShape(self)), nil
}

// podListParams select and sort pods.
type podListParams struct {
	PageParams
	Sort string `query:"sort" default:"name" enum:"name,-name,createdAt,-createdAt,score,-score,lastSeenAt,-lastSeenAt,status,-status" doc:"A field, with a leading - for the opposite direction. Everybody may sort by name; the rest is for the owner."`
}

func (a *API) listPods(ctx context.Context, in *podListParams) (*body[page[podEntryJSON]], error) {
	owner := isOwner(viewerOf(ctx))
	if !owner && strings.TrimPrefix(in.Sort, "-") != "name" {
		return nil, invalid("sort", "The list of pods can be sorted by name only; the rest is for the owner.")
	}
	if a.cfg.Friends == nil {
		return answer(newPage[podEntryJSON](0, nil)), nil
	}
	all, err := a.cfg.Friends.List(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(f pod.Friend) bool {
		return !f.Status.Shown() || (!owner && !recommended(&f))
	})
	sortPods(all, in.Sort)
	data := make([]podEntryJSON, 0, in.Count)
	for _, f := range part(in.PageParams, all) {
		entry := podEntryJSON{link: podLink(&f)}
		if owner {
			whole := podShape(a.cfg.Friends, &f)
			entry.whole = &whole
		}
		data = append(data, entry)
	}
	return answer(newPage(len(all), data)), nil
}

// recommended tells whether everybody may know that a pod is a friend.
func recommended(f *pod.Friend) bool { return f.Status == pod.StatusFriend && f.Verified }

func sortPods(all []pod.Friend, sort string) {
	field, down := strings.CutPrefix(sort, "-")
	slices.SortFunc(all, func(x, y pod.Friend) int {
		order := comparePods(&x, &y, field)
		if down {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(x.PodID, y.PodID))
	})
}

func comparePods(x, y *pod.Friend, field string) int {
	switch field {
	case "createdAt":
		return x.CreatedAt.Compare(y.CreatedAt)
	case "score":
		return cmp.Compare(x.Score, y.Score)
	case "lastSeenAt":
		return x.LastSeenAt.Compare(y.LastSeenAt)
	case "status":
		return cmp.Compare(x.Status, y.Status)
	default:
		return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name))
	}
}

// queueJSON is what waits for one friend.
type queueJSON struct {
	Pod       queuePodJSON `json:"pod"`
	Waiting   int          `json:"waiting" doc:"Activities that it has not confirmed, those on their way included."`
	InFlight  bool         `json:"inFlight" doc:"A message was sent, or is being sent, and is not answered."`
	NextTryAt *string      `json:"nextTryAt" format:"date-time" doc:"null: nothing is due."`
}

type queuePodJSON struct {
	PodLinkShape
	Status string `json:"status" enum:"friend,requested,waiting,parked,blocked,former,refused"`
}

func (a *API) listQueue(ctx context.Context, in *PageParams) (*body[page[queueJSON]], error) {
	if a.cfg.Friends == nil {
		return answer(newPage[queueJSON](0, nil)), nil
	}
	all, err := a.cfg.Friends.Queue(ctx)
	if err != nil {
		return nil, err
	}
	data := make([]queueJSON, 0, in.Count)
	for _, e := range part(*in, all) {
		data = append(data, queueJSON{
			Pod:     queuePodJSON{PodLinkShape: podLink(&e.Friend), Status: string(e.Friend.Status)},
			Waiting: e.Waiting, InFlight: e.InFlight, NextTryAt: stampUnlessZero(e.NextTryAt),
		})
	}
	return answer(newPage(len(all), data)), nil
}

func (a *API) rotateKey(ctx context.Context, _ *struct{}) (*struct{}, error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	return nil, friends.RotateKey(ctx)
}

// explainAbsent puts a sentence to a bare pod.ErrNotFound.
func explainAbsent(err error, detail string) error {
	if _, told := errors.AsType[*pod.Error](err); !told && errors.Is(err, pod.ErrNotFound) {
		return notFound(detail)
	}
	return err
}
