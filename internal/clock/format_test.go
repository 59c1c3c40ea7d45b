package clock_test

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
)

func TestFormatDuration(t *testing.T) {
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
		if got := clock.FormatDuration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
		if back, err := clock.ParseDuration(want); err != nil || back != d {
			t.Errorf("%q reads as %v (%v), want %v", want, back, err, d)
		}
	}
}
