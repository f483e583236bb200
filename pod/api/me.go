package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeMe() {
	tags := []string{"My user"}
	typed(a, huma.Operation{OperationID: "getMe", Method: http.MethodGet, Path: "/api/v1/users/me", Tags: tags, Summary: "Get my account"}, accessRequired, a.getMe)
	typed(a, huma.Operation{OperationID: "updateMe", Method: http.MethodPut, Path: "/api/v1/users/me", Tags: tags, Summary: "Change my account", DefaultStatus: http.StatusNoContent}, accessRequired, a.updateMe)
	typed(a, huma.Operation{OperationID: "deleteMe", Method: http.MethodDelete, Path: "/api/v1/users/me", Tags: tags, Summary: "Remove my account", DefaultStatus: http.StatusNoContent}, accessRequired, deleteMe)
	typed(a, huma.Operation{OperationID: "listMyVideos", Method: http.MethodGet, Path: "/api/v1/users/me/videos", Tags: tags, Summary: "List my videos, hidden ones too"}, accessRequired, a.listMyVideos)
	typed(a, huma.Operation{OperationID: "getMyQuotaUsed", Method: http.MethodGet, Path: "/api/v1/users/me/video-quota-used", Tags: tags, Summary: "Get how many bytes my videos take"}, accessRequired, a.getQuotaUsed)
}

// userJSON is PeerTube's User, with the settings that a pod does not have at rest.
type userJSON struct {
	ID                   uint64        `json:"id"`
	Username             string        `json:"username"`
	Email                string        `json:"email"`
	EmailVerified        bool          `json:"emailVerified"`
	PendingEmail         *string       `json:"pendingEmail"`
	NSFWPolicy           string        `json:"nsfwPolicy"`
	AutoPlayVideo        bool          `json:"autoPlayVideo"`
	P2PEnabled           bool          `json:"p2pEnabled"`
	VideosHistoryEnabled bool          `json:"videosHistoryEnabled"`
	VideoLanguages       []string      `json:"videoLanguages" nullable:"false"`
	Theme                string        `json:"theme"`
	Role                 labelled      `json:"role"`
	VideoQuota           int64         `json:"videoQuota" doc:"Bytes; -1 is without limit."`
	VideoQuotaDaily      int64         `json:"videoQuotaDaily"`
	Blocked              bool          `json:"blocked"`
	TwoFactorEnabled     bool          `json:"twoFactorEnabled"`
	PluginAuth           *string       `json:"pluginAuth"`
	Account              accountJSON   `json:"account"`
	VideoChannels        []channelJSON `json:"videoChannels" nullable:"false"`
	CreatedAt            string        `json:"createdAt" format:"date-time"`
}

func roleLabels() map[pod.Role]string {
	return map[pod.Role]string{pod.RoleAdministrator: "Administrator", pod.RoleModerator: "Moderator", pod.RoleUser: "User"}
}

func (a *API) getMe(ctx context.Context, _ *struct{}) (*body[userJSON], error) {
	me := viewerOf(ctx)
	channels, err := a.cfg.People.Channels(ctx, me.ID)
	if err != nil {
		return nil, err
	}
	out := userJSON{
		ID: uint64(me.ID), Username: me.Name, Email: me.Email, NSFWPolicy: "display",
		AutoPlayVideo: true, P2PEnabled: true, VideoLanguages: []string{}, Theme: "default",
		Role: label(roleLabels(), me.Role), VideoQuota: me.QuotaBytes, VideoQuotaDaily: -1, Blocked: me.Blocked,
		Account: a.accountShape(me), VideoChannels: make([]channelJSON, 0, len(channels)), CreatedAt: stamp(me.CreatedAt),
	}
	for i := range channels {
		out.VideoChannels = append(out.VideoChannels, a.channelShape(&channels[i], me))
	}
	return answer(out), nil
}

// updateMeParams are PeerTube's UpdateMe; its settings of the player are ignored.
type updateMeParams struct {
	Body struct {
		DisplayName     *string `json:"displayName,omitempty" minLength:"1" maxLength:"120"`
		Description     *string `json:"description,omitempty" nullable:"true" maxLength:"1000"`
		Email           *string `json:"email,omitempty" maxLength:"255" format:"email"`
		Password        *string `json:"password,omitempty" minLength:"8" maxLength:"255"`
		CurrentPassword *string `json:"currentPassword,omitempty" maxLength:"255"`
	}
}

