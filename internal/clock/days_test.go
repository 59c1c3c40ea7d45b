package clock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

// Days follow one another without gap or overlap, whatever the clocks of a zone do, and have the
// date that people give them.
func TestDays(t *testing.T) {
	for _, name := range []string{
		"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
		"America/Sao_Paulo", // midnight was skipped
		"America/Havana",    // and comes twice
		"Pacific/Apia",      // where 30 December 2011 was none
	} {
		zone := load(t, name)
		first := clock.DayOf(time.Date(2011, 1, 1, 12, 0, 0, 0, zone), zone)
		for day := first; day < first+35*365; day++ {
			start, next := clock.DayStart(day, zone), clock.DayStart(day+1, zone)
			if next.Before(start) {
				t.Errorf("%s: day %d begins at %s and ends at %s", name, day, start, next)
			}
			if start.Equal(next) { // a day that there was not
				continue
			}
			if clock.DayOf(start, zone) != day || clock.DayOf(next.Add(-1), zone) != day {
				t.Errorf("%s: day %d from %s until %s holds days %d to %d", name, day, start, next,
					clock.DayOf(start, zone), clock.DayOf(next.Add(-1), zone))
			}
			noon := time.Unix(int64(day-3)*86400+43200, 0).UTC()
			want := noon.Format(time.DateOnly)
			got := start.Add(next.Sub(start) / 2).In(zone).Format(time.DateOnly)
			if got != want {
				t.Errorf("%s: day %d is %s, want %s", name, day, got, want)
			}
		}
	}
	if monday := clock.DayStart(7*2900, time.UTC).Weekday(); monday != time.Monday {
		t.Errorf("a week begins on a %s", monday)
	}
}

// Months begin with their first days and follow one another.
func TestMonths(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kathmandu", "Africa/Cairo"} {
		zone := load(t, name)
		first := clock.MonthOf(time.Date(1899, 12, 31, 12, 0, 0, 0, zone), zone)
		for month := first; month < first+140*12; month++ {
			start, next := clock.MonthStart(month, zone), clock.MonthStart(month+1, zone)
			if clock.MonthOf(start, zone) != month || clock.MonthOf(next.Add(-1), zone) != month {
				t.Errorf("%s: month %d from %s until %s", name, month, start, next)
			}
			year, name, day := start.In(zone).Date()
			if day != 1 || year*12+int(name)-1 != month {
				t.Errorf("%s: month %d begins on %s", zone, month, start.In(zone))
			}
		}
	}
}

func TestParseStep(t *testing.T) {
	for text, want := range map[string]clock.Step{
		"1mo": {Months: 1}, "12mo": {Months: 12}, "1h30m": {Duration: 90 * time.Minute},
		"10ms": {Duration: 10 * time.Millisecond}, "0": {},
	} {
		got, err := clock.ParseStep(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if want == (clock.Step{}) {
			continue
		}
		if again, err := clock.ParseStep(got.String()); err != nil || again != want {
			t.Errorf("%q is shown as %q, which is read as %v, %v", text, got, again, err)
		}
	}
	for text, want := range map[string]error{
		"mo": clock.ErrDurationSyntax, "1.5mo": clock.ErrDurationSyntax,
		"-1mo": clock.ErrDurationSyntax, "1d1mo": clock.ErrDurationSyntax,
		"4000mo": clock.ErrDurationRange,
	} {
		if got, err := clock.ParseStep(text); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestDaysBeginWith(t *testing.T) {
	from, until := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		zone string
		hour bool
	}{
		{"UTC", true}, {"Europe/Berlin", true}, {"Asia/Kolkata", false}, {"Australia/Lord_Howe", false},
	} {
		zone := load(t, c.zone)
		if got := clock.DaysBeginWith(time.Hour, zone, from, until); got != c.hour {
			t.Errorf("%s with an hour: %t", c.zone, got)
		}
		// many years ahead it comes to an end, too
		if far := until.AddDate(100, 0, 0); clock.DaysBeginWith(time.Hour, zone, from, far) != c.hour {
			t.Errorf("%s with an hour, for a hundred years: %t", c.zone, !c.hour)
		}
		if !clock.DaysBeginWith(5*time.Minute, zone, from, until) {
			t.Errorf("%s does not begin with five minutes", c.zone)
		}
	}
}

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
