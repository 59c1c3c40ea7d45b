package clock

import "time"

const (
	dayLength     = 24 * time.Hour
	monthsPerYear = 12
)

// mondayBefore is how many days lie between the first day and the epoch: days are counted from a
// Monday, so that every seventh one begins a week.
const mondayBefore = 3

// DayOf returns the number of the day that a moment belongs to in a zone. Day 0 is Monday, 29
// December 1969.
func DayOf(at time.Time, zone *time.Location) int {
	year, month, date := at.In(zone).Date()
	number := int(floorDiv(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix(), 86400)) +
		mondayBefore
	// Where the clocks go back over midnight, what is lived through twice belongs to the later day.
	if !at.Before(DayStart(number+1, zone)) {
		return number + 1
	}
	return number
}

// DayStart returns the moment at which a day begins in a zone. Where a change of the clocks skips
// midnight, the day begins with the change; where midnight comes twice, with the first one.
func DayStart(number int, zone *time.Location) time.Time {
	midnight := time.Unix(int64(number-mondayBefore)*86400, 0).UTC()
	eve := midnight.Add(-dayLength).In(zone)
	before, after := offset(eve), offset(midnight.Add(dayLength).In(zone))
	start := midnight.Add(-before)
	if before == after {
		return start
	}
	_, change := eve.ZoneBounds()
	if start.Before(change) {
		return start
	}
	if start = midnight.Add(-after); start.Before(change) {
		return change.UTC()
	}
	return start
}

// MonthOf returns the number of the calendar month that a moment belongs to in a zone. Months are
// counted from January of the year 0.
func MonthOf(at time.Time, zone *time.Location) int {
	midnight := time.Unix(int64(DayOf(at, zone)-mondayBefore)*86400, 0).UTC()
	return midnight.Year()*monthsPerYear + int(midnight.Month()) - 1
}

// MonthStart returns the moment at which a month begins in a zone: with its first day.
func MonthStart(number int, zone *time.Location) time.Time {
	first := time.Date(0, time.Month(number+1), 1, 0, 0, 0, 0, time.UTC)
	return DayStart(int(floorDiv(first.Unix(), 86400))+mondayBefore, zone)
}

// DaysBeginWith says that each day of a zone in [from, until) begins where a bucket of that width
// does. It looks at one moment a week: walking along ZoneBounds does not end in Go 1.26, where the
// last day of a leap year is a bound of itself.
func DaysBeginWith(bucket time.Duration, zone *time.Location, from, until time.Time) bool {
	for at := from; ; at = at.Add(7 * dayLength) {
		if at.After(until) {
			at = until
		}
		if offset(at.In(zone))%bucket != 0 {
			return false
		}
		if !at.Before(until) {
			return true
		}
	}
}

func offset(at time.Time) time.Duration {
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