func (a *API) updateMe(ctx context.Context, in *updateMeParams) (*struct{}, error) {
	profile := Profile{DisplayName: in.Body.DisplayName, Description: in.Body.Description, Email: in.Body.Email}
	for field, text := range map[string]*string{"displayName": profile.DisplayName, "description": profile.Description} {
		if text == nil {
			continue
		}
		var err error
		if *text, err = cleanText(field, *text); err != nil {
			return nil, err
		}
	}
	if err := a.proveAndChange(ctx, in); err != nil {
		return nil, err
	}
	if profile == (Profile{}) {
		return nil, nil
	}
	_, err := a.cfg.Profiles.UpdateProfile(ctx, viewerOf(ctx).ID, profile)
	return nil, err
}

// proveAndChange asks for the current password where a stolen token must not be enough,
// and changes the password if that is wanted.
func (a *API) proveAndChange(ctx context.Context, in *updateMeParams) error {
	if in.Body.Password == nil && in.Body.Email == nil {
		return nil
	}
	if in.Body.CurrentPassword == nil {
		return missing("currentPassword")
	}
	s := scopeOf(ctx)
	current := PasswordCheck{AccountID: s.viewer.ID, Password: *in.Body.CurrentPassword, Source: sourceOf(s.remote)}
	if in.Body.Password == nil {
		return a.cfg.Profiles.CheckPassword(ctx, current)
	}
	return a.cfg.Profiles.ChangePassword(ctx, current, *in.Body.Password)
}

func deleteMe(ctx context.Context, _ *struct{}) (*struct{}, error) {
	if viewerOf(ctx).Role == pod.RoleAdministrator {
		return nil, &pod.Error{Kind: pod.KindConflict, Code: "last_administrator", Op: "delete account", Msg: "The owner's account can not be removed: nobody could manage the pod any more."}
	}
	return nil, forbidden("", "Only the owner of the pod can remove an account.")
}

// myVideosParams narrow an account's own list to one of its channels.
type myVideosParams struct {
	ListParams
	ChannelID uint64 `query:"channelId" doc:"Only videos of this channel."`
}

func (a *API) listMyVideos(ctx context.Context, in *myVideosParams) (*body[page[VideoShape]], error) {
	me, privacies := viewerOf(ctx), in.query.Privacies
	if len(privacies) == 0 {
		privacies = allPrivacies()
	}
	return a.list(ctx, &in.ListParams, privacies, func(q *pod.VideoQuery) {
		q.Account, q.Channel = me.ID, pod.ChannelID(in.ChannelID)
	})
}

type quotaJSON struct {
	Used      int64 `json:"videoQuotaUsed" doc:"Bytes."`
	UsedDaily int64 `json:"videoQuotaUsedDaily" doc:"Bytes of the last 24 hours."`
}

func (a *API) getQuotaUsed(ctx context.Context, _ *struct{}) (*body[quotaJSON], error) {
	me := viewerOf(ctx)
	used, err := a.cfg.People.UsedBytes(ctx, me.ID)
	if err != nil {
		return nil, err
	}
	daily, err := a.usedSince(ctx, me.ID, a.cfg.Clock().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	return answer(quotaJSON{Used: used, UsedDaily: daily}), nil
}

// usedSince sums the files of an account's videos from some time on, newest first.
func (a *API) usedSince(ctx context.Context, id pod.AccountID, since time.Time) (int64, error) {
	var sum int64
	q := pod.VideoQuery{Count: 100, Sort: "-createdAt", Account: id, Privacies: allPrivacies()}
	for {
		page, err := a.cfg.Videos.ListVideos(ctx, q)
		if err != nil {
			return 0, err
		}
		for _, v := range page.Videos {
			if v.CreatedAt.Before(since) {
				return sum, nil
			}
			for _, f := range v.Files {
				sum += f.SizeBytes
			}
		}
		if q.Start += len(page.Videos); len(page.Videos) < q.Count {
			return sum, nil
		}
	}
}
