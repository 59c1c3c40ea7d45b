package clock_test

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

// Words are told from now, and days are those of the zone.
func TestParseWords(t *testing.T) {
	berlin := load(t, "Europe/Berlin")
	for text, want := range map[string]string{
		"now":             "2025-03-30T14:00:00.000000+02:00",
		"NOW-1h30m":       "2025-03-30T12:30:00.000000+02:00",
		"now-1d":          "2025-03-29T13:00:00.000000+01:00",
		"now+5m":          "2025-03-30T14:05:00.000000+02:00",
		"today":           "2025-03-30T00:00:00.000000+01:00",
		"Yesterday":       "2025-03-29T00:00:00.000000+01:00",
		"15:00":           "2025-03-30T15:00:00.000000+02:00",
		"1:30":            "2025-03-30T01:30:00.000000+01:00",
		"15:00:07.5":      "2025-03-30T15:00:07.500000+02:00",
		"yesterday 15:00": "2025-03-29T15:00:00.000000+01:00",
		"sunday":          "2025-03-30T00:00:00.000000+01:00",
		"Monday":          "2025-03-24T00:00:00.000000+01:00",
		"sat 23:00":       "2025-03-29T23:00:00.000000+01:00",
	} {
		got, err := clock.ParseTime(text, berlin, now)
		if err != nil || got.In(berlin).Format(layout) != want {
			t.Errorf("%q: got %s, %v; want %s", text, got.In(berlin).Format(layout), err, want)
		}
	}
	for day := range 14 { // also before 1970
		at := time.Date(1969, time.December, 25+day, 10, 0, 0, 0, time.UTC)
		got, err := clock.ParseTime(at.Weekday().String(), time.UTC, at)
		if want := at.Truncate(24 * time.Hour); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %s, %v; want %s", at.Weekday(), got, err, want)
		}
	}
}
