package screen

import (
	"fmt"
	"strconv"
	"time"

	"fyne.io/fyne/v2/lang"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// number is the data of a text with one number in it.
type number struct{ N string }

func amountNumber(a viewmodel.Amount) string {
	return strconv.FormatFloat(a.Value, 'f', a.Decimals, 64)
}

// sizeWords says a number of bytes: "12 MB".
func sizeWords(bytes float64) string {
	a := viewmodel.Size(bytes)
	n := number{amountNumber(a)}
	switch a.Unit {
	case viewmodel.UnitKB:
		return lang.L("{{.N}} KB", n)
	case viewmodel.UnitMB:
		return lang.L("{{.N}} MB", n)
	case viewmodel.UnitGB:
		return lang.L("{{.N}} GB", n)
	case viewmodel.UnitTB:
		return lang.L("{{.N}} TB", n)
	default:
		return lang.N("{{.N}} bytes", int(a.Value), n)
	}
}

// speedWords says a speed: "1.2 MB/s".
func speedWords(bps float64) string {
	return lang.L("{{.Size}}/s", struct{ Size string }{sizeWords(bps)})
}

// ageWords says how long ago something was: "2 days ago".
func ageWords(at, now time.Time) string {
	a := viewmodel.Age(at, now)
	n, count := number{amountNumber(a)}, int(a.Value)
	switch a.Unit {
	case viewmodel.UnitMinute:
		return lang.N("{{.N}} minutes ago", count, n)
	case viewmodel.UnitHour:
		return lang.N("{{.N}} hours ago", count, n)
	case viewmodel.UnitDay:
		return lang.N("{{.N}} days ago", count, n)
	case viewmodel.UnitWeek:
		return lang.N("{{.N}} weeks ago", count, n)
	case viewmodel.UnitMonth:
		return lang.N("{{.N}} months ago", count, n)
	case viewmodel.UnitYear:
		return lang.N("{{.N}} years ago", count, n)
	default:
		return lang.L("just now")
	}
}

// leftWords says how long something will take: "3 min left". Unknown is empty.
func leftWords(d time.Duration) string {
	a := viewmodel.Left(d)
	n, count := number{amountNumber(a)}, int(a.Value)
	switch a.Unit {
	case viewmodel.UnitSecond:
		return lang.N("{{.N}} s left", count, n)
	case viewmodel.UnitMinute:
		return lang.N("{{.N}} min left", count, n)
	case viewmodel.UnitHour:
		return lang.N("{{.N}} h left", count, n)
	default:
		return ""
	}
}

// exactWords says a moment exactly, in the person's time zone.
func exactWords(at time.Time) string { return at.Local().Format("2006-01-02 15:04") }

// clockWords says a length as players do: "0:20", "12:04", "1:02:33".
func clockWords(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// videosWords counts videos: "32 videos".
func videosWords(count int) string {
	return lang.N("{{.N}} videos", count, number{strconv.Itoa(count)})
}

// failureWords is the sentence for a failure: the pod's own, or one for its kind.
func failureWords(f viewmodel.Failure) string {
	if f.Msg != "" {
		return f.Msg
	}
	switch f.Kind {
	case pod.KindNotFound:
		return lang.L("This video is no longer here. It may have been deleted a moment ago.")
	case pod.KindNoSpace:
		return lang.L("The disk is full. Free some space, then try again.")
	case pod.KindTooLarge:
		return lang.L("This file is larger than your pod allows.")
	case pod.KindUnplayable:
		return lang.L("This file is not a video that Peerpod can read.")
	case pod.KindUnavailable:
		return lang.L("Your pod is busy right now. Try again in a moment.")
	default:
		return lang.L("Something went wrong in Peerpod. Try again; if it stays, the log tells more.")
	}
}

// stageWords says what is being done with a file.
func stageWords(s viewmodel.Stage) string {
	switch s {
	case viewmodel.StageCopy:
		return lang.L("Copying")
	case viewmodel.StageCheck:
		return lang.L("Looking at the file")
	case viewmodel.StagePublish:
		return lang.L("Getting it ready to share")
	default:
		return lang.L("Making a picture")
	}
}

// importWords is the small line below an import's bar.
func importWords(r viewmodel.ImportRow) string {
	switch r.Phase {
	case viewmodel.PhaseWaiting:
		return lang.L("Waiting for its turn")
	case viewmodel.PhaseStopping:
		return lang.L("Stopping")
	case viewmodel.PhaseDone:
		return lang.L("Ready to share")
	case viewmodel.PhaseRefused:
		return failureWords(r.Reason)
	default:
		words := stageWords(r.Progress.Stage)
		if r.BPS >= 1 {
			words += " · " + speedWords(r.BPS)
		}
		if left := leftWords(r.Left); left != "" {
			words += " · " + left
		}
		return words
	}
}
