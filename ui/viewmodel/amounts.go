package viewmodel

import "time"

// Unit names what an Amount counts.
type Unit int

// The units of sizes and times.
const (
	UnitByte Unit = iota
	UnitKB
	UnitMB
	UnitGB
	UnitTB
	UnitNow // just now: no number
	UnitSecond
	UnitMinute
	UnitHour
	UnitDay
	UnitWeek
	UnitMonth
	UnitYear
)

// Amount is a number as a person says it. Decimals is how many digits after the point
// are worth saying.
type Amount struct {
	Value    float64
	Decimals int
	Unit     Unit
}

// Size says a number of bytes in units of 1000, as shops and file managers do.
func Size(bytes float64) Amount {
	unit := UnitByte
	for bytes >= 999.5 && unit < UnitTB {
		bytes /= 1000
		unit++
	}
	a := Amount{Value: max(0, bytes), Unit: unit}
	if unit > UnitKB && bytes < 9.95 {
		a.Decimals = 1
	}
	return a
}

// Age says how long ago something was. What lies ahead (a clock that is off) is now.
func Age(at, now time.Time) Amount {
	d := now.Sub(at)
	steps := []struct {
		under, one time.Duration
		unit       Unit
	}{
		{time.Hour, time.Minute, UnitMinute},
		{24 * time.Hour, time.Hour, UnitHour},
		{14 * 24 * time.Hour, 24 * time.Hour, UnitDay},
		{61 * 24 * time.Hour, 7 * 24 * time.Hour, UnitWeek},
		{730 * 24 * time.Hour, 730 * time.Hour, UnitMonth},
	}
	if d < time.Minute {
		return Amount{Unit: UnitNow}
	}
	for _, s := range steps {
		if d < s.under {
			return Amount{Value: float64(d / s.one), Unit: s.unit}
		}
	}
	return Amount{Value: float64(d / (365 * 24 * time.Hour)), Unit: UnitYear}
}

// Left says how long something will take yet, rounded up. Zero is UnitNow.
func Left(d time.Duration) Amount {
	up := func(one time.Duration) float64 { return float64((d + one - 1) / one) }
	switch {
	case d <= 0:
		return Amount{Unit: UnitNow}
	case d < 55*time.Second:
		return Amount{Value: 5 * float64((d+5*time.Second-1)/(5*time.Second)), Unit: UnitSecond}
	case d < time.Hour:
		return Amount{Value: up(time.Minute), Unit: UnitMinute}
	default:
		return Amount{Value: up(time.Hour), Unit: UnitHour}
	}
}
