package api

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeFriendships() {
	tags := []string{tagPods}
	typed(a, huma.Operation{
		OperationID: "makeFriends", Method: http.MethodPost, Path: "/api/v1/pods/makefriends", Tags: tags, Summary: "Join a network of pods",
		Description: "Asks the given pods, or the configured ones, to become friends, and each pod that more than half of those that answered call a friend; at most 50 new ones in one call. 409: nobody new is left. 502: none of the pods answers.",
	}, accessOwner, a.makeFriends)
	typed(a, huma.Operation{
		OperationID: "quitFriends", Method: http.MethodPost, Path: "/api/v1/pods/quitfriends", Tags: tags, Summary: "End all friendships", DefaultStatus: http.StatusNoContent,
		Description: "The friends' videos leave this pod at once, and this pod's videos leave theirs as soon as they hear of it.",
	}, accessOwner, a.quitFriends)
	for _, v := range podVerbs() {
		typed(a, huma.Operation{
			OperationID: v.id, Method: v.method, Path: "/api/v1/pods/{id}" + v.path, Tags: tags, Summary: v.summary,
			Description: v.text, DefaultStatus: http.StatusNoContent,
		}, accessOwner, a.onPod(v.do))
	}
}

// podVerb is something that the owner does with one pod.
type podVerb struct {
	id, method, path, summary, text string
	do                              func(Friends, context.Context, pod.PodID) error
}

func podVerbs() []podVerb {
	return []podVerb{
		{"acceptPod", http.MethodPost, "/accept", "Accept a pod that waits", "They are friends at once when the other pod can be reached, else as soon as it calls. 409: it does not wait.", Friends.Accept},
		{"refusePod", http.MethodPost, "/refuse", "Refuse a pod that waits", "It may ask again after a day. 409: it does not wait.", Friends.Refuse},
		{"blockPod", http.MethodPost, "/block", "Block a pod", "A friendship with it ends, and it is not heard any more.", Friends.Block},
		{"restorePod", http.MethodPost, "/restore", "Bring a parked or blocked pod back", "A friend that was away for long is one like the others again, with its videos; a blocked pod may ask again.", Friends.Restore},
		{"removePod", http.MethodDelete, "", "End a friendship", "Its videos leave this pod at once; it is told.", Friends.Remove},
	}
}

// joinParams say whom to ask.
type joinParams struct {
	Body *joinJSON
}

type joinJSON struct {
	_      struct{} `additionalProperties:"false"`
	Hosts  []string `json:"hosts,omitempty" nullable:"false" maxItems:"50" minLength:"1" maxLength:"2000" doc:"URLs of pods; none: those of the configuration."`
	Invite string   `json:"invite,omitempty" maxLength:"4000" doc:"A code or link that another owner made."`
}

// joinedJSON is what became of it.
type joinedJSON struct {
	Friends []PodShape       `json:"friends" nullable:"false"`
	Waiting []PodShape       `json:"waiting" nullable:"false" doc:"They ask their owners, or do not answer just now."`
	Refused []refusedPodJSON `json:"refused" nullable:"false"`
}

type refusedPodJSON struct {
	URL    string `json:"url"`
	Code   string `json:"code" doc:"A stable word for programs."`
	Reason string `json:"reason" doc:"A sentence for a person."`
}

func (a *API) makeFriends(ctx context.Context, in *joinParams) (*body[joinedJSON], error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	var join pod.Join
	if in.Body != nil {
		join = pod.Join{Hosts: in.Body.Hosts, Invite: in.Body.Invite}
	}
	if err := checkJoin(join); err != nil {
		return nil, err
	}
	joined, err := friends.MakeFriends(ctx, join)
	if err != nil {
		return nil, err
	}
	out := joinedJSON{
		Friends: podShapes(friends, joined.Friends), Waiting: podShapes(friends, joined.Waiting),
		Refused: make([]refusedPodJSON, 0, len(joined.Refused)),
	}
	for _, r := range joined.Refused {
		out.Refused = append(out.Refused, refusedPodJSON(r))
	}
	return answer(out), nil
}

// checkJoin refuses what is in no address; the rest is for who calls them.
func checkJoin(j pod.Join) error {
	if strings.ContainsFunc(j.Invite, unicode.IsControl) {
		return invalid("invite", "The invite has characters that no invite has. Copy it again.")
	}
	for _, host := range j.Hosts {
		if strings.ContainsFunc(host, unicode.IsControl) {
			return invalid("hosts", "One of the addresses has characters that no address has.")
		}
	}
	return nil
}

func (a *API) quitFriends(ctx context.Context, _ *struct{}) (*struct{}, error) {
	friends, err := a.friends()
	if err != nil {
		return nil, err
	}
	return nil, friends.QuitAll(ctx)
}

// PodParam names a pod in a route.
type PodParam struct {
	ID string `path:"id" maxLength:"64" doc:"The pod's id."`
}

// onPod makes the handler of a verb.
func (a *API) onPod(do func(Friends, context.Context, pod.PodID) error) func(context.Context, *PodParam) (*struct{}, error) {
	return func(ctx context.Context, in *PodParam) (*struct{}, error) {
		friends, err := a.friends()
		if err != nil {
			return nil, err
		}
		id, err := pod.ParsePodID(in.ID)
		if err != nil {
			return nil, invalid("id", "This is not the id of a pod.")
		}
		return nil, explainAbsent(do(friends, ctx, id), "This pod knows no pod of that id.")
	}
}
