package screen

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/test"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// english makes the tests independent of the machine's language: the catalogue has both
// forms of each count, and no other language is loaded here.
func english(t *testing.T) {
	t.Helper()
	test.NewTempApp(t)
	words := `{"{{.N}} days ago":{"one":"yesterday","other":"{{.N}} days ago"},"{{.N}} bytes":{"one":"{{.N}} byte","other":"{{.N}} bytes"}}`
	if err := lang.AddTranslations(fyne.NewStaticResource("en.json", []byte(words))); err != nil {
		t.Fatal(err)
	}
}

func TestSizeWords(t *testing.T) {
	english(t)
	for in, want := range map[float64]string{
		0: "0 bytes", 1: "1 byte", 2000: "2 KB", 1.24e6: "1.2 MB", 34e6: "34 MB", 5e9: "5.0 GB", 12e12: "12 TB",
	} {
		if got := sizeWords(in); got != want {
			t.Errorf("sizeWords(%v) = %q, want %q", in, got, want)
		}
	}
	if got := speedWords(1.2e6); got != "1.2 MB/s" {
		t.Errorf("speedWords = %q, want 1.2 MB/s", got)
	}
	for in, want := range map[int64]string{0: "0", -5: "0", 1000: "1 KB/s"} {
		if got := trafficWords(in); got != want {
			t.Errorf("trafficWords(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestAgeWords(t *testing.T) {
	english(t)
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for ago, want := range map[time.Duration]string{
		time.Second: "just now", 5 * time.Minute: "5 minutes ago", 3 * time.Hour: "3 hours ago", day: "yesterday",
		2 * day: "2 days ago", 15 * day: "2 weeks ago", 100 * day: "3 months ago", 800 * day: "2 years ago",
	} {
		if got := ageWords(now.Add(-ago), now); got != want {
			t.Errorf("ageWords(%v) = %q, want %q", ago, got, want)
		}
	}
}

func TestLeftAndClockWords(t *testing.T) {
	english(t)
	for in, want := range map[time.Duration]string{
		0: "", 3 * time.Second: "5 s left", 170 * time.Second: "3 min left", 90 * time.Minute: "2 h left",
	} {
		if got := leftWords(in); got != want {
			t.Errorf("leftWords(%v) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Duration]string{
		0: "0:00", 20 * time.Second: "0:20", 724 * time.Second: "12:04", 3753 * time.Second: "1:02:33", 59600 * time.Millisecond: "1:00",
	} {
		if got := clockWords(in); got != want {
			t.Errorf("clockWords(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestFailureWords(t *testing.T) {
	english(t)
	if got := failureWords(viewmodel.Failure{Failed: true, Msg: "Said by the pod."}); got != "Said by the pod." {
		t.Errorf("failureWords = %q, want the pod's sentence", got)
	}
	said := map[string]pod.Kind{}
	for _, k := range []pod.Kind{pod.KindInternal, pod.KindNotFound, pod.KindNoSpace, pod.KindTooLarge, pod.KindUnplayable, pod.KindUnavailable} {
		words := failureWords(viewmodel.Failure{Failed: true, Kind: k})
		if other, twice := said[words]; twice || words == "" {
			t.Errorf("failureWords of kinds %v and %v are the same: %q", k, other, words)
		}
		said[words] = k
	}
}

func TestImportWords(t *testing.T) {
	english(t)
	tests := []struct {
		row  viewmodel.ImportRow
		want string
	}{
		{viewmodel.ImportRow{Phase: viewmodel.PhaseWaiting}, "Waiting for its turn"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRunning}, "Copying"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRunning, BPS: 4e6, Left: 170 * time.Second}, "Copying · 4.0 MB/s · 3 min left"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRunning, Progress: viewmodel.Progress{Stage: viewmodel.StageCheck}}, "Looking at the file"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRunning, Progress: viewmodel.Progress{Stage: viewmodel.StagePublish}}, "Getting it ready to share"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRunning, Progress: viewmodel.Progress{Stage: viewmodel.StagePoster}}, "Making a picture"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseStopping}, "Stopping"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseDone}, "Ready to share"},
		{viewmodel.ImportRow{Phase: viewmodel.PhaseRefused, Reason: viewmodel.Failure{Failed: true, Msg: "No."}}, "No."},
	}
	for _, tt := range tests {
		if got := importWords(tt.row); got != tt.want {
			t.Errorf("importWords(%+v) = %q, want %q", tt.row, got, tt.want)
		}
	}
	for _, tt := range []struct {
		open, done, refused int
		want                string
	}{
		{2, 1, 1, "Adding 2 videos"},
		{0, 3, 0, "3 videos added"},
		{0, 0, 2, "2 files could not be added"},
		{0, 2, 3, "2 videos added · 3 refused"},
	} {
		if got := importsWords(tt.open, tt.done, tt.refused); got != tt.want {
			t.Errorf("importsWords(%d, %d, %d) = %q, want %q", tt.open, tt.done, tt.refused, got, tt.want)
		}
	}
}
