package main

import (
	"errors"
	"testing"
	"time"
)

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
		"253402300799":                      time.Unix(lastSecond, 0),
		"-62135596800":                      time.Unix(firstSecond, 0),
		"2025-01-30T10:00:07.085123456789Z": utc(85_123_456, 10, 0, 7),
	} {
		got, err := parseTime(text)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                          errTimeSyntax,
		"-":                         errTimeSyntax,
		".5":                        errTimeSyntax,
		"+1738231207":               errTimeSyntax,
		"1e9":                       errTimeSyntax,
		"1738231207.5s":             errTimeSyntax,
		"1738231207.-5":             errTimeSyntax,
		"yesterday":                 errTimeSyntax,
		"30.01.2025":                errTimeSyntax,
		"2025-02-30":                errTimeSyntax,
		"2025-01-30T25:00:00Z":      errTimeSyntax,
		"1738231207000":             errTimeRange, // milliseconds
		"253402300800":              errTimeRange,
		"-62135596801":              errTimeRange,
		"0000-01-01":                errTimeRange,
		"9999-12-31T23:00:00-02:00": errTimeRange,
		"99999999999999999999":      errTimeRange,
	} {
		if got, err := parseTime(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

// What is printed can be read.
func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{
		"2025-01-30T10:00:07.085123Z", "2025-01-30T12:00:07.5+02:00", "2025-01-30 10:00:07", "2025-01-30",
		"1738231207.085123", "-0.5", "0", "1738231207000", "253402300799.999999999", "-", "9999-12-31T23:59:59-14:00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime(text)
		if err != nil {
			return
		}
		again, err := parseTime(formatTime(at))
		if err != nil {
			t.Fatalf("%q is printed as %q, which can not be read: %v", text, formatTime(at), err)
		}
		if again.UnixMicro() != at.UnixMicro() {
			t.Fatalf("%q: %v, then %v", text, at, again)
		}
	})
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
		"1d12h":               36 * time.Hour,
		"1w1d1h1m1s1ms1us1ns": 8*24*time.Hour + time.Hour + time.Minute + time.Second + 1_001_001,
		"+1d":                 24 * time.Hour,
		"-1d12h":              -36 * time.Hour,
		"106751d":             106751 * 24 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"":                      errDurationSyntax,
		"-":                     errDurationSyntax,
		"+":                     errDurationSyntax,
		"--1d":                  errDurationSyntax,
		"+-1d":                  errDurationSyntax,
		"10":                    errDurationSyntax,
		"1d2":                   errDurationSyntax,
		"d":                     errDurationSyntax,
		".d":                    errDurationSyntax,
		"1.2.3d":                errDurationSyntax,
		"1x":                    errDurationSyntax,
		"1 d":                   errDurationSyntax,
		"1D":                    errDurationSyntax,
		"1 day":                 errDurationSyntax,
		"106752d":               errDurationRange,
		"15251w":                errDurationRange,
		"106751d106751d":        errDurationRange,
		"99999999999999999999d": errDurationSyntax, // Go's own parser does not tell the two apart
	} {
		if got, err := parseDuration(text); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

// Whatever Go reads is read alike, and what Go writes can be read.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{
		"0", "90s", "1h30m", "1.5h", "7d", "0.5d", "2w", "1d12h", "-1d", "106751d", "2540400h10m10.000000000s", "1d1d", "µs", ".5m",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseDuration(text)
		if want, goErr := time.ParseDuration(text); goErr == nil && want != -1<<63 && (err != nil || got != want) {
			t.Fatalf("%q: got %v, %v; Go reads %v", text, got, err, want)
		}
		if err != nil {
			return
		}
		if again, err := parseDuration(got.String()); err != nil || again != got {
			t.Fatalf("%q: %v, then %v, %v", text, got, again, err)
		}
	})
}

func TestFormatAge(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"365d":   365 * 24 * time.Hour,
		"1d":     24 * time.Hour,
		"36h":    36 * time.Hour,
		"1h":     time.Hour,
		"1h30m":  90 * time.Minute,
		"1m30s":  90 * time.Second,
		"10m":    10 * time.Minute,
		"20s":    20 * time.Second,
		"50ms":   50 * time.Millisecond,
		"1h0m5s": time.Hour + 5*time.Second,
		"0s":     0,
	} {
		if got := formatAge(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
