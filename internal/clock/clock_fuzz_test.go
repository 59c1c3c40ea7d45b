package clock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

// Whatever the text, it is a moment that RFC 3339 can spell, and what that prints is read as the
// same moment; or it is one of the errors that are documented.
//
//ci:fuzz 300000
func FuzzParseTime(f *testing.F) {
	for _, text := range []string{
		"2025-01-30T10:00:07.085123Z", "2025-01-30T12:00:07.5+02:00", "2025-01-30 10:00:07",
		"2025-01-30 10:00", " 2025-01-30 ", "",
		"1738231207.085123", "-0.5", "0", "1738231207000", "-", "1.", ".1", "1.1.1", "--1", "+1", "1e9",
		"2024-02-29", "2025-02-29",
		"0000-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-14:00",
		"9999-12-31T23:59:59.999999999Z",
		"253402300799.999999999", "253402300800", "-62135596800", "-62135596800.1", "9223372036854775807",
		"9223372036854775808", "now-1h", "now+290y", "yesterday 15:00", "mon", "23:59:59.999999999",
	} {
		f.Add(text, int16(90))
	}
	f.Fuzz(func(t *testing.T, text string, minutes int16) {
		zone := time.FixedZone("local", int(minutes)%(24*60)*60)
		at, err := clock.ParseTime(text, zone, now)
		if err != nil {
			if !errors.Is(err, clock.ErrTimeSyntax) && !errors.Is(err, clock.ErrTimeRange) &&
				!errors.Is(err, clock.ErrDurationSyntax) && !errors.Is(err, clock.ErrDurationRange) {
				t.Errorf("%q: error %v, want one that is documented", text, err)
			}
			return
		}
		if at.Location() != time.UTC || at.Year() < 1 || at.Year() > 9999 {
			t.Fatalf("%q: %v, want UTC and the years 1 to 9999", text, at)
		}
		printed := at.Format(time.RFC3339Nano)
		if again, err := clock.ParseTime(printed, zone, now); err != nil || !again.Equal(at) {
			t.Errorf("%q is printed as %q, which is read as %v, %v", text, printed, again, err)
		}
	})
}

// Whatever Go reads is read alike, and what Go prints can be read; all else is one of the errors
// that are documented.
//
//ci:fuzz 300000
func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{
		"0", "-0", "90s", "1h30m", "1.5h", "7d", "0.5d", "2w", "1d12h", "-1d", "+15m", "106751d",
		"106752d", "15251w", "1d1d", "µs", ".5m",
		"2540400h10m10.000000000s", "", "d", "1", "1d-1h", "1e3s", ".", ".s", "1.w", "\x00", " 1s", "1D",
		"1h99999999999999999999ns",
		"9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns",
		"0.0000000000000000000001w",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := clock.ParseDuration(text)
		if want, goErr := time.ParseDuration(text); goErr == nil && want != -1<<63 &&
			(err != nil || got != want) {
			t.Errorf("%q: %v, %v; Go reads %v", text, got, err, want)
		}
		if err != nil {
			if !errors.Is(err, clock.ErrDurationSyntax) && !errors.Is(err, clock.ErrDurationRange) ||
				got != 0 {
				t.Errorf("%q: %v, %v, want 0 and an error that is documented", text, got, err)
			}
			return
		}
		if again, err := clock.ParseDuration(got.String()); err != nil || again != got {
			t.Errorf("%q is printed as %s, which is read as %v, %v", text, got, again, err)
		}
	})
}
