package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// met is a pod that told who it is. Nobody has proven anything yet: its answer to an
// introduction will.
type met struct {
	id     pod.PodID
	key    *seal.PublicKey
	name   string
	url    string // as it names itself
	at     callPlace
	remote netip.Addr
	class  pod.AddrClass // of the connection
}

// errOtherPod means that an address is that of another pod than the one that is meant.
var errOtherPod = errors.New("another pod answers")

// meet asks the pod at an address who it is.
func (f *Federation) meet(ctx context.Context, at callPlace) (met, error) {
	var w wirePod
	answer, err := f.getPods(ctx, at, selfPath, &w)
	if err != nil {
		return met{}, err
	}
	key, err := seal.ParsePublicKey(w.PublicKey)
	if err != nil {
		return met{}, fmt.Errorf("%w: %w", fetch.ErrBadAnswer, err)
	}
	if key.ID() != w.ID {
		return met{}, fmt.Errorf("key is not that of the id: %w", fetch.ErrBadAnswer)
	}
	m := met{id: w.ID, key: key, url: at.url, at: at, remote: answer.Remote, class: answer.Class}
	if url, err := fetch.CheckURL(w.URL); err == nil {
		m.url = url
	}
	m.name = shortName(w.Name, m.url)
	return m, nil
}

// friendsOf reads the list of a pod's friends. Entries that can be no pod are left out.
func (f *Federation) friendsOf(ctx context.Context, at callPlace) ([]wirePod, error) {
	var w wirePods
	if _, err := f.getPods(ctx, at, friendsPath, &w); err != nil {
		return nil, err
	}
	var pods []wirePod
	for _, p := range w.Data[:min(len(w.Data), maxListed)] {
		url, err := fetch.CheckURL(p.URL)
		if _, idErr := pod.ParsePodID(string(p.ID)); err != nil || idErr != nil {
			continue
		}
		pods = append(pods, wirePod{ID: p.ID, URL: url})
	}
	return pods, nil
}

func (f *Federation) getPods(ctx context.Context, at callPlace, path string, into any) (fetch.Response, error) {
	answer, err := f.cfg.Fetch.Do(ctx, fetch.Request{Method: http.MethodGet, URL: at.url + path, Header: podHeader(""), Narrowest: at.class})
	if err != nil {
		return answer, err
	}
	if answer.Status != http.StatusOK {
		return answer, fmt.Errorf("status %d: %w", answer.Status, fetch.ErrBadAnswer)
	}
	if err := seal.DecodeLoose(answer.Body, into); err != nil {
		return answer, fmt.Errorf("%w: %w", fetch.ErrBadAnswer, err)
	}
	return answer, nil
}

// refusedHost says why a pod did not become a friend, in words of ours.
func refusedHost(url, code string) pod.RefusedHost {
	reason, known := refusalReasons[code]
	if !known {
		code, reason = "refused", "The other pod said no. Its owner may have refused or blocked this pod."
	}
	return pod.RefusedHost{URL: url, Code: code, Reason: reason}
}

// refusalReasons are the sentences of the codes that refusals have.
var refusalReasons = map[string]string{
	"own_pod":        "This is the address of this pod itself.",
	"blocked":        "You have blocked this pod. Restore it first if you want it as a friend.",
	"wrong_pod":      "Another pod answers at this address than the one that was meant.",
	"key_differs":    "The address and the key of this pod do not fit what one of the two pods knew before. If a pod was set up anew, remove the old entry there; compare the twelve words to be sure.",
	"wrong_proof":    "The other pod called this pod's address, and something else answers there. Check the public URL in the settings.",
	"invite_needed":  "The other pod takes friends with an invite only. Ask its owner for one.",
	"invalid_invite": "The invite has expired or was used already. Ask for a new one.",
	"unreachable":    "No pod answers at this address just now. Check it, or try again later.",
	"no_pod":         "Something answers at this address, but it is no pod that this one understands.",
	"too_many_pods":  "So many pods are not asked in one go. Make friends again for the rest.",
	"internal":       "This pod could not store it. Its log has the reason.",
}

// codeOfFault names why a pod could not be met.
func codeOfFault(err error) string {
	switch {
	case errors.Is(err, errOtherPod):
		return "wrong_pod"
	case errors.Is(err, fetch.ErrBadAnswer), errors.Is(err, fetch.ErrTooLarge):
		return "no_pod"
	default:
		return "unreachable"
	}
}
