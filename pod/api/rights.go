package api

import (
	"slices"

	"github.com/peerpod/peerpod/pod"
)

// privacyList is the pod's levels of privacy that a list may show to the asker.
func privacyList(viewer *pod.Account, asked []pod.Privacy) []pod.Privacy {
	usual := []pod.Privacy{pod.PrivacyPublic}
	if viewer != nil {
		usual = append(usual, pod.PrivacyInternal)
	}
	if len(asked) == 0 {
		return usual
	}
	var out []pod.Privacy
	for _, level := range asked {
		if seesAll(viewer) || slices.Contains(usual, level) {
			out = append(out, level)
		}
	}
	return out
}

// allPrivacies are those of an account's own list.
func allPrivacies() []pod.Privacy {
	return []pod.Privacy{
		pod.PrivacyPublic, pod.PrivacyUnlisted, pod.PrivacyPrivate, pod.PrivacyInternal,
		pod.PrivacyPassword, pod.PrivacyFriends, pod.PrivacyChosen,
	}
}

// seesAll tells whether the account may see every video of the pod.
func seesAll(viewer *pod.Account) bool {
	return viewer != nil && (viewer.Role == pod.RoleAdministrator || viewer.Role == pod.RoleModerator)
}

// isOwner tells whether the account manages the pod and its friendships.
func isOwner(viewer *pod.Account) bool {
	return viewer != nil && viewer.Role == pod.RoleAdministrator
}

// maySee tells whether the asker may know the video at all.
func maySee(viewer *pod.Account, v *pod.Video) bool {
	switch {
	case v.Hidden: // of a parked friend
		return false
	case v.Privacy == pod.PrivacyPublic, v.Privacy == pod.PrivacyUnlisted:
		return true
	case viewer == nil:
		return false
	case v.Privacy == pod.PrivacyInternal:
		return true
	default:
		return owns(viewer, v) || seesAll(viewer)
	}
}

func owns(viewer *pod.Account, v *pod.Video) bool {
	return viewer != nil && v.IsLocal() && v.AccountID == viewer.ID
}

// mayEdit tells whether the asker may change the video.
func mayEdit(viewer *pod.Account, v *pod.Video) bool {
	return v.IsLocal() && (owns(viewer, v) || seesAll(viewer))
}
