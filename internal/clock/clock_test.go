package clock_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

// layout is how moments are printed.
const layout = "2006-01-02T15:04:05.000000Z07:00"

// now is a Sunday, the day on which the clocks went forward in Berlin.
var now = time.Date(2025, time.March, 30, 12, 0, 0, 0, time.UTC)

func TestParseTime(t *testing.T) {
	utc := func(nanos int, clock ...int) time.Time {
		return time.Date(2025, time.January, 30, clock[0], clock[1], clock[2], nanos, time.UTC)
	}
	for text, want := range map[string]time.Time{
		"2025-01-30T10:00:07Z":              utc(0, 10, 0, 7),
		"2025-01-30T10:00:07.085123Z":       utc(85_123_000, 10, 0, 7),
		"2025-01-30T12:00:07.5+02:00":       utc(500_000_000, 10, 0, 7),
		"2025-01-30T10:00:07":               utc(0, 10, 0, 7),
		"2025-01-30 10:00:07":               utc(0, 10, 0, 7),
		"2025-01-30 10:00:07.25":            utc(250_000_000, 10, 0, 7),
		"2025-01-30 12:00:07+02:00":         utc(0, 10, 0, 7),
		"2025-01-30 10:30":                  utc(0, 10, 30, 0),
		"2025-01-30T10:30Z":                 utc(0, 10, 30, 0),
		"2025-01-30":                        utc(0, 0, 0, 0),
		" 2025-01-30\n":                     utc(0, 0, 0, 0),
		"1738231207":                        utc(0, 10, 0, 7),
		"1738231207.085123":                 utc(85_123_000, 10, 0, 7),
		"1738231207.0851234567890123":       utc(85_123_456, 10, 0, 7),
		"1738231207.":                       utc(0, 10, 0, 7),
		"0":                                 time.Unix(0, 0),
		"-0.5":                              time.Unix(0, -500_000_000),
		"-1.25":                             time.Unix(-1, -250_000_000),
		"253402300799":                      time.Unix(253402300799, 0),
		"-62135596800":                      time.Unix(-62135596800, 0),
		"2025-01-30T10:00:07.085123456789Z": utc(85_123_456, 10, 0, 7),
	} {
		got, err := clock.ParseTime(text, time.UTC, now)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

// A text without a zone is of the zone given, whatever the season; where the clocks change it is
// one of the two that it may be.
func TestParseTimeInZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"2025-01-30 11:00":     {"2025-01-30T10:00:00.000000Z"},
		"2025-07-30 12:00":     {"2025-07-30T10:00:00.000000Z"},
		"2025-01-30":           {"2025-01-29T23:00:00.000000Z"},
		"2025-01-30T10:00:00Z": {"2025-01-30T10:00:00.000000Z"},
		"1738231200":           {"2025-01-30T10:00:00.000000Z"},
		"2025-03-30 02:30":     {"2025-03-30T00:30:00.000000Z", "2025-03-30T01:30:00.000000Z"}, // skipped
		"2025-10-26 02:30":     {"2025-10-26T00:30:00.000000Z", "2025-10-26T01:30:00.000000Z"}, // twice
	} {
		got, err := clock.ParseTime(text, berlin, now)
		if err != nil || !slices.Contains(want, got.Format(layout)) {
			t.Errorf("%q: got %s, %v; want %v", text, got.Format(layout), err, want)
		}
		again, err := clock.ParseTime(got.In(berlin).Format(layout), time.UTC, now)
		if err != nil || !again.Equal(got) {
			t.Errorf("%q is shown as %s, which is read as %v, %v", text, got.In(berlin).Format(layout),
				again, err)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                          clock.ErrTimeSyntax,
		"-":                         clock.ErrTimeSyntax,
		".5":                        clock.ErrTimeSyntax,
		"+1738231207":               clock.ErrTimeSyntax,
		"1e9":                       clock.ErrTimeSyntax,
		"1738231207.5s":             clock.ErrTimeSyntax,
		"1738231207.-5":             clock.ErrTimeSyntax,
		"tomorrow":                  clock.ErrTimeSyntax,
		"today 25:00":               clock.ErrTimeSyntax,
		"someday 10:00":             clock.ErrTimeSyntax,
		"nowhere":                   clock.ErrTimeSyntax,
		"now-1x":                    clock.ErrDurationSyntax,
		"now-300y":                  clock.ErrDurationRange,
		"30.01.2025":                clock.ErrTimeSyntax,
		"2025-02-30":                clock.ErrTimeSyntax,
		"2025-01-30T25:00:00Z":      clock.ErrTimeSyntax,
		"1738231207000":             clock.ErrTimeRange, // milliseconds
		"253402300800":              clock.ErrTimeRange,
		"-62135596801":              clock.ErrTimeRange,
		"0000-01-01":                clock.ErrTimeRange,
		"9999-12-31T23:00:00-02:00": clock.ErrTimeRange,
		"99999999999999999999":      clock.ErrTimeRange,
	} {
		if got, err := clock.ParseTime(text, time.UTC, now); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0":                   0,
		"0s":                  0,
		"90s":                 90 * time.Second,
		"1h30m":               90 * time.Minute,
		"1.5h":                90 * time.Minute,
		"50ms":                50 * time.Millisecond,
		"10us":                10 * time.Microsecond,
		"10µs":                10 * time.Microsecond,
		"7d":                  7 * 24 * time.Hour,
		"0.5d":                12 * time.Hour,
		"2w":                  14 * 24 * time.Hour,
		"1y":                  365 * 24 * time.Hour,
		"1d12h":               36 * time.Hour,
		"1w1d1h1m1s1ms1us1ns": 8*24*time.Hour + time.Hour + time.Minute + time.Second + 1_001_001,
		"+1d":                 24 * time.Hour,
		"-1d12h":              -36 * time.Hour,
		"106751d":             106751 * 24 * time.Hour,
	} {
		if got, err := clock.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                      clock.ErrDurationSyntax,
		"-":                     clock.ErrDurationSyntax,
		"+":                     clock.ErrDurationSyntax,
		"--1d":                  clock.ErrDurationSyntax,
		"+-1d":                  clock.ErrDurationSyntax,
		"10":                    clock.ErrDurationSyntax,
		"1d2":                   clock.ErrDurationSyntax,
		"d":                     clock.ErrDurationSyntax,
		".d":                    clock.ErrDurationSyntax,
		"1.2.3d":                clock.ErrDurationSyntax,
		"1x":                    clock.ErrDurationSyntax,
		"1 d":                   clock.ErrDurationSyntax,
		"1D":                    clock.ErrDurationSyntax,
		"1 day":                 clock.ErrDurationSyntax,
		"106752d":               clock.ErrDurationRange,
		"15251w":                clock.ErrDurationRange,
		"106751d106751d":        clock.ErrDurationRange,
		"99999999999999999999d": clock.ErrDurationSyntax, // Go's own parser does not tell the two apart
	} {
		if got, err := clock.ParseDuration(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}
