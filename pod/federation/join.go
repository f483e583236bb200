package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/fetch"
	"github.com/peerpod/peerpod/pod/seal"
)

// Bounds of one call of MakeFriends.
const (
	joinLimit  = 25 * time.Second
	askLimit   = 12 * time.Second // for one pod to say who it is and whom it knows
	joinAtOnce = 10
	maxHosts   = 100
)

// candidate is a pod that is to become a friend.
type candidate struct {
	id     pod.PodID   // "" until a pod that the owner named says who it is
	places []callPlace // tried in order
	invite string
	voters []pod.PodID // who recommends it
	met    *met        // nil until it said who it is
	result introOutcome
}

// host is the address by which people know the candidate.
func (c *candidate) host() string { return c.places[0].url }

// MakeFriends joins a network: the pods that are asked, and those that more than half of
// them call friends. The pods asked are join.Hosts, else the configured ones, or the one
// that an invite names. What could not be finished goes on later by itself.
//
// Errors: KindInvalid for an address or an invite that is malformed, or when there is
// nobody to ask; KindUnreachable when nobody answers; KindConflict when nobody new is left.
func (f *Federation) MakeFriends(ctx context.Context, join pod.Join) (pod.Joined, error) {
	ctx, cancel := context.WithTimeout(ctx, joinLimit)
	defer cancel()
	j := &joining{f: f}
	if strings.TrimSpace(join.Invite) != "" {
		code, err := parseInvite(join.Invite)
		if err != nil {
			return pod.Joined{}, err
		}
		if err := j.invited(ctx, code, join.Invite); err != nil || len(join.Hosts) == 0 {
			return j.joined, err
		}
	}
	hosts := join.Hosts
	if len(hosts) == 0 {
		hosts = f.cfg.Entries
	}
	asked, err := typedPlaces(hosts)
	if err != nil {
		return pod.Joined{}, err
	}
	if err := j.network(ctx, asked); err != nil && len(j.joined.Friends)+len(j.joined.Waiting) == 0 {
		return pod.Joined{}, err
	}
	return j.joined, nil
}

