package viewmodel_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

func crcOf(data []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
}

func TestSize(t *testing.T) {
	tests := []struct {
		in   float64
		want viewmodel.Amount
	}{
		{-3, viewmodel.Amount{Value: 0, Unit: viewmodel.UnitByte}},
		{0, viewmodel.Amount{Value: 0, Unit: viewmodel.UnitByte}},
		{999, viewmodel.Amount{Value: 999, Unit: viewmodel.UnitByte}},
		{2000, viewmodel.Amount{Value: 2, Unit: viewmodel.UnitKB}},
		{1.5e6, viewmodel.Amount{Value: 1.5, Decimals: 1, Unit: viewmodel.UnitMB}},
		{12e6, viewmodel.Amount{Value: 12, Unit: viewmodel.UnitMB}},
		{999.6e6, viewmodel.Amount{Value: 0.9996, Decimals: 1, Unit: viewmodel.UnitGB}},
		{5e15, viewmodel.Amount{Value: 5000, Unit: viewmodel.UnitTB}},
	}
	for _, tt := range tests {
		if got := viewmodel.Size(tt.in); got != tt.want {
			t.Errorf("Size(%v) = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	tests := []struct {
		ago  time.Duration
		want viewmodel.Amount
	}{
		{-time.Hour, viewmodel.Amount{Unit: viewmodel.UnitNow}},
		{59 * time.Second, viewmodel.Amount{Unit: viewmodel.UnitNow}},
		{59 * time.Minute, viewmodel.Amount{Value: 59, Unit: viewmodel.UnitMinute}},
		{23 * time.Hour, viewmodel.Amount{Value: 23, Unit: viewmodel.UnitHour}},
		{13 * day, viewmodel.Amount{Value: 13, Unit: viewmodel.UnitDay}},
		{15 * day, viewmodel.Amount{Value: 2, Unit: viewmodel.UnitWeek}},
		{62 * day, viewmodel.Amount{Value: 2, Unit: viewmodel.UnitMonth}},
		{729 * day, viewmodel.Amount{Value: 23, Unit: viewmodel.UnitMonth}},
		{731 * day, viewmodel.Amount{Value: 2, Unit: viewmodel.UnitYear}},
	}
	for _, tt := range tests {
		if got := viewmodel.Age(now.Add(-tt.ago), now); got != tt.want {
			t.Errorf("Age(%v) = %+v, want %+v", tt.ago, got, tt.want)
		}
	}
}

func TestLeft(t *testing.T) {
	tests := []struct {
		in   time.Duration
		want viewmodel.Amount
	}{
		{0, viewmodel.Amount{Unit: viewmodel.UnitNow}},
		{time.Second, viewmodel.Amount{Value: 5, Unit: viewmodel.UnitSecond}},
		{11 * time.Second, viewmodel.Amount{Value: 15, Unit: viewmodel.UnitSecond}},
		{56 * time.Second, viewmodel.Amount{Value: 1, Unit: viewmodel.UnitMinute}},
		{150 * time.Second, viewmodel.Amount{Value: 3, Unit: viewmodel.UnitMinute}},
		{61 * time.Minute, viewmodel.Amount{Value: 2, Unit: viewmodel.UnitHour}},
	}
	for _, tt := range tests {
		if got := viewmodel.Left(tt.in); got != tt.want {
			t.Errorf("Left(%v) = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestFailureOf(t *testing.T) {
	sentence := &pod.Error{Kind: pod.KindTooLarge, Msg: "The file is too large."}
	tests := []struct {
		name string
		in   error
		want viewmodel.Failure
	}{
		{"none", nil, viewmodel.Failure{}},
		{"a sentence", fmt.Errorf("import: %w", sentence), viewmodel.Failure{Failed: true, Kind: pod.KindTooLarge, Msg: "The file is too large."}},
		{"a sentinel", fmt.Errorf("x: %w", pod.ErrNoSpace), viewmodel.Failure{Failed: true, Kind: pod.KindNoSpace}},
		{"foreign words", errors.New("open /etc/shadow"), viewmodel.Failure{Failed: true, Kind: pod.KindInternal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := viewmodel.FailureOf(tt.in); got != tt.want {
				t.Errorf("FailureOf(%v) = %+v, want %+v", tt.in, got, tt.want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	inBubble(t, func(b *bench) {
		t := b.T
		changes := 0
		b.model.Status.OnChange(func(viewmodel.StatusState) { changes++ })
		b.status = viewmodel.PodStatus{Videos: 3, UploadBPS: 10}
		b.model.Start()
		b.pass(10*time.Second + time.Millisecond)
		if s := b.model.Status.State(); s.Pod.Videos != 3 || s.Address != "http://pod.test" || changes != 2 {
			t.Errorf("state = %+v after %d changes, want 3 videos after 2", s, changes)
		}
		b.backend.mu.Lock()
		b.status.Videos, b.statusErr = 4, errBroken
		b.backend.mu.Unlock()
		b.pass(5 * time.Second)
		if s := b.model.Status.State(); s.Pod.Videos != 3 {
			t.Errorf("state = %+v, want the last good answer", s)
		}
	})
}

func TestModelWithoutEvents(t *testing.T) {
	b := &backend{}
	q := &queue{}
	m := viewmodel.New(t.Context(), viewmodel.Config{
		Backend:  viewmodel.Backend{Library: b, Pictures: b, Links: b, Statuses: b, Network: b, Mirrors: b},
		Dispatch: q.dispatch,
		Clock:    time.Now,
	})
	m.Start()
	m.Close()
	m.Wait()
}
