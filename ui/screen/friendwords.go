package screen

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/theme"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// named is the data of a text with one name in it.
type named struct{ Name string }

func presenceColor(p viewmodel.Presence) fyne.ThemeColorName {
	switch p {
	case viewmodel.PresenceOnline:
		return fynetheme.ColorNameSuccess
	case viewmodel.PresenceWaiting:
		return fynetheme.ColorNameWarning
	default:
		return theme.ColorNameSecondary
	}
}

// cardWords is the small line of a card: who asks is shown by address, a friend by when it
// was last seen.
func cardWords(c viewmodel.FriendCard, now time.Time, exact bool) string {
	switch c.Status {
	case pod.StatusWaiting, pod.StatusRequested, pod.StatusBlocked:
		return c.Host
	default:
	}
	words := seenWords(c, now, exact) + " · " + videosWords(c.Videos)
	if exact && c.Host != "" {
		words += " · " + c.Host
	}
	return words
}

func seenWords(c viewmodel.FriendCard, now time.Time, exact bool) string {
	age := struct{ Age string }{ageWords(c.LastSeenAt, now)}
	switch {
	case c.LastSeenAt.IsZero():
		return lang.L("not seen yet")
	case exact:
		age.Age = exactWords(c.LastSeenAt)
	case c.Presence == viewmodel.PresenceOnline:
		return lang.L("online")
	}
	return lang.L("last seen {{.Age}}", age)
}

// noteWords says what is special about a pod; mostly nothing is.
func noteWords(c viewmodel.FriendCard) string {
	var notes []string
	add := func(on bool, text string) {
		if on {
			notes = append(notes, text)
		}
	}
	add(c.Status == pod.StatusRequested, lang.L("Waiting for an answer."))
	add(c.Status == pod.StatusParked, lang.L("Asleep for a while: its videos are hidden."))
	add(c.Status == pod.StatusBlocked, lang.L("Blocked: it can not ask you."))
	add(c.MustUpdate, lang.L("It must update Peerpod. New videos wait until then."))
	add(c.CallsUs, lang.L("It can not be reached from here: it calls us."))
	return strings.Join(notes, " ")
}

// said is one sentence and its colour.
type said struct {
	text  string
	color fyne.ThemeColorName
}

// joinWords tells how "Add friend" goes or went; nothing if it was not pressed.
func joinWords(j viewmodel.JoinState) (all []said) {
	switch {
	case j.Busy:
		return []said{{lang.L("Asking. This can take a minute."), fynetheme.ColorNameForeground}}
	case j.Failure.Failed:
		return []said{{friendFailureWords(j.Failure), fynetheme.ColorNameError}}
	}
	for _, l := range j.Lines {
		switch l.Became {
		case viewmodel.BecameFriend:
			all = append(all, said{lang.L("{{.Name}} is your friend now", named{l.Name}), fynetheme.ColorNameSuccess})
		case viewmodel.BecameWaiting:
			all = append(all, said{lang.L("{{.Name}} was asked; its owner has to accept", named{l.Name}), fynetheme.ColorNameForeground})
		default:
			all = append(all, said{refusedWords(l), fynetheme.ColorNameError})
		}
	}
	return all
}

func refusedWords(l viewmodel.JoinLine) string {
	if l.Reason == "" {
		return lang.L("{{.Name}} did not become your friend", named{l.Name})
	}
	return l.Name + ": " + l.Reason
}

// friendFailureWords is failureWords for what is about pods and not about videos.
func friendFailureWords(f viewmodel.Failure) string {
	if f.Msg != "" {
		return f.Msg
	}
	switch f.Kind {
	case pod.KindNotFound:
		return lang.L("This pod is no longer here. Perhaps it took its request back.")
	case pod.KindInvalid:
		return lang.L("This is neither an invite nor a pod's address. Copy it once more, all of it.")
	case pod.KindUnreachable:
		return lang.L("That pod does not answer. It may be asleep; try again later.")
	default:
		return failureWords(f)
	}
}

// originWords names where a video comes from.
func (h *Host) originWords(v pod.Video) string {
	if v.IsLocal() {
		return lang.L("My pod")
	}
	if name, _ := h.Model.Friends.Name(v.Origin); name != "" {
		return name
	}
	return lang.L("A friend's pod")
}

// originColor is the dot before the origin: green online, amber asleep but kept here, grey
// asleep.
func (h *Host) originColor(v pod.Video) fyne.ThemeColorName {
	if v.IsLocal() {
		return fynetheme.ColorNameSuccess
	}
	if _, online := h.Model.Friends.Name(v.Origin); online {
		return fynetheme.ColorNameSuccess
	}
	if h.Model.Editor.KeptOf(v).Whole {
		return fynetheme.ColorNameWarning
	}
	return theme.ColorNameSecondary
}

// keptWords says how far the copy of a friend's video is; nothing where none is wanted.
func (h *Host) keptWords(v pod.Video, kept pod.MirrorState) string {
	switch {
	case !kept.Wanted:
		return ""
	case kept.Whole:
		return lang.L("Kept on this computer: it plays while {{.Name}} is asleep, too.", named{h.originWords(v)})
	default:
		return lang.L("A copy is on its way to this computer.")
	}
}
