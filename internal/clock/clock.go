// Package clock reads moments and durations the way that people write them, in flags and in URLs.
package clock

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// TimeHelp shows how a moment may be spelled.
const TimeHelp = "2025-01-30T10:00:00Z, 2025-01-30 10:00:00+01:00, 2025-01-30 10:00, 2025-01-30, " +
	"15:00, today, yesterday 15:00, monday, now-1h, or Unix seconds"

// DurationHelp shows how a duration may be spelled. A day has 24 hours and a year 365 days.
const DurationHelp = "90s, 15m, 1h30m, 7d, 2w or 1y"

// What can be wrong with a text. All are found with errors.Is.
var (
	ErrTimeSyntax = errors.New("want a time such as " + TimeHelp)
	ErrTimeRange  = errors.New("want a time in the years 1 to 9999 (a plain number is Unix " +
		"seconds)")
	ErrDurationSyntax = errors.New("want a duration such as " + DurationHelp)
	ErrDurationRange  = errors.New("want a duration of less than 290 years")
)

// The years that RFC 3339 can spell, in Unix seconds.
const (
	firstSecond = -62135596800 // 0001-01-01T00:00:00Z
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
)

// timeLayouts are those of a moment. Parsing accepts a fraction after the seconds of each.
func timeLayouts() []string {
	return []string{
		time.RFC3339,
		"2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00",
		time.DateTime,
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04",
		"2006-01-02 15:04",
		time.DateOnly,
	}
}

// ParseTime reads a moment and returns it in UTC; zone is that of a text that names none, and now
// is what words such as now-1h and yesterday are told from. A local time that a change of the
// clocks skips or has twice is one of the two that it may be.
//
// Errors: ErrTimeSyntax, ErrTimeRange, ErrDurationSyntax, ErrDurationRange.
func ParseTime(text string, zone *time.Location, now time.Time) (time.Time, error) {
	at, err := parseMoment(strings.TrimSpace(text), zone, now)
	if err != nil {
		return time.Time{}, err
	}
	if s := at.Unix(); s < firstSecond || s > lastSecond {
		return time.Time{}, ErrTimeRange
	}
	return at.UTC(), nil
}

func parseMoment(text string, zone *time.Location, now time.Time) (time.Time, error) {
	for _, layout := range timeLayouts() {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	if at, ok, err := parseWords(text, zone, now); ok || err != nil {
		return at, err
	}
	return parseUnix(text)
}

// parseUnix reads Unix seconds, digit by digit: a float64 would lose the microseconds.
func parseUnix(text string) (time.Time, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || !isDigits(whole) || !isDigits(fraction) {
		return time.Time{}, ErrTimeSyntax
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds > -firstSecond+lastSecond {
		return time.Time{}, ErrTimeRange
	}
	nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return time.Time{}, ErrTimeSyntax
	}
	if negative {
		seconds, nanos = -seconds, -nanos
	}
	return time.Unix(seconds, nanos), nil
}

func isDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// ParseDuration reads a duration in Go's syntax, to which it adds days (d), weeks (w) and years
// (y): 1d12h, 0.5d. A day has 24 hours, a year 365 days. It is written here because all that a
// library for this would add is a dependency.
//
// Errors: ErrDurationSyntax, ErrDurationRange.
func ParseDuration(text string) (time.Duration, error) {
	unsigned, negative := strings.CutPrefix(text, "-")
	if !negative {
		unsigned = strings.TrimPrefix(text, "+")
	}
	if unsigned == "0" {
		return 0, nil
	}
	if unsigned == "" {
		return 0, ErrDurationSyntax
	}
	var sum time.Duration
	for rest := unsigned; rest != ""; {
		var part time.Duration
		var err error
		if part, rest, err = parsePart(rest); err != nil {
			return 0, err
		}
		if sum > math.MaxInt64-part {
			return 0, ErrDurationRange
		}
		sum += part
	}
	if negative {
		sum = -sum
	}
	return sum, nil
}

// parsePart reads the first number and unit of text and returns what follows them.
func parsePart(text string) (part time.Duration, rest string, err error) {
	const number = "0123456789."
	unitAt := len(text) - len(strings.TrimLeft(text, number))
	unit := text[unitAt:]
	if next := strings.IndexAny(unit, number); next >= 0 {
		unit, rest = unit[:next], unit[next:]
	}
	factor := int64(1)
	goUnit := unit
	switch unit {
	case "d":
		factor, goUnit = 24, "h"
	case "w":
		factor, goUnit = 7*24, "h"
	case "y":
		factor, goUnit = 365*24, "h"
	}
	if unitAt == 0 || goUnit == "" {
		return 0, "", ErrDurationSyntax
	}
	part, err = time.ParseDuration(text[:unitAt] + goUnit)
	if err != nil {
		return 0, "", ErrDurationSyntax
	}
	if int64(part) > math.MaxInt64/factor {
		return 0, "", ErrDurationRange
	}
	return time.Duration(int64(part) * factor), rest, nil
}