// typedPlaces reads addresses that the owner typed; "http://" may be missing.
func typedPlaces(hosts []string) ([]callPlace, error) {
	if len(hosts) == 0 {
		return nil, introFault(pod.KindInvalid, "no_hosts", "There is no pod to ask. Give the address of a friend's pod, or an invite.", nil)
	}
	if len(hosts) > maxHosts {
		return nil, introFault(pod.KindInvalid, "too_many_hosts", fmt.Sprintf("At most %d pods can be asked in one go.", maxHosts), nil)
	}
	var places []callPlace
	for _, host := range hosts {
		host = strings.TrimSpace(host)
		if !strings.Contains(host, "://") {
			host = "http://" + host
		}
		url, err := fetch.CheckURL(host)
		if err != nil {
			return nil, err
		}
		if at := (callPlace{url, pod.ClassAny}); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places, nil
}

// joining is one call of MakeFriends.
type joining struct {
	f      *Federation
	joined pod.Joined
	known  []pod.Friend // when it began
	fresh  int          // pods that were asked to become friends
	closed int          // pods that would be new, but are not asked for a reason
}

func (j *joining) refuse(url, code string) {
	j.joined.Refused = append(j.joined.Refused, refusedHost(url, code))
}

// joinReply is what one of the pods asked said.
type joinReply struct {
	met    met
	list   []wirePod
	listed bool
	err    error
}

// network asks pods, and befriends them and whom they recommend.
func (j *joining) network(ctx context.Context, asked []callPlace) error {
	replies := j.ask(ctx, asked)
	var err error
	if j.known, err = j.f.store.Friends(ctx); err != nil {
		return fmt.Errorf("read friends: %w", err)
	}
	chosen, ballots, own := j.sort(asked, replies)
	if len(ballots) == 0 && len(chosen) == 0 && !j.answered(replies) {
		return nobodyAnswers(own)
	}
	taken := map[pod.PodID]bool{}
	for _, c := range chosen {
		taken[c.id] = true
	}
	j.befriend(ctx, chosen)
	var others []*candidate
	for _, r := range count(ballots) {
		if !taken[r.id] && j.wanted(r) {
			others = append(others, &candidate{id: r.id, places: r.places, voters: r.voters})
		}
	}
	others = others[:min(len(others), max(j.f.cfg.Limits.JoinedPods-j.fresh, 0))] // who has most votes comes first
	j.befriend(ctx, others)
	if len(chosen)+len(others)+j.closed == 0 {
		return introFault(pod.KindConflict, "no_new_pods", "You are friends with all of these pods already, and they know nobody new.", nil)
	}
	return nil
}

func (j *joining) answered(replies []joinReply) bool {
	return slices.ContainsFunc(replies, func(r joinReply) bool { return r.err == nil && j.f.keys.Find(r.met.id) == nil })
}

func nobodyAnswers(own bool) error {
	if own {
		return introFault(pod.KindConflict, "own_pod", "That is the address of this pod itself. Give the address of a friend's pod.", nil)
	}
	return introFault(pod.KindUnreachable, "unreachable", "None of these pods answers just now. Check the addresses, or try again later.", nil)
}

// ask asks all at once who they are and whom they know.
func (j *joining) ask(ctx context.Context, asked []callPlace) []joinReply {
	replies := make([]joinReply, len(asked))
	var group errgroup.Group
	group.SetLimit(joinAtOnce)
	for i, at := range asked {
		group.Go(func() error {
			limited, cancel := context.WithTimeout(ctx, askLimit)
			defer cancel()
			r := &replies[i]
			if r.met, r.err = j.f.meet(limited, at); r.err != nil || j.f.keys.Find(r.met.id) != nil {
				return nil
			}
			list, err := j.f.friendsOf(limited, at)
			r.list, r.listed = list, err == nil
			return nil
		})
	}
	_ = group.Wait() // the faults are in the replies
	return replies
}

// sort makes candidates and ballots of the replies, and refuses the rest.
func (j *joining) sort(asked []callPlace, replies []joinReply) (chosen []*candidate, ballots []ballot, own bool) {
	seen := map[pod.PodID]bool{}
	for i := range replies {
		r := &replies[i]
		switch {
		case r.err != nil:
			j.f.log.Debug("A pod could not be asked", pod.LogURL, asked[i].url, pod.LogErr, r.err)
			j.refuse(asked[i].url, codeOfFault(r.err))
			continue
		case j.f.keys.Find(r.met.id) != nil:
			own = true
			j.refuse(asked[i].url, "own_pod")
			continue
		case r.listed:
			ballots = append(ballots, ballot{voter: r.met.id, remote: r.met.remote, class: r.met.class, pods: r.list})
		}
		if seen[r.met.id] {
			continue
		}
		seen[r.met.id] = true
		if c := j.consider(&r.met); c != nil {
			chosen = append(chosen, c)
		}
	}
	return chosen, ballots, own
}

// consider makes a candidate of a pod that the owner named, unless it is one that is
// known too well.
func (j *joining) consider(m *met) *candidate {
	for i := range j.known {
		rec := &j.known[i]
		same := rec.PodID == m.id || slices.ContainsFunc(rec.OldKeys, func(k pod.OldKey) bool { return k.PodID == m.id })
		switch {
		case same && rec.Status.Stands():
			return nil
		case same && rec.Status == pod.StatusBlocked:
			return j.turnAway(m.at.url, "blocked")
		case !same && rec.Status.Stands() && rec.Verified && (rec.URL == m.at.url || rec.CallURL == m.at.url):
			_ = j.f.keyDiffers(*rec, m.at.url) // the owner is told; the refusal says it too
			return j.turnAway(m.at.url, "key_differs")
		}
	}
	if j.fresh >= j.f.cfg.Limits.JoinedPods {
		return j.turnAway(m.at.url, "too_many_pods")
	}
	j.fresh++
	return &candidate{id: m.id, places: []callPlace{m.at}, met: m}
}

func (j *joining) turnAway(url, code string) *candidate {
	j.closed++
	j.refuse(url, code)
	return nil
}

// wanted tells whether a recommended pod is new: not this one, not a friend, and not one
// that the owner turned away.
func (j *joining) wanted(r recommended) bool {
	own := j.f.cfg.URL()
	if j.f.keys.Find(r.id) != nil || slices.ContainsFunc(r.places, func(at callPlace) bool { return at.url == own }) {
		return false
	}
	for i := range j.known {
		rec := &j.known[i]
		closed := rec.Status.Stands() || rec.Status == pod.StatusBlocked || rec.Status == pod.StatusRefused
		same := rec.PodID == r.id || slices.ContainsFunc(rec.OldKeys, func(k pod.OldKey) bool { return k.PodID == r.id })
		held := rec.Status.Stands() && slices.ContainsFunc(r.places, func(at callPlace) bool { return at.url == rec.URL || at.url == rec.CallURL })
		if closed && same || held {
			return false
		}
	}
	return true
}

// befriend introduces this pod to candidates and notes what becomes of it.
func (j *joining) befriend(ctx context.Context, all []*candidate) {
	var group errgroup.Group
	group.SetLimit(joinAtOnce)
	for _, c := range all {
		group.Go(func() error {
			c.result = j.approach(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // the faults are in the results
	for _, c := range all {
		switch o := c.result; {
		case o.state == introFriend:
			j.joined.Friends = append(j.joined.Friends, o.rec)
		case o.state == introRefused || o.rec.ID == 0:
			j.refuse(c.host(), o.code)
		default:
			j.joined.Waiting = append(j.joined.Waiting, o.rec)
		}
	}
}

// approach meets one candidate, stores that it is asked, and asks it.
func (j *joining) approach(ctx context.Context, c *candidate) introOutcome {
	if c.met == nil {
		m, err := j.f.meetAt(ctx, c)
		if err != nil {
			j.f.log.Debug("A recommended pod could not be met", pod.LogFriend, c.id, pod.LogErr, err)
			return introOutcome{code: codeOfFault(err)}
		}
		c.met = &m
	}
	rec, err := j.f.request(ctx, c, j.via(c))
	if err != nil {
		j.f.log.Warn("An introduction could not be stored", pod.LogFriend, c.id, pod.LogErr, err)
		return introOutcome{code: "internal"}
	}
	if rec.Status.Stands() { // it was faster
		return introOutcome{state: introFriend, rec: rec}
	}
	o, err := j.f.introduceTo(ctx, rec)
	if err != nil {
		j.f.log.Info("An introduction did not succeed", pod.LogFriend, rec.PodID, pod.LogErr, err)
	}
	if o.state != introFriend {
		j.f.schedule.at(rec.ID, j.f.cfg.Interval)
	}
	return o
}

// meetAt tries a candidate's addresses in order until the pod that is meant answers.
func (f *Federation) meetAt(ctx context.Context, c *candidate) (met, error) {
	var fault error
	for _, at := range c.places {
		limited, cancel := context.WithTimeout(ctx, askLimit)
		m, err := f.meet(limited, at)
		cancel()
		if err == nil && m.id == c.id {
			return m, nil
		}
		if err == nil {
			err = errOtherPod
		}
		fault = errors.Join(fault, err)
	}
	return met{}, fault
}

// via names the friend that candidate and we have in common, if there is one.
func (j *joining) via(c *candidate) pod.PodID {
	for _, voter := range c.voters {
		is := func(rec pod.Friend) bool { return rec.PodID == voter && rec.Status.Stands() }
		if slices.ContainsFunc(j.joined.Friends, is) || slices.ContainsFunc(j.known, is) {
			return voter
		}
	}
	return ""
}

// request stores that a pod is asked, before it is.
func (f *Federation) request(ctx context.Context, c *candidate, via pod.PodID) (pod.Friend, error) {
	m := c.met
	return f.change(ctx, m.id, func(r *pod.Friend) error {
		if r.Status.Stands() {
			return nil
		}
		if r.Status == pod.StatusBlocked {
			return pod.ErrNotFriend
		}
		if r.ID == 0 {
			r.PublicKey = m.key.DER()
		}
		if r.Status != pod.StatusRequested || r.OurRun == "" {
			r.OurRun = seal.NewNonce()
		}
		r.Status, r.RequestedAt, r.QuitEpoch, r.MustUpdate = pod.StatusRequested, f.now(), 0, false
		r.Name, r.URL, r.CallURL, r.CallClass, r.Verified = m.name, m.url, m.at.url, m.at.class, false
		r.Via, r.Invite = via, c.invite
		return nil
	})
}

// invited joins the one pod that an invite names.
func (j *joining) invited(ctx context.Context, code wireInvite, text string) error {
	if j.f.keys.Find(code.Inviter) != nil {
		return introFault(pod.KindConflict, "own_pod", "This is an invite of this pod itself. Send it to a friend, whose pod uses it.", nil)
	}
	c := &candidate{id: code.Inviter, invite: strings.TrimSpace(text)}
	for _, addr := range code.Addrs {
		c.places = append(c.places, callPlace{addr, pod.ClassAny})
	}
	rec, err := j.f.store.FriendByPodID(ctx, code.Inviter)
	switch {
	case err == nil && rec.Status.Stands():
		return introFault(pod.KindConflict, "no_new_pods", "You are friends with this pod already. The invite is still good for somebody else.", nil)
	case err == nil && rec.Status == pod.StatusBlocked:
		j.refuse(c.host(), "blocked")
		return nil
	case err != nil && !errors.Is(err, pod.ErrNotFound):
		return fmt.Errorf("find pod: %w", err)
	}
	m, err := j.f.meetAt(ctx, c)
	switch code := codeOfFault(err); {
	case err == nil:
		c.met = &m
	case code == "unreachable":
		return introFault(pod.KindUnreachable, "unreachable",
			"This friend's pod can not be reached from here. Send it an invite of your own instead: then its pod calls yours.", err)
	default:
		j.refuse(c.host(), code)
		return nil
	}
	j.befriend(ctx, []*candidate{c})
	return nil
}
